"""The correlator alone, with the observations of a whole fleet, in quiet time and while much is down:
how many a second, how long a decision takes, how much memory, and how that grows with the fleet."""
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from machine import measure

FLEETS = [(agents, targets) for agents in (10, 50, 200) for targets in (100, 1000, 10000)]
LARGEST = FLEETS[-1]
LIMIT_S = 120  # of one run's calls; a fleet that needs longer is told by what came so far
PER_SECOND_AIM, P99_AIM_MS = 500_000, 100


@dataclass(frozen=True)
class Load:
    """A fleet and what happens to it; providers=0: every target has one of its own."""
    agents: int
    targets: int
    outage: str
    providers: int = 50

    def arguments(self) -> list:
        return ["correlate", "--agents", self.agents, "--targets", self.targets, "--providers",
                self.providers or self.targets, "--outage", self.outage.split()[0], "--hosters",
                "known" if self.outage.endswith("known") else "unknown", "--limit", LIMIT_S]


LOADS = [
    *(Load(*fleet, "quiet") for fleet in FLEETS),
    *(Load(*fleet, "worst") for fleet in FLEETS),
    Load(1000, 1000, "quiet"), Load(1000, 1000, "worst"),
    Load(10, 1000, "provider"), Load(*LARGEST, "provider"),
    Load(10, 10000, "names known"), Load(10, 10000, "names"), Load(*LARGEST, "names known"),
    Load(10, 10000, "quiet", providers=0), Load(10, 10000, "worst", providers=0),
    Load(*LARGEST, "quiet", providers=0), Load(*LARGEST, "worst", providers=0),
]


@dataclass
class LoadRow:
    """One line of the table of loads; `add` once a round."""
    HEAD: ClassVar[list[str]] = ["fleet", "providers", "outage", "observations", "decision p50",
                                 "p99", "longest", "busiest second", "a cell", "incidents", "pages",
                                 f">= {PER_SECOND_AIM:,}/s", f"p99 <= {P99_AIM_MS} ms"]
    load: Load
    runs: list[dict] = field(default_factory=list)

    def add(self, figures: dict) -> None:
        self.runs.append(figures)

    def median(self, name: str) -> float:
        return statistics.median(run[name] for run in self.runs)

    def cells(self) -> list[str]:
        load, median = self.load, self.median
        return [f"{load.agents} x {load.targets:,}", f"{load.providers or load.targets:,}",
                load.outage, f"{median('per_s'):,.0f}/s", f"{median('p50_ms'):.2f} ms",
                f"{median('p99_ms'):.1f} ms", f"{median('max_ms'):,.0f} ms",
                f"{median('busiest_s'):.2f} s", f"{median('peak_bytes_a_cell'):,.0f} B",
                f"{median('incidents'):.0f}", f"{median('alerts'):.0f}",
                "met" if median("per_s") >= PER_SECOND_AIM else "MISSED",
                "met" if median("p99_ms") <= P99_AIM_MS else "MISSED"]

    def record(self) -> dict:
        return {"what": f"correlate {self.load}", "runs": self.runs}


def run(_folder: Path, rounds: int) -> list[LoadRow]:
    rows = [LoadRow(load) for load in LOADS]
    for _ in range(rounds):
        for row in rows:
            row.add(measure(row.load.arguments()))
    return rows
