"""Prometheus and Alertmanager as Debian ships them, set up to watch what the fleet watches.

A blackbox_exporter stands in each region; its dialogues go as far as its tcp prober can. The same
Prometheus holds several alerting rules side by side, so that each sees the same failures.
"""
import base64
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import machine
from api import Api
from peers import BLACKBOX_PORT, Blackbox, dialogue, dns_mx, end, smtp_starttls, tcp
from waiting import wait_until

from maillab import plan

PROMETHEUS_PORT, ALERTMANAGER_PORT, WEBHOOK_PORT = 9090, 9095, 9096
GREEN_LIMIT_S = 60.0
INTERVAL = "5s"


@dataclass(frozen=True)
class Rule:
    """One way to alert; `name` is what the table calls it."""
    name: str
    expr: str
    lasts: str


ANY = "probe_success == 0"
TWO_REGIONS = "count by (provider, check) (probe_success == 0) >= 2"
RULES = (Rule("any region, at once", ANY, "0s"), Rule("any region, for 25s", ANY, "25s"),
         Rule("two regions, for 25s", TWO_REGIONS, "25s"))


def _modules(lab, region: str) -> dict[str, dict]:
    helo = f"{region}.agents.test"
    password = Path(lab.password_file("alpha.test", "probe")).read_text()
    plain = base64.b64encode(f"\0probe@alpha.test\0{password}".encode()).decode()
    modules = {}
    for provider in plan.PROVIDERS.values():
        rcpt = (f"RCPT TO:<probe@{provider.domain}>", "^250 ")
        modules |= {f"dns-{provider.name}": dns_mx(provider.domain),
                    f"mx-{provider.name}": tcp(
                        smtp_starttls(helo, ("MAIL FROM:<>", "^250 "), rcpt), lab.ca_file)}
    modules["submission-alpha"] = tcp(
        smtp_starttls(helo, (f"AUTH PLAIN {plain}", "^235 "),
                      ("MAIL FROM:<probe@alpha.test>", "^250 "),
                      ("RCPT TO:<probe@alpha.test>", "^250 ")), lab.ca_file)
    modules["imap-alpha"] = tcp(
        dialogue(("", r"^\* OK"), (f"a LOGIN probe@alpha.test {password}", "^a OK"),
                 ("b SELECT INBOX", "^b OK"), ("c LOGOUT", "^c OK")), lab.ca_file, tls=True)
    return modules


def _job(region: plan.Region, module: str) -> dict:
    """One probe of one provider from one region, with the labels that alerts carry."""
    check, _, provider = module.partition("-")
    host = plan.PROVIDERS[provider].host
    target = {"dns": region.resolver, "mx": f"{host}:25", "submission": f"{host}:587",
              "imap": f"{host}:993"}[check]
    return {"job_name": f"{region.name}-{module}", "metrics_path": "/probe",
            "params": {"module": [module], "target": [target]},
            "static_configs": [{"targets": [f"{region.agent}:{BLACKBOX_PORT}"],
                                "labels": {"provider": provider, "check": check,
                                           "region": region.name}}]}


class Watch:
    """Prometheus and Alertmanager in `ops`, exporters in all regions, and a webhook."""

    def __init__(self, lab, folder: Path):
        self._received = folder / "received.jsonl"
        self._received.touch()
        self._log = (folder / "prometheus.log").open("w")
        modules = {region: _modules(lab, region) for region in plan.REGIONS}
        self._jobs = [_job(region, module) for region in plan.REGIONS.values()
                      for module in modules[region.name]]
        self._write(folder)
        self._exporters = [Blackbox(lab, folder, *each) for each in modules.items()]
        receiver = machine.ROOT / "tests/e2e/receiver.py"
        self._programs = [self._start(lab, argv) for argv in (
            [sys.executable, receiver, WEBHOOK_PORT, folder / "no-secret", self._received,
             folder / "no-refusals"],
            ["prometheus-alertmanager", f"--config.file={folder}/alertmanager.yml",
             f"--storage.path={folder}/alertmanager", "--cluster.listen-address=",
             f"--web.listen-address=127.0.0.1:{ALERTMANAGER_PORT}"],
            ["prometheus", f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/prometheus",
             f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}"])]
        self._api = Api(lab.netns_path("ops"), PROMETHEUS_PORT)
        wait_until(self._not_green, GREEN_LIMIT_S, "Prometheus sees all targets up")

    def _write(self, folder: Path) -> None:
        alertmanager = [{"targets": [f"127.0.0.1:{ALERTMANAGER_PORT}"]}]
        rules = [{"alert": "MailDown", "expr": rule.expr, "for": rule.lasts,
                  "labels": {"rule": rule.name}} for rule in RULES]
        for name, content in (
                ("prometheus", {
                    "global": {"scrape_interval": INTERVAL, "evaluation_interval": INTERVAL,
                               "scrape_timeout": INTERVAL},
                    "alerting": {"alertmanagers": [{"static_configs": alertmanager}]},
                    "rule_files": [f"{folder}/rules.yml"], "scrape_configs": self._jobs}),
                ("rules", {"groups": [{"name": "mail", "rules": rules}]}),
                ("alertmanager", {
                    "route": {"receiver": "people", "group_by": ["rule", "provider"],
                              "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"},
                    "receivers": [{"name": "people", "webhook_configs": [
                        {"url": f"http://127.0.0.1:{WEBHOOK_PORT}/"}]}]})):
            (folder / f"{name}.yml").write_text(json.dumps(content))
        (folder / "no-secret").write_text("unused\n")

    def _start(self, lab, argv: list) -> subprocess.Popen:
        return lab.popen("ops", [str(word) for word in argv], stdin=subprocess.DEVNULL,
                         stdout=self._log, stderr=self._log)

    def _not_green(self) -> str | None:
        found = self._api.json("/api/v1/query", query="probe_success")["data"]["result"]
        down = [f"{one['metric']['check']} of {one['metric']['provider']} from "
                f"{one['metric']['region']}" for one in found if one["value"][1] != "1"]
        if down or len(found) < len(self._jobs):
            return f"{len(found)} of {len(self._jobs)} targets are known; down: {', '.join(down)}"
        return None

    def not_quiet(self) -> str | None:
        """What keeps it from being green, with every alert resolved and the people told so."""
        if (seen := self._not_green()) is not None:
            return seen
        active = self._api.json("/api/v1/alerts")["data"]["alerts"]
        told = {request["body"]["groupKey"]: request["body"]["status"]
                for request in self._requests()}
        firing = [group for group, status in told.items() if status == "firing"]
        if active or firing:
            return f"{len(active)} alerts are active, {len(firing)} groups not resolved"
        return None

    def _requests(self) -> list[dict]:
        return [json.loads(line) for line in self._received.read_text().splitlines()]

    def pages(self, since: float) -> dict[str, list[float]]:
        """When people were told of something new, by rule. All that fires at one provider is one
        page, until it is resolved; that more of it fires is none."""
        pages = {rule.name: [] for rule in RULES}
        firing = set()
        for request in self._requests():
            body = request["body"]
            if body["status"] != "firing":
                firing.discard(body["groupKey"])
            elif body["groupKey"] not in firing:
                firing.add(body["groupKey"])
                if request["at"] >= since:
                    pages[body["groupLabels"]["rule"]].append(request["at"])
        return pages

    def stop(self) -> None:
        for exporter in self._exporters:
            exporter.stop()
        for process in self._programs:
            end(process)
        self._log.close()
