"""The network: one backbone router, a namespace at the end of each link, and the packet filter."""
from pathlib import Path

from . import plan, registry
from .processes import NETNS_DIR, RESOLV_NAME, quiet

# Binds the namespace's own resolv.conf in the private mount namespace of `ip netns exec`.
ENTER = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


class Network:
    """The namespaces of one lab. Building one of these touches nothing; up() does."""

    def __init__(self, lab_id: int, state: Path):
        self._id = lab_id
        self._resolv = state / "resolv"

    def netns(self, short: str) -> str:
        if short not in plan.NAMESPACES:
            raise ValueError(f"no namespace {short!r}; there are: {', '.join(plan.NAMESPACES)}")
        return f"pw{self._id}-{short}"

    def argv(self, short: str, argv: list[str]) -> list[str]:
        """The command line that runs `argv` in a namespace, with that namespace's resolver."""
        return ["ip", "netns", "exec", self.netns(short), "sh", "-c", ENTER,
                str(self._resolv_file(short)), *map(str, argv)]

    def up(self) -> None:
        self._resolv.mkdir()
        for short in plan.NAMESPACES:
            server = plan.RESOLVERS.get(short)
            text = f"nameserver {server}\noptions timeout:2 attempts:2\n" if server else ""
            self._resolv_file(short).write_text(text or "# no resolver here\n")
        with registry.locked():  # the first `ip netns add` of a machine may not run twice at once
            quiet(["ip", "-batch", "-"],
                  "".join(f"netns add {self.netns(short)}\n" for short in plan.NAMESPACES))
        self._batch(plan.BACKBONE, ["link set lo up"] + [
            line for link in plan.LINKS for line in (
                f"link add {link.device} type veth peer name {link.inside}"
                f" netns {self.netns(link.namespace)}",
                f"addr add {plan.address(link.subnet, 1)}/24 dev {link.device}",
                f"link set {link.device} up")])
        for short in plan.NAMESPACES[1:]:
            self._batch(short, _inside([link for link in plan.LINKS if link.namespace == short]))
        quiet(self.argv(plan.BACKBONE, ["sysctl", "-qw", "net.ipv4.ip_forward=1"]))
        self.filter([])

    def filter(self, rules: list[str]) -> None:
        """Replaces the backbone's filter by these rules in one step; no rules, no filter."""
        lines = ["table inet faults", "delete table inet faults", "table inet faults {",
                 "chain forward {", "type filter hook forward priority 0; policy accept;",
                 *rules, "}", "}"]
        quiet(["ip", "netns", "exec", self.netns(plan.BACKBONE), "nft", "-f", "-"],
              "\n".join(lines) + "\n")

    def path(self, short: str) -> Path:
        return NETNS_DIR / self.netns(short)

    def _resolv_file(self, short: str) -> Path:
        return self._resolv / RESOLV_NAME.format(id=self._id, namespace=short)

    def _batch(self, short: str, lines: list[str]) -> None:
        quiet(["ip", "-n", self.netns(short), "-batch", "-"], "\n".join(lines) + "\n")


def _inside(links: list[plan.Link]) -> list[str]:
    """What `ip` does in a namespace: its addresses, and an answer leaves by the link it came by."""
    lines = ["link set lo up"]
    for number, link in enumerate(links):
        gateway, source = plan.address(link.subnet, 1), plan.address(link.subnet, link.hosts[0])
        lines += [f"addr add {plan.address(link.subnet, host)}/24 dev {link.inside}"
                  for host in link.hosts]
        lines.append(f"link set {link.inside} up")
        if number == 0:
            lines.append(f"route add default via {gateway} src {source}")
        else:
            lines += [f"route add default via {gateway} table {link.subnet}",
                      f"rule add from {source} table {link.subnet}"]
    return lines
