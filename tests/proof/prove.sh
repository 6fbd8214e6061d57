#!/bin/bash
# SPDX-License-Identifier: ISC
#
# prove: proves what README.md says of the classifier, for the tree at ROOT.
#
#	prove.sh [ROOT [short|slow]]	needs clang, llvm, python3-z3
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
way=${2:-}

ir=$(mktemp -d)
trap 'rm -rf "$ir"' EXIT

# Unoptimised but for what makes the IR readable: the C as it stands.
for file in tests/proof/prove_classify datapath/{parse,shape,classify,stream} src/base/addr; do
	clang -std=c17 -D_GNU_SOURCE -I. -O1 -Xclang -disable-llvm-passes -fno-discard-value-names \
		-emit-llvm -c "$file.c" -o "$ir/${file##*/}.bc"
done
llvm-link "$ir"/*.bc -o "$ir/all.bc"
opt -internalize-public-api-list=judge \
	-passes='internalize,globaldce,function(sroa,instsimplify,simplifycfg,jump-threading,simplifycfg)' \
	-S "$ir/all.bc" -o "$ir/all.ll"

# Debian's python3 has Z3; another one in PATH need not.
printf '%s\n' "short --endpoints 1" "short --endpoints 0" \
	"slow --endpoints 2" "slow --endpoints 0" | grep "^$way" |
	xargs -P "$(nproc)" -I{} sh -c "/usr/bin/python3 tests/proof/prove.py '$ir/all.ll' {} || exit 255"
