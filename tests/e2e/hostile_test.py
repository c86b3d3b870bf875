#!/usr/bin/env python3
"""Agents that are not who they say, and configurations that are wrong.

Needs root; takes under a minute.
"""
import re
import shutil
import unittest
from pathlib import Path

from fleet_case import FleetCase
from fleet_files import GRPC_PORT, Place, write_yaml
from programs import BIN, Program, run
from raw_grpc import field
from raw_uplink import call, hello

from maillab import observe


class ForeignAgentTest(FleetCase):
    """A healthy fleet, and somebody at its door."""

    def setUp(self):
        self.addCleanup(self._assert_unimpressed)

    def _assert_unimpressed(self) -> None:
        self.assertTrue(self.fleet.collector.alive())
        self.fleet.wait_green()
        known = {(a["agent"], a["region"]) for a in self.fleet.board()["agents"]}
        self.assertEqual(known, {(p.name, p.region) for p in self.fleet.places})

    def _certificate(self, region: str, name: str) -> Path:
        folder = self.fleet.folder / f"door-{region}-{name}"
        if not folder.exists():
            self.fleet.files.issue(folder, region, name)
        return folder

    def _call(self, identity: Path | None, *messages: bytes) -> str:
        lab = self.fleet.lab
        return call(lab.netns_path("us"), lab.collector_address, identity, list(messages))

    def _ended(self, code: str) -> float:
        """How many streams the collector ended with this status."""
        sign = f'postwatch_ingest_streams_ended_total{{code="{code}"}} '
        return sum(float(line.removeprefix(sign)) for line in
                   self.fleet.api.text("/metrics").splitlines() if line.startswith(sign))

    def _assert_refused(self, code: str, identity: Path, *messages: bytes) -> None:
        before = self._ended(code)
        self.assertEqual(self._call(identity, *messages), code)
        self.assertEqual(self._ended(code), before + 1, "counted")

    def test_another_agents_name_is_refused_and_counted(self):
        self._assert_refused("UNAUTHENTICATED", self._certificate("eu", "eu-9"),
                             hello("eu-1", "eu"))
        self.assertIn("UNAUTHENTICATED", self.fleet.collector.log())

    def test_another_region_is_refused(self):
        self._assert_refused("UNAUTHENTICATED", self._certificate("eu", "eu-9"),
                             hello("eu-9", "us"))

    def test_what_is_out_of_bounds_is_refused(self):
        door = self._certificate("eu", "eu-9")
        self._assert_refused("INVALID_ARGUMENT", door, hello("eu-9", "eu", f6="v" * 1000))
        self._assert_refused("INVALID_ARGUMENT", door, field(2, field(1, 1)))  # no Hello first

    def test_without_a_certificate_of_an_agent_nobody_gets_in(self):
        with self.assertRaises(OSError):
            self._call(None, hello("eu-1", "eu"))
        with self.assertRaises(OSError):  # the collector's own certificate serves, it cannot call
            self._call(self.fleet.folder / "collector", hello("eu-1", "eu"))

    def test_an_agent_does_not_start_with_the_certificate_of_another(self):
        intruder = self._intruder(self._certificate("eu", "eu-9"))
        self.wait(lambda: "it runs" if intruder.alive() else None, 20, "the agent has ended")
        self.assertRegex(intruder.log(), "cert.pem is not the certificate of agent 'eu-1'")

    def test_an_agent_of_another_authority_is_refused_and_goes_on_trying(self):
        home = self.fleet.folder / "other"
        other = self.fleet.folder / "other-ca"
        for argv in (["init", "--dir", other],
                     ["issue", "--dir", other, "--out", home, "agent", "eu", "eu-1"]):
            done = run(["postwatch", "ca", *argv])
            self.assertEqual(done.returncode, 0, done.stderr)
        shutil.copy(self.fleet.files.ca / "ca.pem", home)  # it trusts us; we do not trust it
        intruder = self._intruder(home)
        self.wait(lambda: None if "no connection to the collector" in intruder.log()
                  else intruder.tail(), 20, "a refusal in the intruder's log")
        self.assertTrue(intruder.alive())

    def _intruder(self, tls: Path) -> Program:
        """A real agent that says it is eu-1, with whatever identity is in `tls`."""
        files = self.fleet.files
        home = self.fleet.folder / self._testMethodName
        settings = files.agent_settings(Place("eu-1", "eu", "net-eu", http_port=7490))
        settings["tls"] = {key: str(tls / f"{name}.pem")
                           for key, name in (("ca", "ca"), ("cert", "cert"), ("key", "key"))}
        settings["state_dir"] = str(home / "state")
        write_yaml(home / "agent.yaml", settings)
        intruder = Program(self.fleet.lab, "eu",
                           [BIN / "postwatch-agent", "--config.file", home / "agent.yaml"],
                           self.fleet.logs / f"{self._testMethodName}.log")
        self.addCleanup(lambda: intruder.alive() and intruder.kill9())
        intruder.start()
        return intruder

    def test_garbage_at_the_grpc_port_changes_nothing(self):
        ops = self.fleet.lab.netns_path("ops")
        for noise in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 4096, b""):
            with observe.dial(ops, self.fleet.lab.collector_address, GRPC_PORT) as sock:
                sock.sendall(noise)


class ConfigurationTest(FleetCase):
    """--config.check on the real files, and on broken copies of them."""

    running = False

    def _check(self, program: str, path) -> tuple[int, str]:
        done = run([program, "--config.check", "--config.file", path])
        return done.returncode, done.stdout + done.stderr

    def test_the_fleets_own_files_are_right(self):
        files = self.fleet.files
        self.assertEqual(self._check("postwatch-collector", files.collector_config)[0], 0)
        for place in self.fleet.places:
            code, said = self._check("postwatch-agent", files.agent_config(place))
            self.assertEqual(code, 0, said)

    def test_all_mistakes_of_a_collectors_file_are_named_at_once(self):
        path = self.fleet.folder / "bad-collector.yaml"
        text = self.fleet.files.collector_config.read_text()
        text = text.replace("round_trip_floor: 1s", "round_trip_flor: 1s")
        text = text.replace("domain: beta.test", "domain: beta test")
        path.write_text(text.replace("agent_silent_after: 8s", "agent_silent_after: soon"))
        self._assert_mistakes("postwatch-collector", path, (
            ("round_trip_flor:", "round_trip_flor"),
            ("agent_silent_after: soon", "agent_silent_after"),
            ("beta test", "targets[1].domain")))

    def test_all_mistakes_of_an_agents_file_are_named_at_once(self):
        path = self.fleet.folder / "bad-agent.yaml"
        text = self.fleet.files.agent_config(self.fleet.places[0]).read_text()
        text = text.replace("name: eu-1", "name: EU 1")
        text = text.replace("resolver: 198.18.1.53:53", "resolver: nearby")
        path.write_text(text + "colour: blue\n")
        self._assert_mistakes("postwatch-agent", path, (
            ("name: EU 1", "agent.name"), ("resolver: nearby", "resolver"),
            ("colour: blue", "colour")))

    def _assert_mistakes(self, program: str, path, mistakes) -> None:
        code, said = self._check(program, path)
        self.assertEqual(code, 1, said)
        lines = path.read_text().splitlines()
        for text, key in mistakes:
            number = next(n for n, line in enumerate(lines, 1) if text in line)
            self.assertRegex(said, rf"(?m){re.escape(path.name)}:{number}: {re.escape(key)}: .+")

    def test_a_program_refuses_to_start_on_a_wrong_file(self):
        path = self.fleet.folder / "wrong.yaml"
        path.write_text("targets: []\n")
        for program in ("postwatch-collector", "postwatch-agent"):
            done = run([program, "--config.file", path], timeout=20)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("wrong.yaml", done.stdout + done.stderr)

    def test_version_and_help(self):
        for program in ("postwatch-collector", "postwatch-agent", "postwatch"):
            for flag in ("--version", "--help"):
                done = run([program, flag])
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertTrue(done.stdout.strip())


if __name__ == "__main__":
    unittest.main(verbosity=2)
