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


class Authority:
    """Issues the mail certificates; ca.pem is what a client has to trust."""

    def __init__(self, home: Path):
        self._home = home
        self.file = home / "ca.pem"

    def certificate(self, provider: plan.Provider, state: str) -> Path:
        """The provider's leaf that is "good", or the one that "expired" yesterday."""
        return self._home / f"{provider.host}.{state}.pem"

    def key(self, provider: plan.Provider) -> Path:
        return self._home / f"{provider.host}.key"

    def up(self) -> None:
        (self._home / "issued").mkdir(parents=True)
        (self._home / "index.txt").touch()
        quiet(["openssl", "req", "-x509", *_new_key(self._home / "ca.key"), "-days", "3650",
               "-subj", "/CN=Postwatch lab CA", "-out", str(self.file),
               "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
        for provider in plan.PROVIDERS.values():
            self._issue(provider)
        shutil.rmtree(self._home / "issued")

    def _issue(self, provider: plan.Provider) -> None:
        request = self._home / f"{provider.host}.csr"
        quiet(["openssl", "req", *_new_key(self.key(provider)), "-subj", f"/CN={provider.host}",
               "-out", str(request)])
        config = self._home / f"{provider.host}.cnf"
        names = f"DNS:{provider.host},DNS:{provider.domain},IP:{provider.address}"
        config.write_text(CONFIG.format(home=self._home, names=names))
        now = datetime.now(timezone.utc)
        for state, start, end in (("good", now - timedelta(days=1), now + timedelta(days=90)),
                                  ("expired", now - timedelta(days=91), now - timedelta(days=1))):
            quiet(["openssl", "ca", "-batch", "-notext", "-config", str(config),
                   "-extensions", "leaf", "-in", str(request),
                   "-startdate", _stamp(start), "-enddate", _stamp(end),
                   "-out", str(self.certificate(provider, state))])


def _new_key(path: Path) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(path)]


def _stamp(when: datetime) -> str:
    return when.strftime("%Y%m%d%H%M%SZ")
