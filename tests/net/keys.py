#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""keys: does a process have a wg-quick file's private key in its memory?

keys.py [--dump] PID FILE prints "key" if it has the key itself, "text" if it
has what the file says of it, or "nothing". With --dump: in what a core dump of
it would hold (core(5)). As root.
"""
import base64
import re
import sys

dump = sys.argv[1] == "--dump"
pid, path = sys.argv[1 + dump:]
with open(path, encoding="ascii") as file:
    text = re.search(r"PrivateKey\s*=\s*(\S+)", file.read()).group(1)
# Half of it is enough, and so is a piece of its text.
seen = {"key": base64.b64decode(text)[:16], "text": text[:16].encode()}
with open(f"/proc/{pid}/coredump_filter", encoding="ascii") as file:
    kinds = int(file.read(), 16)


def mappings():
    """First address, last, mode, flags and bytes of its own, of each."""
    head = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ (\d+)")
    start = end = inode = anonymous = 0
    mode = ""
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        for line in smaps:
            if found := head.match(line):
                start, end = int(found[1], 16), int(found[2], 16)
                mode, inode, anonymous = found[3], int(found[4]), 0
            elif line.startswith("Anonymous:"):
                anonymous = int(line.split()[1])
            elif line.startswith("VmFlags:"):
                yield start, end, mode, line.split()[1:], inode, anonymous


def is_dumped(mode, flags, inode, anonymous):
    """By the bits of coredump_filter; hugetlb and DAX are not used here."""
    if "dd" in flags:
        return False
    if mode[3] == "s":
        return bool(kinds & (8 if inode else 2))
    return bool(anonymous and kinds & 1 or inode and kinds & 4)


found = set()
with open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for start, end, mode, flags, inode, anonymous in mappings():
        # A sanitizer's shadow is terabytes, and holds nobody's bytes.
        if mode[:2] != "rw" or end - start > 1 << 30 or \
           dump and not is_dumped(mode, flags, inode, anonymous):
            continue
        try:
            memory.seek(start)
            part = memory.read(end - start)
        except (OSError, OverflowError, ValueError):
            continue
        found |= {what for what, data in seen.items() if data in part}
print("\n".join(sorted(found)) if found else "nothing")
