# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# check: what a test of the lab says and how it ends. To be sourced.

# shellcheck source=tests/net/complaints.sh
. "$(dirname "${BASH_SOURCE[0]}")/complaints.sh"

CHECK_FAILURES=0

# check WHAT COMMAND...: one thing that must be so.
check() {
	local what=$1
	shift
	if "$@"; then
		printf 'ok      %s\n' "$what"
	else
		CHECK_FAILURES=$((CHECK_FAILURES + 1))
		printf 'FAILED  %s\n' "$what"
	fi
}

# not COMMAND...: as `!`, for check.
not() {
	! "$@"
}

# Whether the command prints a line that matches.
says() {
	local pattern=$1 text
	shift
	text=$("$@" 2>&1) || :
	grep -q -- "$pattern" <<<"$text" && return
	printf '        it said: %s\n' "$text"
	return 1
}

check_end() {
	check "no sanitizer complained" no_complaints
	[ "$CHECK_FAILURES" = 0 ] && exit 0
	printf '%d checks failed\n' "$CHECK_FAILURES"
	[ ! -e "${GATE_LOG:-/nowhere}" ] || tail -n 30 "$GATE_LOG"
	exit 1
}
