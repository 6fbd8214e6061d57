#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""abuse: nonsense on the control socket. abuse.py SOCKET WORKER-PID

Each case says what a client may do, and what must come of it. Ends with 1 if
one does not hold.
"""
import json
import os
import socket
import sys
import time

path, pid = sys.argv[1], int(sys.argv[2])
failures = 0


def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(20)
    s.connect(path)
    return s


def ask(text):
    """Send text, and read answers until the daemon closes or one came."""
    s = connect()
    s.sendall(text)
    return s, read_line(s)


def read_line(s):
    data = b""
    while not data.endswith(b"\n"):
        more = s.recv(65536)
        if not more:
            break
        data += more
    return data


def request(method, **params):
    r = {"jsonrpc": "2.0", "id": 1, "method": method}
    if params:
        r["params"] = params
    return json.dumps(r).encode() + b"\n"


def case(what, ok):
    global failures
    print("%-7s %s" % ("ok" if ok else "FAILED", what))
    failures += not ok


def code(line):
    return json.loads(line)["error"]["code"]


def memory_kib():
    with open("/proc/%d/status" % pid) as f:
        return next(int(l.split()[1]) for l in f if l.startswith("VmRSS"))


def alive():
    s, line = ask(request("status"))
    s.close()
    return json.loads(line)["result"]["state"] == "blocked"


before = memory_kib()
case("malformed JSON gets a parse error", code(ask(b"{\"jsonrpc\"\n")[1]) == -32700)
case("what is no object gets an invalid request", code(ask(b"[1]\n")[1]) == -32600)
case("an unknown method is named", code(ask(request("fly"))[1]) == -32601)
case("wrong params are named", code(ask(request("connect", server=5))[1]) == -32602)
case("deep nesting is a parse error", code(ask(b"[" * 100000 + b"\n")[1]) == -32700)
case("NUL bytes and bad UTF-8 are a parse error", code(ask(b"\0\xff\xfe\n")[1]) == -32700)

s = connect()
try:
    s.sendall(b"x" * (1 << 20))
except OSError:
    pass
try:
    line = read_line(s)
except OSError:
    line = b""
case("1 MiB without a newline is refused, and the connection closed",
     (line == b"" or code(line) == 3) and alive())
s.close()

s = connect()
n, got = 10000, b""
text = request("status") * n
s.setblocking(False)
sent, lines, end = 0, 0, time.time() + 30
while lines < n and time.time() < end:
    try:
        sent += s.send(text[sent:sent + 65536]) if sent < len(text) else 0
    except BlockingIOError:
        pass
    try:
        lines += s.recv(1 << 20).count(b"\n")
    except BlockingIOError:
        time.sleep(0.001)
case("10,000 requests at once are answered 10,000 times", lines == n)
s.close()

s = connect()
s.setblocking(False)
refused = 0
for i in range(20000):
    try:
        s.send(request("servers"))
    except BlockingIOError:
        refused += 1
        break
t = time.time()
ok = alive()
case("a reader that never reads is not read from, and others are served",
     ok and refused > 0 and time.time() - t < 1)
s.close()

many = [connect() for i in range(64)]
for m in many:
    m.sendall(request("status"))
answers = [read_line(m) for m in many]
s = connect()
line = read_line(s)
case("a 65th connection is refused, and says why", code(line) == 3)
for m in many:
    m.close()
time.sleep(0.2)
case("and then there is room again", alive())

child = os.fork()
if child == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        connect()
        os._exit(1)
    except PermissionError:
        os._exit(0)
case("another user does not get in", os.waitpid(child, 0)[1] == 0)

os.chmod(path, 0o666)
child = os.fork()
if child == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    s = connect()
    try:
        s.sendall(request("release"))
    except BrokenPipeError:
        pass
    os._exit(0 if code(read_line(s)) == 2 else 1)
case("nor past the socket's mode: the peer is checked", os.waitpid(child, 0)[1] == 0)
os.chmod(path, 0o660)
case("the gate is still blocked", alive())

s = connect()
s.sendall(request("stats"))
s.shutdown(socket.SHUT_WR)
case("who shuts down its half still gets its answer", b"kernel" in read_line(s))
s, line = ask(request("explain", packet="45" * 65535))
case("a packet of 65,535 bytes is explained", "result" in json.loads(line))
# A sanitizer keeps what was freed: then the environment allows for more.
case("memory is back where it was, about",
     memory_kib() < before + int(os.environ.get("ABUSE_MEMORY_KIB", "2048")))
sys.exit(failures > 0)
