"""An OAuth provider for one mailbox: the token endpoint that a client asks (RFC 6749), and the
introspection that a mail server asks (RFC 7662)."""
import contextlib
import json
import secrets
import ssl
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from maillab import observe

MANY = 1000
MAX_BODY = 1 << 16
LASTS_S = 3600  # as it says of each token
END_WITHIN_S = 0.05


class OauthProvider:
    """Knows one account and one refresh token. A context manager, which ends its servers."""

    def __init__(self, account: str, refresh_token: str):
        self._account, self._refresh_token = account, refresh_token
        self._servers = contextlib.ExitStack()
        self._lock = threading.Lock()
        self.behave()

    def __enter__(self) -> "OauthProvider":
        return self

    def __exit__(self, *_) -> None:
        self._servers.close()

    def behave(self, log_ins: int = MANY, expired: bool = False, down: bool = False,
               blind: bool = False) -> None:
        """Forgets all tokens. The next ones are good for so many log-ins. The refresh token may
        have `expired`; either endpoint may answer with an error: `down` is that for clients,
        `blind` that for mail servers."""
        self.log_ins, self.expired, self.down, self.blind = log_ins, expired, down, blind
        self.refused = 0  # tokens that a mail server asked about in vain
        self._left: Counter[str] = Counter()

    def listen(self, netns: Path, address: str, port: int,
               context: ssl.SSLContext | None = None) -> None:
        """Serves in a namespace, of the lab or the like, as long as this is entered."""
        sock = observe.open_socket(netns)
        sock.bind((address, port))
        if context is not None:
            sock = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        server = _HttpServer((address, port), _Endpoints, bind_and_activate=False)
        server.socket.close()
        server.socket, server.provider = sock, self
        self._servers.callback(server.server_close)
        server.server_activate()
        threading.Thread(target=server.serve_forever, args=(END_WITHIN_S,), daemon=True).start()
        self._servers.callback(server.shutdown)

    def grant(self, form: dict[str, list[str]]) -> tuple[int, dict]:
        if self.down:
            return 503, {}
        if form.get("refresh_token") != [self._refresh_token]:
            return 400, {"error": "invalid_grant"}
        if self.expired:
            return 400, {"error": "invalid_grant",
                         "error_description": "Token has been expired or revoked."}
        token = secrets.token_urlsafe(24)
        with self._lock:
            self._left[token] = self.log_ins
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": LASTS_S}

    def introspect(self, token: str) -> tuple[int, dict]:
        if self.blind:
            return 500, {}
        with self._lock:
            self._left[token] -= 1
            active = self._left[token] >= 0
            self.refused += not active
        return 200, {"active": True, "email": self._account} if active else {"active": False}


class _HttpServer(ThreadingHTTPServer):
    provider: OauthProvider

    def handle_error(self, request, client_address) -> None:
        """A client that hangs up is no news."""


class _Endpoints(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _HttpServer

    def do_POST(self) -> None:
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MAX_BODY))
        self._answer(*self.server.provider.grant(parse_qs(body.decode())))

    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._answer(*self.server.provider.introspect(token))

    def _answer(self, status: int, content: dict) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Connection", "close"),
                            ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass
