"""The scenarios of the interop run: a server, a condition, what each check has to make of it."""
import contextlib
import imaplib
import poplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from interop_world import SERVERS, InteropWorld
from exim import CONNECTION_LIMIT, Pigeonhole
from others import CONNECTIONS_OF_AN_ADDRESS, Courier

from maillab import observe


@dataclass(frozen=True)
class Scenario:
    """Each check kind with its outcome: "pass", "fail CLASS", "pass + CLASS" or "not tested"."""
    servers: tuple[str, ...]
    condition: str
    domain: str
    expect: dict[str, str]
    address: str = ""  # of the mailbox; "" none is given
    password: str | None = None  # None: the right one
    extra: str = ""  # more lines of the mailbox
    prepare: Callable[[Any], AbstractContextManager] | None = None
    timeout: str = "20s"
    resolvers: tuple[str, ...] = ()  # asked one after another; none: the world's own
    says: str = ""  # words that must be in a detail or a reply
    unusable: str = ""  # why the rows are skipped, always


@contextlib.contextmanager
def held_imap(world: InteropWorld) -> Iterator[None]:
    """Somebody else is logged in to limit@ as often as the server allows."""
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTION_LIMIT):
            client = ImapOn(held.enter_context(_dial(world, 993)))
            client.login("limit@exim.test", world.password)
        yield


@contextlib.contextmanager
def held_pop3(world: InteropWorld) -> Iterator[None]:
    """Another POP3 session has locked the mailbox."""
    with _dial(world, 995) as sock:
        client = _Pop(sock)
        client.user("probe@exim.test")
        client.pass_(world.password)
        yield


@contextlib.contextmanager
def held_courier(world: InteropWorld) -> Iterator[None]:
    """As many connections as Courier takes from one address."""
    with contextlib.ExitStack() as held:
        for _ in range(CONNECTIONS_OF_AN_ADDRESS):
            sock = held.enter_context(
                observe.dial(world.place.path, SERVERS[Courier], 143, 10))
            sock.recv(1)
        yield


class ImapOn(imaplib.IMAP4):
    """A client on a connection that is there already."""

    def __init__(self, sock):
        self._given = sock
        super().__init__()

    def _create_socket(self, timeout):
        return self._given


class _Pop(poplib.POP3):
    def __init__(self, sock):
        self._given = sock
        super().__init__("given")

    def _create_socket(self, timeout):
        return self._given


def _dial(world: InteropWorld, port: int) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(world.ca_file)
    sock = observe.dial(world.place.path, SERVERS[Pigeonhole], port, 10)
    return context.wrap_socket(sock, server_hostname="mail.exim.test")


BOTH = ("exim", "pigeonhole")
SCENARIOS = [
    Scenario(BOTH, "healthy", "exim.test",
             {"smtp.mx": "pass", "tls.cert": "pass", "smtp.submit": "pass", "imap.access": "pass",
              "pop3.access": "pass", "imap.quota": "pass", "roundtrip": "pass"},
             "probe@exim.test"),
    Scenario(("pigeonhole",), "mailbox nearly full", "exim.test",
             {"imap.quota": "pass + imap_quota_warn"}, "near@exim.test"),
    Scenario(BOTH, "wrong password", "exim.test",
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_failed",
              "pop3.access": "fail pop3_auth_failed"}, "probe@exim.test", "wrong"),
    Scenario(BOTH, "Sieve files the letter as spam", "exim.test",
             {"roundtrip": "fail spam_foldered"}, "spam@exim.test"),
    Scenario(BOTH, "mailbox over quota", "exim.test",
             {"imap.quota": "fail imap_overquota", "roundtrip": "fail delivery_delayed"},
             "full@exim.test", timeout="6s"),
    Scenario(BOTH, "healthy, read by POP3", "exim.test", {"roundtrip": "pass"}, "probe@exim.test",
             extra="receive: {protocol: pop3}\n"),
    Scenario(("pigeonhole",), "all connections allowed are taken", "exim.test",
             {"imap.access": "fail imap_too_many_connections"}, "limit@exim.test",
             prepare=held_imap),
    Scenario(("pigeonhole",), "mailbox locked by another POP3 session", "exim.test",
             {"pop3.access": "fail pop3_in_use"}, "probe@exim.test",
             prepare=held_pop3, timeout="30s"),
    # Mailboxes are looked at by IPv4 where there is IPv4, mail servers by all their addresses.
    *(Scenario(BOTH, condition, f"{name}.test", {"smtp.mx": mx, "imap.access": imap},
               "probe@exim.test", extra=f"receive: {{host: mail.{name}.test}}\n")
      for name, condition, mx, imap in (
          ("ipv4", "IPv4 only", "pass", "pass"), ("ipv6", "IPv6 only", "pass", "pass"),
          ("dual", "IPv4 and IPv6", "pass", "pass"),
          ("dead6", "IPv4, and an IPv6 address that refuses", "pass + tcp_refused", "pass"),
          ("dead4", "IPv6, and an IPv4 address that refuses", "fail tcp_refused",
           "fail tcp_refused"))),
    Scenario(("opensmtpd",), "healthy, without TLS", "opensmtpd.test",
             {"smtp.mx": "pass + tls_not_offered"}),
    Scenario(("opensmtpd",), "healthy, with TLS", "opensmtpd.test", {"smtp.mx": "pass"},
             unusable="STARTTLS does not work in this build of Debian's"),
    Scenario(("courier",), "healthy", "courier.test",
             {"tls.cert": "pass", "imap.access": "pass", "pop3.access": "pass",
              "imap.quota": "pass"}, "probe@courier.test"),
    Scenario(("courier",), "wrong password", "courier.test",
             {"imap.access": "fail imap_auth_failed", "pop3.access": "fail pop3_auth_failed"},
             "probe@courier.test", "wrong"),
    Scenario(("courier",), "all connections allowed are taken", "courier.test",
             {"imap.access": "fail conn_closed_early"}, "probe@courier.test",
             extra="receive: {port: 143, security: starttls}\n", prepare=held_courier),
    Scenario(("cyrus",), "healthy", "cyrus.test",
             {"tls.cert": "pass", "imap.access": "pass", "pop3.access": "pass",
              "imap.quota": "pass"}, "probe@cyrus.test"),
    Scenario(("cyrus",), "wrong password", "cyrus.test",
             {"imap.access": "fail imap_auth_failed", "pop3.access": "fail pop3_auth_failed"},
             "probe@cyrus.test", "wrong"),
    *(Scenario((name, "unbound"), "signed zone", f"{name}.test",
               {"dns.mx": "pass", "dns.delegation": "pass", "dns.dnssec": "pass",
                "dns.spf": "pass"}) for name in ("knot", "bind", "nsd")),
    *(Scenario((name, "unbound"), "delegated, zone not loaded", f"unloaded-{name}.test",
               {"dns.mx": "fail dns_servfail", "dns.delegation": "fail dns_ns_lame"})
      for name in ("knot", "bind", "nsd")),
]
