# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 29
# A mark is not a name: any program with CAP_NET_RAW can set one. All that can
# be read of the gate's rules are tried, and each bit.
marks() {
	{
		lab_on laptop ip rule
		lab_on laptop ip -6 rule
		lab_on laptop "${here:?}/marks.py"
	} | sed -n 's/.*\(0x[0-9a-f]*\).*/\1/p' | sort -u | sed 30q
	printf '%s\n' 1 0x40000000 0x80000000 0x7467 0x40007467 0xca6c 0x6d6f6c65 0xffffffff
}

leak_attempt() {
	local mark
	tries 10
	while read -r mark; do
		as_nobody_with_raw try plain udp "$LAB_SITE4" mark="$mark"
		as_nobody_with_raw try plain udp "$LAB_SITE6" mark="$mark"
		as_nobody_with_raw try plain udp "$LAB_SERVER4" port=51820 mark="$mark"
		as_nobody_with_raw try bind-device udp "$LAB_SERVER4" port=51820 mark="$mark"
	done < <(marks)
}
