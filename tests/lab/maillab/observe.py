"""Looks at the lab from inside its namespaces: what a client there would see right now."""
import ctypes
import random
import smtplib
import socket
import ssl
import struct
import threading
import time
from pathlib import Path

from .errors import LabError

CLONE_NEWNET = 0x40000000
LOOK_LIMIT_S = 2.0
LINE_LIMIT = 64
TYPES = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "SRV": 33, "DNSKEY": 48}
RCODES = {0: "NOERROR", 2: "SERVFAIL", 3: "NXDOMAIN", 5: "REFUSED"}

# What a client says, and the start of each answer, until the TLS handshake may begin.
BEFORE_TLS = {
    25: [("", "220 "), ("EHLO lab.test", "250 "), ("STARTTLS", "220 ")],
    587: [("", "220 "), ("EHLO lab.test", "250 "), ("STARTTLS", "220 ")],
    143: [("", "* OK"), ("a STARTTLS", "a OK")],
    110: [("", "+OK"), ("STLS", "+OK")],
}

_libc = ctypes.CDLL(None, use_errno=True)


def until(problem, limit_s: float = 15.0) -> None:
    """Calls problem() until it returns None; LabError with its last answer after the limit."""
    end = time.monotonic() + limit_s
    while (seen := problem()) is not None:
        if time.monotonic() > end:
            raise LabError(f"the lab waited {limit_s:g} s in vain: {seen}")
        time.sleep(0.02)


def open_socket(netns: Path, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket that lives in a namespace, usable from here.

    Only the thread that enters the namespace is affected, so a thread of its own does it.
    """
    made = []

    def enter() -> None:
        try:
            with netns.open("rb") as handle:
                if _libc.setns(handle.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), f"cannot enter {netns}")
            made.append(socket.socket(socket.AF_INET, kind))
        except OSError as error:
            made.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def dial(netns: Path, address: str, port: int, limit_s: float = LOOK_LIMIT_S) -> socket.socket:
    """A TCP connection out of a namespace; OSError (refused, timeout) as a client gets it."""
    sock = open_socket(netns)
    sock.settimeout(limit_s)
    try:
        sock.connect((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def refused(netns: Path, address: str, port: int) -> bool:
    try:
        dial(netns, address, port).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        pass
    return False


def silent(netns: Path, address: str, port: int, wait_s: float = 0.15) -> bool:
    """True when the port accepts and then says nothing."""
    with dial(netns, address, port) as sock:
        sock.settimeout(wait_s)
        try:
            sock.recv(1)
        except TimeoutError:
            return True
    return False


def certificate(netns: Path, address: str, port: int) -> bytes:
    """The leaf certificate (DER) that a mail port shows, after STARTTLS where it needs that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with dial(netns, address, port) as sock:
        for command, answer in BEFORE_TLS.get(port, ()):
            if command:
                sock.sendall(f"{command}\r\n".encode())
            _read_past(sock, answer)
        with context.wrap_socket(sock) as tls:
            return tls.getpeercert(binary_form=True)


def rcpt_code(netns: Path, address: str, port: int, mailbox: str, password: str | None) -> int:
    """The reply code to RCPT TO:<mailbox>; logs in first, over STARTTLS, when given a password."""
    with dial(netns, address, port) as sock, _Smtp(sock) as client:
        client.ehlo()
        if password is not None:
            client.starttls(context=ssl._create_unverified_context())
            client.login(mailbox, password)
        client.mail(mailbox)
        code, _ = client.rcpt(mailbox)
        return code


def ask(netns: Path, server: str, name: str, kind: str = "A", limit_s: float = LOOK_LIMIT_S
        ) -> tuple[str, int, bool] | None:
    """One DNS question over UDP: (rcode, number of answers, AD flag), or None without an answer."""
    ident = random.randrange(65536)
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".") if part)
    question = labels + b"\0" + struct.pack("!HH", TYPES[kind], 1)
    edns = b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0)
    # RD and AD set: we want recursion, and to be told of validated data.
    packet = struct.pack("!HHHHHH", ident, 0x0120, 1, 0, 0, 1) + question + edns
    with open_socket(netns, socket.SOCK_DGRAM) as sock:
        sock.settimeout(limit_s)
        try:
            sock.connect((server, 53))
            sock.send(packet)
            reply = sock.recv(4096)
        except OSError:
            return None
    got, flags, _, answers = struct.unpack("!HHHH", reply[:8])
    if got != ident:
        return None
    return RCODES.get(flags & 15, str(flags & 15)), answers, bool(flags & 0x20)


class _Smtp(smtplib.SMTP):
    """smtplib's client on a connection that is there already."""

    def __init__(self, sock: socket.socket):
        self._given = sock
        super().__init__("lab", 25, local_hostname="lab.test", timeout=LOOK_LIMIT_S)

    def _get_socket(self, host, port, timeout):
        return self._given


def _read_past(sock: socket.socket, answer: str) -> None:
    """Reads lines until one starts with the answer; byte by byte, so that TLS loses nothing."""
    seen = []
    for _ in range(LINE_LIMIT):
        line = b""
        while not line.endswith(b"\n"):
            byte = sock.recv(1)
            if not byte:
                raise ConnectionError(f"closed while waiting for {answer!r}")
            line += byte
        seen.append(line.decode(errors="replace").rstrip())
        if seen[-1].startswith(answer):
            return
    raise ConnectionError(f"no {answer!r} in {seen[:3]}")

