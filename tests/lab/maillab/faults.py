"""The faults: the table of what can be broken, and how breaking and repairing is done.

The set of active faults is the only truth, kept in faults.json. To inject or repair is to change
the set and then settle the part of the lab concerned in the state that follows from the whole set.
So every fault is idempotent, faults add up, and they can be repaired in any order.
"""
import contextlib
import fcntl
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import observe, plan
from .dns import NameServer, Resolver
from .errors import LabError
from .mail import MailHost, MailState
from .network import Network

BLUR_PERCENT = 40
ARGUMENTS = {"region": plan.REGIONS, "provider": plan.PROVIDERS}


@dataclass(frozen=True)
class Fault:
    """One row of the table. A path fault has rules, a provider fault a flag of MailState."""
    name: str
    args: tuple[str, ...]  # keys of ARGUMENTS
    part: str  # "path", "provider", "zone" or "resolver"
    sees: str  # what a client sees
    rules: Callable[..., list[str]] = lambda *_: []
    flag: str = ""


def _uplink_cut(region: str) -> list[str]:
    return [f'iifname "{region}" drop', f'oifname "{region}" drop']


def _internet_cut(region: str) -> list[str]:
    return [f'iifname "{region}" oifname != "ops" drop',
            f'oifname "{region}" iifname != "ops" drop']


def _uplink_blur(region: str) -> list[str]:
    return [f'iifname "{region}" numgen random mod 100 < {BLUR_PERCENT} drop']


def _path_dead(region: str, provider: str) -> list[str]:
    return [f'iifname "{region}" oifname "{provider}" drop',
            f'iifname "{provider}" oifname "{region}" drop']


def _port_25_blocked(region: str) -> list[str]:
    return [f'iifname "{region}" tcp dport 25 drop']


FAULTS = {fault.name: fault for fault in (
    Fault("uplink-cut", ("region",), "path",
          "everything times out; the collector does not hear the agent either", _uplink_cut),
    Fault("internet-cut", ("region",), "path",
          "everything times out but the way to the collector", _internet_cut),
    Fault("uplink-blur", ("region",), "path",
          f"{BLUR_PERCENT} % of the packets that the region sends are lost", _uplink_blur),
    Fault("path-dead", ("region", "provider"), "path",
          "this provider times out from this region; all else works", _path_dead),
    Fault("agent-port25-blocked", ("region",), "path",
          "port 25 times out everywhere; 465 and 587 work", _port_25_blocked),
    Fault("resolver-dead", ("region",), "resolver",
          "the region's resolver never answers; addresses still work"),
    Fault("zone-servfail", ("provider",), "zone",
          "SERVFAIL for every name of the domain, everywhere"),
    Fault("dovecot-stop", ("provider",), "provider",
          "IMAP and POP3 refuse, sessions end; submission and delivery work",
          flag="dovecot_stopped"),
    Fault("dovecot-hang", ("provider",), "provider",
          "IMAP and POP3 accept and stay silent, sessions freeze; submission works",
          flag="dovecot_hung"),
    Fault("postfix-stop", ("provider",), "provider",
          "25, 465 and 587 refuse", flag="postfix_stopped"),
    Fault("postfix-defer", ("provider",), "provider",
          "451 4.7.1 to every RCPT on 25, 465 and 587", flag="postfix_defers"),
    Fault("postfix-bounce", ("provider",), "provider",
          "550 5.1.1 to RCPT for every known user of the domain on 25, 465 and 587",
          flag="postfix_bounces"),
    Fault("cert-expired", ("provider",), "provider",
          "a certificate that expired yesterday on every mail port", flag="certificate_expired"),
    Fault("mailbox-full", ("provider",), "provider",
          "mail for probe@ is accepted, then bounces with 552 5.2.2", flag="mailbox_full"),
    Fault("delivery-held", ("provider",), "provider",
          "mail is accepted with 250 and stays in the queue", flag="delivery_held"),
)}
# With one of these a region's resolver cannot be expected to answer.
DEAFENING = ("uplink-cut", "internet-cut", "uplink-blur", "resolver-dead")


class Faults:
    """What is broken in one lab. Safe to use from several processes at once."""

    def __init__(self, state: Path, network: Network, name_server: NameServer,
                 resolvers: dict[str, Resolver], mail_hosts: dict[str, MailHost]):
        self._file = state / "faults.json"
        self._network = network
        self._name_server = name_server
        self._resolvers = resolvers
        self._mail_hosts = mail_hosts

    def active(self) -> list[tuple[str, ...]]:
        """(name, argument...) of each active fault, oldest first."""
        if not self._file.exists():
            return []
        return [tuple(fault) for fault in json.loads(self._file.read_text())]

    def inject(self, name: str, *args: str) -> None:
        """Returns when clients see the fault."""
        fault = _checked(name, args)
        with self._changing() as active:
            if (name, *args) not in active:
                active.append((name, *args))
                self._save(active)
            self._settle(fault, args, active)

    def repair(self, name: str, *args: str) -> None:
        """Returns when the service is back, as far as no other fault stands in its way."""
        fault = _checked(name, args)
        with self._changing() as active:
            if (name, *args) in active:
                active.remove((name, *args))
                self._save(active)
            self._settle(fault, args, active)
            self._recover(fault, args, active)

    def repair_all(self) -> None:
        for fault in self.active():
            self.repair(*fault)

    @contextlib.contextmanager
    def _changing(self):
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.active()

    def _save(self, active: list[tuple[str, ...]]) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(active))
        part.replace(self._file)

    def _settle(self, fault: Fault, args: tuple[str, ...], active: list[tuple[str, ...]]) -> None:
        """Brings the part that the fault concerns into the state that the active faults ask for."""
        if fault.part == "path":
            self._network.filter([rule for name, *where in active
                                  for rule in FAULTS[name].rules(*where)])
        elif fault.part == "provider":
            flags = {FAULTS[name].flag: True for name, *where in active
                     if FAULTS[name].part == "provider" and where == list(args)}
            self._mail_hosts[args[0]].settle(MailState(**flags))
        elif fault.part == "zone":
            self._name_server.settle({plan.PROVIDERS[where[0]].domain for name, *where in active
                                      if name == fault.name})
            for resolver in self._resolvers.values():
                resolver.forget()
        else:
            self._resolvers[args[0]].settle((fault.name, *args) in active)

    def _recover(self, fault: Fault, args: tuple[str, ...], active: list[tuple[str, ...]]) -> None:
        """Takes away what the fault leaves behind in caches and queues."""
        if fault.part in ("provider", "zone"):
            for host in self._mail_hosts.values():
                host.flush()
        elif not any(name in DEAFENING and where[0] == args[0] for name, *where in active):
            self._resolvers[args[0]].forget()
            observe.until(self._resolvers[args[0]].problem)


def _checked(name: str, args: tuple[str, ...]) -> Fault:
    fault = FAULTS.get(name)
    if fault is None:
        raise LabError(f"no fault is called {name!r}; there are: {', '.join(FAULTS)}")
    if len(args) != len(fault.args):
        raise LabError(f"{name} takes {' '.join(f'<{arg}>' for arg in fault.args)}, got {args}")
    for kind, given in zip(fault.args, args):
        if given not in ARGUMENTS[kind]:
            raise LabError(f"{name}: no {kind} {given!r}; there are: {', '.join(ARGUMENTS[kind])}")
    return fault
