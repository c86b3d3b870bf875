"""An authority, a collector that enrols agents, and agents that join it: the real programs on loopback,
without the lab and without root."""
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from fleet_files import write_yaml
from programs import BIN, ROOT, Program, run
from raw_grpc import exchange
from waiting import Impatient, wait_until

START_LIMIT_S = 20.0
NOBODY = "127.0.0.1:9"  # refuses: nothing is asked beyond this machine


class Here:
    """Where programs run: this machine, as tests/lab's Lab starts them in a namespace."""

    def popen(self, _place: str, argv: list, **kw) -> subprocess.Popen:
        return subprocess.Popen([str(arg) for arg in argv], **kw)


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def fetch(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


class Agent:
    """What `postwatch-agent join` made, and the agent that runs from it."""

    def __init__(self, world: "World", home: Path):
        self.home, self.identity, self.state = home, home / "agent", home / "state"
        self.port = free_port()
        self.program = Program(Here(), "", [BIN / "postwatch-agent", "--config.file", home / "agent.yaml"],
                               world.folder / f"{home.name}.log")

    def start(self) -> None:
        """Adds to the joined configuration what this machine needs: no resolver, a port of its own."""
        config = self.home / "agent.yaml"
        if "resolver:" not in config.read_text():
            config.write_text(config.read_text() + f"resolver: {NOBODY}\n"
                              f"web: {{listen: \"127.0.0.1:{self.port}\"}}\n")
        self.program.start()

    def not_ready(self) -> str | None:
        status, body = fetch(self.port, "/-/ready")
        return None if status == 200 else body.strip()

    def metric(self, name: str) -> float:
        return sum(float(line.rsplit(" ", 1)[1]) for line in fetch(self.port, "/metrics")[1].splitlines()
                   if line.split("{")[0].split(" ")[0] == name)


class World:
    def __init__(self, folder: Path, lifetime: str = "720h"):
        self.folder, self.ca, self.home = folder, folder / "ca", folder / "collector"
        self.grpc, self.http = free_port(), free_port()
        self.address = f"127.0.0.1:{self.grpc}"
        self.database = self.home / "collector.db"
        self.config = self.home / "collector.yaml"
        self.fleet_key = self.home / "fleet.key"
        self.collector = Program(Here(), "", [BIN / "postwatch-collector", "--config.file", self.config],
                                 folder / "collector.log")
        self.agents: list[Agent] = []
        self._lifetime = lifetime

    def start(self) -> None:
        self.authority("init")
        self.authority("issue", "collector", "--ip", "127.0.0.1", "--out", self.home)
        self.fleet_key.write_text("ab" * 32 + "\n")
        write_yaml(self.config, self._settings())
        checked = run(["postwatch-collector", "--config.check", "--config.file", self.config])
        assert checked.returncode == 0, checked.stderr
        self.collector.start()
        self.wait(lambda: None if fetch(self.http, "/-/ready")[0] == 200 else "not ready", "the collector")

    def _settings(self) -> dict:
        tls = {"ca": self.ca / "ca.pem", "cert": self.home / "cert.pem", "key": self.home / "key.pem",
               "crl": self.ca / "crl.pem"}
        return {
            "listen": {"grpc": self.address, "http": f"127.0.0.1:{self.http}"},
            "tls": {key: str(path) for key, path in tls.items()},
            "enrolment": {"ca_cert": str(self.ca / "ca.pem"), "ca_key": str(self.ca / "ca.key"),
                          "lifetime": self._lifetime},
            "fleet_key": {"file": str(self.fleet_key)},
            "store": f"sqlite:{self.database}",
            "witness": {"interval": "2s", "timeout": "1s", "anchors": [NOBODY], "zone": ""},
            "defaults": {"dns.mx": {"interval": "1s", "timeout": "1s"}},
            "targets": [{"domain": "example.test"}],
        }

    def stop(self) -> None:
        for program in [*(agent.program for agent in self.agents), self.collector]:
            if program.alive():
                program.kill9()

    # The authority's side.

    def authority(self, verb: str, *words) -> str:
        done = run(["postwatch", "ca", verb, *words, "--dir", self.ca])
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, name: str, region: str = "eu", *flags: str) -> list[str]:
        """What the command that `ca token` prints has after the address: the token, the hashes."""
        words = self.authority("token", "agent", region, name, *flags).split()
        assert words[:3] == ["postwatch-agent", "join", "COLLECTOR"], words
        return words[3:]

    # The agent's side.

    def join(self, home: str, words: list[str]) -> tuple[int, str]:
        """`postwatch-agent join` into that folder: exit code, and what it said."""
        folder = self.folder / home
        done = run(["postwatch-agent", "join", self.address, *words, "--dir", folder,
                    "--state-dir", folder / "state", "--user", pwd.getpwuid(os.geteuid()).pw_name])
        return done.returncode, done.stdout + done.stderr

    def joined(self, name: str, region: str = "eu") -> Agent:
        """An agent that has joined, and has not been started."""
        code, said = self.join(name, self.token(name, region))
        assert code == 0, said
        return self.at(name)

    def running(self, name: str, region: str = "eu") -> Agent:
        agent = self.joined(name, region)
        agent.start()
        self.wait(agent.not_ready, f"{name} is connected")
        return agent

    def at(self, home: str) -> Agent:
        agent = Agent(self, self.folder / home)
        self.agents.append(agent)
        return agent

    def thief(self, victim: Agent, home: str) -> Agent:
        """Somebody elsewhere with a copy of the agent's files."""
        agent = self.at(home)
        shutil.copytree(victim.home, agent.home, ignore=shutil.ignore_patterns("state"))
        config = agent.home / "agent.yaml"
        text = config.read_text().replace(str(victim.home), str(agent.home))
        config.write_text("".join(line for line in text.splitlines(keepends=True)
                                  if not line.startswith(("resolver:", "web:"))))
        return agent

    # What the collector says.

    def json(self, path: str) -> dict:
        return json.loads(fetch(self.http, path)[1])

    def told(self, name: str) -> dict:
        """What the collector says of an agent; {} when it knows none of that name."""
        return next((a for a in self.json("/api/v1/agents")["agents"] if a["agent"] == name), {})

    def disconnected(self, name: str) -> str | None:
        return f"{name} is connected" if self.told(name).get("connected") else None

    def call(self, path: str, identity: Path | None, *messages: bytes, half_close: bool = False) -> str:
        with socket.create_connection(("127.0.0.1", self.grpc), timeout=10) as raw:
            return exchange(raw, self.address, path, identity, list(messages), half_close)

    def wait(self, problem, what: str, limit_s: float = START_LIMIT_S) -> float:
        try:
            return wait_until(problem, limit_s, what)
        except Impatient as error:
            tails = [agent.program.tail() for agent in self.agents] + [self.collector.tail()]
            raise Impatient("\n  ".join([str(error), *tails])) from None


class WorldCase(unittest.TestCase):
    """A world for each test; its logs are kept when it fails."""
    lifetime = "720h"
    world: World

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="identity-")
        self.addCleanup(folder.cleanup)
        self.world = World(Path(folder.name), self.lifetime)
        self.addCleanup(self._keep_if_failed)
        self.addCleanup(self.world.stop)
        self.world.start()

    def _keep_if_failed(self) -> None:
        result = self._outcome.result
        if not any(self in (case, getattr(case, "test_case", None)) for case, _ in result.failures + result.errors):
            return
        kept = ROOT / "build/e2e" / self.id().rpartition(".")[2]
        kept.mkdir(parents=True, exist_ok=True)
        for log in self.world.folder.glob("*.log"):
            shutil.copy(log, kept)


def until_after(moment: float) -> str | None:
    """A problem until the clock has passed that moment, to the second."""
    return None if time.time() >= moment + 1 else "it is not over yet"
