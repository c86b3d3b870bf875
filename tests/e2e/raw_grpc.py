"""One gRPC call spoken by hand, so that it can say what no program of ours would: HTTP/2 and gRPC framing
without a library, one stream, and the status with which the server ends it."""
import re
import socket
import ssl
import struct
from pathlib import Path

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS, ACK = 0x1, 0x4, 0x1
STREAM = 1
LIMIT_S = 10.0
STATUS = {0: "OK", 3: "INVALID_ARGUMENT", 6: "ALREADY_EXISTS", 8: "RESOURCE_EXHAUSTED",
          12: "UNIMPLEMENTED", 14: "UNAVAILABLE", 16: "UNAUTHENTICATED"}


def field(number: int, value: bytes | str | int) -> bytes:
    """One field of a protobuf message: a number as a varint, anything else with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(raw)) + raw


def client_tls(identity: Path | None) -> ssl.SSLContext:
    """`identity` is a folder with cert.pem and key.pem; None shows no certificate."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # who the collector is matters to agents, not to us
    context.set_alpn_protocols(["h2"])
    if identity:
        context.load_cert_chain(identity / "cert.pem", identity / "key.pem")
    return context


def exchange(raw: socket.socket, authority: str, path: str, identity: Path | None,
             messages: list[bytes], half_close: bool = False) -> str:
    """Says these messages and returns the name of the status the call ends with.

    OSError when the connection ends without a status; "open" when the server is content and waits.
    """
    with client_tls(identity).wrap_socket(raw) as sock:
        sock.settimeout(LIMIT_S)
        sock.sendall(PREFACE + _frame(SETTINGS, 0, 0, b""))
        sock.sendall(_frame(HEADERS, END_HEADERS, STREAM, _request_headers(authority, path)))
        for message in messages:
            sock.sendall(_frame(DATA, 0, STREAM, struct.pack("!BI", 0, len(message)) + message))
        if half_close:
            sock.sendall(_frame(DATA, END_STREAM, STREAM, b""))
        try:
            return _status(sock)
        except TimeoutError:
            return "open"


def _status(sock: ssl.SSLSocket) -> str:
    while True:
        length, kind, flags, stream = struct.unpack("!IBBI", b"\0" + _read(sock, 9))
        payload = _read(sock, length)
        if kind == SETTINGS and not flags & ACK:
            sock.sendall(_frame(SETTINGS, ACK, 0, b""))
        elif kind == HEADERS and stream == STREAM and flags & END_STREAM:
            found = re.search(rb"grpc-status[\x01\x02](\d+)", payload)
            code = int(found[1]) if found else -1
            return STATUS.get(code, str(code))
        elif kind in (RST_STREAM, GOAWAY):
            raise ConnectionResetError(f"frame {kind}: {payload[:80]!r}")


def _request_headers(authority: str, path: str) -> bytes:
    headers = ((":method", "POST"), (":scheme", "https"), (":path", path),
               (":authority", authority), ("content-type", "application/grpc"), ("te", "trailers"))
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in headers)


def _text(text: str) -> bytes:
    """An HPACK string, not compressed; ours are all shorter than 127 bytes."""
    return bytes([len(text)]) + text.encode()


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def _read(sock: socket.socket, count: int) -> bytes:
    got = b""
    while len(got) < count:
        part = sock.recv(count - len(got))
        if not part:
            raise ConnectionResetError("the connection ended without a status")
        got += part
    return got
