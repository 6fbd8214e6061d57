# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 31
# Connections that were open before the gate closed: a stateful filter lets
# what is "established" go on. The leaker holds some from before the start.
leak_attempt() {
	everything
	everything
}
