#!/usr/bin/env python3
"""Two collectors share a PostgreSQL: one acts, the other takes over, and the two never act both.

Needs root; takes about two minutes.
"""
import os
import signal
import time
import unittest
from collections import Counter

from fleet_case import FleetCase
from fleet_files import Pace
from ledgers import AGENT, SEQUENCE, SPOOL_ID, VANTAGE, message, spool_of
from pair import Pair

TAKEOVER_LIMIT_S = 10.0
MAY_NOT = "this collector may act no longer"


class FailoverTest(FleetCase):
    fleet_class = Pair
    fleet_options = {"pace": Pace(checks="1s", roundtrip="3s", witness="1s",
                                  agent_silent_after="60s")}
    fleet: Pair

    def setUp(self):
        pair = self.fleet
        for seat in pair.seats:
            if not seat.program.alive():
                pair.start_seat(seat)
        pair.wait_green()
        self.begun = time.time()

    def test_one_stands_by_and_says_so(self):
        pair = self.fleet
        heir = pair.other_seat()
        self.assertEqual(pair.api.metric("postwatch_collector_active"), 1)
        self.assertEqual(heir.api.metric("postwatch_collector_active"), 0)
        self.assertEqual(heir.api.fetch("/-/ready"), (200, "ready: stands by\n"))
        self.assertEqual(heir.api.fetch("/-/reload", "POST")[0], 503)

    def test_what_the_standby_is_asked_the_other_one_answers(self):
        pair = self.fleet
        heir = pair.other_seat()
        self.assertEqual(heir.api.fetch("/"), pair.api.fetch("/"))
        asked = {"check": "alpha.test/smtp.mx", "limit": 3}
        seen = heir.api.json("/api/v1/observations", **asked)["observations"]
        self.assertEqual([o["check"] for o in seen], ["alpha.test/smtp.mx"] * 3)
        for path in ("/api/v1/observations?limit=x", "/api/v1/nothing%20here"):
            self.assertEqual(heir.api.fetch(path), pair.api.fetch(path))
        pair.collector.kill9()  # and for a moment nobody does
        status, body = heir.api.fetch("/api/v1/board")
        self.assertEqual(status, 502, body)
        self.assertIn("the one that acts", body)
        pair.wait_takeover(TAKEOVER_LIMIT_S)

    def test_killed_or_stopped_nothing_is_lost_and_nothing_doubled(self):
        pair, took = self.fleet, {}
        for how in ("kill -9", "SIGTERM", "kill -9"):
            with self.subTest(how):
                leaver = pair.seat_that_acts()
                leaver.program.kill9() if how == "kill -9" else leaver.program.stop()
                took[how] = pair.wait_takeover(TAKEOVER_LIMIT_S)
                pair.wait_green()
                pair.start_seat(leaver)
        for agent in pair.agents.values():
            self.assertEqual(agent.stop(), 0)
        self._compare()
        for agent in pair.agents.values():
            agent.start()
        print(f"\nuntil the other one acts: {_seconds(took)}", flush=True)

    def test_an_incident_goes_on_with_the_heir(self):
        pair = self.fleet
        pair.lab.inject("dovecot-stop", "alpha")
        self.addCleanup(pair.lab.repair_all)
        self.wait(lambda: self._missing("incident.opened"), 90, "the alert")
        pair.collector.kill9()
        pair.wait_takeover(TAKEOVER_LIMIT_S)
        pair.wait_rounds(3, list(pair.agents))
        self._repair_and_count()

    def test_one_that_was_held_up_ends_instead_of_acting(self):
        pair = self.fleet
        held = pair.seat_that_acts()
        os.kill(held.program.pid, signal.SIGSTOP)
        try:
            took = pair.wait_takeover(TAKEOVER_LIMIT_S)
            pair.wait_green()
            pair.lab.inject("postfix-stop", "alpha")
            self.addCleanup(pair.lab.repair_all)
            self.wait(lambda: self._missing("incident.opened"), 90, "the alert of the heir")
        finally:
            os.kill(held.program.pid, signal.SIGCONT)
        self.wait(lambda: "it still runs" if held.program.alive() else None, 20, "it ends")
        self.assertNotEqual(held.program.stop(), 0, "its exit code")
        self.assertIn(MAY_NOT, held.program.log())
        self._repair_and_count()
        print(f"\nuntil the other one acts: {_seconds({'SIGSTOP': took})}", flush=True)

    def test_one_that_is_cut_off_from_the_database_ends_and_the_other_one_acts(self):
        pair = self.fleet
        if pair.seat_that_acts().name != "second":
            pair.collector.stop()
            pair.wait_takeover(TAKEOVER_LIMIT_S)
            pair.wait_green()
        cut, heir = pair.seat_that_acts(), pair.other_seat()
        if not heir.program.alive():
            pair.start_seat(heir)
        os.kill(pair.wire.pid, signal.SIGSTOP)
        try:
            took = pair.wait_takeover(TAKEOVER_LIMIT_S)
            self.wait(lambda: "it still runs" if cut.program.alive() else None, 20, "it ends")
            self.assertNotEqual(cut.program.stop(), 0, "its exit code")
            pair.wait_green()
        finally:
            os.kill(pair.wire.pid, signal.SIGCONT)
        self.assertIn(MAY_NOT, cut.program.log())
        self.assertEqual(pair.alerts(since=self.begun), [])
        print(f"\nuntil the other one acts: {_seconds({'cut off': took})}", flush=True)

    def _repair_and_count(self) -> None:
        pair = self.fleet
        pair.lab.repair_all()
        pair.wait_green(150)
        self.wait(lambda: self._missing("incident.resolved"), 30, "the resolved alert")
        opened = pair.alerts(since=self.begun)
        self.assertEqual(len(opened), 1, [a["incident"]["component"] for a in opened])
        resolved = pair.alerts("incident.resolved", self.begun)
        self.assertEqual([a["incident"]["id"] for a in resolved], [opened[0]["incident"]["id"]])

    def _missing(self, event: str) -> str | None:
        return None if self.fleet.alerts(event, self.begun) else f"no {event}"

    def _compare(self) -> None:
        """Every sequence number that an agent ever gave out is stored exactly once."""
        pair = self.fleet
        stored = Counter()
        for (text,) in pair.database.rows("SELECT encode(sighting, 'hex') FROM observations"):
            fields = message(bytes.fromhex(text))
            stored[message(fields[VANTAGE])[AGENT].decode(), fields[SPOOL_ID].decode(),
                   fields[SEQUENCE]] += 1
        self.assertEqual([key for key, times in stored.items() if times > 1], [], "doubled")
        for place in pair.places:
            spool_id, last, waiting = spool_of(pair.files.agent_folder(place) / "state")
            lost = [n for n in range(1, last + 1) if (place.name, spool_id, n) not in stored]
            with self.subTest(place.name):
                self.assertEqual(waiting, 0, "left in the spool after an orderly stop")
                self.assertEqual(lost, [])
        print(f"\n{sum(stored.values())} observations, each stored once", flush=True)


def _seconds(took: dict[str, float]) -> str:
    return ", ".join(f"{what} {seconds:.1f} s" for what, seconds in took.items())


if __name__ == "__main__":
    unittest.main(verbosity=2)
