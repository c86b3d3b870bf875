#!/usr/bin/env python3
"""The lab's own test: what it promises, seen from inside. Needs root; takes about a minute."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from selftest_case import HERE, PATIENT_S, LabTest, letter, remains
from selftest_world import OneLabTest  # noqa: F401  (run from here, too)

from maillab import Lab, observe, registry, teardown
from maillab.faults import FAULTS


class SeveralLabsTest(LabTest):
    def test_two_labs_side_by_side_do_not_touch_each_other(self):
        with Lab.up() as one, Lab.up() as other:
            self.assertNotEqual(one.id, other.id)
            one.inject("postfix-stop", "alpha")
            sent = letter(other, "eu", "send", "probe@alpha.test", "probe@beta.test")
            self.assertEqual(sent.returncode, 0, sent.stderr)
            one.down()
            self.assertEqual(remains(one.state), [])
            found = letter(other, "us", "find", "probe@beta.test", sent.stdout.strip())
            self.assertEqual(found.returncode, 0, found.stdout)
        self.assert_gone(other.state)


class ComingAndGoingTest(LabTest):
    """The command line, and that a lab goes whatever happens to whoever made it."""

    def setUp(self):
        self.state = Path(tempfile.gettempdir()).resolve() / f"postwatch-selftest-{os.getpid()}"
        self.addCleanup(self.call, "down", str(self.state))

    def call(self, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, str(HERE / "lab"), *args], text=True,
                              stdin=subprocess.DEVNULL, capture_output=True)

    def test_the_command_line(self):
        up = self.call("up", "--dir", str(self.state))
        self.assertEqual(up.returncode, 0, up.stderr)
        self.assertEqual(up.stdout.splitlines()[0], str(self.state))
        self.assertIn(str(self.state), self.call("list").stdout)
        self.assertEqual(self.call("inject", str(self.state), "postfix-stop", "beta").returncode, 0)
        self.assertIn("(postfix-stop beta)", self.call("list").stdout)
        self.assertEqual(self.call("repair", str(self.state), "all").returncode, 0)
        asked = self.call("exec", str(self.state), "ap", "--", "ip", "-4", "-br", "addr")
        self.assertIn("198.18.3.2/24", asked.stdout)
        for _ in range(2):
            self.assertEqual(self.call("down", str(self.state)).returncode, 0)
        self.assert_gone(self.state)

    def test_every_fault_is_listed(self):
        listed = [line.split()[0] for line in self.call("faults").stdout.splitlines()]
        self.assertEqual(listed, list(FAULTS))

    def test_a_directory_with_something_in_it_is_left_alone(self):
        self.state.mkdir()
        self.addCleanup(shutil.rmtree, self.state)
        (self.state / "precious").write_text("x")
        self.assertIn("not an empty directory", self.call("up", "--dir", str(self.state)).stderr)
        self.call("down", str(self.state))
        self.assertEqual((self.state / "precious").read_text(), "x")

    def owner(self, after: str) -> subprocess.Popen:
        """A process that owns a lab in self.state and then does what `after` says."""
        code = (f"import sys, time; sys.path.insert(0, {str(HERE)!r})\nfrom maillab import Lab\n"
                f"with Lab.up({str(self.state)!r}):\n    print('up', flush=True)\n    {after}\n")
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
                                   stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_a_lab_goes_with_an_owner_that_is_killed(self):
        for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            with self.subTest(how.name):
                owner = self.owner("time.sleep(600)")
                self.assertEqual(owner.stdout.readline(), "up\n")
                owner.send_signal(how)
                owner.wait()
                observe.until(lambda: remains(self.state) or None)
                self.assert_gone(self.state)

    def test_a_lab_goes_with_an_owner_that_fails(self):
        owner = self.owner("raise RuntimeError")
        self.assertNotEqual(owner.wait(), 0)
        self.assert_gone(self.state)

    def test_an_interrupted_start_leaves_nothing(self):
        for how in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for progress in ("resolv", "knot/run/knot.sock", "alpha/run/master.pid"):
                with self.subTest(f"{how.name} at {progress}"):
                    up = subprocess.Popen(
                        [sys.executable, str(HERE / "lab"), "up", "--dir", str(self.state)],
                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL)
                    observe.until(lambda: None if (self.state / progress).exists() else "no start")
                    up.send_signal(how)
                    self.assertNotEqual(up.wait(), 0)
                    observe.until(lambda: remains(self.state) or None)
                    self.assert_gone(self.state)

    def test_a_lab_that_lost_its_owner_and_its_guard_is_found_and_removed(self):
        owner = self.owner("time.sleep(600)")
        self.assertEqual(owner.stdout.readline(), "up\n")
        guard = registry.find(self.state).guard[0]
        os.kill(guard, signal.SIGKILL)
        owner.kill()
        owner.wait()
        self.assertNotEqual(remains(self.state), [])
        self.assertEqual(self.call("verify-clean").returncode, 1)
        teardown.remove(registry.find(self.state))  # what --all does, sparing other people's labs
        self.assert_gone(self.state)

    def test_a_lab_can_live_as_long_as_another_process(self):
        other = subprocess.Popen(["sleep", "600"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        up = self.call("up", "--dir", str(self.state), "--owner", str(other.pid))
        self.assertEqual(up.returncode, 0, up.stderr)
        other.kill()
        other.wait()
        observe.until(lambda: remains(self.state) or None)
        self.assert_gone(self.state)

    def test_down_leaves_no_trace(self):
        lab = Lab.up()
        lab.inject("dovecot-hang", "alpha")
        lab.inject("resolver-dead", "eu")
        stray = lab.popen("eu", ["sleep", "600"], start_new_session=True)
        lab.down()
        lab.down()
        self.assertEqual(stray.wait(), -signal.SIGKILL)
        self.assert_gone(lab.state)


if __name__ == "__main__":
    socket.setdefaulttimeout(PATIENT_S)
    unittest.main(verbosity=2)
