"""A collector and one agent in the lab, for checks that only run where they are configured."""
import shutil
from dataclasses import dataclass
from datetime import datetime, timezone

from api import Api
from fleet_files import HTTP_PORT, FleetFiles, Place
from programs import BIN, Program
from waiting import wait_until

from interop_lab import DOMAIN, REGION, InteropLab

START_LIMIT_S = 30.0
RUN_LIMIT_S = 40.0
SENDER, RECEIVER = ("alpha.test", "probe2"), ("beta.test", "probe")
OFTEN = {"interval": "1s", "timeout": "5s"}


@dataclass
class WatchedFiles(FleetFiles):
    """One target, with the checks that need settings and letters from alpha to beta."""

    def write(self, places: list[Place]) -> None:
        super().write(places)
        for domain, user in (SENDER, RECEIVER):
            shutil.copy(self.lab.password_file(domain, user), self._secret(domain, user))

    def _secret(self, domain: str, user: str):
        return self.secrets / f"{user}@{domain}"

    def _mailbox(self, domain: str, user: str) -> dict:
        return {"address": f"{user}@{domain}",
                "password": {"file": str(self._secret(domain, user))}}

    def _target(self, domain: str) -> dict:
        return {"domain": domain, "mailbox": self._mailbox(*SENDER), "checks": {
            "smtp.relay": OFTEN | {"own": True},
            "smtp.secondary": OFTEN | {"own": True, "rcpt": f"probe@{domain}"},
            "dns.records": OFTEN | {"ask": "authorities", "expect": [
                {"type": "MX", "values": [f"10 mail.{domain}"]}]},
            "imap.canary": OFTEN,
            "roundtrip": {"interval": "1s", "timeout": "8s", "require_auth": True,
                          "authserv_id": "mail.beta.test",
                          "receive_from": self._mailbox(*RECEIVER)}}}

    @property
    def kinds(self) -> list[str]:
        return list(self._target(DOMAIN)["checks"])


class WatchedLab(InteropLab):
    """A lab in which the checks go on all the time."""

    def __init__(self):
        super().__init__()
        try:
            self._start()
        except BaseException:
            self.lab.down()
            raise

    def _start(self) -> None:
        place = Place(f"{REGION}-1", REGION, f"net-{REGION}")
        folder = self.lab.state / "fleet"
        files = WatchedFiles(self.lab, folder, mailbox_domains=(), targets=(DOMAIN,))
        files.write([place])
        self._api = Api(self.lab.netns_path("ops"), HTTP_PORT)
        collector, agent = (
            Program(self.lab, where, [BIN / name, "--config.file", config], folder / f"{name}.log")
            for where, name, config in (
                ("ops", "postwatch-collector", files.collector_config),
                (REGION, "postwatch-agent", files.agent_config(place))))
        collector.start()
        wait_until(self._api.ready_problem, START_LIMIT_S, f"a collector; {collector.tail()}")
        agent.start()
        self.look(files.kinds)

    def look(self, kinds: list[str]) -> list[dict]:
        """What runs that began after now found, as `postwatch check` tells it."""
        now = datetime.now(timezone.utc)
        found: list[dict] = []
        for kind in kinds:
            seen: list[dict] = []

            def missing(kind=kind, seen=seen) -> str | None:
                seen[:] = [o for o in self._observations(kind) if _start_of(o) >= now]
                return None if seen else f"no run of {kind} began since"
            wait_until(missing, RUN_LIMIT_S, f"a run of {kind}")
            found += _findings(seen[-1])
        return found

    def _observations(self, kind: str) -> list[dict]:
        """The last runs, the newest first; without those that correct an earlier one."""
        answer = self._api.json("/api/v1/observations", check=f"{DOMAIN}/{kind}", limit=10)
        return [seen for seen in answer["observations"] if not seen.get("amends")]


def _start_of(seen: dict) -> datetime:
    return datetime.fromisoformat(seen["started"])


def _findings(seen: dict) -> list[dict]:
    """The outcome, with the facts for a detail where it has none, then what was found beside it."""
    facts = ", ".join(f"{key}={value}" for key, value in sorted(seen["facts"].items()))
    main = {"class": "", "detail": seen.get("not_tested_reason") or facts}
    main |= (seen.get("failure") or {}) | {"outcome": seen["outcome"]}
    beside = [{**finding, "outcome": "finding"} for finding in seen["findings"]]
    return [{"check": seen["kind"], "severity": "warning", **said} for said in (main, *beside)]
