# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# threats: 23
# AF_XDP hands frames to the driver: no filter of the kernel's sees them. Only
# an uplink that is not in the machine's own network namespace is safe.
leak_attempt() {
	try xdp text "$LAB_SITE4"
	try xdp text "$LAB_SITE6"
}
