#!/usr/bin/env python3
"""The command line against a real mail world, and against a collector at work.

Needs root; takes about a minute.
"""
import json
import re
import subprocess
import unittest
import xml.etree.ElementTree as xml

import json_schema
from fleet_case import FleetCase
from programs import BIN, ROOT, run

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
USAGE, DATA_ERROR, NO_INPUT, CANNOT_WRITE = 64, 65, 66, 74
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

    def _assert_well(self, code: int, report: dict) -> None:
        """No check fails; what a small test domain does not publish is a warning at most."""
        failed = [f for f in report["findings"] if f["severity"] == "critical"]
        self.assertEqual(failed, [])
        self.assertIn((code, report["status"]), ((OK, "ok"), (WARNING, "warning")))

    def test_a_healthy_domain(self):
        done = self._check()
        self.assertIn(done.returncode, (OK, WARNING), done.stdout)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[-1], r"^alpha\.test: (OK|WARNING)")
        self.assertRegex(done.stdout, r"(?m)^  ok     dns\.mx +10 mail")
        self.assertNotIn("\x1b", done.stdout)
        self.assertEqual(done.stderr, "")
        self._assert_exit(self._check("--fail-on", "critical"), OK)

    def test_a_healthy_domain_as_json(self):
        code, report = self._json()
        self.assertEqual(report["domain"], "alpha.test")
        self._assert_well(code, report)
        passed = {f["check"] for f in report["findings"] if f["outcome"] == "pass"}
        self.assertLessEqual({"dns.mx", "smtp.mx"}, passed)

    def test_with_a_mailbox_the_round_trip_is_tried(self):
        code, report = self._json("--mailbox", self._mailbox_file())
        self._assert_well(code, report)
        passed = {f["check"] for f in report["findings"] if f["outcome"] == "pass"}
        self.assertLessEqual({"smtp.submit", "imap.access", "roundtrip"}, passed)

    def test_only_one_kind(self):
        code, report = self._json("--only", "dns.mx")
        self.assertEqual(code, OK)
        self.assertEqual({f["check"] for f in report["findings"]}, {"dns.mx"})

    def test_only_counts_each_time_it_is_given(self):
        _, report = self._json("--only", "dns.mx", "--only", "dns.spf")
        self.assertEqual({f["check"] for f in report["findings"]}, {"dns.mx", "dns.spf"})

    def test_what_nobody_can_read_is_no_success(self):
        for verb in (["explain", "dns_servfail"], ["explain", "--help"], ["ca", "init", "--help"]):
            with self.subTest(verb), open("/dev/full", "w") as full:
                done = subprocess.run([BIN / "postwatch", *verb], stdout=full, text=True,
                                      stderr=subprocess.PIPE, timeout=30)
                self._assert_exit(done, CANNOT_WRITE)
                self.assertIn("cannot write to the standard output", done.stderr)

    def test_progress_is_a_line_for_each_check(self):
        done = self._check("--progress", "--only", "dns.mx,smtp.mx")
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
        self.assertRegex(done.stderr, r"(?m)^2 of 2: \S+ pass, \d+ ms$")

    def test_resolvers_that_agree_are_told_once(self):
        lab = self.fleet.lab
        code, report = self._json("--only", "dns.mx", "--resolver", lab.resolver("us"),
                                  "--resolver", "127.0.0.1:1")
        views = {f["outcome"]: f["resolvers"] for f in report["findings"]}
        self.assertEqual(len(views["pass"]), 2)
        self.assertEqual(views["not_tested"], ["127.0.0.1:1"])

    def test_junit(self):
        self.fleet.lab.inject("postfix-stop", "alpha")
        done = self._check("--format", "junit")
        self._assert_exit(done, CRITICAL)
        root = xml.fromstring(done.stdout)
        self.assertEqual(root.tag, "testsuites")
        for suite in root:
            self.assertEqual([child.tag for child in suite if child.tag != "testcase"],
                             ["properties", "system-out", "system-err"])
            cases = suite.findall("testcase")
            self.assertEqual(int(suite.get("tests")), len(cases))
            for tag, count in (("failure", "failures"), ("skipped", "skipped")):
                self.assertEqual(int(suite.get(count)), len(suite.findall(f"testcase/{tag}")))
        inbound = root.find("testsuite[@name='alpha.test.inbound']")
        failure = inbound.find("testcase[@name='smtp.mx alpha.test']/failure")
        self.assertEqual(failure.get("type"), "tcp_refused")
        self.assertIn("what to do: ", failure.text)

    def test_nagios(self):
        done = self._check("--format", "nagios", "--fail-on", "critical")
        self._assert_exit(done, OK)
        first = done.stdout.splitlines()[0]
        self.assertRegex(first, r"^MAIL OK - alpha\.test: [^|]+ \| ")
        data = re.findall(r"'([^']+)'=([0-9.]+)s;;;0(?: |$)", first.split("|")[1])
        self.assertLessEqual({"dns.mx", "smtp.mx"}, {label for label, _ in data})
        self.assertFalse(any("|" in line for line in done.stdout.splitlines()[1:]))
        self.fleet.lab.inject("postfix-stop", "alpha")
        done = self._check("--format", "nagios")
        self._assert_exit(done, CRITICAL)
        self.assertTrue(done.stdout.startswith("MAIL CRITICAL - alpha.test: "), done.stdout)

    def test_sarif(self):
        self.fleet.lab.inject("postfix-stop", "alpha")
        done = self._check("--format", "sarif")
        self._assert_exit(done, CRITICAL)
        log = json.loads(done.stdout)
        self.assertEqual(log["version"], "2.1.0")
        run_ = log["runs"][0]
        rules = run_["tool"]["driver"]["rules"]
        refused = [r for r in run_["results"] if r["ruleId"] == "tcp_refused"]
        self.assertTrue(refused)
        for result in run_["results"]:
            self.assertEqual(rules[result["ruleIndex"]]["id"], result["ruleId"])
            self.assertIn(result["level"], ("error", "warning", "note"))
            self.assertTrue(result["locations"][0]["logicalLocations"][0]["name"])
        self.assertEqual(refused[0]["level"], "error")

    def test_only_what_is_new_fails(self):
        before = self.fleet.folder / "before.json"
        before.write_text(self._check("--format", "json").stdout)
        self._assert_exit(self._check("--baseline", before), OK)
        self.fleet.lab.inject("postfix-stop", "alpha")
        done = self._check("--baseline", before)
        self._assert_exit(done, CRITICAL)
        before.write_text(self._check("--format", "json").stdout)
        code, report = self._json("--baseline", before)
        self.assertEqual((code, report["status"], report["fixed"]), (OK, "ok", []))
        self.assertTrue(all(f["known"] for f in report["findings"] if f["outcome"] == "fail"))
        self.fleet.lab.repair_all()
        _, report = self._json("--baseline", before)
        self.assertIn("tcp_refused", {f["class"] for f in report["fixed"]})

    def test_a_baseline_that_is_none(self):
        path = self.fleet.folder / "none.json"
        self._assert_exit(self._check("--baseline", path), NO_INPUT)
        path.write_text("{}")
        self._assert_exit(self._check("--baseline", path), DATA_ERROR)

    def _watch(self, *argv) -> subprocess.Popen:
        lab = self.fleet.lab
        return lab.popen("eu", [BIN / "postwatch", "watch", "alpha.test", "--resolver",
                                lab.resolver("eu"), "--ca-file", lab.ca_file, "--only",
                                "dns.mx,smtp.mx", "--every", "5s", "--timeout", "4s", *argv],
                         text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)

    def test_watching_tells_what_gets_worse(self):
        watch = self._watch("--for", "20s", "--format", "json")
        first = json.loads(watch.stdout.readline())
        self.assertEqual((first["event"], first["domain"]), ("start", "alpha.test"))
        self.fleet.lab.inject("postfix-stop", "alpha")
        rest, err = watch.communicate(timeout=60)
        events = [json.loads(line) for line in rest.splitlines()]
        self.assertEqual(watch.returncode, CRITICAL, rest + err)
        self.assertEqual(events[-1]["status"], "critical")
        told = [(e["event"], e["finding"]["class"]) for e in events if "finding" in e]
        self.assertIn(("appeared", "tcp_refused"), told)
        self.assertIn(("confirmed", "tcp_refused"), told)

    def test_watching_a_healthy_domain(self):
        out, err = (watch := self._watch("--for", "10s")).communicate(timeout=60)
        self.assertEqual(watch.returncode, OK, out + err)
        self.assertTrue(out.endswith("nothing is worse than before\n"), out)

    def test_explaining_offline(self):
        for argv, start in ((["dns_servfail"], "dns_servfail: "), (["4.2.2"], "4.2.2  "),
                            (["550", "5.1.1", "No", "such", "user"], "550    "),
                            (["v=spf1 mx -all"], "SPF "), (["10 mx.alpha.test"], "MX ")):
            with self.subTest(argv):
                done = run(["postwatch", "explain", *argv])
                self._assert_exit(done, OK)
                self.assertTrue(done.stdout.startswith(start), done.stdout)
        done = run(["postwatch", "explain", "dns_servfial"])
        self._assert_exit(done, USAGE)
        self.assertIn("did you mean dns_servfail?", done.stderr)

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
        for argv in (["check"], ["check", "no domain"], ["check", "192.0.2.1"],
                     ["check", "alpha.test", "--paint"],
                     ["check", "alpha.test", "--format", "pdf"],
                     ["check", "alpha.test", "--only", "telepathy"],
                     ["check", "alpha.test", "--color", "pink"],
                     ["watch", "alpha.test", "--for", "1s"], ["watch"], ["gossip"], []):
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
