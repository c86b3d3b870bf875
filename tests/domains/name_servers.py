"""The name servers of the broken domains: Knot three times over, and an Unbound that validates."""
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from maillab import observe, processes
from maillab.place import Place

KNOT = """\
server:
    rundir: {home}/run
{listen}
    udp-workers: 1
    tcp-workers: 2
    background-workers: 1
log:
  - target: {log}
    any: info
database:
    storage: {home}/db
policy:
  - id: usual
    manual: on
    cds-cdnskey-publish: none
template:
  - id: default
    storage: {home}/zones
    zonefile-sync: -1
zone:
{zones}
"""
UNBOUND = """\
server:
  directory: "{home}"
  chroot: ""
  username: ""
  pidfile: "{home}/unbound.pid"
  logfile: "{log}"
  use-syslog: no
{interfaces}
  access-control: 0.0.0.0/0 allow
  num-threads: 1
  do-ip6: no
  edns-buffer-size: 1232
  module-config: "validator iterator"
  trust-anchor-file: "{anchor}"
  val-log-level: 2
  ede: yes
  # A server that never answers is given up in seconds, not in a minute.
  infra-cache-max-rtt: 1000
  outbound-msg-retry: 2
  local-zone: "test." nodefault
stub-zone:
  name: "."
  stub-addr: {root}
  stub-prime: no
"""
SIGNING = "    dnssec-signing: on\n    dnssec-policy: usual\n"
# Zones that are signed before they are served, and when. Signatures live for 14 days.
SIGNED_AGO_S = {"beforehand": 3600, "expiring": 12 * 86400, "expired": 20 * 86400}


@dataclass(frozen=True)
class Zone:
    """`text` None: the server is told of the zone and has no file of it."""
    name: str
    text: str | None
    # "usual" by the server; a key of SIGNED_AGO_S in the file; or "" not at all.
    signed: str = ""

    @property
    def file_name(self) -> str:
        return f"{self.name.strip('.') or 'root'}.zone"


class Knot:
    """One knotd with its zones."""

    def __init__(self, place: Place, label: str, addresses: tuple[str, ...], zones: list[Zone]):
        self._place, self._label, self._addresses, self._zones = place, label, addresses, zones
        self._home = place.state / label
        self._log = place.state / f"log/{label}.log"
        self._config = self._home / "knot.conf"

    def prepare(self) -> None:
        """Configuration, zones and keys: after this, signers() knows them."""
        for folder in ("run", "db", "zones"):
            (self._home / folder).mkdir(parents=True)
        self._config.write_text(KNOT.format(
            home=self._home, log=self._log,
            listen="\n".join(f"    listen: {address}" for address in self._addresses),
            zones="".join(f"  - domain: {zone.name}\n    file: {zone.file_name}\n"
                          + (SIGNING if zone.signed == "usual" else "") for zone in self._zones)))
        for zone in self._zones:
            if zone.text is not None:
                (self._home / "zones" / zone.file_name).write_text(zone.text)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._make_key, [zone for zone in self._zones if zone.signed]))

    def signers(self) -> dict[str, str]:
        """The DS record (SHA-256) of each signed zone."""
        signed = [zone.name for zone in self._zones if zone.signed]
        with ThreadPoolExecutor(2) as pool:
            printed = pool.map(lambda name: self._keymgr(name, "ds"), signed)
        return {name: next(line for line in text.splitlines() if line.split()[4] == "2")
                for name, text in zip(signed, printed)}

    def anchor(self, zone: str) -> str:
        return self._keymgr(zone, "dnskey")

    def up(self) -> None:
        self._place.daemon(["knotd", "-d", "-c", self._config], self._log)
        zone = next(zone for zone in self._zones if zone.text is not None)

        def problem() -> str | None:
            reply = observe.ask(self._place.path, self._addresses[0], zone.name, "SOA", 0.5)
            return None if reply and reply[0] == "NOERROR" else f"knot {self._label}: {reply}"
        observe.until(problem)

    def _make_key(self, zone: Zone) -> None:
        self._keymgr(zone.name, "generate", "algorithm=ecdsap256sha256", "ksk=yes", "zsk=yes",
                     *(f"{event}=-30d" for event in ("created", "publish", "ready", "active")))
        if zone.signed in SIGNED_AGO_S:
            self._sign_file(zone)

    def text(self, zone: str) -> str:
        """What of the zone is in its file; signed beforehand it is whole."""
        return (self._home / "zones" / Zone(zone, None).file_name).read_text()

    def _sign_file(self, zone: Zone) -> None:
        """Puts signatures into the zone file, as of today or of weeks ago."""
        config = self._home / f"{zone.name.strip('.')}.conf"
        config.write_text(self._config.read_text().replace(
            f"    file: {zone.file_name}\n", f"    file: {zone.file_name}\n{SIGNING}"))
        signed = self._home / "signed"
        signed.mkdir(exist_ok=True)
        processes.quiet(["kzonesign", "-c", str(config), "-o", str(signed),
                         "-t", str(int(time.time()) - SIGNED_AGO_S[zone.signed]), zone.name])
        (signed / zone.file_name).replace(self._home / "zones" / zone.file_name)

    def _keymgr(self, zone: str, *args: str) -> str:
        return processes.quiet(["keymgr", "-c", str(self._config), zone, *args])


class Resolver:
    """One Unbound at several addresses."""

    def __init__(self, place: Place, addresses: tuple[str, ...], root: str):
        self._place, self._addresses, self._root = place, addresses, root

    def up(self, anchor: str) -> None:
        home = self._place.state / "unbound"
        home.mkdir()
        (home / "root.anchor").write_text(anchor)
        log = self._place.state / "log/unbound.log"
        (home / "unbound.conf").write_text(UNBOUND.format(
            home=home, log=log, anchor=home / "root.anchor", root=self._root,
            interfaces="\n".join(f"  interface: {address}" for address in self._addresses)))
        self._place.daemon(["unbound", "-c", home / "unbound.conf"], log)

        def problem() -> str | None:
            reply = observe.ask(self._place.path, self._addresses[0], "test", "SOA", 1)
            good = reply and reply[0] == "NOERROR" and reply[2]
            return None if good else f"the resolver answers {reply}; see {log}"
        observe.until(problem)
