#!/usr/bin/env python3
"""No room on the disk, of the collector and of an agent: both go on, say so, and mend by themselves.

The disks are small file systems in memory, really full, in a mount namespace of this test. Needs
root; takes about a minute.
"""
import os
import subprocess
import sys
import time
import unittest
from pathlib import Path

from fleet_case import FleetCase
from fleet_files import Pace, write_yaml
from ledgers import spool_of, stored_sequences

OWN_NAMESPACE = "--in-a-mount-namespace"
FULL = "the spool cannot be written"


class SmallDisk:
    """A file system of its own, on a folder that need not exist."""

    def __init__(self, folder: Path, size: str):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "none", folder],
                       check=True)
        self._folder, self._ballast = folder, folder / "ballast"

    def unmount(self) -> None:
        """Also while it is in use."""
        subprocess.run(["umount", "--lazy", self._folder], check=True)

    def fill(self) -> None:
        """To the last byte."""
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 4096):
                    pass
            except OSError:
                pass

    def make_room(self) -> None:
        self._ballast.unlink(missing_ok=True)


class DiskFullTest(FleetCase):
    fleet_options = {"pace": Pace(agent_silent_after="60s")}
    running = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        fleet, files = cls.fleet, cls.fleet.files
        cls.store = SmallDisk(fleet.folder / "store", "16m")
        cls.addClassCleanup(cls.store.unmount)
        cls.state = SmallDisk(fleet.folder / "eu-1/state", "4m")
        cls.addClassCleanup(cls.state.unmount)
        files.collector_db = fleet.folder / "store/collector.db"
        write_yaml(files.collector_config, files.collector_settings())
        fleet.receiver.start()
        fleet.start_collector()
        for agent in fleet.agents.values():
            agent.start()

    def setUp(self):
        self.fleet.wait_green()
        self.begun = time.time()

    def test_an_agent_without_room_goes_on_and_says_so(self):
        fleet, agent = self.fleet, self.fleet.agent_api("eu-1")
        self.state.fill()
        self.addCleanup(self.state.make_room)
        self.wait(lambda: None if FULL in self._problems("eu-1") else "no problem is told", 60,
                  "the agent says that its disk is full")
        self.assertEqual(agent.metric("postwatch_agent_spool_writable"), 0)
        self.assertIn(FULL.removeprefix("the spool "), agent.fetch("/-/ready")[1])
        fleet.wait_rounds(3, ["eu-1"])
        self.assertEqual(agent.metric("postwatch_agent_lost_observations_total"), 0)
        self.assertEqual(agent.metric("postwatch_agent_spool_writable"), 0, "still full")
        self.state.make_room()
        fleet.wait_green()
        self.assertEqual(agent.metric("postwatch_agent_spool_writable"), 1)

    def test_a_collector_without_room_alerts_and_loses_nothing(self):
        fleet = self.fleet
        self.store.fill()
        self.addCleanup(self.store.make_room)
        self.wait(lambda: None if "make room" in (fleet.api.ready_problem() or "")
                  else "it says that it is ready", 60, "the collector says that its disk is full")
        self.assertEqual(fleet.api.metric("postwatch_store_writable"), 0)
        self._a_fault_is_told_and_its_end()
        self.assertIn("make room", fleet.api.ready_problem(), "still full")
        told = fleet.collector.log().count(" failed ")
        self.assertLess(told, 2 + (time.time() - self.begun) / 60, "lines about it in the log")
        self._mends_by_itself()
        fleet.collector.kill9()  # what was decided meanwhile is known to the next
        fleet.start_collector()
        fleet.wait_green()
        self.assertEqual([alert["incident"]["id"] for alert in fleet.alerts(since=self.begun)],
                         [self.incident], "told once")
        self.assertEqual([i["state"] for i in fleet.incidents() if i["id"] == self.incident],
                         ["resolved"])
        self._nothing_is_lost()

    def _problems(self, name: str) -> str:
        board = self.fleet.board()
        return "\n".join(p for a in board["agents"] if a["agent"] == name for p in a["problems"])

    def _a_fault_is_told_and_its_end(self) -> None:
        fleet = self.fleet
        fleet.lab.inject("dovecot-stop", "alpha")
        self.addCleanup(fleet.lab.repair_all)
        self.wait(lambda: self._missing("incident.opened"), 90, "the alert")
        self.incident = fleet.alerts(since=self.begun)[0]["incident"]["id"]
        self.assertGreater(fleet.api.metric("postwatch_ingest_unstored_total"), 0)
        fleet.lab.repair_all()
        self.wait(lambda: self._missing("incident.resolved"), 120, "that it is resolved")

    def _missing(self, event: str) -> str | None:
        return None if self.fleet.alerts(event, self.begun) else f"no {event}"

    def _mends_by_itself(self) -> None:
        fleet = self.fleet
        self.store.make_room()
        self.wait(fleet.api.ready_problem, 30, "the collector is ready again")
        self.wait(self._waiting, 60, "the spools have drained")
        fleet.wait_green()

    def _waiting(self) -> str | None:
        for name in self.fleet.agents:
            left = self.fleet.agent_api(name).metric("postwatch_agent_spool_observations")
            if left > 20:
                return f"{name} still has {left:g} in its spool"
        return None

    def _nothing_is_lost(self) -> None:
        fleet = self.fleet
        codes = fleet.stop()
        self.addCleanup(self._start_again)
        self.assertEqual(codes, dict.fromkeys(codes, 0), "exit codes after SIGTERM")
        stored = stored_sequences(fleet.files.collector_db)
        for place in fleet.places:
            spool_id, last, waiting = spool_of(fleet.files.agent_folder(place) / "state")
            counts = stored[place.name, spool_id]
            with self.subTest(place.name):
                self.assertEqual(waiting, 0, "left in the spool after an orderly stop")
                self.assertEqual(sorted(set(range(1, last + 1)) - set(counts)), [], "lost")
                self.assertEqual([n for n, times in counts.items() if times > 1], [], "doubled")

    def _start_again(self) -> None:
        self.fleet.receiver.start()
        self.fleet.start_collector()
        for agent in self.fleet.agents.values():
            agent.start()


if __name__ == "__main__":
    if OWN_NAMESPACE not in sys.argv:
        if os.geteuid() != 0:
            print("SKIPPED: a full disk needs a file system of its own, and that needs root")
            sys.exit(77)
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                              *sys.argv, OWN_NAMESPACE])
    sys.argv.remove(OWN_NAMESPACE)
    unittest.main(verbosity=2)
