#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""reaction: how soon the daemon mends what others do to it, by the monotonic
clock, from before the deed is done until it is seen to be undone.

reaction.py SOCKET LOG PARENT N WHAT... prints a line for each WHAT, of N times:
"WHAT BOUND_MS MEDIAN_MS MAX_MS N"; BOUND_MS is the promise. In the laptop's
network; for `uplink` the gate is connected, and comes back to that by itself.
"""
import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import time

OURS = 116  # the protocol that our rules and routes have
NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 1, 0x300, 3
RTM_GETROUTE, RTM_GETRULE, FRA_PROTOCOL, RTA_TABLE = 26, 34, 21, 15
NFT_GETRULE = 10 << 8 | 7
NETFILTER, ROUTE = 12, 0
PATIENCE_S = 20


class Missed(Exception):
    pass


def dump(protocol, kind, body):
    """The messages that the kernel answers with, each from its body on."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as s:
        s.settimeout(2)
        s.send(struct.pack("=IHHII", 16 + len(body), kind, NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + body)
        found = []
        while True:
            data = s.recv(1 << 18)
            while len(data) >= 16:
                size, what = struct.unpack_from("=IH", data)
                if what == NLMSG_DONE:
                    return found
                found.append(data[16:size])
                data = data[size + 3 & ~3 :]


def attributes(message, at):
    found = {}
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        found[kind & 0x3FFF] = message[at + 4 : at + size]
        at += max(size, 4) + 3 & ~3
    return found


def rules():
    """(is it ours, all of it), in the order in which they are asked."""
    for family in (socket.AF_INET, socket.AF_INET6):
        for m in dump(ROUTE, RTM_GETRULE, bytes([family]) + bytes(11)):
            yield attributes(m, 12).get(FRA_PROTOCOL) == bytes([OURS]), m


def routes():
    """(is it ours, its table, all but what changes by itself)."""
    for family in (socket.AF_INET, socket.AF_INET6):
        for m in dump(ROUTE, RTM_GETROUTE, bytes([family]) + bytes(11)):
            a = attributes(m, 12)
            table = struct.unpack("=I", a[RTA_TABLE])[0]
            yield m[5] == OURS, table, (m[:12], a.get(1), a.get(4), a.get(6), table)


def our_rules():
    return sorted(m for ours, m in rules() if ours)


def our_routes():
    return sorted(repr(m) for ours, _, m in routes() if ours)


def our_firewall():
    """How many rules each chain of ours has."""
    found = []
    for family in (1, 2, 3, 5, 10):
        for m in dump(NETFILTER, NFT_GETRULE, struct.pack("=BBH", family, 0, 0)):
            a = attributes(m, 4)
            if a[1].startswith(b"tungate"):
                found.append((family, a[1], a[2]))
    return sorted(found)


def ours_come_first():
    """Behind the kernel's own, of priority 0."""
    for family in (socket.AF_INET, socket.AF_INET6):
        second = dump(ROUTE, RTM_GETRULE, bytes([family]) + bytes(11))[1]
        if attributes(second, 12).get(FRA_PROTOCOL) != bytes([OURS]):
            return False
    return True


def state():
    """As the worker says; None: there is none that answers."""
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(1)
            s.connect(path)
            s.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "status"}\n')
            data = b""
            while not data.endswith(b"\n"):
                more = s.recv(65536)
                if not more:
                    return None
                data += more
            return json.loads(data)["result"]["state"]
    except (OSError, KeyError):
        return None


def worker():
    for child in open(f"/proc/{parent}/task/{parent}/children", encoding="ascii").read().split():
        try:
            with open(f"/proc/{child}/comm", encoding="ascii") as name:
                if name.read() == "tungated-worker\n":
                    return int(child)
        except OSError:
            pass
    return None


def ip(*commands):
    for command in commands:
        subprocess.run(["ip", *command.split()], check=True)


def until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise Missed(what)
        time.sleep(0.0005)


def mended(look, *commands):
    """What is looked at is as before, after the commands."""
    before = look()
    start = time.monotonic()
    ip(*commands)
    until(lambda: look() == before, commands)
    return time.monotonic() - start


def undone(look, command, after):
    """It is so again, after the command, which is then taken back."""
    start = time.monotonic()
    ip(command)
    until(look, command)
    took = time.monotonic() - start
    ip(*after)
    return took


def firewall_mended():
    before = our_firewall()
    start = time.monotonic()
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    until(lambda: our_firewall() == before, "flush ruleset")
    return time.monotonic() - start


def another_worker():
    old = worker()
    start = time.monotonic()
    os.kill(old, signal.SIGKILL)
    until(lambda: worker() not in (None, old), "another worker")
    return time.monotonic() - start


def worker_answers():
    """A question that is asked at once waits for the next worker."""
    old = worker()
    start = time.monotonic()
    os.kill(old, signal.SIGKILL)
    until(lambda: state() and worker() not in (None, old), "a worker that answers")
    return time.monotonic() - start


def closings():
    """How often it was; the log says so when the policy is in force."""
    with open(log, encoding="utf-8") as lines:
        return sum("-> reconnecting on" in line for line in lines)


def settled():
    """Connected, and for a while: what was changed back closes it once more."""
    until(lambda: state() == "connected", "connected again")
    for _ in range(30):
        time.sleep(0.01)
        if state() != "connected":
            return False
    return True


def closed(command, *after):
    """The gate was closed; and then it is connected again."""
    before = closings()
    start = time.monotonic()
    ip(command)
    until(lambda: closings() > before, command)
    took = time.monotonic() - start
    ip(*after)
    until(settled, "connected for a while")
    return took


WAN = "192.0.2."
CASES = {
    "rule-deleted": (100, lambda: mended(our_rules, "rule del priority 79")),
    "rule-deleted-v6": (100, lambda: mended(our_rules, "-6 rule del priority 79")),
    "rules-flushed": (100, lambda: mended(our_rules, "rule flush",
        "rule add priority 32766 lookup main")),
    "routes-flushed": (100, lambda: mended(our_routes, "route flush table 7467")),
    "routes-flushed-v6": (100, lambda: mended(our_routes, "-6 route flush table 7467")),
    "rule-before-ours": (100, lambda: undone(ours_come_first,
        "rule add priority 40 lookup main", ["rule del priority 40"])),
    "rule-before-ours-v6": (100, lambda: undone(ours_come_first,
        "-6 rule add priority 40 lookup main", ["-6 rule del priority 40"])),
    "route-among-ours": (100, lambda: undone(
        lambda: all(ours for ours, table, _ in routes() if table == 7468),
        "route add default dev eth0 metric 0 table 7468", [])),
    "firewall-flushed": (100, firewall_mended),
    "worker-started": (100, another_worker),
    "worker-answers": (100, worker_answers),
    "uplink-down": (50, lambda: closed("link set eth0 down", "link set eth0 up",
        f"route replace default via {WAN}1 dev eth0")),
    "uplink-gateway": (50, lambda: closed(f"route replace default via {WAN}77 dev eth0",
        f"route replace default via {WAN}1 dev eth0")),
    "uplink-address": (50, lambda: closed(f"address del {WAN}10/24 dev eth0",
        f"address replace {WAN}10/24 dev eth0", f"route replace default via {WAN}1 dev eth0")),
}

path, log, parent, times = *sys.argv[1:3], int(sys.argv[3]), int(sys.argv[4])
for name in sys.argv[5:]:
    bound, measure = CASES[name]
    took = []
    for _ in range(times):
        took.append(measure() * 1000)
        # What the daemon does about the change back is not of the next.
        time.sleep(0.15)
    print(f"{name} {bound} {statistics.median(took):.1f} {max(took):.1f} {times}", flush=True)
