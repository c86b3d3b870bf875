"""blackbox_exporter as Debian ships it, in one region of the lab, beside the agent there."""
import json
import subprocess
from http.client import HTTPException
from pathlib import Path

import machine
from api import Api, NetnsConnection
from waiting import wait_until

BLACKBOX_PORT = 9115
START_LIMIT_S = 20.0
PROBE_LIMIT = "5s"


def tcp(steps: list[dict], ca_file: str, **settings) -> dict:
    """A module of the tcp prober that goes through a dialogue; certificates are verified."""
    return {"prober": "tcp", "timeout": PROBE_LIMIT,
            "tcp": {"preferred_ip_protocol": "ip4", "tls_config": {"ca_file": ca_file},
                    "query_response": steps, **settings}}


def dns_mx(domain: str) -> dict:
    return {"prober": "dns", "timeout": PROBE_LIMIT,
            "dns": {"query_name": domain, "query_type": "MX", "preferred_ip_protocol": "ip4",
                    "transport_protocol": "udp"}}


def dialogue(*lines: tuple[str, str]) -> list[dict]:
    """Steps: what is said, nothing at first, and the start of the answer."""
    steps = []
    for said, answer in lines:
        if said:
            steps.append({"send": said + "\r"})
        steps.append({"expect": answer})
    return steps


def smtp_starttls(helo: str, *lines: tuple[str, str]) -> list[dict]:
    """As blackbox_exporter's documentation has it, then these lines and QUIT under TLS."""
    return [*dialogue(("", "^220 "), (f"EHLO {helo}", "^250[- ]STARTTLS")), {"expect": "^250 "},
            *dialogue(("STARTTLS", "^220 ")), {"starttls": True},
            *dialogue((f"EHLO {helo}", "^250 "), *lines, ("QUIT", "^221 "))]


class Blackbox:
    """One exporter; `modules` is the content of its configuration, by module name."""

    def __init__(self, lab, folder: Path, region: str, modules: dict[str, dict]):
        config = folder / f"blackbox-{region}.yml"
        config.write_text(json.dumps({"modules": modules}))  # YAML that happens to be JSON
        self._api = Api(lab.netns_path(region), BLACKBOX_PORT)
        self._connection = NetnsConnection(lab.netns_path(region), "127.0.0.1", BLACKBOX_PORT)
        with (folder / f"blackbox-{region}.log").open("w") as log:
            self.process = lab.popen(
                region, ["prometheus-blackbox-exporter", f"--config.file={config}",
                         f"--web.listen-address=:{BLACKBOX_PORT}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: None if self._api.fetch("/-/healthy")[0] == 200 else "not healthy",
                   START_LIMIT_S, "blackbox_exporter answers")

    def cpu_us(self, module: str, target: str, probes: int) -> float:
        """CPU time of one probe; all are asked for over one kept connection."""
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


def end(process: subprocess.Popen) -> None:
    process.terminate()
    process.wait()
