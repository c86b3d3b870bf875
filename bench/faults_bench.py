"""Every fault of the lab, told by Postwatch and by Prometheus, which watch the same servers at the
same intervals: what each said, how soon, and how often."""
import itertools
import random
import statistics
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import ClassVar

import machine  # before all that lies in tests/
from fault_story import Outcome, Story, play
from faults_test import STORIES
from fleet import Fleet
from fleet_files import Pace
from prometheus import RULES, Watch
from waiting import Impatient

from maillab import Lab, LabError

LANES = 4  # labs at work side by side, since a story is mostly waiting
INTERVAL_S = 5.0
LASTS_S = 50.0  # how long a fault lasts at least, so that the slowest rule can tell of it
QUIET_LIMIT_S = 120.0
PACE = Pace(page_after="25s")  # the product's default; the pace of checks is the lab's


@dataclass
class Play:
    """One fault, once: what each side made of it, in seconds from the start of its injection."""
    outcome: Outcome
    pages: dict[str, list[float]]  # Prometheus's, by rule


@dataclass
class FaultRow:
    """One line of the table of faults; `add` once a round."""
    HEAD: ClassVar[list[str]] = ["fault", "verdict", "right", "ours", *(r.name for r in RULES)]
    story: Story
    plays: list[Play] = field(default_factory=list)

    def add(self, one: Play) -> None:
        self.plays.append(one)

    def cells(self) -> list[str]:
        right = sum(not one.outcome.problems for one in self.plays)
        verdicts = Counter(_verdict(one.outcome) for one in self.plays)
        return [self.story.name, verdicts.most_common(1)[0][0], f"{right}/{len(self.plays)}",
                self._ours(), *(self._theirs(rule.name) for rule in RULES)]

    def _ours(self) -> str:
        pages = [one.outcome.pages for one in self.plays]
        seconds = [one.outcome.seconds for one in self.plays if one.outcome.seconds is not None]
        if any(pages) or not seconds:
            return _told(seconds, pages)
        return f"no page; on the board after {statistics.median(seconds):.1f} s"

    def _theirs(self, rule: str) -> str:
        pages = [one.pages[rule] for one in self.plays if one.pages]
        return _told([times[0] for times in pages if times], [len(times) for times in pages])

    def record(self) -> dict:
        return {"what": self.story.name, "plays": [
            {"verdict": _verdict(one.outcome), "problems": one.outcome.problems,
             "seconds": one.outcome.seconds, "pages": one.outcome.pages, "theirs": one.pages}
            for one in self.plays]}


def _verdict(outcome: Outcome) -> str:
    said = outcome.verdict
    return f"{said['component']} {said['class']} ({said['level']})" if said else "-"


def _told(seconds: list[float], pages: list[int]) -> str:
    if not any(pages):
        return "no page" if pages else "not measured"
    low, high = min(pages), max(pages)
    count = f"{low}" if low == high else f"{low} to {high}"
    return f"{statistics.median(seconds):.1f} s, {count} {'page' if high == 1 else 'pages'}"


class Lane(threading.Thread):
    """Takes stories from the queue and plays each in a lab of its own: what comes back soon after
    it went is believed to be over later, so that each story would change the next."""

    def __init__(self, folder: Path, stories: SimpleQueue):
        super().__init__(name=folder.name)
        self._folder, self._stories = folder, stories

    def run(self) -> None:
        for number in itertools.count():
            try:
                row = self._stories.get_nowait()
            except Empty:
                return
            folder = self._folder / str(number)
            folder.mkdir(parents=True)
            one = self._play(row.story, folder)
            row.add(one)
            print("  " + ", ".join(FaultRow(row.story, [one]).cells() + one.outcome.problems),
                  file=sys.stderr, flush=True)

    def _play(self, story: Story, folder: Path) -> Play:
        try:
            with Lab.up() as lab, Fleet(lab, pace=PACE) as fleet:
                watch = Watch(lab, folder)
                try:
                    one = _both(fleet, watch, story)
                    if one.outcome.problems:
                        fleet.keep(f"bench-{'-'.join(story.fault)}")
                    return one
                finally:
                    watch.stop()
        except (Impatient, LabError, OSError, RuntimeError, machine.BenchError) as error:
            return Play(Outcome(story, problems=[str(error)]), {})


def _both(fleet: Fleet, watch: Watch, story: Story) -> Play:
    fleet.wait_green(QUIET_LIMIT_S)
    fleet.wait(watch.not_quiet, QUIET_LIMIT_S, "Prometheus is quiet")
    time.sleep(random.uniform(0, INTERVAL_S))  # anywhere between two checks
    begun = time.time()

    def stage(name: str, _: Outcome) -> None:
        if name == "held":
            time.sleep(max(0.0, begun + LASTS_S - time.time()))
    outcome = play(fleet, story, stage)
    fleet.wait(watch.not_quiet, QUIET_LIMIT_S, "Prometheus is quiet again")
    return Play(outcome, {rule: [at - begun for at in times]
                          for rule, times in watch.pages(begun).items()})


def run(folder: Path, rounds: int, stories: tuple[Story, ...] = STORIES) -> list[FaultRow]:
    rows = [FaultRow(story) for story in stories]
    queue = SimpleQueue()
    for _ in range(rounds):
        for row in rows:
            queue.put(row)
    lanes = [Lane(folder / f"lane-{number}", queue) for number in range(LANES)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    return rows
