#!/usr/bin/env python3
"""Nothing acknowledged is lost and nothing counts twice, whoever is killed at whatever moment.

Needs root; takes about three minutes.
"""
import time
import unittest

from fleet_case import FleetCase
from fleet_files import Pace
from ledgers import spool_of, stored_sequences, watermarks

KILLS = 4
# What one agent sees in an hour at the default intervals: five checks a minute of a target with
# mailbox and two of one without.
AN_HOUR = 60 * 7


class ObservationsTest(FleetCase):
    """One-second intervals, so that there is always something in flight."""
    fleet_options = {"pace": Pace(checks="1s", roundtrip="3s", witness="1s",
                                  agent_silent_after="60s")}

    def test_every_sequence_number_is_stored_exactly_once(self):
        fleet = self.fleet
        for kill in range(KILLS):
            with self.subTest(f"agent killed, {kill + 1}"):
                self._wait_for_growth(7 * kill + 5)
                fleet.agents["eu-1"].kill9()
                fleet.agents["eu-1"].start()
            with self.subTest(f"collector killed, {kill + 1}"):
                self._wait_for_growth(11 * kill + 3)
                fleet.collector.kill9()
                fleet.start_collector()
        self._collector_away_for_an_hour()
        fleet.wait_green()
        codes = fleet.stop()
        self.assertEqual(codes, dict.fromkeys(codes, 0), "exit codes after SIGTERM")
        self._compare()

    def _wait_for_growth(self, by: int) -> None:
        """Until the collector of this run has taken so many observations more, of any agent."""
        before = self._stored()
        self.wait(lambda: None if self._stored() >= before + by else "not enough is stored", 30,
                  f"{by} observations more")

    def _stored(self) -> int:
        newest = self.fleet.observations(limit=3)
        return sum(seen["sequence"] for seen in newest) // max(len(newest), 1)

    def _collector_away_for_an_hour(self) -> None:
        fleet = self.fleet
        fleet.collector.kill9()
        self.wait(self._spools_below(AN_HOUR), 120, "an hour's worth in every spool")
        fleet.agents["us-1"].kill9()  # a full spool survives it, too
        fleet.agents["us-1"].start()
        fleet.start_collector()
        self.wait(self._spools_above(20), 60, "the spools have drained")

    def _waiting(self, name: str) -> float:
        return self.fleet.agent_api(name).metric("postwatch_agent_spool_observations")

    def _spools_below(self, wanted: int):
        def problem():
            for name in self.fleet.agents:
                if (waiting := self._waiting(name)) < wanted:
                    return f"{name} has {waiting:g} in its spool"
            return None
        return problem

    def _spools_above(self, wanted: int):
        def problem():
            for name in self.fleet.agents:
                if (waiting := self._waiting(name)) > wanted:
                    return f"{name} still has {waiting:g} in its spool"
            return None
        return problem

    def _compare(self) -> None:
        database = self.fleet.files.collector_db
        stored, marks = stored_sequences(database), watermarks(database)
        total = 0
        for place in self.fleet.places:
            spool_id, last, waiting = spool_of(self.fleet.files.agent_folder(place) / "state")
            key = (place.name, spool_id)
            counts = stored[key]
            with self.subTest(place.name):
                self.assertEqual(waiting, 0, "left in the spool after an orderly stop")
                self.assertEqual(sorted(set(range(1, last + 1)) - set(counts)), [], "lost")
                self.assertEqual([n for n, times in counts.items() if times > 1], [], "doubled")
                self.assertEqual(max(counts), last, "more stored than was ever sent")
                self.assertEqual(marks[key], last, "the watermark")
            total += last
        print(f"\n{total} observations, {KILLS} kills of an agent and of the collector each, "
              f"then an hour's worth without a collector: each stored once", flush=True)


class IncidentsTest(FleetCase):
    """Incidents and alerts when the collector dies at the worst moments."""

    def setUp(self):
        self.fleet.wait_green()
        self.begun = time.time()

    def test_a_collector_killed_before_the_alert_tells_once(self):
        fleet = self.fleet
        fleet.lab.inject("dovecot-stop", "alpha")
        self.addCleanup(fleet.lab.repair_all)
        self.wait(self._no_failure, 30, "a stored failure")
        fleet.collector.kill9()
        fleet.start_collector()
        self.wait(lambda: self._missing("incident.opened"), 90, "the alert")
        fleet.collector.kill9()
        fleet.start_collector()
        self._repair_and_count()

    def test_an_alert_decided_but_not_delivered_survives(self):
        fleet = self.fleet
        fleet.refuse_file.touch()
        self.addCleanup(fleet.refuse_file.unlink, missing_ok=True)
        fleet.lab.inject("cert-expired", "alpha")
        self.addCleanup(fleet.lab.repair_all)
        self.wait(self._no_try, 90, "a delivery tried in vain")
        fleet.collector.kill9()
        fleet.refuse_file.unlink()
        fleet.start_collector()
        self.wait(lambda: self._missing("incident.opened"), 90, "the alert after the restart")
        tried = {r["body"]["delivery_id"] for r in fleet.requests()
                 if r["refused"] and r["at"] >= self.begun}
        got = {alert["delivery_id"] for alert in fleet.alerts(since=self.begun)}
        self.assertEqual(got & tried, got, "the same delivery, not a new one")
        self._repair_and_count()

    def test_a_collector_killed_during_recovery_ends_it_once(self):
        fleet = self.fleet
        fleet.lab.inject("postfix-stop", "alpha")
        self.addCleanup(fleet.lab.repair_all)
        self.wait(lambda: self._missing("incident.opened"), 90, "the alert")
        fleet.lab.repair_all()
        self.wait(self._no_pass_after_repair(), 30, "a first success")
        fleet.collector.kill9()
        fleet.start_collector()
        self._repair_and_count()

    def _repair_and_count(self) -> None:
        """One opened and one resolved alert, of the same incident; one incident that alerts."""
        fleet = self.fleet
        fleet.lab.repair_all()
        fleet.wait_green(150)
        self.wait(lambda: self._missing("incident.resolved"), 30, "the resolved alert")
        opened = fleet.alerts(since=self.begun)
        resolved = fleet.alerts("incident.resolved", self.begun)
        self.assertEqual([a["incident"]["component"] for a in opened][1:], [], "told once")
        self.assertEqual([a["incident"]["id"] for a in resolved],
                         [a["incident"]["id"] for a in opened])
        alerting = [i for i in fleet.incidents() if i["alerting"]
                    and i["id"] in {a["incident"]["id"] for a in opened}]
        self.assertEqual([i["state"] for i in alerting], ["resolved"])

    def _missing(self, event: str) -> str | None:
        return None if self.fleet.alerts(event, self.begun) else f"no {event}"

    def _no_failure(self) -> str | None:
        seen = self.fleet.observations(outcome="fail", since=int(self.begun), limit=5)
        return None if seen else "no failure is stored"

    def _no_try(self) -> str | None:
        tried = [r for r in self.fleet.requests() if r["refused"] and r["at"] >= self.begun]
        return None if tried else "nothing was sent"

    def _no_pass_after_repair(self):
        now = int(time.time())

        def problem() -> str | None:
            seen = self.fleet.observations(check="alpha.test/smtp.mx", outcome="pass", since=now,
                                           limit=5)
            return None if seen else "no success is stored"
        return problem


if __name__ == "__main__":
    unittest.main(verbosity=2)
