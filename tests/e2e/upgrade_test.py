#!/usr/bin/env python3
"""Agents make way for their successors under way: nothing is missed, nothing is told twice.

Needs root; takes about a minute and a half.
"""
import os
import shutil
import signal
import time
import unittest
from pathlib import Path

from fleet_case import FleetCase
from fleet_files import Pace
from ledgers import scheduled_runs, spool_of, stored_sequences
from programs import BIN, Program

HAND_OVERS = 3
# A check of one second may miss as many slots in a row: a machine that does everything at once
# misses one or two without any hand-over.
MISSED_SLOTS = 3
INTERVAL_S = 1.0


class HandOverTest(FleetCase):
    fleet_options = {"pace": Pace(checks=f"{INTERVAL_S:g}s", roundtrip="3s", witness="2s")}
    program: Path

    @classmethod
    def arrange(cls):
        cls.program = cls.fleet.folder / "bin/postwatch-agent"
        cls.program.parent.mkdir(parents=True)
        cls.install()
        for agent in cls.fleet.agents.values():
            agent.run_from(cls.program)

    @classmethod
    def install(cls) -> None:
        """Another file in place of the program, as a package manager puts it there."""
        new = cls.program.with_name("new")
        shutil.copy(BIN / "postwatch-agent", new)
        new.rename(cls.program)

    def test_a_fleet_hands_over_without_a_gap(self):
        fleet = self.fleet
        begun = time.time()
        pids = {name: agent.pid for name, agent in fleet.agents.items()}
        for _ in range(HAND_OVERS):
            fleet.wait_rounds(3, list(fleet.agents))
            self.install()
            for agent in fleet.agents.values():
                self.assertTrue(self._program_of(agent).endswith(" (deleted)"))
                os.kill(agent.pid, signal.SIGUSR2)
            self.wait(self._old_programs, 60, "every agent is the new program")
            fleet.wait_rounds(3, list(fleet.agents))
        fleet.wait_green()
        self.assertEqual(pids, {name: agent.pid for name, agent in fleet.agents.items()})
        self.assertEqual([name for name, agent in fleet.agents.items() if not agent.alive()], [])
        told = [incident for incident in fleet.incidents() if incident["alerting"]]
        self.assertEqual((fleet.alerts(since=begun), told), ([], []), "an alert")
        codes = fleet.stop()
        self.assertEqual(codes, dict.fromkeys(codes, 0), "exit codes after SIGTERM")
        self._compare_sequences()
        self._compare_schedules()

    def _program_of(self, agent: Program) -> str:
        return os.readlink(f"/proc/{agent.pid}/exe")

    def _old_programs(self) -> str | None:
        old = [name for name, agent in self.fleet.agents.items()
               if self._program_of(agent) != str(self.program)]
        return f"{old} still run the program before" if old else None

    def _compare_sequences(self) -> None:
        stored = stored_sequences(self.fleet.files.collector_db)
        for place in self.fleet.places:
            spool_id, last, waiting = spool_of(self.fleet.files.agent_folder(place) / "state")
            counts = stored[place.name, spool_id]
            with self.subTest(place.name):
                self.assertEqual([key for key in stored if key[0] == place.name],
                                 [(place.name, spool_id)], "one spool all along")
                self.assertEqual(waiting, 0, "left in the spool after an orderly stop")
                self.assertEqual(dict(counts), dict.fromkeys(range(1, last + 1), 1), "each once")

    def _compare_schedules(self) -> None:
        worst = runs = 0
        for (agent, check), starts in scheduled_runs(self.fleet.files.collector_db).items():
            if not check.endswith("/smtp.mx"):
                continue
            starts.sort()
            gaps = [(after - before) / INTERVAL_S for before, after in zip(starts, starts[1:])]
            missed = max(round(gap) - 1 for gap in gaps)
            worst, runs = max(worst, missed), runs + len(starts)
            with self.subTest(f"{agent} {check}"):
                self.assertLessEqual(missed, MISSED_SLOTS, f"slots in a row, of {len(starts)} runs")
                self.assertGreaterEqual(min(gaps), 0.4, "a run comes twice")
        print(f"\n{HAND_OVERS} hand-overs of {len(self.fleet.agents)} agents: {runs} runs of "
              f"smtp.mx, at most {worst} slots missed in a row", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
