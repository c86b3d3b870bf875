"""The tools Postwatch is measured beside, as Debian ships them, in the lab: blackbox_exporter,
Prometheus, Alertmanager."""
import json
import subprocess
import sys
from http.client import HTTPException
from pathlib import Path

import machine
from api import Api, NetnsConnection
from waiting import wait_until

BLACKBOX_PORT, PROMETHEUS_PORT, ALERTMANAGER_PORT, WEBHOOK_PORT = 9115, 9090, 9095, 9096
REGION = "eu"
AGENT_IP = "198.18.1.2"
START_LIMIT_S = 20.0

# As its documentation has it: STARTTLS with verification, then EHLO and QUIT under TLS.
BLACKBOX = """modules:
  smtp_starttls:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      tls_config: {{ca_file: {ca}, server_name: mail.alpha.test}}
      query_response:
        - expect: "^220 "
        - send: "EHLO eu.agents.test\\r"
        - expect: "^250[- ]STARTTLS"
        - expect: "^250 "
        - send: "STARTTLS\\r"
        - expect: "^220 "
        - starttls: true
        - send: "EHLO eu.agents.test\\r"
        - expect: "^250 "
        - send: "QUIT\\r"
        - expect: "^221 "
  smtp_banner:
    prober: tcp
    timeout: 5s
    tcp: {{preferred_ip_protocol: ip4, query_response: [{{expect: "^220 "}}]}}
  imap_banner:
    prober: tcp
    timeout: 5s
    tcp: {{preferred_ip_protocol: ip4, query_response: [{{expect: "^[*] OK"}}]}}
  dns_mx:
    prober: dns
    timeout: 5s
    dns: {{query_name: alpha.test, query_type: MX, preferred_ip_protocol: ip4,
          transport_protocol: udp}}
"""
PROMETHEUS = """global: {{scrape_interval: 5s, evaluation_interval: 5s, scrape_timeout: 5s}}
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}
rule_files: [{folder}/rules.yml]
scrape_configs:
{jobs}"""
JOB = """  - job_name: {module}
    metrics_path: /probe
    params: {{module: [{module}]}}
    static_configs: [{{targets: {targets}}}]
    relabel_configs:
      - {{source_labels: [__address__], target_label: __param_target}}
      - {{source_labels: [__param_target], target_label: instance}}
      - {{target_label: __address__, replacement: '{agent}:{blackbox}'}}
"""
RULES = """groups:
  - name: mail
    rules: [{alert: MailDown, expr: probe_success == 0}]
"""
ALERTMANAGER = """route: {{receiver: people, group_by: [instance], group_wait: 0s, group_interval: 1s,
        repeat_interval: 1h}}
receivers: [{{name: people, webhook_configs: [{{url: 'http://127.0.0.1:{webhook}/'}}]}}]
"""


# What Prometheus watches: the services that the fleet watches, by module.
WATCHED = {"smtp_starttls": ["198.18.11.2:25", "198.18.11.2:587"],
           "imap_banner": ["198.18.11.2:143"], "smtp_banner": ["198.18.12.2:25"]}


class Blackbox:
    """One exporter where the agent stands; probes are asked for over one kept connection."""

    def __init__(self, lab, folder: Path):
        config = folder / "blackbox.yml"
        config.write_text(BLACKBOX.format(ca=lab.ca_file))
        self._api = Api(lab.netns_path(REGION), BLACKBOX_PORT)
        self._connection = NetnsConnection(lab.netns_path(REGION), "127.0.0.1", BLACKBOX_PORT)
        with (folder / "blackbox.log").open("w") as log:
            self.process = lab.popen(
                REGION, ["prometheus-blackbox-exporter", f"--config.file={config}",
                         f"--web.listen-address=:{BLACKBOX_PORT}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: None if self._api.fetch("/-/healthy")[0] == 200 else "not healthy",
                   START_LIMIT_S, "blackbox_exporter answers")

    def cpu_us(self, module: str, target: str, probes: int) -> float:
        """CPU time of one probe."""
        before = machine.cpu_seconds(self.process.pid)
        for _ in range(probes):
            self._probe(module, target)
        return (machine.cpu_seconds(self.process.pid) - before) / probes * 1e6

    def _probe(self, module: str, target: str) -> None:
        try:
            self._connection.request("GET", f"/probe?module={module}&target={target}")
            text = self._connection.getresponse().read().decode()
        except (OSError, HTTPException) as error:
            raise machine.BenchError(f"blackbox_exporter: {error}") from error
        if "\nprobe_success 1\n" not in text:
            raise machine.BenchError(f"blackbox_exporter's {module} of {target} failed:\n{text}")

    def stop(self) -> None:
        self._connection.close()
        end(self.process)


class Watch:
    """Prometheus and Alertmanager in `ops`, a blackbox_exporter in one region, and a webhook."""

    def __init__(self, lab, folder: Path):
        self._received = folder / "received.jsonl"
        self._received.touch()
        self._log = (folder / "peers.log").open("w")
        jobs = (JOB.format(module=module, targets=json.dumps(targets), agent=AGENT_IP,
                           blackbox=BLACKBOX_PORT) for module, targets in WATCHED.items())
        (folder / "prometheus.yml").write_text(PROMETHEUS.format(
            alertmanager=ALERTMANAGER_PORT, folder=folder, jobs="".join(jobs)))
        (folder / "rules.yml").write_text(RULES)
        (folder / "alertmanager.yml").write_text(ALERTMANAGER.format(webhook=WEBHOOK_PORT))
        (folder / "no-secret").write_text("unused\n")
        self.blackbox = Blackbox(lab, folder)
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
        wait_until(self._not_green, 60, "Prometheus sees all targets up")

    def _start(self, lab, argv: list) -> subprocess.Popen:
        return lab.popen("ops", [str(word) for word in argv], stdin=subprocess.DEVNULL,
                         stdout=self._log, stderr=self._log)

    def _not_green(self) -> str | None:
        found = self._api.json("/api/v1/query", query="probe_success")["data"]["result"]
        up = [one for one in found if one["value"][1] == "1"]
        wanted = sum(map(len, WATCHED.values()))
        return None if len(up) == wanted else f"{len(up)} of {wanted} targets are up"

    def not_quiet(self) -> str | None:
        """What keeps it from being green, with every alert resolved."""
        if (seen := self._not_green()) is not None:
            return seen
        alerts = self._api.json("/api/v1/alerts")["data"]["alerts"]
        return f"{len(alerts)} alerts are active" if alerts else None

    def alerted_at(self, address: str, since: float) -> float | None:
        """When the first webhook about a fault of this address came in."""
        for line in self._received.read_text().splitlines():
            request = json.loads(line)
            firing = [alert for alert in (request["body"] or {}).get("alerts", [])
                      if alert["status"] == "firing"
                      and alert["labels"]["instance"].startswith(f"{address}:")]
            if firing and request["at"] >= since:
                return request["at"]
        return None

    def stop(self) -> None:
        self.blackbox.stop()
        for process in self._programs:
            end(process)
        self._log.close()


def end(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait()
