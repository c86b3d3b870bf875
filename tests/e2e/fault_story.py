"""Fault stories: break one thing, see the verdict and the alerts, repair it, see all green again."""
import time
from dataclasses import dataclass, field
from fnmatch import fnmatch

from fleet import Fleet
from waiting import Impatient

from maillab import LabError

VERDICT_LIMIT_S = 90.0
OVER_LIMIT_S = 150.0
# What clients see of a server that was stopped: sessions that end, then refusals.
STOPPED = ("tcp_refused", "tcp_reset", "conn_closed_early")
QUIET_ROUNDS = 3  # of checks after the verdict, during which nobody must be told anything more


@dataclass(frozen=True)
class Expected:
    """What must be concluded of a fault. Components and classes are patterns, any of which fits."""
    components: tuple[str, ...]
    classes: tuple[str, ...] = ("*",)
    leg: str = "*"
    level: str = "real"
    may_show_nothing: bool = False

    @property
    def pages(self) -> int:
        return 1 if self.level == "real" else 0

    def fits(self, incident: dict) -> bool:
        return (incident["level"] == self.level and fnmatch(incident["leg"], self.leg)
                and any(fnmatch(incident["component"], c) for c in self.components)
                and any(fnmatch(incident["class"], c) for c in self.classes))


@dataclass(frozen=True)
class Story:
    fault: tuple[str, ...]  # as for Lab.inject
    expected: Expected

    @property
    def name(self) -> str:
        return " ".join(self.fault)


@dataclass
class Outcome:
    """What happened. `seconds`: from the injection to the alert at the receiver, for a local fault
    to the verdict on the board."""
    story: Story
    verdict: dict | None = None
    pages: int = 0
    updates: int = 0
    seconds: float | None = None
    green_after: float | None = None
    problems: list[str] = field(default_factory=list)

    def row(self) -> tuple[str, str, str, str, str]:
        told = (f"{self.verdict['component']} {self.verdict['class']} ({self.verdict['level']})"
                if self.verdict else "-")
        return (self.story.name, told, str(self.pages),
                f"{self.seconds:.1f}" if self.seconds is not None else "-",
                "as expected" if not self.problems else self.problems[0].splitlines()[0])


HEADINGS = ("fault", "verdict", "pages", "seconds", "")


def table(outcomes: list[Outcome]) -> str:
    rows = [HEADINGS, *(outcome.row() for outcome in outcomes)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADINGS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
                     for row in rows)


def play(fleet: Fleet, story: Story, stage=lambda name, outcome: None, progress=None) -> Outcome:
    """The whole story. The fleet must be all green; it is again, unless a problem says otherwise.

    `stage` is told "injected", "verdict", "held" and "repaired", with the outcome so far;
    `progress` what is still waited for.
    """
    outcome = Outcome(story)
    begun = time.time()
    try:
        fleet.lab.inject(*story.fault)
        stage("injected", outcome)
        _await_verdict(fleet, outcome, begun, progress)
        stage("verdict", outcome)
        fleet.wait_rounds(QUIET_ROUNDS, _able(fleet, story))
        _judge_again(fleet, outcome)
        stage("held", outcome)
    except (Impatient, LabError) as error:
        outcome.problems.append(str(error))
    try:
        fleet.lab.repair(*story.fault)
        stage("repaired", outcome)
        outcome.green_after = fleet.wait_green(OVER_LIMIT_S, progress)
        _await_resolved(fleet, story, begun)
    except (Impatient, LabError) as error:
        outcome.problems.append(str(error))
    _count(fleet, outcome, begun)
    return outcome


def _await_verdict(fleet: Fleet, outcome: Outcome, begun: float, progress) -> None:
    expected = outcome.story.expected
    if expected.may_show_nothing:
        return
    if expected.level == "real":
        fleet.wait(lambda: _no_alert(fleet, expected, begun), VERDICT_LIMIT_S,
                   f"{outcome.story.name}: an alert about {' or '.join(expected.components)}",
                   progress)
        alert = fleet.alerts(since=begun)[0]
        outcome.verdict, outcome.seconds = _current(fleet, alert["incident"]), alert["at"] - begun
        return
    fleet.wait(lambda: _no_verdict(fleet, expected), VERDICT_LIMIT_S,
               f"{outcome.story.name}: a verdict about {' or '.join(expected.components)}", progress)
    outcome.seconds = time.time() - begun
    outcome.verdict = next(i for i in fleet.incidents(open_only=True) if expected.fits(i))


def _judge_again(fleet: Fleet, outcome: Outcome) -> None:
    """A verdict that changes its mind while the fault lasts was not the right one."""
    if outcome.verdict is None:
        return
    now = _current(fleet, outcome.verdict)
    if not outcome.story.expected.fits(now) or now["state"] != "open":
        outcome.problems.append(f"the verdict became {_names([now])}, {now['state']}")
    outcome.verdict = now


def _able(fleet: Fleet, story: Story) -> list[str]:
    """The agents whose reports reach the collector in spite of the fault."""
    return [place.name for place in fleet.places if place.region not in story.fault[1:]]


def _no_alert(fleet: Fleet, expected: Expected, begun: float) -> str | None:
    alerts = fleet.alerts(since=begun)
    if not alerts:
        return f"no alert yet, open: {_names(fleet.incidents(open_only=True)) or 'nothing'}"
    now = _current(fleet, alerts[0]["incident"])
    return None if expected.fits(now) else f"the verdict is {_names([now])}"


def _no_verdict(fleet: Fleet, expected: Expected) -> str | None:
    open_now = fleet.incidents(open_only=True)
    if any(expected.fits(incident) for incident in open_now):
        return None
    return f"open: {_names(open_now) or 'nothing'}"


def _current(fleet: Fleet, incident: dict) -> dict:
    return next((i for i in fleet.incidents() if i["id"] == incident["id"]), incident)


def _names(incidents: list[dict]) -> str:
    return ", ".join(f"{i['component']} {i['class']} {i['leg']} {i['level']}" for i in incidents)


def _await_resolved(fleet: Fleet, story: Story, begun: float) -> None:
    """Whoever was told of the beginning is told of the end."""
    def missing() -> str | None:
        opened = {a["incident"]["id"] for a in fleet.alerts(since=begun)}
        resolved = {a["incident"]["id"] for a in fleet.alerts("incident.resolved", begun)}
        return f"no end of {', '.join(sorted(opened - resolved))}" if opened - resolved else None
    fleet.wait(missing, 15, f"{story.name}: the resolved alert")


def _count(fleet: Fleet, outcome: Outcome, begun: float) -> None:
    opened = fleet.alerts(since=begun)
    outcome.pages = len(opened)
    outcome.updates = len(fleet.alerts("incident.updated", begun))
    if outcome.verdict is None and opened:  # not the expected one
        outcome.verdict = _current(fleet, opened[0]["incident"])
        outcome.seconds = opened[0]["at"] - begun
    expected = outcome.story.expected
    if outcome.pages != expected.pages:
        told = _names([alert["incident"] for alert in opened])
        outcome.problems.append(f"{outcome.pages} pages, not {expected.pages}: {told or 'none'}")
    forged = [request for request in fleet.requests() if not request["genuine"]]
    if forged:
        outcome.problems.append(f"{len(forged)} webhook requests with a wrong signature")
