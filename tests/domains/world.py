"""The world of the broken domains: reads them, and brings up what they need to be looked at."""
import json
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lab"))

import plan  # noqa: E402
from name_servers import Knot, Resolver, Zone  # noqa: E402
from third_parties import blocklist_records, registry_pages  # noqa: E402

from maillab import observe, processes  # noqa: E402
from maillab.authority import Issuer  # noqa: E402
from maillab.place import Place  # noqa: E402

OTHER_DS = "12345 13 2 " + "5a" * 32
TODAY, YESTERDAY = "2026112302", "2026112301"  # serials
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx.{domain}\r\nmax_age: 1209600\r\n"
TOP = """\
$ORIGIN {origin}
$TTL 300
@ SOA ns.hosting.test. hostmaster.hosting.test. 1 3600 600 86400 60
@ NS ns.hosting.test.
ns.hosting.test. A {server}
"""


@dataclass
class Domain:
    """One domain: what is broken, and what the checks have to say to it."""
    name: str
    broken: str
    fail: list[str] = field(default_factory=list)  # "dns.mx dns_nxdomain": kind and class
    find: list[str] = field(default_factory=list)
    # How it is put into the world.
    signed: str = "usual"  # see name_servers.Zone
    ds: str = "own"  # at the parent: "own", "other" or "none"
    delegation: list[str] = field(default_factory=lambda: ["ns1", "ns2"])
    glue: dict[str, str] = field(default_factory=dict)
    loaded: bool = True
    resolver: str = plan.RESOLVER
    registration: dict = field(default_factory=dict)  # see third_parties.py
    policy: str | None = None
    redirect: bool = False

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    @property
    def text(self) -> str:
        return (HERE / "zones" / f"{self.name}.zone").read_text()

    def delegation_lines(self) -> str:
        servers = [f"{name}.hosting.test." if "." not in name else name
                   for name in self.delegation]
        lines = [f"{self.domain}. NS {server}" for server in servers]
        lines += [f"{name}. A {address}" for name, address in self.glue.items()]
        return "".join(f"{line}\n" for line in lines)


def read_domains() -> list[Domain]:
    """All of expected.toml; each has its zone file and each zone file its entry."""
    entries = tomllib.loads((HERE / "expected.toml").read_text())
    domains = [Domain(name, **entry) for name, entry in entries.items()]
    files = {path.stem for path in (HERE / "zones").glob("*.zone")}
    if files != set(entries):
        raise ValueError(f"zones and expected.toml differ in {sorted(files ^ set(entries))}")
    return domains


class World:
    """Everything that the domains need, in one namespace. A context manager."""

    def __init__(self, domains: list[Domain]):
        self._domains = domains
        self._place = Place.up(plan.ADDRESSES, plan.RESOLVER)
        self._issuer = Issuer(self._place.state / "ca")
        try:
            self._build()
        except BaseException:
            self._place.down()
            raise

    def __enter__(self) -> "World":
        return self

    def __exit__(self, *_) -> None:
        self._place.down()

    @property
    def ca_file(self) -> str:
        return str(self._issuer.file)

    def run(self, argv: list, **kw):
        """Runs a program in the world to its end."""
        return self._place.run(argv, **kw)

    # Coming up.

    def _build(self) -> None:
        dropped = [plan.SILENT, *(address for address, host in plan.MAIL_HOSTS.items()
                                  if host.manner == "drop")]
        self._place.filter([
            *(f"ip daddr {address} drop" for address in dropped),
            f"ip daddr {plan.RESOLVER_WITHOUT_TCP} tcp dport 53 reject with tcp reset"])
        self._issue_certificates()
        self._start_hosts()
        self._start_dns()

    def _issue_certificates(self) -> None:
        issuer = self._issuer
        issuer.up()
        names = [f"{host}.{domain.domain}" for domain in self._domains
                 for host in ("mx", "mta-sts")]
        names += [domain.domain for domain in self._domains] + ["rdap.test", "data.iana.org"]
        own = ",".join(f"DNS:{name}" for name in names)
        issuer.request("host")
        for state, first, last in (("good", -1, 90), ("expired", -91, -1), ("expiring", -85, 4),
                                   ("not-yet", 5, 95)):
            issuer.issue("host", own, state, first, last)
        issuer.issue("host", "DNS:elsewhere.test", "other", -1, 90)
        issuer.request("second")
        issuer.issue("second", own, "good", -1, 90)
        home = self._place.state / "ca"
        processes.quiet(["openssl", "x509", "-req", "-in", str(home / "host.csr"), "-signkey",
                         str(home / "host.key"), "-days", "90",
                         "-out", str(home / "host.self-signed.pem")])

    def _certificate(self, state: str) -> dict:
        home = self._place.state / "ca"
        name, state = ("second", "good") if state == "other-key" else ("host", state)
        return {"certificate": str(home / f"{name}.{state}.pem"), "key": str(home / f"{name}.key")}

    def _tlsa(self) -> str:
        """The digest of the good hosts' key, for TLSA 3 1 1."""
        home = self._place.state / "ca"
        processes.quiet(["openssl", "pkey", "-in", str(home / "host.key"), "-pubout", "-outform",
                         "DER", "-out", str(home / "host.spki")])
        return processes.quiet(["openssl", "dgst", "-sha256", "-r",
                                str(home / "host.spki")]).split()[0]

    def _start_hosts(self) -> None:
        mail = [{"address": address, "manner": host.manner, **self._certificate(host.certificate)}
                for address, host in plan.MAIL_HOSTS.items() if host.manner not in ("", "drop")]
        web = [{"address": address, **self._certificate(state)}
               for address, state in plan.WEBS.items()]
        file = self._place.state / "hosts.json"
        file.write_text(json.dumps({"mail": mail, "web": web, "pages": self._pages()}))
        log = self._place.state / "log/hosts.log"
        self._place.start([sys.executable, HERE / "hosts.py", file], log)
        observe.until(lambda: None if log.exists() and "ready" in log.read_text()
                      else f"the mail and web hosts do not start; see {log}")

    def _pages(self) -> dict[str, dict]:
        pages = registry_pages(
            {domain.domain: domain.registration for domain in self._domains if domain.delegation})
        for domain in self._domains:
            text = POLICY.format(domain=domain.domain) if domain.policy is None else domain.policy
            place = f"https://mta-sts.{domain.domain}/.well-known/mta-sts.txt"
            pages[place] = {"body": text}
            if domain.redirect:
                pages[place] = {"code": 301, "location": f"https://{domain.domain}/policy.txt"}
        return pages

    def _start_dns(self) -> None:
        current = Knot(self._place, "current", plan.CURRENT, self._current_zones())
        old = Knot(self._place, "old", (plan.OLD, plan.LAME), [
            Zone(domain.domain, self._rendered(domain).replace(TODAY, YESTERDAY))
            for domain in self._domains if "old.hosting.test" in domain.text])
        current.prepare()
        top = Knot(self._place, "top", (plan.ROOT_SERVER,), self._top_zones(current.signers()))
        old.prepare()
        top.prepare()
        # The DS of test. belongs into the root zone, and is known only now.
        root = self._place.state / "top/zones/root.zone"
        root.write_text(root.read_text() + top.signers()["test"] + "\n")
        for server in (current, old, top):
            server.up()
        Resolver(self._place, plan.RESOLVERS, plan.ROOT_SERVER).up(top.anchor("."))

    def _rendered(self, domain: Domain) -> str:
        return domain.text.replace("<TLSA>", self._digest)

    def _current_zones(self) -> list[Zone]:
        self._digest = self._tlsa()
        return [Zone(domain.domain, self._rendered(domain) if domain.loaded else None,
                     domain.signed if domain.loaded else "")
                for domain in self._domains if domain.delegation]

    def _top_zones(self, signers: dict[str, str]) -> list[Zone]:
        test = TOP.format(origin="test.", server=plan.ROOT_SERVER)
        hosts = {**plan.NAME_SERVERS, "rdap.test": plan.WEB}
        hosts |= {plan.reverse_of(address).rstrip("."): address
                  for address in plan.MAIL_HOSTS if plan.MAIL_HOSTS[address].reverse is None}
        hosts["198-18-2-13.dynamic.hosting.test"] = "198.18.2.13"
        hosts["good.hosting.test"] = plan.GOOD_MAIL_HOST
        test += "".join(f"{name}. A {address}\n" for name, address in hosts.items())
        for domain in self._domains:
            test += domain.delegation_lines()
            if domain.ds == "other":
                test += f"{domain.domain}. DS {OTHER_DS}\n"
            elif domain.ds == "own" and domain.domain in signers:
                test += signers[domain.domain] + "\n"
        return [Zone(".", self._root_text(), "usual"), Zone("test", test, "usual")]

    @staticmethod
    def _root_text() -> str:
        """The root, with what of the rest of the Internet is asked for: no zones of their own."""
        text = TOP.format(origin=".", server=plan.ROOT_SERVER) + "test. NS ns.hosting.test.\n"
        text += f"data.iana.org. A {plan.WEB}\n"
        text += blocklist_records(plan.LISTED_MAIL_HOST, plan.LISTED_DOMAIN)
        for address in plan.MAIL_HOSTS:
            if plan.reverse_of(address):
                text += f"{plan.reverse_name(address)} PTR {plan.reverse_of(address)}\n"
        return text
