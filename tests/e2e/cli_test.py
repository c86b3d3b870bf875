#!/usr/bin/env python3
"""The command line against a real mail world, and against a collector at work.

Needs root; takes about a minute.
"""
import json
import subprocess
import unittest

import json_schema
from fleet_case import FleetCase
from programs import BIN, ROOT, run

OK, WARNING, CRITICAL, UNKNOWN, USAGE = 0, 1, 2, 3, 64
SCHEMA = ROOT / "docs/schema/check.schema.json"


class CheckTest(FleetCase):
    fleet_options = {"mailbox_domains": ()}

    def setUp(self):
        self.addCleanup(self.fleet.lab.repair_all)

    def _in(self, region: str, *argv) -> subprocess.CompletedProcess:
        return self.fleet.lab.run(region, [BIN / "postwatch", *argv], text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL, timeout=120)

    def _check(self, *argv, region: str = "eu") -> subprocess.CompletedProcess:
        lab = self.fleet.lab
        return self._in(region, "check", "alpha.test", "--resolver", lab.resolver(region),
                        "--ca-file", lab.ca_file, "--timeout", "20s", *argv)

    def _assert_exit(self, done: subprocess.CompletedProcess, code: int) -> None:
        self.assertEqual(done.returncode, code, f"{done.stdout}\n{done.stderr}")

    def _mailbox_file(self) -> str:
        path = self.fleet.folder / "mailbox.yaml"
        path.write_text("address: probe@alpha.test\npassword: {file: "
                        f"{self.fleet.lab.password_file('alpha.test', 'probe')}}}\n")
        return str(path)

    def _json(self, *argv) -> tuple[int, dict]:
        done = self._check("--format", "json", *argv)
        report = json.loads(done.stdout)
        self.assertEqual(json_schema.problems(report, json.loads(SCHEMA.read_text())), [])
        return done.returncode, report

    def test_a_healthy_domain(self):
        done = self._check()
        self._assert_exit(done, OK)
        self.assertIn("alpha.test", done.stdout)

    def test_a_healthy_domain_as_json(self):
        code, report = self._json()
        self.assertEqual((code, report["status"], report["domain"]), (OK, "ok", "alpha.test"))
        passed = {f["check"] for f in report["findings"] if f["outcome"] == "pass"}
        self.assertLessEqual({"dns.mx", "smtp.mx"}, passed)

    def test_with_a_mailbox_the_round_trip_is_tried(self):
        code, report = self._json("--mailbox", self._mailbox_file())
        self.assertEqual((code, report["status"]), (OK, "ok"), report)
        passed = {f["check"] for f in report["findings"] if f["outcome"] == "pass"}
        self.assertLessEqual({"smtp.submit", "imap.access", "roundtrip"}, passed)

    def test_only_one_kind(self):
        code, report = self._json("--only", "dns.mx")
        self.assertEqual(code, OK)
        self.assertEqual({f["check"] for f in report["findings"]}, {"dns.mx"})

    def test_a_dead_mail_host_is_critical(self):
        self.fleet.lab.inject("postfix-stop", "alpha")
        code, report = self._json()
        self.assertEqual((code, report["status"]), (CRITICAL, "critical"))
        self.assertIn("tcp_refused", {f.get("class") for f in report["findings"]})
        self._assert_exit(self._check(), CRITICAL)

    def test_an_expired_certificate_is_found(self):
        self.fleet.lab.inject("cert-expired", "alpha")
        _, report = self._json()
        self.assertIn("tls_cert_expired", {f.get("class") for f in report["findings"]})
        self.assertNotEqual(report["status"], "ok")

    def test_a_dead_resolver_says_nothing_about_the_domain(self):
        self.fleet.lab.inject("resolver-dead", "eu")
        code, report = self._json()
        self.assertEqual((code, report["status"]), (UNKNOWN, "unknown"))

    def test_a_mailbox_nobody_serves_cannot_be_tested(self):
        path = self.fleet.folder / "nowhere.yaml"
        path.write_text("address: probe@neutral.test\npassword: {file: "
                        f"{self.fleet.lab.password_file('alpha.test', 'probe')}}}\n")
        lab = self.fleet.lab
        done = self._in("eu", "check", "neutral.test", "--resolver", lab.resolver("eu"),
                        "--ca-file", lab.ca_file, "--mailbox", path, "--only", "imap.access")
        self._assert_exit(done, UNKNOWN)

    def test_usage(self):
        for argv in (["check"], ["check", "no domain"], ["check", "alpha.test", "--colour"],
                     ["check", "alpha.test", "--format", "pdf"],
                     ["check", "alpha.test", "--only", "telepathy"], ["gossip"], []):
            with self.subTest(argv):
                done = run(["postwatch", *argv])
                self._assert_exit(done, USAGE)
                self.assertTrue(done.stderr.strip())


class ShowTest(FleetCase):
    """incidents and agents, as the collector tells."""

    def _in_ops(self, *argv) -> subprocess.CompletedProcess:
        return self.fleet.lab.run("ops", [BIN / "postwatch", *argv], text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL, timeout=30)

    def test_agents(self):
        done = self._in_ops("agents")
        self.assertEqual(done.returncode, OK, done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines],
                         sorted(place.name for place in self.fleet.places))
        for line in lines:
            self.assertIn("connected", line)

    def test_incidents(self):
        self.assertEqual(self._in_ops("incidents").stdout.strip(), "none")
        self.addCleanup(self.fleet.lab.repair_all)
        self.fleet.lab.inject("dovecot-stop", "alpha")
        self.wait(lambda: None if self.fleet.alerts() else "no alert", 90, "an alert")
        done = self._in_ops("incidents")
        self.assertIn("tcp_refused", done.stdout)
        self.assertIn("alert sent", done.stdout)
        whole = json.loads(self._in_ops("incidents", "--format", "json").stdout)
        self.assertIn(self.fleet.alerts()[0]["incident"]["id"],
                      [incident["id"] for incident in whole["incidents"]])
        told = self._in_ops("explain")
        self.assertEqual(told.returncode, OK, told.stderr)
        self.assertTrue(told.stdout.startswith("It is the provider: "), told.stdout)
        for part in ("OPEN for ", "Paged as ", "FAILING", "tcp_refused: ", "Paged: yes. ",
                     "WHAT HAPPENS TO MAIL\n", "WHAT TO DO\n", "opened: "):
            self.assertIn(part, told.stdout)
        self.assertLessEqual(max(len(line) for line in told.stdout.splitlines()), 96)

    def test_only_a_retired_agent_is_forgotten(self):
        name = self.fleet.places[0].name
        refused = self._in_ops("agents", "forget", name)
        self.assertEqual(refused.returncode, UNKNOWN)
        self.assertIn("is connected", refused.stderr)
        self.assertIn(name, self._in_ops("agents").stdout)
        unknown = self._in_ops("agents", "forget", "nobody")
        self.assertEqual(unknown.returncode, UNKNOWN)
        self.assertIn("there is no agent 'nobody'", unknown.stderr)

    def test_without_a_collector(self):
        done = self._in_ops("incidents", "--collector", "http://127.0.0.1:1")
        self.assertEqual(done.returncode, UNKNOWN)
        self.assertIn("127.0.0.1:1", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
