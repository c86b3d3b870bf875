#!/usr/bin/env python3
"""Replays the kept scenarios with the built program and holds what it says against the truth.

    POSTWATCH_BIN=build/dev/bin kept_test.py

Every fault of a service is found once and blamed on the right component, and nothing else pages.
"""
import glob
import gzip
import json
import os
import subprocess
import sys
import tempfile
import unittest

import judge

HERE = os.path.dirname(os.path.abspath(__file__))
KEPT = os.path.join(HERE, "kept")
PROGRAM = os.path.join(os.environ.get("POSTWATCH_BIN", "build/release/bin"), "postwatch")
SECONDS = 300    # a sanitizer build takes its time


def replay(path):
    """(exit code, incident lines as bytes, complaints)."""
    done = subprocess.run([PROGRAM, "replay", path], capture_output=True, timeout=SECONDS, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


class KeptScenarios(unittest.TestCase):
    """One test a scenario; see the bottom of the file."""

    def check(self, name):
        truth = os.path.join(KEPT, name + ".truth.jsonl")
        with tempfile.TemporaryDirectory() as folder:
            scenario = os.path.join(folder, name + ".scenario.jsonl")
            with gzip.open(os.path.join(KEPT, name + ".scenario.jsonl.gz")) as packed, open(scenario, "wb") as out:
                out.write(packed.read())
            code, said, complaints = replay(scenario)
            self.assertEqual((code, complaints), (0, ""))
            lines = [json.loads(line) for line in said.splitlines()]
            record = judge.Case(scenario, truth, lines).judge()
        self.assertEqual(record["false"], [], "pages that no fault explains")
        expected = [f for f in judge.read_lines(truth) if f["type"] == "fault" and f["level"] == "real"]
        self.assertEqual(len(record["faults"]), len(expected), "faults that anybody could see")
        for fault in record["faults"]:
            self.assertTrue(fault["hit"], "missed " + fault["component"])
            self.assertEqual(fault["pages"], 1, "pages for " + fault["component"])
            self.assertTrue(fault["right"], "%s blamed for %s" % (fault["got"], fault["component"]))


def names():
    """Of all kept scenarios."""
    packed = glob.glob(os.path.join(KEPT, "*.scenario.jsonl.gz"))
    return sorted(os.path.basename(path)[:-len(".scenario.jsonl.gz")] for path in packed)


for kept in names():
    setattr(KeptScenarios, "test_" + kept, lambda self, name=kept: self.check(name))

if __name__ == "__main__":
    if not names():
        sys.exit("no scenarios are kept in " + KEPT)
    unittest.main()
