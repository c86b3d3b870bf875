"""The plan: every name, address and port of the lab world. Values only; each lab has the same."""
from dataclasses import dataclass


def address(subnet: int, host: int) -> str:
    return f"198.18.{subnet}.{host}"


@dataclass(frozen=True)
class Region:
    """Where an agent stands, with a resolver of its own beside it."""
    name: str
    subnet: int

    @property
    def agent(self) -> str:
        return address(self.subnet, 2)

    @property
    def resolver(self) -> str:
        return address(self.subnet, 53)


@dataclass(frozen=True)
class Provider:
    """A mail service: one host with every mail port, and the resolver that its Postfix asks."""
    name: str
    subnet: int

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    @property
    def host(self) -> str:
        return f"mail.{self.domain}"

    @property
    def address(self) -> str:
        return address(self.subnet, 2)

    @property
    def resolver(self) -> str:
        return address(self.subnet, 54)


REGIONS = {name: Region(name, subnet) for name, subnet in (("eu", 1), ("us", 2), ("ap", 3))}
PROVIDERS = {name: Provider(name, subnet) for name, subnet in (("alpha", 11), ("beta", 12))}
OPS_SUBNET = 9
DNS_SUBNET = 20
NEUTRAL_SUBNETS = (31, 32, 33)

BACKBONE = "bb"
COLLECTOR_ADDRESS = address(OPS_SUBNET, 2)
SECOND_COLLECTOR_ADDRESS = address(OPS_SUBNET, 3)
NAME_SERVER_ADDRESS = address(DNS_SUBNET, 53)
NEUTRAL_ADDRESSES = tuple(address(subnet, 2) for subnet in NEUTRAL_SUBNETS)
NEUTRAL_PORT = 443

# "full" never has room; "probe" loses its room under the fault mailbox-full.
MAILBOXES = ("probe", "probe2", "full")

SMTP_PORTS = (25, 465, 587)
MAILBOX_PORTS = (143, 993, 110, 995)


@dataclass(frozen=True)
class Link:
    """One veth pair: `device` on the backbone, `inside` in the namespace, a /24 on it."""
    namespace: str
    device: str
    inside: str
    subnet: int
    hosts: tuple[int, ...]  # the first one is the source of what the namespace sends


LINKS = (
    *(Link(r.name, r.name, "eth0", r.subnet, (2, 53)) for r in REGIONS.values()),
    Link("ops", "ops", "eth0", OPS_SUBNET, (2, 3)),  # two collectors
    *(Link(p.name, p.name, "eth0", p.subnet, (2, 54)) for p in PROVIDERS.values()),
    Link("dns", "dns", "eth0", DNS_SUBNET, (53,)),
    *(Link("net", f"net{i}", f"eth{i}", subnet, (2,)) for i, subnet in enumerate(NEUTRAL_SUBNETS)),
)
NAMESPACES = (BACKBONE, *dict.fromkeys(link.namespace for link in LINKS))
RESOLVERS = {place.name: place.resolver for place in (*REGIONS.values(), *PROVIDERS.values())}
