# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# complaints: what a sanitizer or valgrind said of a program of ours. To be
# sourced.

# False, with the first lines, if there is one in $LAB/log.
no_complaints() {
	local found
	found=$(grep -l -E "ERROR: (Address|Leak|Memory)Sanitizer|runtime error:|WARNING: ThreadSanitizer|== (Invalid|Conditional|Syscall|Use of|Mismatched)|definitely lost" \
		"$LAB"/log/* 2>/dev/null) || :
	[ -z "$found" ] && return
	# shellcheck disable=SC2086 # several files
	head -n 60 $found
	return 1
}
