#!/usr/bin/env python3
"""Compares programs whose answers are known: one that says nothing, one that is right, one that pages for nothing."""
import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

import compare
import world

SAYS = """import json, sys
for component, at in %r:
    print(json.dumps({"type": "incident", "event": "open", "id": component, "at": at, "component": component,
                      "class": "x", "level": "real", "alert": True, "start_est": at, "confidence": 0.9}))
"""


class CompareTest(unittest.TestCase):
    """One scenario with one fault, judged for several programs at once."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        world.write("site", 1, os.path.join(self.folder, "site-1"))
        with open(os.path.join(self.folder, "site-1.truth.jsonl")) as lines:
            truth = [json.loads(line) for line in lines]
        self.fault = next(line for line in truth if line["type"] == "fault" and line["level"] == "real")

    def program(self, name, said):
        """NAME=COMMAND of a program that says so."""
        path = os.path.join(self.folder, name + ".py")
        with open(path, "w") as file:
            file.write(SAYS % (said,))
        return "%s=%s %s FILE" % (name, sys.executable, path)

    def compare(self, *arguments):
        """(exit status, what was printed, what --json wrote)."""
        out, records = io.StringIO(), os.path.join(self.folder, "out.json")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            status = compare.main(["--command", "", "--baselines", "", "--jobs", "1", "--json", records, *arguments])
        with open(records) as file:
            return status, out.getvalue(), json.load(file)

    def test_programs_stand_side_by_side(self):
        at, component = self.fault["start"] + 40, self.fault["component"]
        status, printed, out = self.compare(
            "--world", self.folder, "--errors", "all", "--other", self.program("mute", []),
            "--other", self.program("right", [(component, at)]),
            "--other", self.program("nervous", [(component, at), ("agent:nobody", at - 600)]))
        self.assertEqual(status, 0)
        found = out["summaries"]["all"]
        self.assertEqual([found[m]["recall"] for m in ("mute", "right", "nervous")], [0, 1, 1])
        self.assertEqual([found[m]["precision"] for m in ("mute", "right", "nervous")], [None, 1, .5])
        self.assertEqual([found[m]["false"] for m in ("mute", "right", "nervous")], [0, 0, 1])
        self.assertEqual([found[m]["alerts_per_fault"] for m in ("mute", "right", "nervous")], [0, 1, 2])
        self.assertAlmostEqual(found["right"]["seconds_p50"], 40)
        self.assertAlmostEqual(found["right"]["ece"], .1)
        self.assertEqual(out["summaries"]["site"], found)
        self.assertIn("MISS site 1: " + component, printed)
        self.assertIn("FALSE site 1: agent:nobody", printed)

    def test_a_program_that_fails_is_named_and_not_counted(self):
        status, printed, out = self.compare("--world", os.path.join(self.folder, "site-1.scenario.jsonl"),
                                            "--other", "broken=false", "--other", self.program("mute", []))
        self.assertEqual(status, 1)
        self.assertIn("BROKEN site-1: broken: exit 1", printed)
        self.assertEqual(list(out["summaries"]["all"]), ["mute"])

    def test_a_scenario_without_its_truth_is_refused(self):
        os.remove(os.path.join(self.folder, "site-1.truth.jsonl"))
        with self.assertRaisesRegex(SystemExit, "there is no .*site-1.truth.jsonl"):
            self.compare("--world", self.folder, "--other", self.program("mute", []))


if __name__ == "__main__":
    unittest.main()
