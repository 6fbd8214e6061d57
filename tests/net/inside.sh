# SPDX-License-Identifier: ISC
# shellcheck shell=bash
#
# inside: a command whose processes end when this shell does. To be sourced.

# Ends the first process in there, and so all of them; returns when they are gone.
inside_end() {
	local first
	# Another signal may come before this ignores it, and while it waits: who
	# ends them a second time would find no first process, and end its parent
	# instead, which is what waits for them.
	trap '' INT TERM HUP
	if [ -z "${INSIDE_ENDS-}" ]; then
		INSIDE_ENDS=yes
		first=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || :
		kill -KILL "${first:-$1}" || :
	fi
	# A signal from before ends a wait, too.
	while kill -0 "$1" 2>/dev/null; do
		wait "$1" 2>/dev/null || :
	done
}

# inside UNSHARE-OPTION... -- COMMAND...: runs it in process and mount namespaces
# of its own, and ends this shell with its status. However this shell ends, the
# kernel ends every process of the command. As root.
inside() {
	# The death of this shell, even by kill -9, ends unshare; unshare's ends
	# its child; and with that, the first process of its namespace, go all.
	setpriv --pdeathsig KILL \
		unshare --mount --pid --fork --kill-child=KILL --mount-proc "$@" &
	local inside=$! status=0
	# shellcheck disable=SC2064 # the number as it is now
	{
		trap "inside_end $inside; exit 130" INT
		trap "inside_end $inside; exit 143" TERM
		trap "inside_end $inside; exit 129" HUP
	}
	wait "$inside" || status=$?
	exit "$status"
}
