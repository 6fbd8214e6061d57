#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""peers: a wg-quick file of many peers and networks, and an oracle that knows
whose an address is.

    peers.py make DIR SEED PRIVATE ENDPOINT PUBLIC...
        writes DIR/many.conf: our PRIVATE key, one real peer for each PUBLIC key
        (ENDPOINT's port, and the next ones), the rest nobody's; and DIR/networks.
    peers.py send DIR SEED N
        sends N datagrams to port 7000 of addresses in those networks, and beside
        them, and writes DIR/expected: "ADDRESS PEER", PEER being the real one's
        number or "-".
    peers.py check DIR
        compares DIR/seen (tcpdump -i any -nl) with DIR/expected.

The oracle looks through all networks for the longest that has the address, and
shares nothing with the daemon.
"""

import base64
import ipaddress
import random
import re
import socket
import sys
import time

PEERS, EACH = 1000, 20


def network(rng):
    if rng.random() < 0.5:
        bits = rng.randint(10, 32)
        base = (10 << 24) | rng.getrandbits(24)
        return ipaddress.ip_network((base, bits), strict=False)
    bits = rng.randint(20, 128)
    base = (0xFD01 << 112) | (rng.getrandbits(8) << 104) | rng.getrandbits(104)
    return ipaddress.ip_network((base, bits), strict=False)


def make(folder, seed, private, endpoint, publics):
    rng = random.Random(int(seed))
    host, port = endpoint.rsplit(":", 1)
    real = dict(zip(rng.sample(range(PEERS), len(publics)), range(len(publics))))
    taken = set()
    text = ["[Interface]", f"PrivateKey = {private}", "Address = 10.64.0.2/32, fd00:64::2/128"]
    lines = []
    for peer in range(PEERS):
        number = real.get(peer)
        key = publics[number] if number is not None else base64.b64encode(rng.randbytes(32)).decode()
        text += ["[Peer]", f"PublicKey = {key}"]
        if number is not None:
            text.append(f"Endpoint = {host}:{int(port) + number}")
        mine = []
        while len(mine) < EACH:
            net = network(rng)
            if net in taken:
                continue
            taken.add(net)
            mine.append(str(net))
            lines.append(f"{net} {'-' if number is None else number}")
        text.append("AllowedIPs = " + ", ".join(mine))
    with open(f"{folder}/many.conf", "w", encoding="ascii") as out:
        out.write("\n".join(text) + "\n")
    with open(f"{folder}/networks", "w", encoding="ascii") as out:
        out.write("\n".join(lines) + "\n")


def networks(folder):
    with open(f"{folder}/networks", encoding="ascii") as lines:
        pairs = [line.split() for line in lines]
    return [(ipaddress.ip_network(net), peer) for net, peer in pairs]


def owner(nets, address):
    best, bits = "-", -1
    for net, peer in nets:
        if net.version == address.version and net.prefixlen > bits and address in net:
            best, bits = peer, net.prefixlen
    return best


def somewhere(rng, net):
    return net.network_address + rng.getrandbits(net.max_prefixlen - net.prefixlen or 1) % net.num_addresses


def send(folder, seed, n):
    rng = random.Random(int(seed) + 1)
    nets = networks(folder)
    real = [net for net, peer in nets if peer != "-"]
    sockets = {4: socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 6: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)}
    expected = {}
    for i in range(int(n)):
        # Most within a real peer's networks, where others have smaller ones.
        net = rng.choice(real) if i % 4 else rng.choice(nets)[0]
        address = somewhere(rng, net)
        expected[str(address)] = owner(nets, address)
        try:
            sockets[address.version].sendto(b"whose", (str(address), 7000))
        except OSError as why:
            print(f"{address}: {why}")
        time.sleep(0.002)
    with open(f"{folder}/expected", "w", encoding="ascii") as out:
        out.writelines(f"{a} {p}\n" for a, p in expected.items())


def check(folder):
    seen = {}
    with open(f"{folder}/seen", encoding="ascii") as lines:
        for line in lines:
            found = re.search(r"wgs(\d+) .*> (\S+)\.7000:", line)
            if found:
                seen.setdefault(str(ipaddress.ip_address(found[2])), set()).add(found[1])
    wrong = arrived = 0
    with open(f"{folder}/expected", encoding="ascii") as lines:
        pairs = [line.split() for line in lines]
    for address, peer in pairs:
        got = seen.pop(address, set())
        arrived += len(got)
        if got != (set() if peer == "-" else {peer}):
            wrong += 1
            print(f"{address}: for {peer}, came to {sorted(got)}")
    for address, got in seen.items():
        wrong += 1
        print(f"{address}: nobody sent that, came to {sorted(got)}")
    print(f"{len(pairs)} addresses, {arrived} arrived, {wrong} wrong")
    return wrong == 0 and arrived > len(pairs) / 3


if sys.argv[1] == "make":
    make(*sys.argv[2:6], sys.argv[6:])
elif sys.argv[1] == "send":
    send(*sys.argv[2:5])
elif not check(sys.argv[2]):
    sys.exit(1)
