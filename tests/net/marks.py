#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""marks: every number that a rule of nftables compares something with, one a
line, as the kernel tells them to root: whatever mark is looked for is among
them. `marks.py chains`: each chain that has rules, as FAMILY TABLE CHAIN.
(nft 1.0.6 does not come to an end of a chain that is hooked to every device.)"""

import socket
import struct
import sys

NETLINK_NETFILTER, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE = 12, 10, 7
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_ERROR, NLMSG_DONE = 1, 0x300, 2, 3
NFTA_DATA_VALUE = 1
FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 10: "ip6"}


def dump(family):
    """All rules of a family: the bytes of each message."""
    s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    s.settimeout(2)
    request = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE
    s.send(struct.pack("=IHHIIBBH", 20, request, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, family, 0, 0))
    while True:
        data = s.recv(1 << 16)
        while len(data) >= 16:
            size, kind = struct.unpack_from("=IH", data)
            if kind in (NLMSG_DONE, NLMSG_ERROR) or size < 16:
                return
            yield data[20:size]
            data = data[size + 3 & ~3 :]


def values(message):
    """Values of four bytes, wherever they stand: attributes are aligned to 4."""
    for at in range(0, len(message) - 7, 4):
        size, kind = struct.unpack_from("=HH", message, at)
        if size == 8 and kind == NFTA_DATA_VALUE:
            yield struct.unpack_from("=I", message, at + 4)[0]


def chain(message):
    """Table and chain: a rule's first two attributes."""
    names, at = [], 0
    for _ in range(2):
        size = struct.unpack_from("=H", message, at)[0]
        names.append(message[at + 4 : at + size - 1].decode())
        at += size + 3 & ~3
    return " ".join(names)


def main():
    found = set()
    if sys.argv[1:] == ["chains"]:
        for family, name in FAMILIES.items():
            found.update(f"{name} {chain(m)}" for m in dump(family))
        print("\n".join(sorted(found)))
        return
    for family in FAMILIES:
        for message in dump(family):
            found.update(values(message))
    for value in sorted(found):
        print(hex(value))


main()
