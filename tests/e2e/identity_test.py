#!/usr/bin/env python3
"""Who may speak for whom: joining, renewing, changing the authority, theft and revocation, and who gets in
at the door at all. On loopback, with the real programs; needs no root, takes about two minutes.
"""
import re
import stat
import subprocess
import threading
import time
import unittest
from pathlib import Path

import api  # noqa: F401  (puts the lab's folder on the path)
from identity_world import WorldCase, free_port, until_after
from ledgers import spool_of, stored_sequences
from programs import ROOT, run
from raw_grpc import field
from raw_uplink import CONNECT, hello

CUT_OFF_LIMIT_S = 60.0  # from `postwatch ca revoke` on; ten seconds are promised
JOIN = "/postwatch.v1.Enrollment/Join"
RENEW = "/postwatch.v1.Enrollment/Renew"
STRONG = {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}


def openssl(*words) -> subprocess.CompletedProcess:
    return subprocess.run(["openssl", *map(str, words)], stdin=subprocess.DEVNULL, text=True, errors="replace",
                          capture_output=True, check=False, timeout=30)


class JoinTest(WorldCase):
    def refused(self, home: str, words: list[str], why: str) -> None:
        code, said = self.world.join(home, words)
        self.assertNotEqual(code, 0, said)
        self.assertRegex(said, why)
        self.assertNotIn(words[1], said, "the token")
        left = [path.name for path in (self.world.folder / home).rglob("*") if path.is_file()]
        self.assertEqual(left, [])

    def test_two_commands_make_a_running_agent(self):
        world = self.world
        begun = time.monotonic()
        agent = world.joined("fra1")  # the first: postwatch-agent join
        agent.start()                 # the second
        world.wait(agent.not_ready, "the agent is connected")
        print(f"\n    from a token to a connected agent: {time.monotonic() - begun:.1f} s", flush=True)
        told = world.told("fra1")
        self.assertEqual((told["region"], told["connected"], told["problems"]), ("eu", True, []))
        world.wait(lambda: None if world.json("/api/v1/observations?agent=fra1")["observations"]
                   else "none yet", "an observation")

    def test_the_key_is_its_owners_alone_and_stays(self):
        world = self.world
        agent = world.running("fra2")
        key = agent.identity / "key.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
        body = "".join(key.read_text().splitlines()[1:-1]).encode()[60:120]  # not what all keys begin with
        self.assertEqual(len(body), 60)
        for path in world.folder.rglob("*"):
            if path.is_file() and path != key:
                self.assertNotIn(body, path.read_bytes().replace(b"\n", b""), path)

    def test_the_fleets_key_comes_over_the_stream(self):
        world = self.world
        agent = world.running("fra3")
        given = agent.state / "fleet.key"
        world.wait(lambda: None if given.exists() else "not yet", "the fleet's key")
        key = world.fleet_key.read_text().strip()
        self.assertEqual(given.read_text().strip(), key)
        self.assertEqual(stat.S_IMODE(given.stat().st_mode), 0o600)
        for path in world.folder.rglob("*"):
            if path.is_file() and path not in (world.fleet_key, *world.folder.glob("*/state/fleet.key")):
                self.assertNotIn(key.encode(), path.read_bytes(), path)

    def test_a_token_works_once(self):
        token = self.world.token("once")
        self.assertEqual(self.world.join("once", token)[0], 0)
        self.refused("twice", token, "the token was used before")

    def test_two_who_come_at_once_with_one_token(self):
        token, codes = self.world.token("race"), []
        both = [threading.Thread(target=lambda home=home: codes.append(self.world.join(home, token)[0]))
                for home in ("race-a", "race-b")]
        for one in both:
            one.start()
        for one in both:
            one.join()
        self.assertEqual(sorted(codes), [0, 1])

    def test_an_expired_token(self):
        token = self.world.token("late", "eu", "--expires", "1s")
        self.world.wait(lambda end=time.time() + 1: until_after(end), "the token has expired")
        self.refused("late", token, "the token expired 2")

    def test_a_token_that_was_made_into_anothers(self):
        mine, theirs = self.world.token("mine"), self.world.token("theirs", "us")
        mixed = theirs[1].rpartition(".")[0] + "." + mine[1].rpartition(".")[2]
        self.refused("theirs", ["--token", mixed, *mine[2:]], "changed on its way")

    def test_a_wrong_hash_costs_nothing(self):
        token = self.world.token("hash")
        wrong = token[:3] + ["sha256:" + "0" * 64]
        self.refused("hash", wrong, "is not the collector you mean.*The token was not shown")
        self.assertEqual(self.world.join("hash", token)[0], 0)

    def test_an_authority_of_another_makes_no_tokens_for_us(self):
        other = self.world.folder / "other-ca"
        self.assertEqual(run(["postwatch", "ca", "init", "--dir", other]).returncode, 0)
        made = run(["postwatch", "ca", "token", "agent", "eu", "x", "--bare", "--dir", other])
        ours = self.world.token("x")
        self.refused("x", ["--token", made.stdout.strip(), *ours[2:]], "was not made by this collector")


class TheftTest(WorldCase):
    def test_from_the_theft_to_the_revocation_and_back(self):
        world = self.world
        victim, other = world.running("fra1"), world.running("nyc1", "us")
        thief = world.thief(victim, "thief")
        self._speaks_for_nobody_else(thief)
        self._makes_no_certificates(thief)
        self._is_told_when_it_takes_turns(thief)
        connects = other.metric("postwatch_agent_connects_total")
        self._is_cut_off(victim, thief)
        self.assertIsNone(other.not_ready())
        self.assertEqual(other.metric("postwatch_agent_connects_total"), connects, "not disturbed")
        self._gets_in_again_anew(victim, thief)

    def _speaks_for_nobody_else(self, thief) -> None:
        for name, region in (("nyc1", "us"), ("fra1", "us"), ("nyc1", "eu"), ("fra1", "*")):
            with self.subTest(name=name, region=region):
                self.assertEqual(self.world.call(CONNECT, thief.identity, hello(name, region)),
                                 "UNAUTHENTICATED")
        self.assertIn("the certificate is that of agent fra1 in eu, not of nyc1 in us",
                      self.world.collector.log())

    def _makes_no_certificates(self, thief) -> None:
        """The stolen certificate as an authority for another agent's."""
        forged = self.world.folder / "forged"
        forged.mkdir()
        names = forged / "names"
        names.write_text("subjectAltName=URI:spiffe://postwatch/agent/us/nyc1\nextendedKeyUsage=clientAuth\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=nyc1", "-keyout", forged / "key.pem", "-out", forged / "request.pem")
        made = openssl("x509", "-req", "-in", forged / "request.pem", "-CA", thief.identity / "cert.pem",
                       "-CAkey", thief.identity / "key.pem", "-extfile", names, "-set_serial", "4711",
                       "-out", forged / "leaf.pem")
        self.assertEqual(made.returncode, 0, made.stderr)
        (forged / "cert.pem").write_text((forged / "leaf.pem").read_text()
                                         + (thief.identity / "cert.pem").read_text())
        with self.assertRaises(OSError):
            self.world.call(CONNECT, forged, hello("nyc1", "us"))

    def _is_told_when_it_takes_turns(self, thief) -> None:
        world = self.world
        thief.start()
        world.wait(lambda: None if any("two processes speak as this agent in turns" in problem
                                       for problem in world.told("fra1")["problems"])
                   else f"problems: {world.told('fra1')['problems']}", "it is told", 90)
        self.assertIn("a newer stream of this agent took its place", world.collector.log())

    def _is_cut_off(self, victim, thief) -> None:
        world = self.world
        begun = time.monotonic()
        world.authority("revoke", "agent", "fra1")
        world.wait(lambda: world.disconnected("fra1"), "the stream has ended", CUT_OFF_LIMIT_S)
        world.wait(lambda: None if world.call(CONNECT, thief.identity, hello("fra1", "eu"))
                   == "UNAUTHENTICATED" else "it is let in", "no new one is let in", CUT_OFF_LIMIT_S)
        took = time.monotonic() - begun
        print(f"\n    cut off {took:.1f} s after `postwatch ca revoke agent fra1`", flush=True)
        self.assertLess(took, CUT_OFF_LIMIT_S)
        for agent in (victim, thief):
            world.wait(lambda agent=agent: None if "the certificate was revoked" in agent.program.log()
                       else "it tries", "each is told why", 30)
            self.assertIsNotNone(agent.not_ready())
        self.assertIsNone(world.disconnected("fra1"))
        self.assertEqual(world.call(RENEW, thief.identity, field(1, b"x"), half_close=True),
                         "UNAUTHENTICATED")

    def _gets_in_again_anew(self, victim, thief) -> None:
        world = self.world
        victim.program.stop()
        code, said = world.join(victim.home.name, [*world.token("fra1"), "--force"])
        self.assertEqual(code, 0, said)
        victim.start()
        world.wait(victim.not_ready, "the rightful agent is back", 30)
        self.assertEqual(world.call(CONNECT, thief.identity, hello("fra1", "eu")), "UNAUTHENTICATED")

    def test_a_token_from_before_the_revocation_is_void(self):
        token, line = self.world.token("void"), "read the revocations"
        before = self.world.collector.log().count(line)
        self.world.authority("revoke", "agent", "void")
        self.world.wait(lambda: None if self.world.collector.log().count(line) > before else "not yet",
                        "the collector has read the list", CUT_OFF_LIMIT_S)
        code, said = self.world.join("void", token)
        self.assertNotEqual(code, 0)
        self.assertIn("agent void was revoked after this token was made", said)


class ChangeTest(WorldCase):
    """Certificates that live for half a minute."""
    lifetime = "30s"

    def test_renewals_and_a_change_of_the_authority_lose_nothing(self):
        world = self.world
        agent = world.running("fra1")
        first = world.thief(agent, "old")
        self._await_line(agent, "the agent's certificate is renewed", 1)
        self.assertEqual(agent.metric("postwatch_agent_connects_total"), self._reconnects(agent) + 1)
        self._await_line(agent, "connecting anew with the newer certificate", 1)
        world.wait(lambda: None if openssl("x509", "-checkend", 0, "-in", first.identity / "cert.pem").returncode
                   else "it has not", "the first certificate has ended", 40)
        self.assertTrue(self._gets_nowhere(first))
        world.authority("rotate")
        both = (world.ca / "ca.pem").read_text()
        world.wait(lambda: None if (agent.identity / "ca.pem").read_text() == both else "the old one alone",
                   "the agent has taken both authorities", 60)
        world.authority("renew", "collector", "--out", world.home)
        seen = self._reconnects(agent)
        self._await_line(agent, "connecting anew with the newer certificate", seen + 1)
        world.wait(agent.not_ready, "the agent trusts the collector's next certificate", 30)
        world.authority("rotate", "--finish")
        seen = self._reconnects(agent)
        self._await_line(agent, "connecting anew with the newer certificate", seen + 1)
        world.wait(agent.not_ready, "the agent's own is of the next authority", 30)
        connects = agent.metric("postwatch_agent_connects_total")
        self.assertEqual(connects, self._reconnects(agent) + 1, "no stream was dropped")
        self._assert_nothing_lost_or_doubled(agent)

    def _await_line(self, agent, line: str, times: int) -> None:
        self.world.wait(lambda: None if agent.program.log().count(line) >= times else agent.program.tail(),
                        line, 60)

    def _reconnects(self, agent) -> int:
        return agent.program.log().count("connecting anew with the newer certificate")

    def _gets_nowhere(self, first) -> bool:
        try:
            return self.world.call(CONNECT, first.identity, hello("fra1", "eu")) == "UNAUTHENTICATED"
        except OSError:
            return True

    def _assert_nothing_lost_or_doubled(self, agent) -> None:
        self.assertEqual(agent.program.stop(), 0)
        self.assertEqual(self.world.collector.stop(), 0)
        spool, last, waiting = spool_of(agent.state)
        self.assertEqual(waiting, 0)
        stored = stored_sequences(self.world.database)["fra1", spool]
        self.assertGreater(last, 60)
        self.assertEqual(set(stored), set(range(1, last + 1)), "lost")
        self.assertEqual(set(stored.values()), {1}, "doubled")


class NoRenewalTest(WorldCase):
    lifetime = "60s"

    def test_a_certificate_that_is_not_renewed_is_told_before_it_ends(self):
        world = self.world
        agent = world.running("fra1")
        key = world.ca / "ca.key"
        away = key.rename(world.ca / "ca.key.away")
        world.wait(lambda: None if any("is not renewed: the collector cannot issue certificates now" in problem
                                       for problem in world.told("fra1")["problems"])
                   else f"problems: {world.told('fra1')['problems']}", "it is told", 75)
        self.assertTrue(world.told("fra1")["connected"])
        self.assertIn("the agent's certificate is not renewed", agent.program.log())
        away.rename(key)
        world.wait(lambda: world.told("fra1")["problems"][:1] or None, "it is over", 30)
        self.assertIsNone(agent.not_ready())


class DoorTest(WorldCase):
    def test_a_list_of_revocations_that_is_none(self):
        """While it runs it changes nothing, and is told; a collector does not start with it."""
        world = self.world
        agent, crl = world.running("fra1"), world.ca / "crl.pem"
        good = crl.read_text()
        for bad in ("", "garbage\n", good[:len(good) // 2], good.replace("X509 CRL", "CERTIFICATE")):
            lines = world.collector.log().count("the revocations cannot be read")
            crl.write_text(bad)
            world.wait(lambda lines=lines: None if world.collector.log().count("the revocations cannot be read")
                       > lines else "not yet", "it is told", 15)
            self.assertIsNone(agent.not_ready())
        self.assertEqual(world.collector.stop(), 0)
        world.collector.start()
        world.wait(lambda: "it runs" if world.collector.alive() else None, "it does not start")
        self.assertIn("crl.pem", world.collector.tail(1))

    def test_no_call_but_join_is_for_strangers(self):
        calls = ["/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch",
                 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "/no.Such/Call"]
        for source in sorted((ROOT / "proto").rglob("*.proto")):
            package = re.search(r"^package ([\w.]+);", source.read_text(), re.M)[1]
            for service in re.finditer(r"^service (\w+) \{(.*?)^\}", source.read_text(), re.M | re.S):
                calls += [f"/{package}.{service[1]}/{name}" for name in
                          re.findall(r"^\s*rpc (\w+)", service[2], re.M)]
        self.assertIn(CONNECT, calls)
        self.assertIn(RENEW, calls)
        calls.remove(JOIN)
        for path in calls:
            with self.subTest(path=path):
                self.assertEqual(self.world.call(path, None, b"", half_close=True), "UNAUTHENTICATED")
        self.assertEqual(self.world.call(JOIN, None, b"", half_close=True), "OK")

    def _handshake(self, *words) -> subprocess.CompletedProcess:
        return openssl("s_client", "-connect", self.world.address, "-alpn", "h2", *words)

    def test_nothing_older_than_tls_13_is_spoken(self):
        self.assertIn("TLSv1.3", self._handshake("-tls1_3").stdout)
        for version in ("-tls1_2", "-tls1_1", "-tls1"):
            with self.subTest(version=version):
                old = self._handshake(version, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0")
                self.assertNotEqual(old.returncode, 0)
                self.assertNotIn("BEGIN CERTIFICATE", old.stdout)
        for cipher in openssl("ciphers", "-tls1_2", "-s", "ALL:@SECLEVEL=0").stdout.strip().split(":"):
            old = self._handshake("-tls1_2", "-cipher", f"{cipher}:@SECLEVEL=0")
            self.assertNotIn("BEGIN CERTIFICATE", old.stdout, cipher)

    def test_only_strong_ciphers_are_agreed_on(self):
        for suite in sorted(STRONG) + ["TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"]:
            with self.subTest(suite=suite):
                agreed = "BEGIN CERTIFICATE" in self._handshake("-tls1_3", "-ciphersuites", suite).stdout
                self.assertEqual(agreed, suite in STRONG)

    def _stranger(self, *issue) -> Path:
        folder = self.world.folder / "strangers"
        if not folder.exists():
            self.assertEqual(run(["postwatch", "ca", "init", "--dir", folder]).returncode, 0)
        out = self.world.folder / f"stranger-{free_port()}"
        made = run(["postwatch", "ca", "issue", *issue, "--dir", folder, "--out", out])
        self.assertEqual(made.returncode, 0, made.stderr)
        return out

    def test_certificates_of_others_do_not_get_through_the_handshake(self):
        ours = self.world.folder / "collector"
        for identity in (self._stranger("agent", "eu", "fra1"), ours):
            for path in (CONNECT, RENEW, JOIN):
                with self.subTest(identity=identity.name, path=path), self.assertRaises(OSError):
                    self.world.call(path, identity, hello("fra1", "eu"))

    def test_a_certificate_without_an_identity_is_nobody(self):
        """Of our authority, as a tool that does not know us might have it made."""
        folder = self.world.folder / "nobody"
        folder.mkdir()
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=fra1", "-keyout", folder / "key.pem", "-out", folder / "request.pem")
        for uris in ("DNS:fra1", "URI:spiffe://postwatch/agent/eu/fra1,URI:spiffe://postwatch/agent/us/nyc1",
                     "URI:spiffe://postwatch/agent/*/fra1", "URI:spiffe://postwatch/agent/eu/fra1/x",
                     "URI:spiffe://POSTWATCH/agent/eu/fra1", "URI:spiffe://postwatch/collector"):
            names = folder / "names"
            names.write_text(f"subjectAltName={uris}\nextendedKeyUsage=clientAuth\n")
            made = openssl("x509", "-req", "-in", folder / "request.pem", "-CA", self.world.ca / "ca.pem",
                           "-CAkey", self.world.ca / "ca.key", "-extfile", names, "-set_serial", "4711",
                           "-out", folder / "cert.pem")
            self.assertEqual(made.returncode, 0, made.stderr)
            with self.subTest(uris=uris):
                self.assertEqual(self.world.call(CONNECT, folder, hello("fra1", "eu")), "UNAUTHENTICATED")
                self.assertEqual(self.world.call(RENEW, folder, field(1, b"x"), half_close=True),
                                 "UNAUTHENTICATED")


if __name__ == "__main__":
    unittest.main(verbosity=2)
