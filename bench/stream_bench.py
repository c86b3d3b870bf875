"""Observations a second through the mutual-TLS stream into committed SQLite."""
import subprocess
import time
from pathlib import Path

import machine
from figures import Aim, Row
from machine import ROOT, measure, serving

SECONDS = 2       # of each measurement
STREAMS = 8
CHECKS = 40       # as bench/sample.h has them
BACKLOG = 20000   # observations of one agent's spool
START_LIMIT_S = 20.0
BEST_BATCH = 8192  # the most rows the store commits at once


def make_certificates(folder: Path) -> list[Path]:
    """A collector's for loopback, and those of STREAMS agents."""
    from programs import run

    def ca(*argv) -> None:
        done = run(["postwatch", "ca", *argv])
        if done.returncode:
            raise machine.BenchError(f"postwatch ca: {done.stderr.strip()}")
    ca("init", "--dir", folder / "ca")
    ca("issue", "--dir", folder / "ca", "--out", folder / "collector", "collector",
       "--ip", "127.0.0.1")
    agents = [folder / f"agent-{i + 1}" for i in range(STREAMS)]
    for agent in agents:
        ca("issue", "--dir", folder / "ca", "--out", agent, "agent", "bench", agent.name)
    return agents


class Stream:
    """The measurements; each in a new database."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.database = folder / "bench.db"
        self.agents = make_certificates(folder)

    def send(self, port: int) -> dict:
        return measure(["grpc_client", "send", "--certs", ",".join(map(str, self.agents)),
                        "--address", f"127.0.0.1:{port}", "--seconds", SECONDS])

    def ours(self) -> dict:
        """Ingest and store, as the collector puts them together, without its engine."""
        argv = ["collector_sink", "--certs", self.folder / "collector", "--db", self.database]
        with serving(argv) as (process, said):
            figures = self.send(said["port"])
            figures["sink_cpu_s"] = machine.cpu_seconds(process.pid)
        machine.remove_database(self.database)
        return figures

    def bare_grpc(self) -> dict:
        with serving(["grpc_sink", "--certs", self.folder / "collector"]) as (_, said):
            return self.send(said["port"])

    def bare_sqlite(self, batch: int) -> dict:
        figures = measure(["sqlite_bare", "--db", self.database, "--batch", batch,
                           "--seconds", SECONDS])
        machine.remove_database(self.database)
        return figures

    def backlog(self) -> dict:
        """One real agent's link and spool, with much to send."""
        spool = self.folder / "spool.db"
        argv = ["collector_sink", "--certs", self.folder / "collector", "--db", self.database]
        with serving(argv) as (_, said):
            figures = measure(["spool_drain", "--certs", self.agents[0], "--spool", spool,
                               "--address", f"127.0.0.1:{said['port']}",
                               "--observations", BACKLOG])
        machine.remove_database(self.database)
        machine.remove_database(spool)
        return figures

    def whole_collector(self) -> dict:
        """postwatch-collector itself, which also correlates all it stores."""
        config = self.folder / "collector.yaml"
        port = 17443
        home = self.folder / "collector"
        targets = "".join(f"  - {{domain: customer{i}.example, provider: provider-one}}\n"
                          for i in range(CHECKS))
        config.write_text(
            f"listen: {{grpc: '127.0.0.1:{port}', http: '127.0.0.1:17480'}}\n"
            f"tls: {{ca: {home}/ca.pem, cert: {home}/cert.pem, key: {home}/key.pem}}\n"
            f"store: 'sqlite:{self.database}'\ntargets:\n{targets}")
        with (self.folder / "collector.log").open("w") as log:
            process = subprocess.Popen(
                [ROOT / "build/release/bin/postwatch-collector", "--config.file", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            await_port(process, port, self.folder / "collector.log")
            figures = self.send(port)
            figures["rss_mb"] = machine.memory_kb(process.pid) / 1024
        finally:
            process.terminate()
            process.wait()
        machine.remove_database(self.database)
        return figures


def await_port(process: subprocess.Popen, port: int, log: Path) -> None:
    import socket
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise machine.BenchError(f"postwatch-collector did not start: {log.read_text()[-500:]}")


def run(folder: Path, rounds: int) -> list[Row]:
    batch = 512
    sqlite = Row("committed observations", "/s", f"bare SQLite, {batch} rows a commit",
                 Aim(">= 0.75", 0.75, at_least=True))
    best = Row("  the same", "/s", f"bare SQLite, {BEST_BATCH} rows a commit")
    grpc = Row("  the same", "/s", "bare gRPC stream, nothing stored")
    sink_cpu = Row("  CPU an observation, receiving side", "us", "bare SQLite insert alone",
                   digits=1)
    whole = Row("  whole collector, correlating", "/s", "uplink and store alone")
    drain = Row("  one agent's backlog, from its spool", "/s", "uplink and store alone")
    stream = Stream(folder)
    for _ in range(rounds):
        ours = stream.ours()
        bare = stream.bare_sqlite(batch)
        sqlite.add(ours["rate"], bare["rate"])
        grpc.add(ours["rate"], stream.bare_grpc()["rate"])
        best.add(ours["rate"], stream.bare_sqlite(BEST_BATCH)["rate"])
        sink_cpu.add(ours["sink_cpu_s"] / ours["observations"] * 1e6, bare["cpu_us"])
        whole.add(stream.whole_collector()["rate"], ours["rate"])
        drain.add(stream.backlog()["rate"], ours["rate"])
    return [sqlite, best, grpc, sink_cpu, whole, drain]
