"""The lab as a whole: brings a mail world up, runs programs in it, breaks it, takes it down."""
import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import observe, plan, processes, registry, teardown
from .authority import Authority
from .dns import NameServer, Resolver
from .errors import LabError
from .faults import Faults
from .mail import MailHost, MailState
from .network import Network

NEUTRAL_PROGRAM = Path(__file__).parent / "neutral.py"
NEEDED = {"ip": "iproute2", "nft": "nftables", "openssl": "openssl", "knotd": "knot",
          "unbound": "unbound", "dovecot": "dovecot-core", "postqueue": "postfix",
          "/usr/lib/dovecot/imap": "dovecot-imapd", "/usr/lib/dovecot/pop3": "dovecot-pop3d",
          "/usr/lib/dovecot/lmtp": "dovecot-lmtpd"}


class Lab:
    """One lab. As a context manager it is taken down at the end of the block.

    The process that calls up() owns the lab: when it ends, however it ends, a guard process takes
    the lab down, unless detach() was called. Not for use from several threads at once.
    """

    def __init__(self, lab_id: int, state: Path):
        """For up() and open(); touches nothing."""
        self.id = lab_id
        self.state = state
        self._children: list[subprocess.Popen] = []
        self._network = Network(lab_id, state)
        self._authority = Authority(state / "ca")
        self._name_server = NameServer(self._network, state / "knot", state / "log/knot.log")
        self._resolvers = {
            place: Resolver(self._network, place, state / "unbound",
                            state / f"log/unbound-{place}.log")
            for place in plan.RESOLVERS}
        self._mail_hosts = {
            name: MailHost(self._network, provider, self._authority, state)
            for name, provider in plan.PROVIDERS.items()}
        self._faults = Faults(state, self._network, self._name_server, self._resolvers,
                              self._mail_hosts)

    @classmethod
    def up(cls, dir: str | None = None, keep: bool = False) -> "Lab":
        """A new lab, with every service answering. When that fails nothing of it stays, unless
        `keep` asks to leave it for inspection. `dir` must be empty or not exist yet."""
        _check_machine()
        entry = registry.claim(dir)
        lab = cls(entry.id, Path(entry.state))
        try:
            lab._children.append(teardown.start_guard(entry))
            lab._build()
        except BaseException:
            if keep:
                lab.detach()
                print(f"lab up: failed; what there is is kept in {lab.state}", file=sys.stderr)
            else:
                lab.down()
            raise
        return lab

    @classmethod
    def open(cls, dir: str) -> "Lab":
        """A lab that is up already, by its state directory. The caller does not own it."""
        entry = registry.find(Path(dir))
        if entry is None:
            raise LabError(f"{dir} is not the state directory of a lab; `lab list` shows them")
        return cls(entry.id, Path(entry.state))

    def __enter__(self) -> "Lab":
        return self

    def __exit__(self, *_) -> None:
        self.down()

    def down(self) -> None:
        """Ends every process of the lab and removes all of it. Any number of times."""
        entry = registry.find(self.state)
        if entry is not None and entry.id == self.id:
            teardown.remove(entry)
        for child in self._children:
            child.wait()

    def detach(self, owner: int | None = None) -> None:
        """Makes the lab outlive this process: until `owner` (a pid) ends, or until down()."""
        entry = registry.get(self.id)
        entry.owner = None if owner is None else processes.identity(owner)
        if owner is not None and entry.owner is None:
            raise LabError(f"lab up: there is no process {owner} to own the lab")
        registry.write(entry)

    # Programs in the lab.

    def netns(self, name: str) -> str:
        """The full name of a namespace: "eu" -> "pw1-eu"."""
        return self._network.netns(name)

    def argv(self, name: str, argv: list[str]) -> list[str]:
        """The command line that runs `argv` in a namespace, with that namespace's resolv.conf."""
        return self._network.argv(name, argv)

    def popen(self, name: str, argv: list[str], **kw) -> subprocess.Popen:
        """Starts a program in a namespace; its pid is the program's own. Options as for Popen."""
        return subprocess.Popen(self.argv(name, argv), **kw)

    def run(self, name: str, argv: list[str], **kw) -> subprocess.CompletedProcess:
        """Runs a program in a namespace to its end. Options as for subprocess.run."""
        return subprocess.run(self.argv(name, argv), **kw)

    def netns_path(self, name: str) -> Path:
        """The namespace's handle, for observe.py and setns(2)."""
        return self._network.path(name)

    # What a client needs to know.

    @property
    def ca_file(self) -> str:
        return str(self._authority.file)

    def password_file(self, domain: str, user: str) -> str:
        """Holds the password and nothing else, not even a line end. `domain` as in "alpha.test"."""
        return str(self._mail_hosts[domain.removesuffix(".test")].password_file(user))

    def resolver(self, region: str) -> str:
        return plan.REGIONS[region].resolver

    def mail_host(self, provider: str) -> MailHost:
        """The provider's Postfix and Dovecot, for what no fault of the lab does."""
        return self._mail_hosts[provider]

    @property
    def collector_address(self) -> str:
        return plan.COLLECTOR_ADDRESS

    @property
    def second_collector_address(self) -> str:
        """In the same namespace."""
        return plan.SECOND_COLLECTOR_ADDRESS

    def change_zone(self, zone: str, remove: Sequence[str] = (), add: Sequence[str] = (),
                    kept_by: str = "") -> None:
        """Other records, as NameServer.change() takes them; no resolver remembers the old ones but
        that of the region or provider `kept_by`."""
        self._name_server.change(zone, remove, add)
        for place, resolver in self._resolvers.items():
            if place != kept_by:
                resolver.forget()

    # Faults.

    def inject(self, name: str, *args: str) -> None:
        """Breaks something; returns when clients see it. See faults.FAULTS for the names."""
        self._faults.inject(name, *args)
        self._describe()

    def repair(self, name: str, *args: str) -> None:
        """Undoes inject(); returns when the service is back."""
        self._faults.repair(name, *args)
        self._describe()

    def repair_all(self) -> None:
        self._faults.repair_all()
        self._describe()

    def active_faults(self) -> list[tuple[str, ...]]:
        return self._faults.active()

    # Coming up.

    def _build(self) -> None:
        """All that can be done at the same time is."""
        for folder in ("log", "knot", "unbound", "secrets"):
            (self.state / folder).mkdir()
        (self.state / "secrets").chmod(0o700)
        hosts = self._mail_hosts.values()
        with ThreadPoolExecutor() as pool:
            network = pool.submit(self._network.up)
            before_mail = [pool.submit(self._authority.up),
                           *(pool.submit(host.prepare) for host in hosts)]
            network.result()
            services = [pool.submit(self._start_dns), pool.submit(self._start_neutral)]
            for step in before_mail:
                step.result()
            for step in (*services, *(pool.submit(host.up) for host in hosts)):
                step.result()
            for step in [pool.submit(observe.until, lambda host=host: host.problem(MailState()))
                         for host in hosts]:
                step.result()
        self._describe()

    def _start_dns(self) -> None:
        self._name_server.up()
        for resolver in self._resolvers.values():
            resolver.up(self._name_server.anchor)

    def _start_neutral(self) -> None:
        with (self.state / "log/neutral.log").open("wb") as log:
            self._children.append(self.popen(
                "net", [sys.executable, NEUTRAL_PROGRAM, plan.NEUTRAL_PORT,
                        *plan.NEUTRAL_ADDRESSES],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True))
        (self.state / "neutral.pid").write_text(str(self._children[-1].pid))
        observe.until(self._neutral_problem)

    def _neutral_problem(self) -> str | None:
        try:
            for address in plan.NEUTRAL_ADDRESSES:
                observe.dial(self._network.path(plan.BACKBONE), address, plan.NEUTRAL_PORT).close()
        except OSError as error:
            return f"neutral party {address}: {error}; see {self.state}/log/neutral.log"
        return None

    def _describe(self) -> None:
        """Writes lab.json."""
        text = json.dumps(self.description(), indent=2)
        part = self.state / "lab.json.part"
        part.write_text(text + "\n")
        part.replace(self.state / "lab.json")

    def description(self) -> dict:
        """Everything about the lab, as lab.json has it."""
        return {
            "id": self.id,
            "state": str(self.state),
            "ca": self.ca_file,
            "namespaces": {short: self.netns(short) for short in plan.NAMESPACES},
            "collector": plan.COLLECTOR_ADDRESS,
            "regions": {r.name: {"agent": r.agent, "resolver": r.resolver}
                        for r in plan.REGIONS.values()},
            "providers": {p.name: self._describe_provider(p) for p in plan.PROVIDERS.values()},
            "name_server": plan.NAME_SERVER_ADDRESS,
            "neutral": {"name": "neutral.test", "addresses": plan.NEUTRAL_ADDRESSES,
                        "port": plan.NEUTRAL_PORT},
            "faults": self.active_faults(),
            "pids": self._pids(),
        }

    def _describe_provider(self, provider: plan.Provider) -> dict:
        return {
            "domain": provider.domain, "host": provider.host, "address": provider.address,
            "resolver": provider.resolver, "smtp_ports": plan.SMTP_PORTS,
            "mailbox_ports": plan.MAILBOX_PORTS,
            "password_files": {
                f"{user}@{provider.domain}": self.password_file(provider.domain, user)
                for user in plan.MAILBOXES}}

    def _pids(self) -> dict[str, int]:
        """The first process of each daemon that has a pid file and runs."""
        files = {"knot": self.state / "knot/run/knot.pid", "neutral": self.state / "neutral.pid",
                 **{f"unbound-{place}": r.pid_file for place, r in self._resolvers.items()}}
        for host in self._mail_hosts.values():
            files |= host.pid_files
        pids = {}
        for name, path in files.items():
            with contextlib.suppress(OSError, ValueError):
                pid = int(path.read_text())
                if processes.identity(pid):
                    pids[name] = pid
        return pids


def _check_machine() -> None:
    if os.geteuid():
        raise LabError("lab up: only root can make network namespaces; run it as root")
    missing = [package for program, package in NEEDED.items() if not shutil.which(program)]
    if missing:
        raise LabError(f"lab up: not installed: apt-get install {' '.join(missing)}")
