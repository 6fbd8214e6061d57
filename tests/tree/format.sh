#!/bin/bash
# SPDX-License-Identifier: ISC
# format: clang-format has nothing to change.
set -euo pipefail
. "$(dirname "$0")/sources.sh"
sources | xargs clang-format --dry-run -Werror
