#!/usr/bin/env python3
"""The agent of the version before with the collector of today, then its upgrade.

Needs root, and a tag to build that agent from: exits 77, which counts as skipped, where there is none.
"""
import os
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from fleet_case import FleetCase
from ledgers import spool_of, stored_sequences
from programs import BIN, ROOT

previous: Path


class PreviousAgentTest(FleetCase):
    program: Path

    @classmethod
    def arrange(cls):
        cls.program = cls.fleet.folder / "bin/postwatch-agent"
        cls.program.parent.mkdir(parents=True)
        shutil.copy(previous / "postwatch-agent", cls.program)
        for agent in cls.fleet.agents.values():
            agent.run_from(cls.program)

    def test_it_reports_and_hands_over_to_the_one_of_today(self):
        fleet = self.fleet
        fleet.wait_rounds(3, list(fleet.agents))
        new = self.program.with_name("new")
        shutil.copy(BIN / "postwatch-agent", new)
        new.rename(self.program)
        for agent in fleet.agents.values():
            os.kill(agent.pid, signal.SIGUSR2)
        self.wait(self._old_programs, 60, "every agent is that of today")
        fleet.wait_rounds(3, list(fleet.agents))
        fleet.wait_green()
        fleet.stop()
        stored = stored_sequences(fleet.files.collector_db)
        for place in fleet.places:
            spool_id, last, _ = spool_of(fleet.files.agent_folder(place) / "state")
            self.assertEqual(dict(stored[place.name, spool_id]),
                             dict.fromkeys(range(1, last + 1), 1), place.name)

    def _old_programs(self) -> str | None:
        old = [name for name, agent in self.fleet.agents.items()
               if os.readlink(f"/proc/{agent.pid}/exe") != str(self.program)]
        return f"{old} still run the program before" if old else None


if __name__ == "__main__":
    built = subprocess.run([ROOT / "scripts/previous-agent"], stdout=subprocess.PIPE, text=True)
    if built.returncode == 77:
        print("SKIPPED: the agent of the version before: there is no tag to build it from", flush=True)
    if built.returncode:
        sys.exit(built.returncode)
    previous = Path(built.stdout.strip())
    unittest.main(verbosity=2)
