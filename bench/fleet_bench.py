"""What a fleet in the lab shows: an idle agent's memory, and the seconds from outage to webhook."""
import random
import threading
import time
from pathlib import Path

import machine
from figures import Aim, Row
from machine import serving
from stream_bench import make_certificates

SETTLE_LIMIT_S = 30.0
ALERT_LIMIT_S = 90.0
QUIET_LIMIT_S = 120.0
LOOK_EVERY_S = 0.01
INTERVAL_S = 5.0

# What breaks in turn, and where that is seen first. More than one, since an incident that comes back
# soon after it went is kept open longer.
OUTAGES = (("postfix-stop", "alpha", "198.18.11.2", 25), ("postfix-stop", "beta", "198.18.12.2", 25),
           ("dovecot-stop", "alpha", "198.18.11.2", 143))


def run_memory(folder: Path, rounds: int) -> list[Row]:
    """Agents that are connected and have their checks, but none is due."""
    from fleet import Fleet
    from fleet_files import Pace
    from maillab import Lab
    rss = Row("RSS of an idle agent", "MB", "bare gRPC client, one idle stream",
              Aim("<= 1.3", 1.3), digits=1)
    pss = Row("  its share of pages (PSS)", "MB", "the same", digits=1)
    make_certificates(folder)
    with Lab.up() as lab:
        each = -(-rounds // 3)  # agents a region
        pace = Pace(checks="1h", roundtrip="1h", witness="1h", timeout="6s")
        with Fleet(lab, agents=each, pace=pace) as fleet:
            fleet.wait(lambda: _disconnected(fleet), 30, "all agents are connected")
            for program in fleet.agents.values():
                machine.await_steady_memory(program.pid, SETTLE_LIMIT_S)
            with serving(["grpc_sink", "--certs", folder / "collector"]) as (_, said):
                for program in list(fleet.agents.values())[:rounds]:
                    with serving(["grpc_client", "idle", "--certs", folder / "agent-1",
                                  "--address", f"127.0.0.1:{said['port']}"]) as (peer, _):
                        machine.await_steady_memory(peer.pid, SETTLE_LIMIT_S)
                        for row, name in ((rss, "Rss"), (pss, "Pss")):
                            row.add(machine.memory_kb(program.pid, name) / 1024,
                                    machine.memory_kb(peer.pid, name) / 1024)
    return [rss, pss]


def _disconnected(fleet) -> str | None:
    agents = fleet.board()["agents"]
    off = len(fleet.agents) - sum(agent["connected"] for agent in agents)
    return f"{off} agents are not connected" if off else None


def _incidents(fleet) -> str | None:
    """A new outage is only told anew when the one before is over."""
    still = fleet.incidents(open_only=True)
    return f"{still[0]['component']} {still[0]['class']} is open" if still else None


class OutageWatch:
    """Notes the moment from which on a port refuses, as a client in `ops` sees it."""

    def __init__(self, lab, address: str, port: int):
        self.began: float | None = None
        self._netns, self._address, self._port = lab.netns_path("ops"), address, port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        from maillab import observe
        while not self._stop.is_set() and self.began is None:
            now = time.time()
            try:
                observe.dial(self._netns, self._address, self._port).close()
            except OSError:
                self.began = now
            self._stop.wait(LOOK_EVERY_S)

    def end(self) -> float:
        self._stop.set()
        self._thread.join()
        if self.began is None:
            raise machine.BenchError("the outage was never seen")
        return self.began


def run_outage(folder: Path, rounds: int) -> list[Row]:
    """Both watch the same servers at the same intervals and see the same outages."""
    from fleet import Fleet
    from maillab import Lab
    from peers import Watch
    row = Row("outage to webhook", "s", "Prometheus + Alertmanager", digits=2)
    with Lab.up() as lab, Fleet(lab) as fleet:
        watch = Watch(lab, folder)
        try:
            fleet.wait_green()
            for number in range(rounds):
                fleet.wait(lambda: _incidents(fleet), QUIET_LIMIT_S, "no incident is open")
                fleet.wait(watch.not_quiet, QUIET_LIMIT_S, "Prometheus is quiet")
                time.sleep(random.uniform(0, INTERVAL_S))  # anywhere between two checks
                row.add(*_one_outage(lab, fleet, watch, *OUTAGES[number % len(OUTAGES)]))
        finally:
            watch.stop()
    return [row]


def _one_outage(lab, fleet, watch, fault: str, provider: str, address: str,
                port: int) -> tuple[float, float]:
    outage = OutageWatch(lab, address, port)
    since = time.time()
    lab.inject(fault, provider)
    began = outage.end()

    def ours() -> float | None:
        return min((alert["at"] for alert in fleet.alerts(since=since)), default=None)

    def theirs() -> float | None:
        return watch.alerted_at(address, since)

    def waiting() -> str | None:
        if ours() is None:
            return "no webhook of ours"
        return None if theirs() else "no webhook of Alertmanager's"
    fleet.wait(waiting, ALERT_LIMIT_S, "both have told")
    lab.repair(fault, provider)
    return ours() - began, theirs() - began
