"""The lab's own certificate authority: P-256, a fresh one for each lab."""
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from . import plan
from .processes import quiet

CONFIG = """\
[ca]
default_ca = lab
[lab]
database = {home}/index.txt
new_certs_dir = {home}/issued
certificate = {home}/ca.pem
private_key = {home}/ca.key
default_md = sha256
rand_serial = yes
unique_subject = no
policy = any
email_in_dn = no
[any]
commonName = supplied
[leaf]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = {names}
"""


class Issuer:
    """A certificate authority: issues whatever it is asked to, with any dates."""

    def __init__(self, home: Path):
        self._home = home
        self.file = home / "ca.pem"

    def up(self) -> None:
        (self._home / "issued").mkdir(parents=True)
        (self._home / "index.txt").touch()
        quiet(["openssl", "req", "-x509", *_new_key(self._home / "ca.key"), "-days", "3650",
               "-subj", "/CN=Postwatch lab CA", "-out", str(self.file),
               "-addext", "keyUsage=critical,keyCertSign,cRLSign"])

    def request(self, name: str) -> None:
        """A new key, in <name>.key, and the request that issue() answers."""
        quiet(["openssl", "req", *_new_key(self._home / f"{name}.key"), "-subj",
               f"/CN={name[:60]}", "-out", str(self._home / f"{name}.csr")])

    def issue(self, name: str, names: str, state: str, first_day: float, last_day: float) -> None:
        """<name>.<state>.pem for the names ("DNS:a,IP:b"), valid between two days from now."""
        config = self._home / f"{name}.cnf"
        config.write_text(CONFIG.format(home=self._home, names=names))
        now = datetime.now(timezone.utc)
        quiet(["openssl", "ca", "-batch", "-notext", "-config", str(config), "-extensions", "leaf",
               "-in", str(self._home / f"{name}.csr"),
               "-startdate", _stamp(now + timedelta(days=first_day)),
               "-enddate", _stamp(now + timedelta(days=last_day)),
               "-out", str(self._home / f"{name}.{state}.pem")])


class Authority(Issuer):
    """Issues the mail certificates; ca.pem is what a client has to trust."""

    def certificate(self, provider: plan.Provider, state: str) -> Path:
        """The provider's leaf that is "good", or the one that "expired" yesterday."""
        return self._home / f"{provider.host}.{state}.pem"

    def key(self, provider: plan.Provider) -> Path:
        return self._home / f"{provider.host}.key"

    def up(self) -> None:
        super().up()
        for provider in plan.PROVIDERS.values():
            self.request(provider.host)
            names = f"DNS:{provider.host},DNS:{provider.domain},IP:{provider.address}"
            self.issue(provider.host, names, "good", -1, 90)
            self.issue(provider.host, names, "expired", -91, -1)
        shutil.rmtree(self._home / "issued")


def _new_key(path: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path)]


def _stamp(when: datetime) -> str:
    return when.strftime("%Y%m%d%H%M%SZ")
