#!/usr/bin/env python3
"""Replays the outages told in signatures/ with the built program and holds its verdicts against theirs.

    POSTWATCH_BIN=build/dev/bin signatures_test.py [SignatureTest.test_S_01]

What is said must be what is expected and nothing else: no other page, and no other incident.
"""
import glob
import json
import os
import subprocess
import unittest

import timeline

HERE = os.path.dirname(os.path.abspath(__file__))
TOLD = os.path.join(HERE, "signatures")
PROGRAM = os.path.join(os.environ.get("POSTWATCH_BIN", "build/release/bin"), "postwatch")
SECONDS = 300     # a sanitizer build takes its time
WITHIN = 120      # seconds to a page where a file does not say
# Every outage that is known is told in signatures/, but for these.
KNOWN = 30
NOT_TOLD = {26: "maintenance windows do not exist yet"}     # announced maintenance pages nobody


def replay(scenario):
    """(exit code, incident lines, complaints)."""
    done = subprocess.run([PROGRAM, "replay", "-"], input=scenario, capture_output=True, text=True, timeout=SECONDS,
                          check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def incidents_of(lines):
    """The last line of each incident, with the second of its page."""
    found = {}
    for line in lines:
        paged = found.get(line["id"], {}).get("paged")
        if paged is None and line["alert"]:
            paged = line["at"] - timeline.START
        found[line["id"]] = line | {"paged": paged}
    return list(found.values())


def values(allowed):
    """A list of one or more allowed values."""
    return allowed if isinstance(allowed, list) else [allowed]


def differences(expected, incident):
    """What an incident says otherwise than expected; a list of values allows any of these."""
    for field, value in expected.items():
        if field != "within" and incident[field] not in values(value):
            yield "%s is %s, not %s" % (field, incident[field], " or ".join(map(str, values(value))))


class SignatureTest(unittest.TestCase):
    """One test a signature; see the bottom of the file."""

    maxDiff = None

    def test_every_signature_is_told(self):
        self.assertEqual(names(), ["S-%02d" % number for number in range(1, KNOWN + 1) if number not in NOT_TOLD])

    def check(self, name):
        told = timeline.Timeline(os.path.join(TOLD, name + ".toml"))
        code, lines, complaints = replay(told.scenario())
        self.assertEqual((code, complaints), (0, ""))
        left, wrong = incidents_of(lines), []
        for expected in told.told.get("expect", []):
            blames = values(expected["component"])
            found = next((i for i in left if i["component"] in blames), None)
            if found is None:
                wrong.append("no incident blames " + " or ".join(blames))
                continue
            left.remove(found)
            wrong += ["%s: %s" % (found["component"], text) for text in differences(expected, found)]
            took = (found["paged"] or 0) - told.began
            if expected["alert"] and took > expected.get("within", WITHIN):
                wrong.append("%s: paged after %.0f s" % (found["component"], took))
        for allowed in told.told.get("may", []):
            left = [i for i in left if any(differences(allowed, i))]
        wrong += ["nobody expects %s: %s" % ("a page" if i["alert"] else "an incident", i["explain"]) for i in left]
        said = "\n".join("%7.1f %s %s %s %s %s %s" % (
            line["at"] - timeline.START, line["event"], line["component"], line["failure_class"], line["severity"],
            line["mail_loss"], "PAGE" if line["alert"] else "-") for line in lines)
        self.assertEqual(wrong, [], "%s, %s\n%s" % (name, told.told["title"], said))


def names():
    """Of all signatures that are told."""
    return sorted(os.path.basename(path)[:-len(".toml")] for path in glob.glob(os.path.join(TOLD, "*.toml")))


for signature in names():
    setattr(SignatureTest, "test_" + signature.replace("-", "_"), lambda self, name=signature: self.check(name))

if __name__ == "__main__":
    unittest.main()
