"""Fleet: a real collector and real agents at work in the mail lab, and what they say.

    with Lab.up() as lab, Fleet(lab) as fleet:
        fleet.wait_green()
        lab.inject("dovecot-stop", "alpha")
        fleet.wait(lambda: None if fleet.alerts() else "no alert yet", 60, "an alert")
"""
import json
import shutil
import sys
from pathlib import Path

from api import Api
from fleet_files import BRISK_KINDS, HTTP_PORT, RECEIVER_PORT, FleetFiles, Pace, Place
from programs import BIN, ROOT, Program
from waiting import Impatient, wait_until

from maillab import Lab  # api.py has put the lab on the path

REGIONS = ("eu", "us", "ap")
START_LIMIT_S = 20.0
GREEN_LIMIT_S = 60.0


class Fleet:
    """Collector and webhook receiver in `ops`, `agents` agents in each region, in one folder.

    The lab's end takes the programs along; stop() ends them in order. Not for several threads.
    """

    def __init__(self, lab: Lab, agents: int = 1, pace: Pace | None = None, **files):
        self.lab = lab
        self.folder = lab.state / "fleet"
        self.files = FleetFiles(lab, self.folder, pace or Pace(), **files)
        self.places = [Place(f"{region}-{i + 1}", region, f"net-{region}", 7481 + i)
                       for region in REGIONS for i in range(agents)]
        self.logs = self.folder / "log"
        self.refuse_file = self.folder / "refuse"
        self._received = self.folder / "received.jsonl"
        self.collector = self._program("ops", "postwatch-collector", self.files.collector_config,
                                       "collector")
        self.agents = {place.name: self._program(place.region, "postwatch-agent",
                                                 self.files.agent_config(place), place.name)
                       for place in self.places}
        receiver = [sys.executable, Path(__file__).parent / "receiver.py", RECEIVER_PORT,
                    self.files.webhook_secret, self._received, self.refuse_file]
        self.receiver = Program(lab, "ops", receiver, self.logs / "receiver.log")
        self.api = Api(lab.netns_path("ops"), HTTP_PORT)

    def _program(self, place: str, name: str, config: Path, log: str) -> Program:
        return Program(self.lab, place, [BIN / name, "--config.file", config],
                       self.logs / f"{log}.log")

    def agent_api(self, name: str) -> Api:
        place = next(p for p in self.places if p.name == name)
        return Api(self.lab.netns_path(place.region), place.http_port)

    # Coming and going.

    def __enter__(self) -> "Fleet":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.kill()

    def kill(self) -> None:
        """Ends all at once; for when nobody cares any more."""
        for program in self._programs():
            if program.alive():
                program.kill9()

    def _programs(self) -> list[Program]:
        return [*self.agents.values(), self.collector, self.receiver]

    def start(self) -> None:
        self.prepare()
        self.receiver.start()
        self.start_collector()
        for agent in self.agents.values():
            agent.start()

    def prepare(self) -> None:
        """Writes all files; starts nothing."""
        self.logs.mkdir(parents=True)
        self._received.touch()
        self.files.write(self.places)

    def start_collector(self) -> None:
        self.collector.start()
        self.wait(self.api.ready_problem, START_LIMIT_S, "the collector is ready")

    def stop(self) -> dict[str, int]:
        """Ends all by SIGTERM, agents first; the exit codes by name."""
        codes = {name: agent.stop() for name, agent in self.agents.items()}
        codes["collector"] = self.collector.stop()
        if self.receiver.alive():
            self.receiver.kill9()
        return codes

    def keep(self, story: str) -> Path:
        """Copies the files away from the lab, for whoever wants to know why a test failed."""
        kept = ROOT / "build/e2e" / story
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.folder, kept, ignore=shutil.ignore_patterns("secrets", "*.pem", "*.key"))
        return kept

    # What it says.

    def board(self) -> dict:
        return self.api.json("/api/v1/board")

    def incidents(self, open_only: bool = False) -> list[dict]:
        query = {"limit": 1000} | ({"state": "open"} if open_only else {})
        return self.api.json("/api/v1/incidents", **query)["incidents"]

    def observations(self, **query) -> list[dict]:
        return self.api.json("/api/v1/observations", **query)["observations"]

    def requests(self) -> list[dict]:
        """Everything the webhook was sent, repeats included."""
        return [json.loads(line) for line in self._received.read_text().splitlines()]

    def alerts(self, event: str = "incident.opened", since: float = 0.0) -> list[dict]:
        """Accepted deliveries of one event, each delivery_id once, with `at`, the time of arrival."""
        seen = {}
        for request in self.requests():
            body = request["body"]
            if not request["refused"] and body["event"] == event and request["at"] >= since:
                seen.setdefault(body["delivery_id"], body | {"at": request["at"]})
        return list(seen.values())

    def not_green(self) -> str | None:
        """What keeps the board from being all green; None when nothing does."""
        board = self.board()
        for agent in board["agents"]:
            if not agent["connected"]:
                return f"agent {agent['agent']} is not connected"
            if agent["problems"]:
                return f"agent {agent['agent']}: {agent['problems'][0]}"
        if len(board["agents"]) < len(self.agents):
            return f"only {len(board['agents'])} of {len(self.agents)} agents are known"
        for incident in board["incidents"]:
            return f"{incident['component']} {incident['class']} is open"
        planned = {row["target"]: {cell["kind"] for cell in row["cells"]} for row in board["targets"]}
        for domain in self.files.targets:
            wanted = set(BRISK_KINDS) if domain in self.files.mailbox_domains else {"smtp.mx"}
            if missing := wanted - planned.get(domain, set()):
                return f"{sorted(missing)} of {domain} are not on the board"
        for row in board["targets"]:
            for cell in row["cells"]:
                if cell["kind"] in BRISK_KINDS and cell["state"] != "healthy":
                    return _describe_cell(row["target"], cell)
        return None

    # Waiting.

    def wait(self, problem, limit_s: float, what: str, progress=None) -> float:
        """wait_until; when it fails the text says which program has ended, or what one said last."""
        try:
            return wait_until(problem, limit_s, what, progress)
        except Impatient as error:
            raise Impatient(f"{error}\n  {self._last_words()}") from None

    def wait_green(self, limit_s: float = GREEN_LIMIT_S, progress=None) -> float:
        return self.wait(self.not_green, limit_s, "all green", progress)

    def wait_rounds(self, rounds: int, agents: list[str], limit_s: float = 60.0) -> None:
        """Until each of these agents has reported `rounds` more runs of smtp.mx of each target."""
        wanted = [(agent, f"{domain}/smtp.mx") for agent in agents for domain in self.files.targets]
        before = {key: self._runs(*key)[:1] for key in wanted}

        def missing() -> str | None:
            for agent, check in wanted:
                runs, last = self._runs(agent, check), before[agent, check]
                if (runs.index(last[0]) if last and last[0] in runs else len(runs)) < rounds:
                    return f"{agent} has not run {check} {rounds} times"
            return None
        self.wait(missing, limit_s, f"{rounds} rounds of checks")

    def _runs(self, agent: str, check: str) -> list[str]:
        """The ids of the latest observations, newest first."""
        return [seen["id"] for seen in self.observations(agent=agent, check=check, limit=50)]

    def _last_words(self) -> str:
        dead = [program for program in self._programs() if not program.alive()]
        return "\n  ".join(p.tail() for p in dead or [self.collector, *self.agents.values()])


def _describe_cell(target: str, cell: dict) -> str:
    return (f"{cell['kind']} of {target} from {cell['region']}: {cell['state']} "
            f"{cell.get('class', '')} {cell.get('detail', '')}").rstrip()
