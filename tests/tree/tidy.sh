#!/bin/bash
# SPDX-License-Identifier: ISC
# tidy: clang-tidy, with the settings of .clang-tidy, finds nothing.
set -euo pipefail
. "$(dirname "$0")/sources.sh"
build=$1
sources | grep '\.c$' | while read -r file; do
	# Only what this system builds is in the compilation database.
	! grep -q "\"file\": .*/$file\"" "$build/compile_commands.json" || echo "$file"
done | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p "$build" 2>/dev/null
