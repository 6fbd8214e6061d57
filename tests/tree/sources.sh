# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# sources: the C files of the tree. Works without git, in an exported tree, too.
sources() {
	find src datapath control tools bench tests -name '*.[ch]' | LC_ALL=C sort
}
