"""Pair: two collectors on one PostgreSQL, and a fleet of agents that know both."""
import sys
from dataclasses import dataclass
from pathlib import Path

from api import Api
from fleet import Fleet
from fleet_files import GRPC_PORT, HTTP_PORT, FleetFiles, postwatch_ca, tls_settings, write_yaml
from postgres import Postgres, uri_through
from programs import Program


@dataclass
class Seat:
    """Where one of the two collectors runs."""
    name: str
    program: Program
    api: Api


@dataclass
class PairFiles(FleetFiles):
    """`collector` and `second` in one namespace, at two addresses; each its way to the store."""
    store: str = ""
    store_of_second: str = ""

    def __post_init__(self):
        super().__post_init__()
        self.second_config = self.folder / "second/collector.yaml"

    def write(self, places) -> None:
        super().write(places)
        write_yaml(self.second_config, self._settings_of(self.second_config.parent,
                                                         self.lab.second_collector_address,
                                                         HTTP_PORT + 10)
                   | {"store": self.store_of_second})

    def issue_all(self, places) -> None:
        super().issue_all(places)
        postwatch_ca("issue", "--dir", self.ca, "--out", self.second_config.parent, "collector",
                          "--ip", self.lab.second_collector_address)

    def collector_settings(self) -> dict:
        return self._settings_of(self.folder / "collector", self.lab.collector_address, HTTP_PORT)

    def _settings_of(self, home: Path, address: str, http_port: int) -> dict:
        return super().collector_settings() | {
            "listen": {"grpc": f"{address}:{GRPC_PORT}", "http": f"127.0.0.1:{http_port}"},
            "tls": tls_settings(home), "store": self.store}

    def agent_settings(self, place) -> dict:
        settings = super().agent_settings(place)
        second = f"{self.lab.second_collector_address}:{GRPC_PORT}"
        return settings | {"collector": settings["collector"] | {"fallbacks": [second]}}


class Pair(Fleet):
    """A fleet whose `api` and `collector` are those of the seat that acts."""

    def __init__(self, lab, **options):
        self.database = Postgres(lab.state / "postgres")
        super().__init__(lab, **options)
        wire = lab.state / "wire"  # of the second collector, which can be cut from the database
        self.files = PairFiles(lab, self.folder, self.files.pace, store=self.database.uri,
                               store_of_second=uri_through(wire))
        self.wire = Program(lab, "ops", [sys.executable, Path(__file__).parent / "postgres_wire.py",
                                         self.database.folder, wire], self.logs / "wire.log")
        self._wire_folder = wire
        second = self._program("ops", "postwatch-collector", self.files.second_config, "second")
        self.seats = [Seat("collector", self.collector, self.api),
                      Seat("second", second, Api(lab.netns_path("ops"), HTTP_PORT + 10))]

    def prepare(self) -> None:
        self.database.start()
        super().prepare()
        self._wire_folder.mkdir()
        self.wire.start()

    def start(self) -> None:
        super().start()
        self.start_seat(self.seats[1])

    def start_seat(self, seat: Seat) -> None:
        seat.program.start()
        self.wait(seat.api.ready_problem, 20, f"{seat.name} is ready")

    def kill(self) -> None:
        super().kill()
        self.database.stop()

    def _programs(self) -> list[Program]:
        return [*super()._programs(), self.seats[1].program, self.wire]

    def seat_that_acts(self) -> Seat:
        return next(seat for seat in self.seats if seat.program is self.collector)

    def other_seat(self) -> Seat:
        return next(seat for seat in self.seats if seat.program is not self.collector)

    def wait_takeover(self, limit_s: float) -> float:
        """Until the other seat acts; it is `api` and `collector` then."""
        heir = self.other_seat()
        took = self.wait(lambda: None if heir.api.metric("postwatch_collector_active") == 1
                         else f"{heir.name} stands by", limit_s, f"{heir.name} takes over")
        self.collector, self.api = heir.program, heir.api
        return took
