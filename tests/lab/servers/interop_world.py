"""The world of the interop run: servers of other makers, each with a domain, in one namespace."""
import secrets
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "domains")]

from base import ADDRESS6, Account, Server, Unavailable  # noqa: E402
from exim import Exim, Pigeonhole  # noqa: E402
from name_servers import Knot, Resolver, Zone  # noqa: E402
from names import Bind, Nsd  # noqa: E402
from others import Courier, Cyrus, OpenSmtpd  # noqa: E402

from maillab.authority import Issuer  # noqa: E402
from maillab.place import Place  # noqa: E402

ROOT_SERVER, RESOLVER, KNOT = "198.18.0.1", "198.18.0.53", "198.18.4.11"
# Exim and Dovecot are one mail host.
SERVERS: dict[type[Server], str] = {
    Exim: "198.18.4.1", Pigeonhole: "198.18.4.1", OpenSmtpd: "198.18.4.2", Courier: "198.18.4.3",
    Cyrus: "198.18.4.4", Bind: "198.18.4.12", Nsd: "198.18.4.13"}
AUTHORITIES = {"knot": KNOT, "bind": SERVERS[Bind], "nsd": SERVERS[Nsd]}
# Nobody listens at these.
DEAD, DEAD6 = "198.18.4.9", "2001:2::9"
# Domains of Exim's by what their only MX host has: mail host and mailbox server at one name.
BY_FAMILY = {"ipv4": (SERVERS[Exim],), "ipv6": (ADDRESS6,), "dual": (SERVERS[Exim], ADDRESS6),
             "dead6": (SERVERS[Exim], DEAD6), "dead4": (DEAD, ADDRESS6)}
MAIL_DOMAINS = {cls.name: SERVERS[cls] for cls in (Exim, OpenSmtpd, Courier, Cyrus)}

TOP = """\
$ORIGIN {origin}
$TTL 300
@ SOA ns.hosting.test. hostmaster.hosting.test. 1 3600 600 86400 60
@ NS ns.hosting.test.
ns.hosting.test. A 198.18.0.1
"""
MAIL_RECORDS = """\
{name}.test. MX 10 mail.{name}.test.
mail.{name}.test. A {address}
_submission._tcp.{name}.test. SRV 0 1 587 mail.{name}.test.
_submissions._tcp.{name}.test. SRV 0 1 465 mail.{name}.test.
_imap._tcp.{name}.test. SRV 0 1 143 mail.{name}.test.
_imaps._tcp.{name}.test. SRV 0 1 993 mail.{name}.test.
_pop3._tcp.{name}.test. SRV 0 1 110 mail.{name}.test.
_pop3s._tcp.{name}.test. SRV 0 1 995 mail.{name}.test.
"""
SERVED_ZONE = """\
$ORIGIN {name}.test.
$TTL 300
@ SOA ns1 hostmaster 2026112301 3600 600 1209600 60
@ NS ns1
@ NS ns2
ns1 A {address}
ns2 A {address}
@ MX 10 mail
mail A 198.18.4.1
@ TXT "v=spf1 mx -all"
_dmarc TXT "v=DMARC1; p=reject"
"""


def installed_version(package: str, title: str) -> str:
    """"Knot 3.2.6": the title and the upstream version of a package of this machine."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], text=True,
                          capture_output=True, check=False)
    upstream = done.stdout.partition(":")[2] or done.stdout
    return f"{title} {upstream.split('-')[0].split('+')[0]}"


class InteropWorld:
    """Everything that is not the lab's own Postfix and Dovecot. A context manager."""

    def __init__(self):
        addresses = dict.fromkeys([ROOT_SERVER, RESOLVER, KNOT, *SERVERS.values(), ADDRESS6, DEAD,
                                   DEAD6])
        self.place = Place.up(list(addresses), RESOLVER)
        self.missing: dict[str, str] = {}  # server -> why it cannot be had
        self.versions = {"knot": installed_version("knot", "Knot"),
                         "unbound": installed_version("unbound", "Unbound")}
        self._issuer = Issuer(self.place.state / "ca")
        try:
            self._build()
        except BaseException:
            self.place.down()
            raise

    def __enter__(self) -> "InteropWorld":
        return self

    def __exit__(self, *_) -> None:
        self.place.down()

    @property
    def ca_file(self) -> str:
        return str(self._issuer.file)

    @property
    def resolver(self) -> str:
        return RESOLVER

    def run(self, argv: list, **kw):
        return self.place.run(argv, **kw)

    def mailbox(self, address: str, password: str | None = None, extra: str = "") -> Path:
        """The YAML file of a mailbox, with the right password unless another is given."""
        label = secrets.token_hex(4)
        secret = self.place.state / f"{label}.password"
        secret.touch(mode=0o600)
        secret.write_text(self.password if password is None else password)
        file = self.place.state / f"{label}.yaml"
        file.write_text(f"address: {address}\npassword: {{file: {secret}}}\n{extra}")
        return file

    def _build(self) -> None:
        self.password = secrets.token_urlsafe(18)
        account = self._make_account()
        knot = self._start_dns()
        for cls, address in SERVERS.items():
            server = cls(self.place, address, account)
            if isinstance(server, (Bind, Nsd)):
                server.zone = knot.text(f"{cls.name}.test")
            self.versions[cls.name] = server.version()
            try:
                server.up()
            except Unavailable as error:
                self.missing[cls.name] = str(error)

    def _make_account(self) -> Account:
        issuer, home = self._issuer, self.place.state / "ca"
        issuer.up()
        issuer.request("host")
        names = ",".join(f"DNS:mail.{name}.test" for name in (*MAIL_DOMAINS, *BY_FAMILY))
        issuer.issue("host", names, "good", -1, 90)
        home.chmod(0o755)
        (home / "host.key").chmod(0o644)  # of this world only; the daemons run as many users
        return Account(self.password, home / "host.good.pem", home / "host.key", issuer.file)

    def _start_dns(self) -> Knot:
        served = [Zone(f"{name}.test", SERVED_ZONE.format(name=name, address=address),
                       "usual" if name == "knot" else "beforehand")
                  for name, address in AUTHORITIES.items()]
        knot = Knot(self.place, "knot", (KNOT,), served)
        knot.prepare()
        signers = knot.signers()
        test = TOP.format(origin="test.")
        for name, address in AUTHORITIES.items():
            test += "".join(f"{name}.test. NS ns{i}.{name}.test.\nns{i}.{name}.test. A {address}\n"
                            for i in (1, 2)) + signers[f"{name}.test"] + "\n"
            test += f"unloaded-{name}.test. NS ns1.{name}.test.\n"
        for name, address in MAIL_DOMAINS.items():
            test += MAIL_RECORDS.format(name=name, address=address)
        for name, addresses in BY_FAMILY.items():
            test += f"{name}.test. MX 10 mail.{name}.test.\n" + "".join(
                f"mail.{name}.test. {'AAAA' if ':' in address else 'A'} {address}\n"
                for address in addresses)
        root = TOP.format(origin=".") + "test. NS ns.hosting.test.\n"
        top = Knot(self.place, "top", (ROOT_SERVER,),
                   [Zone(".", root, "usual"), Zone("test", test, "usual")])
        top.prepare()
        file = self.place.state / "top/zones/root.zone"
        file.write_text(file.read_text() + top.signers()["test"] + "\n")
        knot.up()
        top.up()
        Resolver(self.place, (RESOLVER,), ROOT_SERVER).up(top.anchor("."))
        return knot
