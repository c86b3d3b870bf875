"""What a fleet needs on disk: certificates, secrets, and the configuration of its programs."""
import json
import re
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from programs import run

GRPC_PORT, HTTP_PORT, RECEIVER_PORT = 7443, 7480, 9093
AGENT_PORT = 7481
ANCHORS = ["198.18.31.2:443", "198.18.32.2:443", "198.18.33.2:443"]
MAIL_ADDRESSES = ["198.18.11.2", "198.18.12.2"]  # of alpha and beta, for the port 25 control
# The kinds of checks that stories wait for, and that are set a pace. The others run too, once in
# minutes or hours as they do for everybody, and may say for as long what was before a repair.
BRISK_KINDS = ("dns.mx", "smtp.mx", "smtp.submit", "imap.access", "roundtrip")
PLAIN = re.compile(r"[A-Za-z0-9_./-][A-Za-z0-9_./@:-]*(?<!:)")


@dataclass(frozen=True)
class Pace:
    """How fast everything goes; far below the defaults, so that a story takes seconds."""
    checks: str = "5s"
    roundtrip: str = "10s"
    witness: str = "5s"
    timeout: str = "6s"
    agent_silent_after: str = "8s"
    page_after: str = "5s"


@dataclass(frozen=True)
class Place:
    """One agent and where it stands."""
    name: str
    region: str
    network: str
    http_port: int = AGENT_PORT


@dataclass
class FleetFiles:
    """Writes below `folder`; nothing here runs a program but `postwatch ca`."""
    lab: object
    folder: Path
    pace: Pace = field(default_factory=Pace)
    mailbox_domains: tuple[str, ...] = ("alpha.test",)
    targets: tuple[str, ...] = ("alpha.test", "beta.test")

    def __post_init__(self):
        self.ca = self.folder / "ca"
        self.secrets = self.folder / "secrets"
        self.fleet_key = self.secrets / "fleet.key"
        self.webhook_secret = self.secrets / "webhook"
        self.collector_db = self.folder / "collector/collector.db"
        self.collector_config = self.folder / "collector/collector.yaml"

    def password(self, domain: str) -> Path:
        return self.secrets / f"probe@{domain}"

    def agent_folder(self, place: Place) -> Path:
        return self.folder / place.name

    def agent_config(self, place: Place) -> Path:
        return self.agent_folder(place) / "agent.yaml"

    def write(self, places: list[Place]) -> None:
        self.secrets.mkdir(parents=True, mode=0o700)
        self.fleet_key.write_text(secrets.token_hex(32) + "\n")
        self.webhook_secret.write_text(secrets.token_urlsafe(24) + "\n")
        for domain in self.mailbox_domains:
            shutil.copy(self.lab.password_file(domain, "probe"), self.password(domain))
        self.issue_all(places)
        write_yaml(self.collector_config, self.collector_settings())
        for place in places:
            write_yaml(self.agent_config(place), self.agent_settings(place))

    def issue_all(self, places: list[Place]) -> None:
        postwatch_ca("init", "--dir", self.ca)
        postwatch_ca("issue", "--dir", self.ca, "--out", self.folder / "collector", "collector",
                     "--ip", self.lab.collector_address)
        for place in places:
            self.issue(self.agent_folder(place), place.region, place.name)

    def issue(self, out: Path, region: str, name: str) -> None:
        """A certificate that says `region` and `name`, true or not."""
        postwatch_ca("issue", "--dir", self.ca, "--out", out, "agent", region, name)

    def collector_settings(self) -> dict:
        home, pace = self.folder / "collector", self.pace
        each = {"interval": pace.checks, "timeout": pace.timeout}
        kinds = {kind: dict(each) for kind in BRISK_KINDS}
        kinds["roundtrip"]["interval"] = pace.roundtrip
        return {
            "listen": {"grpc": f"0.0.0.0:{GRPC_PORT}", "http": f"127.0.0.1:{HTTP_PORT}"},
            "tls": tls_settings(home),
            "store": f"sqlite:{self.collector_db}",
            "agent_silent_after": pace.agent_silent_after,
            "round_trip_floor": "1s",
            "witness": {"interval": pace.witness, "timeout": "14s", "anchors": ANCHORS,
                        "zone": "neutral.test", "port25": MAIL_ADDRESSES},
            "defaults": kinds,
            "targets": [self._target(domain) for domain in self.targets],
            "alerting": {"page_after": pace.page_after, "sinks": [{
                "type": "webhook", "name": "people", "url": f"http://127.0.0.1:{RECEIVER_PORT}/",
                "secret": {"file": str(self.webhook_secret)}}]},
        }

    def _target(self, domain: str) -> dict:
        target = {"domain": domain, "provider": domain.removesuffix(".test")}
        if domain in self.mailbox_domains:
            target["mailbox"] = {"address": f"probe@{domain}",
                                 "password": {"file": str(self.password(domain))}}
        return target

    def agent_settings(self, place: Place) -> dict:
        home = self.agent_folder(place)
        return {
            "agent": {"name": place.name, "region": place.region, "network": place.network},
            "collector": {"address": f"{self.lab.collector_address}:{GRPC_PORT}"},
            "tls": tls_settings(home),
            "state_dir": str(home / "state"),
            "resolver": f"{self.lab.resolver(place.region)}:53",
            "ca_file": self.lab.ca_file,
            "ehlo_name": f"{place.region}.agents.test",
            "fleet_key": {"file": str(self.fleet_key)},
            "secrets": {"directory": str(self.secrets)},
            "web": {"listen": f"127.0.0.1:{place.http_port}"},
        }


def tls_settings(home: Path) -> dict:
    return {"ca": str(home / "ca.pem"), "cert": str(home / "cert.pem"),
            "key": str(home / "key.pem")}


def postwatch_ca(*argv) -> None:
    done = run(["postwatch", "ca", *argv])
    if done.returncode:
        raise RuntimeError(f"postwatch ca {argv[0]}: exit {done.returncode}: {done.stderr.strip()}")


def write_yaml(path: Path, settings: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(_lines(settings, "")) + "\n")


def _lines(value: dict | list, indent: str) -> list[str]:
    lines = []
    for key, item in value.items() if isinstance(value, dict) else ((None, i) for i in value):
        lead = f"{indent}{key}:" if key is not None else f"{indent}-"
        if isinstance(item, (dict, list)) and item:
            lines += [lead, *_lines(item, indent + "  ")]
        else:
            lines.append(f"{lead} {_scalar(item)}")
    return lines


def _scalar(value) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if PLAIN.fullmatch(text) else json.dumps(text)
