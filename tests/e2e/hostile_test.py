#!/usr/bin/env python3
"""Agents that are not who they say, and configurations that are wrong.

Needs root; takes under a minute.
"""
import re
import shutil
import unittest
from dataclasses import replace

from fleet_case import FleetCase
from fleet_files import GRPC_PORT, Place, write_yaml
from programs import BIN, Program, run

from maillab import observe


class ForeignAgentTest(FleetCase):
    """A healthy fleet, and somebody at its door."""

    def _intruder(self, place: Place, certified: tuple[str, str] | None) -> Program:
        """An agent that says it is `place`, with the certificate of (region, name)."""
        files = self.fleet.files
        place = replace(place, http_port=7490)
        home = files.agent_folder(place).with_name(f"intruder-{self._testMethodName}")
        settings = files.agent_settings(place)
        settings["tls"] = {key: str(home / f"{name}.pem")
                           for key, name in (("ca", "ca"), ("cert", "cert"), ("key", "key"))}
        settings["state_dir"] = str(home / "state")
        if certified:
            files.issue(home, *certified)
        else:
            self._issue_by_another_authority(home, place)
        write_yaml(home / "agent.yaml", settings)
        intruder = Program(self.fleet.lab, place.region,
                           [BIN / "postwatch-agent", "--config.file", home / "agent.yaml"],
                           self.fleet.logs / f"{home.name}.log")
        self.addCleanup(lambda: intruder.alive() and intruder.kill9())
        intruder.start()
        return intruder

    def _issue_by_another_authority(self, home, place: Place) -> None:
        ours = self.fleet.files.ca
        other = ours.with_name("other-ca")
        for argv in (["init", "--dir", other],
                     ["issue", "--dir", other, "--out", home, "agent", place.region, place.name]):
            done = run(["postwatch", "ca", *argv])
            self.assertEqual(done.returncode, 0, done.stderr)
        shutil.copy(ours / "ca.pem", home / "ca.pem")  # it trusts us; we do not trust it

    def _says(self, intruder: Program, pattern: str) -> None:
        self.wait(lambda: None if re.search(pattern, intruder.log(), re.I)
                  else f"its log: {intruder.tail()}", 20, f"'{pattern}' in the intruder's log")

    def _assert_unimpressed(self, intruder: Program) -> None:
        self.assertTrue(intruder.alive(), "a refused agent goes on trying")
        self.fleet.wait_green()
        known = {(a["agent"], a["region"]) for a in self.fleet.board()["agents"]}
        self.assertEqual(known, {(p.name, p.region) for p in self.fleet.places})

    def test_another_agents_name_is_refused_and_counted(self):
        before = self._refused()
        intruder = self._intruder(Place("eu-1", "eu", "net-eu"), ("eu", "eu-9"))
        self._says(intruder, "unauthenticated")
        self.wait(lambda: None if self._refused() > before else "not counted", 20, "the count")
        self._assert_unimpressed(intruder)

    def test_another_region_is_refused(self):
        intruder = self._intruder(Place("us-1", "us", "net-us"), ("eu", "us-1"))
        self._says(intruder, "unauthenticated")
        self._assert_unimpressed(intruder)

    def test_a_certificate_of_another_authority_is_refused(self):
        intruder = self._intruder(Place("ap-1", "ap", "net-ap"), None)
        self._says(intruder, "unavailable|handshake|certificate|cannot reach")
        self._assert_unimpressed(intruder)

    def test_garbage_at_the_grpc_port_changes_nothing(self):
        ops = self.fleet.lab.netns_path("ops")
        for noise in (b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01" + b"\xff" * 4096, b""):
            with observe.dial(ops, self.fleet.lab.collector_address, GRPC_PORT) as sock:
                sock.sendall(noise)
        self.assertTrue(self.fleet.collector.alive())
        self.fleet.wait_green()

    def _refused(self) -> float:
        """Connections the collector turned away, whatever the reason."""
        text = self.fleet.api.text("/metrics")
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if re.match(r"postwatch_collector_\w*(refused|rejected)\w*[{ ]", line))


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
