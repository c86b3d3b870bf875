"""The lab's DNS: one Knot with the signed zones, and the Unbound of each region and provider."""
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from . import observe, plan, processes
from .errors import LabError
from .network import Network
from .templates import render

REVERSE_ZONE = "18.198.in-addr.arpa"
SIGNED = ("test", *(p.domain for p in plan.PROVIDERS.values()))
ZONES = (".", "test", REVERSE_ZONE, "neutral.test", *(p.domain for p in plan.PROVIDERS.values()))
CONTROL_LIMIT_S = 3

TTL = 60
SOA = f"""\
$ORIGIN {{origin}}
$TTL {TTL}
@ SOA ns.test. hostmaster.test. 1 3600 600 86400 30
@ NS ns.test.
"""
MAIL_ZONE = """\
@ MX 10 mail
@ A {address}
@ TXT "v=spf1 ip4:{address} -all"
_dmarc TXT "v=DMARC1; p=reject"
mail A {address}
mail TXT "v=spf1 ip4:{address} -all"
_submission._tcp SRV 0 1 587 mail
_submissions._tcp SRV 0 1 465 mail
_imap._tcp SRV 0 1 143 mail
_imaps._tcp SRV 0 1 993 mail
_pop3._tcp SRV 0 1 110 mail
_pop3s._tcp SRV 0 1 995 mail
"""


class NameServer:
    """The authority for everything: the root, test., the mail domains, the reverse zone."""

    def __init__(self, network: Network, home: Path, log: Path):
        self._network = network
        self._home = home
        self._log = log
        self._config = home / "knot.conf"
        self.anchor = home / "test.anchor"

    def up(self) -> None:
        for folder in ("run", "db", "zones"):
            (self._home / folder).mkdir(parents=True)
        zones = "".join(
            f"  - domain: {zone}\n    file: {self._file(zone)}\n" + (
                "    dnssec-signing: on\n    dnssec-policy: lab\n" if zone in SIGNED else "")
            for zone in ZONES)
        self._config.write_text(render("knot.conf", home=self._home, log=self._log, zones=zones,
                                       address=plan.NAME_SERVER_ADDRESS))
        for zone in SIGNED:
            self._keymgr(zone, "generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes")
        self.anchor.write_text(self._keymgr("test", "dnskey"))
        for zone, text in _zones(self._delegation_signers()).items():
            self._file(zone).write_text(text)
        processes.launch(self._network.argv("dns", ["knotd", "-d", "-c", str(self._config)]),
                         self._log)
        observe.until(lambda: self._problem(set()))

    def settle(self, broken: set[str]) -> None:
        """Makes the zones in `broken` answer SERVFAIL and all other mail zones answer again."""
        failing = {p.domain for p in plan.PROVIDERS.values()
                   if self._rcode(p.domain) == "SERVFAIL"}
        if failing - broken:
            # Knot refuses to reload one expired zone; reloading itself brings all of them back.
            self._control("reload")
            observe.until(lambda: self._problem(set()))
            failing = set()
        for zone in broken - failing:
            self._control("-f", "zone-purge", zone, "+expire")
        observe.until(lambda: self._problem(broken))

    def change(self, zone: str, remove: Sequence[str], add: Sequence[str]) -> None:
        """Records as in a zone file, without TTL: "mail.alpha.test. A 198.18.11.2"."""
        self._control("zone-begin", zone)
        for line in remove:
            self._control("zone-unset", zone, *line.split(" ", 2))
        for line in add:
            name, kind, value = line.split(" ", 2)
            self._control("zone-set", zone, name, str(TTL), kind, value)
        self._control("zone-commit", zone)

    def _problem(self, broken: set[str]) -> str | None:
        for provider in plan.PROVIDERS.values():
            want = "SERVFAIL" if provider.domain in broken else "NOERROR"
            rcode = self._rcode(provider.domain)
            if rcode != want:
                return f"the zone {provider.domain} answers {rcode}, not {want}; see {self._log}"
        return None

    def _rcode(self, zone: str) -> str | None:
        reply = observe.ask(self._network.path(plan.BACKBONE), plan.NAME_SERVER_ADDRESS, zone, "MX")
        return reply[0] if reply else None

    def _file(self, zone: str) -> Path:
        return self._home / "zones" / f"{zone.strip('.') or 'root'}.zone"

    def _keymgr(self, zone: str, *args: str) -> str:
        return processes.quiet(["keymgr", "-c", str(self._config), zone, *args])

    def _control(self, *args: str) -> None:
        processes.quiet(["knotc", "-c", str(self._config), "-b", *args])

    def _delegation_signers(self) -> str:
        """The DS records (SHA-256 ones) of the mail domains, for the parent zone."""
        lines = []
        for provider in plan.PROVIDERS.values():
            printed = self._keymgr(provider.domain, "ds").splitlines()
            lines += [line for line in printed if line.split()[4] == "2"]
        return "".join(f"{line}\n" for line in lines)


class Resolver:
    """One Unbound; `place` is the namespace it lives in and answers for."""

    def __init__(self, network: Network, place: str, home: Path, log: Path):
        self._network = network
        self._place = place
        self._home = home
        self._log = log
        self.address = plan.RESOLVERS[place]
        self.pid_file = home / f"{place}.pid"

    def up(self, anchor: Path) -> None:
        config = self._home / f"{self._place}.conf"
        config.write_text(render("unbound.conf", home=self._home, name=self._place, log=self._log,
                                 address=self.address, anchor=anchor,
                                 authority=plan.NAME_SERVER_ADDRESS))
        processes.launch(self._network.argv(self._place, ["unbound", "-c", str(config)]), self._log)
        observe.until(self.problem)

    def settle(self, dead: bool) -> None:
        """A dead resolver is frozen: its port is open and nothing ever answers."""
        pid = int(self.pid_file.read_text())
        os.kill(pid, signal.SIGSTOP if dead else signal.SIGCONT)
        observe.until(lambda: None if processes.frozen(pid) == dead else f"unbound {pid} lags")
        if not dead:
            self.forget()

    def forget(self) -> None:
        """Drops what it has cached: records, keys, failures, and who does not answer."""
        if processes.frozen(int(self.pid_file.read_text())):
            return  # it forgets when it comes back to life
        self._control("flush_zone .")
        self._control("flush_infra all")

    def problem(self) -> str | None:
        """None when it answers questions from where it stands."""
        reply = observe.ask(self._network.path(self._place), self.address, "neutral.test",
                            limit_s=1)
        if reply and reply[0] == "NOERROR" and reply[1]:
            return None
        return f"the resolver of {self._place} answers {reply}; see {self._log}"

    def _control(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(CONTROL_LIMIT_S)
            try:
                sock.connect(str(self._home / f"{self._place}.ctl"))
                sock.sendall(f"UBCT1 {command}\n".encode())
                reply = sock.recv(4096)
            except OSError as error:
                raise LabError(f"unbound of {self._place}: {command}: {error}") from error
        if not reply.startswith(b"ok"):
            raise LabError(f"unbound of {self._place}: {command}: {reply.decode().strip()}")


def _zones(delegation_signers: str) -> dict[str, str]:
    """The text of every zone."""
    name_server = f"ns.test. A {plan.NAME_SERVER_ADDRESS}\n"
    agents = {f"{r.name}.agents.test.": r.agent for r in plan.REGIONS.values()}
    agents["ops.agents.test."] = plan.COLLECTOR_ADDRESS
    neutral = {f"n{i}.neutral.test.": address
               for i, address in enumerate(plan.NEUTRAL_ADDRESSES, 1)}
    reverse = {**agents, **neutral, "ns.test.": plan.NAME_SERVER_ADDRESS,
               **{f"{p.host}.": p.address for p in plan.PROVIDERS.values()},
               **{f"resolver.{r.name}.agents.test.": r.resolver for r in plan.REGIONS.values()}}
    delegations = "".join(f"{name} NS ns\n" for name in (*plan.PROVIDERS, "neutral"))
    zones = {
        ".": "test. NS ns.test.\n" + name_server,
        "test": name_server + delegations + delegation_signers + _hosts(agents),
        "neutral.test": f"@ A {plan.NEUTRAL_ADDRESSES[0]}\n" + _hosts(neutral),
        REVERSE_ZONE: "".join(f"{'.'.join(address.split('.')[:1:-1])} PTR {name}\n"
                              for name, address in reverse.items()),
        **{p.domain: MAIL_ZONE.format(address=p.address) for p in plan.PROVIDERS.values()},
    }
    return {zone: SOA.format(origin=f"{zone.rstrip('.')}.") + text for zone, text in zones.items()}


def _hosts(hosts: dict[str, str]) -> str:
    return "".join(f"{name} A {address}\n" for name, address in hosts.items())
