#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""keys: does a process have a wg-quick file's private key in its memory?

keys.py PID FILE prints "key" if it has the key itself, "text" if it has what
the file says of it, or "nothing". As root.
"""
import base64
import re
import sys

pid, path = sys.argv[1:]
with open(path, encoding="ascii") as file:
    text = re.search(r"PrivateKey\s*=\s*(\S+)", file.read()).group(1)
# Half of it is enough, and so is a piece of its text.
seen = {"key": base64.b64decode(text)[:16], "text": text[:16].encode()}
found = set()
with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
     open(f"/proc/{pid}/mem", "rb", 0) as memory:
    for line in maps:
        span, mode = line.split()[:2]
        start, end = (int(n, 16) for n in span.split("-"))
        # A sanitizer's shadow is terabytes, and holds nobody's bytes.
        if mode[:2] != "rw" or end - start > 1 << 30:
            continue
        try:
            memory.seek(start)
            part = memory.read(end - start)
        except (OSError, OverflowError, ValueError):
            continue
        found |= {what for what, data in seen.items() if data in part}
print("\n".join(sorted(found)) if found else "nothing")
