"""The interop run on the lab's own Postfix and Dovecot, with Postgrey when asked for."""
import contextlib
import secrets
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from base import HERE, UNPACKED, unpacked_version
from interop_world import installed_version
from oauth_provider import OauthProvider
from scenarios import Scenario

from maillab import Lab, observe, plan, processes

REGION, OTHER_REGION = "eu", "us"
DOMAIN = "alpha.test"
LATE = f"late.{DOMAIN}"
PROBE = f"probe@{DOMAIN}"
GREYLIST_PORT = 10023


def region_address() -> str:
    """The address that the checks come from."""
    return plan.REGIONS[REGION].agent


class InteropLab:
    """A lab with the face of InteropWorld. A context manager."""

    def __init__(self):
        self.lab = Lab.up()
        self.missing: dict[str, str] = {}
        self.kept = contextlib.ExitStack()  # what ends before the lab
        self.oauth: OauthProvider | None = None  # from the first scenario on that has one
        self.versions = {"postfix": installed_version("postfix", "Postfix"),
                         "dovecot": installed_version("dovecot-core", "Dovecot"),
                         "knot": installed_version("knot", "Knot"),
                         "unbound": installed_version("unbound", "Unbound")}
        for name, title in (("postgrey", "Postgrey"), ("opendkim", "OpenDKIM"),
                            ("opendmarc", "OpenDMARC")):
            self.versions[name] = unpacked_version(name, name, title)
            if not (UNPACKED / name).is_dir():
                self.missing[name] = f"{title} was not fetched: scripts/setup interop"

    def __enter__(self) -> "InteropLab":
        return self

    def __exit__(self, *_) -> None:
        self.kept.close()
        self.lab.down()

    @property
    def ca_file(self) -> str:
        return self.lab.ca_file

    @property
    def resolver(self) -> str:
        return self.lab.resolver(REGION)

    def run(self, argv: list, **kw) -> subprocess.CompletedProcess:
        return self.lab.run(REGION, argv, **kw)

    def mailbox(self, address: str, password: str | None = None, extra: str = "") -> Path:
        """The YAML file of a mailbox, with the right password unless another is given. In `extra`
        @secret@ is the file of it, and `oauth2` what it is for instead."""
        user, _, domain = address.partition("@")
        label = self.lab.state / f"interop-{secrets.token_hex(4)}"
        secret = Path(self.lab.password_file(domain, user))
        if password is not None:
            secret = label.with_suffix(".password")
            secret.touch(mode=0o600)
            secret.write_text(password)
        file = label.with_suffix(".yaml")
        login = "" if "oauth2:" in extra else "password: {file: @secret@}\n"
        file.write_text(f"address: {address}\n{login}{extra}".replace("@secret@", str(secret)))
        return file


def fault(name: str, provider: str = "alpha"):
    """One of the lab's faults, for as long as a scenario lasts."""
    @contextlib.contextmanager
    def broken(world: InteropLab) -> Iterator[None]:
        world.lab.inject(name, provider)
        yield
        world.lab.repair(name, provider)
    return broken


@contextlib.contextmanager
def altered(lab: Lab, provider: str, **settings: str) -> Iterator[None]:
    """Other settings in the main.cf of a provider."""
    host = lab.mail_host(provider)
    before = host.postfix_settings("main.cf")
    kept = [line for line in before.splitlines() if line.partition("=")[0].strip() not in settings]
    wanted = [f"{name} = {value}" for name, value in settings.items()]
    host.reconfigure_postfix("main.cf", "\n".join([*kept, *wanted, ""]))
    yield
    host.reconfigure_postfix("main.cf", before)


def start_postgrey(lab: Lab) -> None:
    """Lets in after a second whom it refused."""
    home = lab.state / "postgrey"
    for folder in ("etc", "db"):
        (home / folder).mkdir(parents=True)
    command = (f"chown postgrey: {home}/db; exec postgrey --inet=127.0.0.1:{GREYLIST_PORT} -d"
               f" --pidfile={home}/pid --dbdir={home}/db --delay=1 --user=postgrey")
    log = lab.state / "log/postgrey.log"
    processes.launch(lab.argv("alpha", [HERE / "enter", UNPACKED / "postgrey", home / "etc",
                                        "postgrey", "sh", "-ec", command]), log)
    observe.until(lambda: not_listening(lab, "alpha", GREYLIST_PORT, log))


@contextlib.contextmanager
def greylisting(world: InteropLab) -> Iterator[None]:
    """Postgrey decides on port 25."""
    lab = world.lab
    if not (lab.state / "postgrey").exists():
        start_postgrey(lab)
    policy = f"check_policy_service inet:127.0.0.1:{GREYLIST_PORT}"
    with altered(lab, "alpha", smtpd_recipient_restrictions=policy):
        yield


@contextlib.contextmanager
def greylisting_over(world: InteropLab) -> Iterator[None]:
    """The same, to which the sender has come back."""
    def refused() -> str | None:
        code = observe.rcpt_code(world.lab.netns_path(REGION), plan.PROVIDERS["alpha"].address, 25,
                                 PROBE, None)
        return None if code == 250 else f"RCPT is answered with {code}"
    with greylisting(world):
        observe.until(refused)
        yield


@contextlib.contextmanager
def no_authentication(world: InteropLab) -> Iterator[None]:
    """Dovecot is gone, of which Postfix asks who may log in. It stays gone."""
    lab = world.lab
    master = _dovecot(lab)
    processes.send(master, signal.SIGTERM)
    observe.until(lambda: "Dovecot lingers" if processes.identity(master) else None)
    for pid in _named(lab, "auth"):  # it may serve Postfix for a while yet
        processes.send(pid, signal.SIGKILL)
    yield


def _dovecot(lab: Lab) -> int:
    return int((lab.state / "alpha/run/master.pid").read_text())


def _named(lab: Lab, name: str) -> list[int]:
    return [pid for pid in processes.inside(lab.netns("alpha")) if processes.name(pid) == name]


def not_listening(lab: Lab, provider: str, port: int, log: Path) -> str | None:
    """Why a helper of a provider's Postfix cannot be reached; None when it can."""
    try:
        observe.dial(lab.netns_path(provider), "127.0.0.1", port).close()
    except OSError as error:
        return f"port {port}: {error}; see {log}"
    return None


@contextlib.contextmanager
def denial_kept(world: InteropLab) -> Iterator[None]:
    """The resolver was asked for a name before there was one."""
    lab, record = world.lab, f"{LATE}. MX 10 {plan.PROVIDERS['alpha'].host}."
    reply = observe.ask(lab.netns_path(REGION), lab.resolver(REGION), LATE, "MX")
    assert reply and reply[0] == "NXDOMAIN", reply
    lab.change_zone(DOMAIN, add=[record], kept_by=REGION)
    yield
    lab.change_zone(DOMAIN, remove=[record])


BOTH = ("postfix", "dovecot")
RESOLVERS = tuple(plan.REGIONS[name].resolver for name in (REGION, OTHER_REGION))
LAB_SCENARIOS = [
    Scenario(BOTH, "healthy", DOMAIN,
             {"smtp.mx": "pass", "tls.cert": "pass", "smtp.submit": "pass", "imap.access": "pass",
              "pop3.access": "pass", "imap.quota": "pass", "roundtrip": "pass"},
             PROBE),
    Scenario(BOTH, "STARTTLS, on 587 and 143", DOMAIN,
             {"smtp.submit": "pass", "imap.access": "pass", "roundtrip": "pass"}, PROBE,
             extra="submission: {port: 587, security: starttls}\n"
                   "receive: {port: 143, security: starttls}\n", says="starttls"),
    Scenario(BOTH, "wrong password", DOMAIN,
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_failed",
              "pop3.access": "fail pop3_auth_failed"}, PROBE, "wrong"),
    Scenario(("postfix", "postgrey"), "greylisting", DOMAIN,
             {"roundtrip": "fail smtp_greylisted"}, PROBE,
             extra="deliver_via: mx\n", prepare=greylisting),
    Scenario(("postfix", "postgrey"), "greylisting, the next letter after its delay", DOMAIN,
             {"roundtrip": "pass"}, PROBE, extra="deliver_via: mx\n", prepare=greylisting_over),
    Scenario(("knot", "unbound"), "a resolver keeps the denial of a name made since", LATE,
             {"dns.mx": f"fail dns_nxdomain by {RESOLVERS[0]}:53; pass by {RESOLVERS[1]}:53"},
             prepare=denial_kept, resolvers=RESOLVERS),
    Scenario(BOTH, "Postfix defers every recipient", DOMAIN,
             {"roundtrip": "fail smtp_server_temp"}, PROBE, prepare=fault("postfix-defer")),
    Scenario(BOTH, "Postfix knows no recipient", DOMAIN,
             {"roundtrip": "fail smtp_mailbox_unknown_perm"}, PROBE,
             prepare=fault("postfix-bounce")),
    Scenario(BOTH, "mailbox over quota", DOMAIN,
             {"roundtrip": "fail delivery_delayed"}, PROBE, prepare=fault("mailbox-full"),
             timeout="6s"),
    Scenario(BOTH, "letters stay in the queue", DOMAIN, {"roundtrip": "fail delivery_delayed"},
             PROBE, prepare=fault("delivery-held"), timeout="8s"),
    Scenario(BOTH, "certificate expired", DOMAIN,
             {"smtp.mx": "pass + tls_cert_expired", "tls.cert": "fail tls_cert_expired",
              "smtp.submit": "fail tls_cert_expired",
              "imap.access": "fail tls_cert_expired", "pop3.access": "fail tls_cert_expired"},
             PROBE, prepare=fault("cert-expired")),
    Scenario(BOTH, "Dovecot hangs", DOMAIN,
             {"imap.access": "fail tls_timeout", "pop3.access": "fail tls_timeout"},
             PROBE, prepare=fault("dovecot-hang"), timeout="5s"),
    Scenario(BOTH, "Dovecot stopped", DOMAIN,
             {"smtp.submit": "fail smtp_auth_temp", "imap.access": "fail tcp_refused",
              "pop3.access": "fail tcp_refused"}, PROBE, prepare=no_authentication),
]
