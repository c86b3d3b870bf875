#!/usr/bin/env python3
"""The mail and web hosts of the broken domains: one process, each host an address with a manner.

    hosts.py HOSTS.json

HOSTS.json: {"mail": [{"address", "manner", "certificate", "key"}...],
             "web": [{"address", "certificate", "key"}...],
             "pages": {"https://...": {"code", "type", "location", "body"}}}
"""
import http.server
import json
import socketserver
import ssl
import sys
import threading
from pathlib import Path

MANNERS = ("good", "no-starttls", "refuse", "busy", "tls-refused", "hang", "injected")
IDLE_LIMIT_S = 60


class Server(socketserver.ThreadingTCPServer):
    """Knows the host whose door it is."""
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, host: dict, port: int, session):
        self.host = host
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(host["certificate"], host["key"])
        super().__init__((host["address"], port), session)

    def handle_error(self, request, client_address):
        """A client that leaves early is no news."""


class MailSession(socketserver.StreamRequestHandler):
    """One SMTP session that never takes a letter."""

    def handle(self) -> None:
        manner = self.server.host["manner"]
        self.connection.settimeout(IDLE_LIMIT_S)
        if manner == "hang":
            self.rfile.read(1)
            return
        if manner in ("refuse", "busy"):
            self._say("554 5.7.1 No service for you here" if manner == "refuse"
                      else "421 4.3.2 Too busy, try again later")
            return
        self._say(f"220 {self._name()} ESMTP")
        while line := self.rfile.readline(4096):
            verb, _, rest = line.decode(errors="replace").strip().partition(" ")
            if not self._answer(manner, verb.upper(), rest):
                return

    def _answer(self, manner: str, verb: str, rest: str) -> bool:
        """False when the session is over."""
        if verb == "EHLO":
            offer = [] if manner == "no-starttls" or self._secured() else ["STARTTLS"]
            lines = [self._name(), "PIPELINING", "ENHANCEDSTATUSCODES", "8BITMIME", *offer,
                     "SIZE 10240000"]
            for line in lines[:-1]:
                self._say(f"250-{line}")
            self._say(f"250 {lines[-1]}")
        elif verb == "STARTTLS" and manner == "tls-refused":
            self._say("454 4.7.0 TLS not available due to local problem")
        elif verb == "STARTTLS" and manner != "no-starttls" and not self._secured():
            self._say("220 2.0.0 Ready to start TLS"
                      + ("\r\n250 2.0.0 said in clear" if manner == "injected" else ""))
            self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
            self.setup_files()
        elif verb == "RCPT":
            self._say("550 5.1.1 Recipient address rejected: User unknown")
        elif verb in ("HELO", "MAIL", "RSET", "NOOP"):
            self._say("250 2.0.0 Ok")
        elif verb == "QUIT":
            self._say("221 2.0.0 Bye")
            return False
        else:
            self._say("502 5.5.1 Command not implemented")
        return True

    def setup_files(self) -> None:
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = socketserver._SocketWriter(self.connection)

    def _secured(self) -> bool:
        return isinstance(self.connection, ssl.SSLSocket)

    def _name(self) -> str:
        return f"host-{self.server.host['address'].split('.')[-1]}.hosting.test"

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class WebSession(http.server.BaseHTTPRequestHandler):
    """Serves the pages by host name and path."""
    pages: dict = {}

    def setup(self) -> None:
        self.request.settimeout(IDLE_LIMIT_S)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def do_GET(self) -> None:
        host = self.headers.get("Host", "").partition(":")[0].lower()
        page = self.pages.get(f"https://{host}{self.path.lower()}",
                              {"code": 404, "body": "no such page\n"})
        body = page.get("body", "").encode()
        self.send_response(page.get("code", 200))
        self.send_header("Content-Type", page.get("type", "text/plain"))
        if "location" in page:
            self.send_header("Location", page["location"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args) -> None:
        print(format % args, flush=True)


def main() -> None:
    world = json.loads(Path(sys.argv[1]).read_text())
    WebSession.pages = world["pages"]
    servers = [*(Server(host, 25, MailSession) for host in world["mail"]),
               *(Server(host, 443, WebSession) for host in world["web"])]
    threads = [threading.Thread(target=server.serve_forever) for server in servers]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
