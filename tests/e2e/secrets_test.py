#!/usr/bin/env python3
"""No password, and nothing a password can be made of, in anything the programs write or say.

Needs root; takes about five minutes.
"""
import base64
import re
import secrets
import time
import unittest
from pathlib import Path

from fleet_case import FleetCase

USER = "probe@alpha.test"


def shapes(secret: str, user: str) -> dict[str, bytes]:
    """The forms in which a secret travels in mail protocols, and how it may sit in base64."""
    raw = secret.encode()
    found = {"plain": raw, "hex": raw.hex().encode()}
    for name, text in (("base64", raw), ("SASL PLAIN", b"\0" + user.encode() + b"\0" + raw),
                       ("SASL PLAIN with authorization", user.encode() + b"\0" + user.encode()
                        + b"\0" + raw)):
        found[name] = base64.b64encode(text).rstrip(b"=")
    for shift in (1, 2):  # inside a longer text, at any offset
        inside = base64.b64encode(b"x" * shift + raw)
        found[f"base64 shifted by {shift}"] = inside[4:len(inside) - 4]
    return found


class SecretsTest(FleetCase):
    def setUp(self):
        files = self.fleet.files
        self.password = files.password("alpha.test").read_text()
        self.wrong = "Wrong-" + secrets.token_urlsafe(18)
        fleet_key = files.fleet_key.read_text().strip()
        self.secrets = {"password": shapes(self.password, USER),
                        "wrong password": shapes(self.wrong, USER),
                        "fleet key": shapes(fleet_key, USER) | {
                            "bytes": bytes.fromhex(fleet_key),
                            "base64 of the bytes": base64.b64encode(bytes.fromhex(fleet_key))},
                        "webhook secret": shapes(files.webhook_secret.read_text().strip(), USER)}

    def test_the_search_finds_what_is_there(self):
        text = b"AUTH PLAIN " + base64.b64encode(b"\0" + USER.encode() + b"\0"
                                                 + self.password.encode())
        self.assertIn("SASL PLAIN", [name for name, shape in self.secrets["password"].items()
                                     if shape in text])
        self.assertFalse([name for name, shape in self.secrets["wrong password"].items()
                          if shape in text])

    def test_no_secret_is_written_or_said(self):
        self._live_through_faults()
        said = self._what_is_said()
        self.fleet.stop()
        places = said | self._what_is_written()
        self.assertGreater(sum(len(text) for text in places.values()), 100_000)
        leaks = [f"{whose} ({shape}) in {place}" for place, text in places.items()
                 for whose, forms in self.secrets.items() for shape, form in forms.items()
                 if form in text]
        self.assertEqual(leaks, [])

    def _live_through_faults(self) -> None:
        """A wrong password, and faults that break off a login at different points."""
        fleet, file = self.fleet, self.fleet.files.password("alpha.test")
        begun = time.time()
        file.write_text(self.wrong)
        self.wait(lambda: self._not_failing("alpha.test/imap.access", "*auth*", begun), 60,
                  "a refused IMAP login")
        self.wait(lambda: self._not_failing("alpha.test/smtp.submit", "*auth*", begun), 60,
                  "a refused SMTP login")
        self.wait(lambda: None if fleet.alerts(since=begun) else "no alert", 90,
                  "an alert about the login")
        file.write_text(self.password)
        fleet.wait_green(150)  # agents try a password that has changed at once
        for fault in ("dovecot-hang", "postfix-stop", "cert-expired"):
            begun = time.time()
            fleet.lab.inject(fault, "alpha")
            self.wait(lambda: self._not_failing("", "*", begun), 60, f"failures by {fault}")
            fleet.lab.repair(fault, "alpha")
        fleet.wait_green(150)

    def _not_failing(self, check: str, pattern: str, begun: float) -> str | None:
        wanted = re.compile(pattern.replace("*", ".*"))
        failures = self.fleet.observations(outcome="fail", since=int(begun), limit=100,
                                           **({"check": check} if check else {}))
        classes = {seen["failure"]["class"] for seen in failures}
        return None if any(map(wanted.fullmatch, classes)) else f"failing: {sorted(classes)}"

    def _what_is_said(self) -> dict[str, bytes]:
        """Every answer of the HTTP interfaces."""
        fleet = self.fleet
        said = {path: fleet.api.text(path).encode() for path in (
            "/", "/metrics", "/api/v1/board", "/api/v1/targets", "/api/v1/agents",
            "/api/v1/incidents?limit=1000", "/api/v1/observations?limit=1000",
            "/api/v1/observations?limit=1000&outcome=fail")}
        for name in fleet.agents:
            said[f"{name}/metrics"] = fleet.agent_api(name).text("/metrics").encode()
        return said

    def _what_is_written(self) -> dict[str, bytes]:
        """Every file but the secrets themselves: logs, databases, what the webhook got."""
        return {str(path.relative_to(self.fleet.folder)): path.read_bytes()
                for path in sorted(Path(self.fleet.folder).rglob("*"))
                if path.is_file() and self.fleet.files.secrets not in path.parents}


if __name__ == "__main__":
    unittest.main(verbosity=2)
