#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""web: the lab's web server: tells a client its address, sends bulk.

    web.py LOGFILE PORT ADDRESS...

GET /               the client's address as the server sees it, a line
GET /bulk?bytes=N   N zero bytes
POST /              reads what comes, answers how many bytes it was

Logs each request as `SECONDS CLIENT REQUEST` to LOGFILE. Prints "ready"
when it listens on every address.
"""

import http.server
import socket
import sys
import threading
import time
import urllib.parse

CHUNK = bytes(64 * 1024)
BULK_BYTES_MAX = 1 << 30
IDLE_SECONDS = 300


class Page(http.server.BaseHTTPRequestHandler):
    timeout = IDLE_SECONDS
    # Connections stay open: a client's old one is there to be tried again.
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/":
            self.answer((self.client_address[0] + "\n").encode())
        elif url.path == "/bulk":
            self.send_bulk(urllib.parse.parse_qs(url.query))
        else:
            self.send_error(404)

    def do_POST(self):
        left = length = int(self.headers.get("Content-Length", "0"))
        while left > 0:
            chunk = self.rfile.read(min(left, len(CHUNK)))
            if not chunk:
                return
            left -= len(chunk)
        self.answer(b"%d\n" % length)

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_bulk(self, query):
        try:
            left = int(query["bytes"][0])
        except (KeyError, ValueError):
            left = -1
        if not 0 <= left <= BULK_BYTES_MAX:
            self.send_error(400)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(left))
        self.end_headers()
        while left > 0:
            self.wfile.write(CHUNK[:left])
            left -= min(left, len(CHUNK))

    def log_request(self, code="-", size="-"):
        # Also what is no proper request: whoever got here was let through.
        line = "%.3f %s %s\n" % (time.time(), self.client_address[0],
                                 self.requestline)
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(line)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        # The client went away, as the tests make it do.
        pass


class Server6(Server):
    address_family = socket.AF_INET6


def main():
    servers = [(Server6 if ":" in a else Server)((a, int(sys.argv[2])), Page)
               for a in sys.argv[3:]]
    threads = [threading.Thread(target=s.serve_forever) for s in servers]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()


LOG = sys.argv[1] if len(sys.argv) > 3 else sys.exit(__doc__)
main()
