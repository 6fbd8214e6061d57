#!/bin/bash
# SPDX-License-Identifier: ISC
# code_map: README's code map has one line for each module, and no other.
set -euo pipefail
. "$(dirname "$0")/sources.sh"
map=$(sed -n '/^## Code map/,$p' README.md | sed -n 's/^    \([^ ]*\) .*/\1/p')
modules=$(sources | sed 's/\.[ch]$//' | LC_ALL=C sort -u)
diff <(LC_ALL=C sort <<<"$map") <(cat <<<"$modules") || {
	echo "< only in README's code map; > a module without a line there" >&2
	exit 1
}
