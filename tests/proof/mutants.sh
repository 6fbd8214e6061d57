#!/bin/bash
# SPDX-License-Identifier: ISC
#
# mutants: the proof fails when the code is broken. Each mutant is one bug, put
# into a copy of the tree; one that is still "proven" is a hole in the proof.
set -euo pipefail
cd "$(dirname "$0")/../.."

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
survivors=0

# mutant WHAT FILE SED: the way it is on is the one whose proof must fail
mutant() {
	local what=$1 file=$2 edit=$3 way=slow said
	[[ $what != short* ]] || way=short
	rm -rf "${tree:?}"/*
	cp -r --parents datapath src/base src/os/*.h tests/proof "$tree"
	sed -i "$edit" "$tree/$file"
	if cmp -s "$file" "$tree/$file"; then
		echo "mutants: $what: the edit does not fit $file any more" >&2
		exit 1
	fi
	if said=$(tests/proof/prove.sh "$tree" "$way" 2>&1); then
		echo "mutants: SURVIVED: $what"
		survivors=$((survivors + 1))
	elif ! grep -m 1 '^prove: \(wrong\|cannot\)' <<<"$said" | sed "s/^prove/mutants: found: $what/"; then
		# Found for another reason than the bug: that shows nothing.
		echo "mutants: $what: $said" >&2
		exit 1
	fi
}

mutant "IPv4 header length off by one" datapath/parse.c 's/^\tif (len < 20)$/\tif (len < 19)/'
mutant "UDP header: a byte past the end" datapath/parse.c 's/if (len < 8)$/if (len < 7)/'
mutant "ports not compared" datapath/classify.c 's/(!p.ports || e->port != p.dport)/!p.ports/'
mutant "protocols not compared" datapath/classify.c 's/if (e->protocol != p.protocol) {/if (0) {/'
mutant "first fragments pass" datapath/classify.c 's/if (p.fragment == PKT_FIRST_FRAGMENT)/if (0)/'
mutant "extension headers without a bound" datapath/parse.c \
	's/if (n == PARSE_EXTENSIONS_MAX)/if (0)/; s/(uint32_t)d\[at + 1\] + 1) \* 8/(uint32_t)d[at + 1]) * 8/'
mutant "short way: port not compared" datapath/classify.c 's/to_mask = bytes_word_of(.*/to_mask = bytes_word_of(0xffffffff00000000);/'
mutant "short way: fragments pass" datapath/classify.c 's/0xff00ffff00003fff/0xff00ffff00001fff/'
mutant "short way: a word past the end" datapath/classify.c 's/if (len < 80 ||/if (len < 51 ||/'

[ "$survivors" = 0 ]
