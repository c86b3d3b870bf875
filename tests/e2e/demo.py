#!/usr/bin/env python3
"""The demonstration: a mail world, a fleet that watches it, and a story of faults.

usage: demo.py [--stay]    called by scripts/demo, which builds first; needs root

Exit 0 only if every verdict was the expected one and nobody was told too much or too little.
"""
import argparse
import signal
import sys
import textwrap
import time

from fault_story import STOPPED, Expected, Outcome, Story, play, table
from fleet import Fleet
from fleet_files import HTTP_PORT, Pace
from forwarder import Forwarder
from waiting import Impatient

from maillab import Lab, LabError

CHAPTERS = (
    ("The uplink of region eu is cut. The services are fine, so nobody must be woken.",
     Story(("uplink-cut", "eu"), Expected(("agent:eu-1", "isp:net-eu"), level="local"))),
    ("Dovecot of provider alpha dies. Mail is accepted, but nobody can read it.",
     Story(("dovecot-stop", "alpha"), Expected(("svc:alpha/imap",), STOPPED, "access"))),
    ("The certificate of provider alpha expires.",
     Story(("cert-expired", "alpha"), Expected(("cert:mail.alpha.test",), ("tls_cert_expired",)))),
)
# So that a story takes seconds. The default is to page after 25 s of trouble.
PACE = Pace(checks="5s", page_after="5s")
PAGES = {0: "still nobody is paged", 1: "still that one alert"}
TERMINAL = sys.stdout.isatty()
BOLD, DIM, GREEN, RED, END = (
    ("\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[0m") if TERMINAL else ("",) * 5)


class Screen:
    """Prints lines; on a terminal a line that shows progress is replaced by what follows."""

    def __init__(self):
        self._start = time.monotonic()
        self._open = False
        self._last = ""

    def line(self, text: str = "") -> None:
        self._erase()
        print(text, flush=True)

    def step(self, text: str) -> None:
        self.line(f"{DIM}{time.monotonic() - self._start:6.1f} s{END}  {text}")

    def progress(self, text: str) -> None:
        """Shown while it lasts; on something that is no terminal only when it changes."""
        if TERMINAL:
            self._erase()
            print(f"          {DIM}... {text[:100]}{END}", end="", flush=True)
            self._open = True
        elif text != self._last:
            print(f"          ... {text}", flush=True)
        self._last = text

    def _erase(self) -> None:
        if self._open:
            print("\r\x1b[2K", end="")
            self._open = False


def tell(screen: Screen, fleet: Fleet, story: Story) -> Outcome:
    """Plays one chapter and says what is seen as it happens."""
    def seen(stage: str, outcome: Outcome) -> None:
        if stage == "injected":
            screen.step(f"broken: {story.name}")
        elif stage == "verdict":
            tell_verdict(screen, outcome)
        elif stage == "held":
            screen.step(f"the fault lasts: {PAGES.get(len(fleet.alerts(since=begun)), 'MANY alerts')}")
        elif stage == "repaired":
            screen.step("repaired")

    begun = time.time()
    outcome = play(fleet, story, seen, screen.progress)
    for problem in outcome.problems:
        screen.line(f"          {RED}not as expected:{END} {problem}")
    if not outcome.problems:
        screen.step(f"{GREEN}all green again{END} {outcome.green_after:.0f} s after the repair"
                    + ("; the alert is resolved" if outcome.pages else ""))
    return outcome


def tell_verdict(screen: Screen, outcome: Outcome) -> None:
    verdict = outcome.verdict
    how = "an alert was sent" if outcome.story.expected.pages else "shown, no alert"
    screen.step(f"{BOLD}{verdict['component']} {verdict['class']}{END} ({verdict['level']}): {how} "
                f"{outcome.seconds:.1f} s after the injection")
    for line in textwrap.wrap(verdict["explanation"], 90):
        screen.line(f"            {line}")


def demonstrate(screen: Screen, lab: Lab, stay: bool) -> bool:
    fleet = Fleet(lab, pace=PACE)
    fleet.start()
    forwarder = Forwarder(lab.netns_path("ops"), HTTP_PORT, HTTP_PORT)
    screen.step(f"collector and {len(fleet.agents)} agents are up: checks every {PACE.checks}, "
                f"alerts after {PACE.page_after} of trouble (alerting.page_after; default 25s)")
    screen.line(f"\n          dashboard: {BOLD}http://127.0.0.1:{forwarder.port}/{END}\n")
    fleet.wait_green(progress=screen.progress)
    screen.step(f"{GREEN}all green{END}: alpha.test (with a mailbox) and beta.test, "
                f"seen from {', '.join(agent.region for agent in fleet.places)}")
    outcomes = []
    for number, (text, story) in enumerate(CHAPTERS, 1):
        screen.line(f"\n{BOLD}{number}. {text}{END}")
        outcomes.append(tell(screen, fleet, story))
    screen.line("\n" + table(outcomes))
    good = not any(outcome.problems for outcome in outcomes)
    screen.line(f"\n{GREEN}Every verdict was the expected one.{END}" if good
                else f"\n{RED}Not every verdict was the expected one.{END} "
                     f"The fleet's files are kept in {fleet.keep('demo')}")
    if stay:
        linger(screen, lab, forwarder.port)
    fleet.stop()
    forwarder.close()
    return good


def linger(screen: Screen, lab: Lab, port: int) -> None:
    screen.line(f"\nAll of it keeps running until Ctrl-C. Dashboard: http://127.0.0.1:{port}/\n"
                f"Break something yourself, from another terminal:\n"
                f"  tests/lab/lab faults\n"
                f"  tests/lab/lab inject {lab.state} dovecot-stop alpha\n"
                f"  tests/lab/lab repair {lab.state} all")
    try:
        while True:
            signal.pause()
    except KeyboardInterrupt:
        screen.line("\ncleaning up")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--stay", action="store_true",
                        help="keep everything running afterwards, until Ctrl-C")
    stay = parser.parse_args().stay
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(wish, signal.default_int_handler)
    screen = Screen()
    try:
        with Lab.up() as lab:
            screen.step("the mail world is up: 3 regions, 2 providers, signed DNS")
            return 0 if demonstrate(screen, lab, stay) else 1
    except KeyboardInterrupt:
        screen.line("\ninterrupted; everything is taken down")
        return 130
    except (Impatient, LabError, OSError, RuntimeError) as error:
        screen.line(f"demo: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
