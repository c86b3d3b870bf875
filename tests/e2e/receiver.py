#!/usr/bin/env python3
"""A webhook's receiver: verifies each request and appends it to a file, one JSON object a line.

usage: receiver.py PORT SECRET_FILE OUTPUT REFUSE_FILE

While REFUSE_FILE exists every request gets 503, and is noted as refused.
"""
import hashlib
import hmac
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MAX_BODY = 1 << 20


class Receiver(BaseHTTPRequestHandler):
    secret = b""
    output = refuse = Path()

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), MAX_BODY))
        refused = self.refuse.exists()
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        line = json.dumps({"at": time.time(), "refused": refused, "genuine": self._genuine(body),
                           "body": content})
        with self.output.open("a") as out:
            out.write(line + "\n")
        self.send_response(503 if refused else 204)
        self.end_headers()

    def _genuine(self, body: bytes) -> bool:
        stamp = self.headers.get("X-Postwatch-Timestamp", "")
        want = "v1=" + hmac.new(self.secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(want, self.headers.get("X-Postwatch-Signature", ""))

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port, secret_file, output, refuse = sys.argv[1:]
    Receiver.secret = Path(secret_file).read_bytes().rstrip(b"\n")
    Receiver.output, Receiver.refuse = Path(output), Path(refuse)
    ThreadingHTTPServer(("127.0.0.1", int(port)), Receiver).serve_forever()
