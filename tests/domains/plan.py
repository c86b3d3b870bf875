"""The plan: every address of the world in which the broken domains live. Values only."""
from dataclasses import dataclass

ROOT_SERVER = "198.18.0.1"  # the authority of "." and "test."
RESOLVER = "198.18.0.53"
RESOLVER_WITHOUT_TCP = "198.18.0.54"  # the same one
RESOLVERS = (RESOLVER, RESOLVER_WITHOUT_TCP)

NAME_SERVERS = {
    "ns1.hosting.test": "198.18.1.1",
    "ns2.hosting.test": "198.18.1.2",
    "old.hosting.test": "198.18.1.3",  # has the zones of an hour ago
    "lame.hosting.test": "198.18.1.4",  # answers, and has none of the zones
    "silent.hosting.test": "198.18.1.5",  # drops everything
    "moved.hosting.test": "198.18.1.6",  # the same server as ns2, by another address
}
CURRENT = tuple(NAME_SERVERS[f"{name}.hosting.test"] for name in ("ns1", "ns2", "moved"))
OLD = NAME_SERVERS["old.hosting.test"]
LAME = NAME_SERVERS["lame.hosting.test"]
SILENT = NAME_SERVERS["silent.hosting.test"]


@dataclass(frozen=True)
class MailHost:
    """What answers at port 25 of an address."""
    manner: str = "good"  # see hosts.py; "" nobody listens, "drop" packets vanish
    certificate: str = "good"
    reverse: str | None = None  # the PTR; None: that of a good mail host; "" none


MAIL_HOSTS = {
    "198.18.2.1": MailHost(),
    "198.18.2.2": MailHost(certificate="expired"),
    "198.18.2.3": MailHost("no-starttls"),
    "198.18.2.4": MailHost("refuse"),
    "198.18.2.5": MailHost(""),
    "198.18.2.6": MailHost("drop"),
    "198.18.2.7": MailHost(certificate="other"),
    "198.18.2.8": MailHost("hang"),
    "198.18.2.9": MailHost(certificate="not-yet"),
    "198.18.2.10": MailHost("injected"),
    "198.18.2.11": MailHost(reverse=""),
    "198.18.2.12": MailHost(reverse="good.hosting.test."),
    "198.18.2.13": MailHost(reverse="198-18-2-13.dynamic.hosting.test."),
    "198.18.2.14": MailHost(certificate="expiring"),
    "198.18.2.15": MailHost("busy"),
    "198.18.2.16": MailHost("tls-refused"),
    "198.18.2.17": MailHost(),  # on a blocklist
    "198.18.2.18": MailHost(certificate="self-signed"),
    "198.18.2.19": MailHost(certificate="other-key"),
}
GOOD_MAIL_HOST = "198.18.2.1"
LISTED_MAIL_HOST = "198.18.2.17"
LISTED_DOMAIN = "domain-listed.test"

WEB = "198.18.3.1"
WEB_WITH_EXPIRED_CERTIFICATE = "198.18.3.2"
WEB_DOWN = "198.18.3.3"
WEBS = {WEB: "good", WEB_WITH_EXPIRED_CERTIFICATE: "expired"}

ADDRESSES = [ROOT_SERVER, *RESOLVERS, *NAME_SERVERS.values(), *MAIL_HOSTS, *WEBS, WEB_DOWN]


def reverse_name(address: str) -> str:
    """"198.18.2.1" -> "1.2.18.198.in-addr.arpa."."""
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa."


def reverse_of(address: str) -> str:
    """The name its PTR record gives; "" when there is none."""
    wanted = MAIL_HOSTS[address].reverse
    return f"host-{address.split('.')[-1]}.hosting.test." if wanted is None else wanted
