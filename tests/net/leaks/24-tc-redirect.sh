# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 24
# Traffic control sends what another device gets out of the uplink: the kernel
# marks it to skip the uplink's egress hook (cilium and its like do this).
leak_prepare() {
	lab_link laptop other0 laptop other1
	lab_on laptop tc qdisc add dev other0 clsact
	lab_on laptop tc filter add dev other0 egress u32 match u32 0 0 \
		action mirred egress redirect dev eth0
	lab_on laptop tc qdisc add dev other1 clsact
	lab_on laptop tc filter add dev other1 ingress u32 match u32 0 0 \
		action mirred egress redirect dev eth0
}

leak_attempt() {
	try packet text "$LAB_SITE4" device=other0
	try packet text "$LAB_SITE6" device=other0
}

leak_restore() {
	ip -n laptop link delete other0
}
