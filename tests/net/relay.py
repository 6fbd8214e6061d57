#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""relay: the far end of WireGuard over TCP or TLS, before a real server.

    relay.py [options] ADDRESS:PORT TARGET

Accepts TCP on ADDRESS:PORT (0: any; an IPv6 address in brackets), and speaks
UDP to TARGET, a WireGuard server's ADDRESS:PORT, from a socket of its own for
each connection. TARGET "echo": answers each message with itself.

Shares no code with the daemon. The framing of TunSafe is as in docs/"WireGuard
TCP.txt" of https://github.com/TunSafe/TunSafe; "plain" is that of
https://github.com/mullvad/udp-over-tcp.

Prints "listening ADDRESS PORT", then a line for each connection and its end:
"accepted N VERSION SNI ALPN", "ended N WHY".
"""

import argparse
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time

CHUNK = 64 * 1024
OUT_BYTES_MAX = 1 << 20
TRANSPORT = b"\4\0\0\0"


class Broken(Exception):
    """The connection has to end, because."""


class Framing:
    """Both directions of one connection."""

    def __init__(self, plain, proton):
        self.plain, self.proton = plain, proton
        self.rest = b""
        self.got = None  # index, counter of what came
        self.sent = None  # index, counter of what was sent

    def take(self, data):
        """The messages that are whole now."""
        data, messages, at = self.rest + data, [], 0
        while len(data) - at >= 2:
            (head,) = struct.unpack_from(">H", data, at)
            kind, n = (0, head) if self.plain else (head >> 14, head & 0x3FFF)
            if len(data) - at - 2 < n:
                break
            messages.append(self.message(kind, data[at + 2 : at + 2 + n]))
            at += 2 + n
        self.rest = data[at:]
        return messages

    def message(self, kind, payload):
        if kind == 2:
            if self.got is None:
                raise Broken("data before a header")
            index, counter = self.got
            if not self.proton:
                counter += 1
            payload = TRANSPORT + struct.pack("<IQ", index, counter) + payload
        elif kind != 0:
            raise Broken("type %d" % kind)
        if not self.plain and len(payload) < 32:
            raise Broken("length %d" % len(payload))
        if payload[:4] == TRANSPORT:
            self.got = struct.unpack_from("<IQ", payload, 4)
        # Proton's receiver counts on with every message, of whatever type.
        if self.proton and self.got is not None:
            self.got = (self.got[0], self.got[1] + 1)
        return payload

    def frame(self, message):
        if self.plain:
            return struct.pack(">H", len(message)) + message
        kind = 0
        if message[:4] == TRANSPORT and len(message) >= 32:
            index, counter = struct.unpack_from("<IQ", message, 4)
            if self.sent == (index, counter - 1):
                kind, sealed = 2, message[16:]
            self.sent = (index, counter)
        body = sealed if kind == 2 else message
        return struct.pack(">H", kind << 14 | len(body)) + body


class Connection:
    def __init__(self, tcp, number, args, context):
        self.tcp, self.number, self.args = tcp, number, args
        self.context = context
        self.sni = ""
        self.framing = Framing(args.framing == "plain",
                               args.receiver == "proton")
        self.received = 0
        self.out = bytearray()
        self.udp = None

    def say(self, *words):
        print(*words, flush=True)

    def run(self):
        try:
            self.start()
            while True:
                self.turn()
        except (Broken, OSError) as e:
            self.say("ended", self.number, e)
        finally:
            self.tcp.close()
            if self.udp:
                self.udp.close()

    def start(self):
        if self.number <= self.args.refuse:
            self.reset("refused")
        if self.args.deaf:
            self.stall()
        words = ["-"]
        if self.context:
            self.context.sni_callback = self.on_sni
            self.tcp = self.context.wrap_socket(self.tcp, server_side=True)
            words = [self.tcp.version(), self.sni or "-",
                     self.tcp.selected_alpn_protocol() or "-"]
        self.say("accepted", self.number, *words)
        if self.args.target != "echo":
            host, port = address(self.args.target)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            self.udp = socket.socket(family, socket.SOCK_DGRAM)
            self.udp.connect((host, port))
            self.udp.setblocking(False)
        if self.args.flood:
            self.flood()
        self.tcp.setblocking(False)

    def flood(self):
        """As fast as it goes, for ten seconds."""
        end = time.monotonic() + 10
        counter, frames = 0, Framing(True, False)
        while time.monotonic() < end:
            batch = bytearray()
            for _ in range(1000):
                counter += 1
                header = TRANSPORT + struct.pack("<IQ", 1, counter)
                batch += frames.frame(header + bytes(1384))
            for _ in range(20):
                self.tcp.sendall(batch)
        raise Broken("flooded")

    def on_sni(self, _socket, name, _context):
        self.sni = name

    def reset(self, why):
        linger = struct.pack("ii", 1, 0)
        self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Broken(why)

    def stall(self):
        self.say("stalls", self.number)
        threading.Event().wait()

    def turn(self):
        reads = [self.tcp] + ([self.udp] if self.udp else [])
        pending = self.context and self.tcp.pending()
        readable, writable, _ = select.select(
            reads, [self.tcp] if self.out else [], [], 0 if pending else None)
        if self.tcp in readable or pending:
            self.from_tcp()
        if self.udp in readable:
            self.from_udp()
        if writable or self.out:
            self.to_tcp()

    def from_tcp(self):
        try:
            data = self.tcp.recv(CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        if not data:
            raise Broken("closed by the client")
        self.received += len(data)
        for message in self.framing.take(data):
            if self.udp:
                self.to_udp(message)
            else:
                self.queue(message)
        if self.args.reset_after is not None:
            if self.received >= self.args.reset_after:
                self.reset("reset")
        if self.args.stall_after is not None:
            if self.received >= self.args.stall_after:
                self.stall()
        if self.args.close_after is not None:
            if self.received >= self.args.close_after:
                if self.context:
                    self.tcp.unwrap()
                raise Broken("closed")

    def to_udp(self, message):
        try:
            self.udp.send(message)
        except OSError:
            pass  # as a network would

    def from_udp(self):
        try:
            while True:
                self.queue(self.udp.recv(CHUNK))
        except OSError:
            pass

    def queue(self, message):
        if len(self.out) < OUT_BYTES_MAX:
            self.out += self.framing.frame(message)

    def to_tcp(self):
        n = 1 if self.args.bytewise else len(self.out)
        try:
            while self.out:
                sent = self.tcp.send(self.out[:n])
                del self.out[:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass


def address(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def tls_context(args):
    if not args.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.tls)
    context.set_alpn_protocols(["h2"])
    if args.tls12only:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if args.tls13only:
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


def options():
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--framing", choices=["tunsafe", "plain"],
                   default="tunsafe")
    p.add_argument("--receiver", choices=["tunsafe", "proton"],
                   default="tunsafe", help="how messages are counted")
    p.add_argument("--tls", metavar="PEM", help="key and certificates")
    p.add_argument("--tls12only", action="store_true")
    p.add_argument("--tls13only", action="store_true")
    p.add_argument("--refuse", type=int, default=0, metavar="N",
                   help="reset the first N connections at once")
    p.add_argument("--deaf", action="store_true",
                   help="accept, and read nothing, not even a TLS hello")
    p.add_argument("--reset-after", type=int, metavar="BYTES")
    p.add_argument("--close-after", type=int, metavar="BYTES")
    p.add_argument("--stall-after", type=int, metavar="BYTES")
    p.add_argument("--flood", action="store_true",
                   help="send messages as fast as it goes, for 10 s")
    p.add_argument("--bytewise", action="store_true",
                   help="send one byte at a time")
    p.add_argument("--until-eof", action="store_true",
                   help="end when standard input does")
    p.add_argument("listen")
    p.add_argument("target")
    return p.parse_args()


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


def main():
    args = options()
    if args.until_eof:
        threading.Thread(target=end_with_input, daemon=True).start()
    host, port = address(args.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        print("listening", *listener.getsockname()[:2], flush=True)
        number = 0
        while True:
            tcp, _ = listener.accept()
            number += 1
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            c = Connection(tcp, number, args, tls_context(args))
            threading.Thread(target=c.run, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
