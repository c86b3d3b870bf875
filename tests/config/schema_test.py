#!/usr/bin/env python3
"""The published schemas take the examples as they are and with the keys in their comments, and mark what is a mistake."""
import copy
import json
import os
import re
import sys
import unittest

import yaml

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import json_schema  # noqa: E402  (from there)


def read(*path):
    with open(os.path.join(ROOT, "docs", *path)) as file:
        return file.read()


def uncommented(text):
    """With "# key: value" turned into "key: value", at the same depth; prose has no colon after its first word."""
    lines = []
    for line in text.splitlines():
        match = re.match(r"( *)# ( *[a-z0-9_.]+:(?: .*)?)$", line)
        lines.append(match.group(1) + match.group(2) if match else line)
    return "\n".join(lines)


class SchemaTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.schemas = {name: json.loads(read("schema", name + ".schema.json")) for name in ("collector", "agent")}
        cls.examples = {name: read("examples", name + ".yaml") for name in cls.schemas}

    def problems(self, name, document):
        return json_schema.problems(document, self.schemas[name])

    def test_the_examples_fit(self):
        for name, text in self.examples.items():
            self.assertEqual(self.problems(name, yaml.safe_load(text)), [], name)

    def test_the_keys_in_their_comments_fit(self):
        for name, text in self.examples.items():
            document = yaml.safe_load(uncommented(text))
            self.assertGreater(len(document), len(yaml.safe_load(text)), name)
            self.assertEqual(self.problems(name, document), [], name)

    def test_mistakes_are_marked(self):
        whole = yaml.safe_load(self.examples["collector"])
        mistakes = {
            "an unknown key": lambda c: c.update(retention_days=30),
            "an unknown check": lambda c: c["targets"][0].update(checks={"dns.mxx": {}}),
            "an unknown key of a check": lambda c: c["targets"][0].update(checks={"dns.mx": {"intervall": "3s"}}),
            "no duration": lambda c: c.update(retention="a month"),
            "a written password": lambda c: c["targets"][1]["mailbox"].update(password="secret"),
            "two places of a password": lambda c: c["targets"][1]["mailbox"].update(password={"file": "a", "env": "b"}),
            "no domain": lambda c: c["targets"][0].pop("domain"),
            "a choice there is not": lambda c: c["defaults"].update({"dns.mx": {"private": "maybe"}}),
            "a sink there is not": lambda c: c.update(alerting={"sinks": [{"type": "pigeon"}]}),
            "a key of another sink": lambda c: c.update(alerting={"sinks": [{"type": "log", "url": "http://h"}]}),
        }
        for what, spoil in mistakes.items():
            document = copy.deepcopy(whole)
            spoil(document)
            self.assertNotEqual(self.problems("collector", document), [], what)

    def test_what_the_programs_take_is_not_marked(self):
        good = {
            "a variable": {"retention": "${KEEP}"},
            "several ways of a round trip": {"targets": [{"domain": "a.example", "checks": {"roundtrip.mx2": {}}}]},
            "no gap": {"defaults": {"dns.mx": {"fleet_gap": 0}}},
            "files": {"include": ["conf.d/*.yaml", "more.yaml"]},
            "an empty key": {"defaults": {"dns.mx": None}},
        }
        whole = yaml.safe_load(self.examples["collector"])
        for what, more in good.items():
            self.assertEqual(self.problems("collector", {**whole, **more}), [], what)


if __name__ == "__main__":
    unittest.main()
