"""Tests of one lab from inside: the healthy world, and every fault before, during and after."""
import time
from pathlib import Path

from selftest_case import HERE, PATIENT_S, LabTest, letter

from maillab import Lab, LabError, observe, plan
from maillab.faults import FAULTS

ALPHA = plan.PROVIDERS["alpha"]
BETA = plan.PROVIDERS["beta"]
SURELY_DROPPED_S = 0.7  # a connection that takes longer than this in the lab is being dropped


class OneLabTest(LabTest):
    """Every test gets the same healthy lab and hands it back healthy."""
    lab: Lab

    @classmethod
    def setUpClass(cls):
        began = time.monotonic()
        cls.lab = Lab.up()
        cls.addClassCleanup(cls.lab.down)
        print(f"the lab is up after {time.monotonic() - began:.2f} s", flush=True)

    def setUp(self):
        self.addCleanup(self.lab.repair_all)

    # What the tests look at, all from inside a region.

    def connect(self, region: str, address: str, port: int) -> str:
        """"open", "refused" or "dropped"."""
        try:
            observe.dial(self.lab.netns_path(region), address, port, SURELY_DROPPED_S).close()
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "dropped"
        return "open"

    def connects(self, region: str, provider: plan.Provider) -> dict[int, str]:
        return {port: self.connect(region, provider.address, port)
                for port in plan.SMTP_PORTS + plan.MAILBOX_PORTS}

    def resolve(self, region: str, name: str, kind: str = "A") -> str | None:
        """The rcode, or None without an answer."""
        reply = observe.ask(self.lab.netns_path(region), self.lab.resolver(region), name, kind, 1)
        return reply and reply[0]

    def rcpt(self, region: str, provider: plan.Provider, port: int) -> int:
        password = Path(self.lab.password_file(provider.domain, "probe")).read_text()
        return observe.rcpt_code(self.lab.netns_path(region), provider.address, port,
                                 f"probe@{provider.domain}", None if port == 25 else password)

    def send(self, sender: str, recipient: str, region: str = "eu") -> str:
        sent = letter(self.lab, region, "send", sender, recipient)
        self.assertEqual(sent.returncode, 0, sent.stderr)
        return sent.stdout.strip()

    def find(self, mailbox: str, token: str, limit_s: float = PATIENT_S) -> str | None:
        found = letter(self.lab, "us", "find", mailbox, token, str(limit_s))
        self.assertEqual(found.stderr, "")
        return found.stdout if found.returncode == 0 else None

    def assert_round_trip(self, sender: str, recipient: str, region: str = "eu") -> None:
        token = self.send(sender, recipient, region)
        self.assertIn(token, self.find(recipient, token) or "")

    # The healthy lab.

    def test_round_trips_between_and_within_providers(self):
        for region, sender, recipient in (
                ("eu", "probe@alpha.test", "probe@beta.test"),
                ("us", "probe2@beta.test", "probe2@alpha.test"),
                ("ap", "probe@alpha.test", "probe@alpha.test")):
            with self.subTest(f"{region}: {sender} -> {recipient}"):
                self.assert_round_trip(sender, recipient, region)

    def test_every_mail_port_shows_a_certificate_for_the_host(self):
        for provider in (ALPHA, BETA):
            shown = {observe.certificate(self.lab.netns_path("eu"), provider.address, port)
                     for port in plan.SMTP_PORTS + plan.MAILBOX_PORTS}
            self.assertEqual(len(shown), 1)

    def test_names_resolve_in_every_region(self):
        want = (("alpha.test", "MX", True), ("mail.beta.test", "A", True),
                ("_dmarc.alpha.test", "TXT", True), ("beta.test", "TXT", True),
                ("neutral.test", "A", False), ("2.11.18.198.in-addr.arpa", "PTR", False),
                ("2.1.18.198.in-addr.arpa", "PTR", False), *(
                    (f"_{service}._tcp.alpha.test", "SRV", True)
                    for service in ("submission", "submissions", "imap", "imaps")))
        for region in plan.REGIONS:
            for name, kind, validated in want:
                with self.subTest(f"{region}: {name} {kind}"):
                    self.assertEqual(observe.ask(self.lab.netns_path(region),
                                                 self.lab.resolver(region), name, kind),
                                     ("NOERROR", 1, validated))

    def test_programs_use_their_region_resolver(self):
        for region in plan.REGIONS:
            text = self.lab.run(region, ["cat", "/etc/resolv.conf"], capture_output=True, text=True)
            self.assertIn(f"nameserver {self.lab.resolver(region)}\n", text.stdout)

    def test_neutral_parties_and_the_collector_are_reachable(self):
        for region in plan.REGIONS:
            for address in plan.NEUTRAL_ADDRESSES:
                self.assertEqual(self.connect(region, address, plan.NEUTRAL_PORT), "open")
            self.assertEqual(self.connect(region, self.lab.collector_address, 9), "refused")

    def test_passwords_are_random_private_and_needed(self):
        paths = [Path(self.lab.password_file(p.domain, user))
                 for p in (ALPHA, BETA) for user in plan.MAILBOXES]
        self.assertEqual({path.stat().st_mode & 0o777 for path in paths}, {0o600})
        self.assertEqual(len({path.read_text() for path in paths}), len(paths))
        with self.assertRaisesRegex(Exception, "535"):
            observe.rcpt_code(self.lab.netns_path("eu"), ALPHA.address, 587,
                              "probe@alpha.test", "x")

    def test_mail_for_the_full_mailbox_bounces(self):
        token = self.send("probe2@alpha.test", "full@beta.test")
        self.assertIn("552 5.2.2", self.find("probe2@alpha.test", token))

    # The faults.

    def test_uplink_cut(self):
        self.lab.inject("uplink-cut", "eu")
        self.assertEqual(set(self.connects("eu", ALPHA).values()), {"dropped"})
        self.assertEqual(self.connect("eu", self.lab.collector_address, 9), "dropped")
        self.assertEqual(self.connect("us", ALPHA.address, 25), "open")
        self.lab.repair("uplink-cut", "eu")
        self.assertEqual(set(self.connects("eu", ALPHA).values()), {"open"})
        self.assertEqual(self.resolve("eu", "mail.beta.test"), "NOERROR")

    def test_uplink_cut_leaves_no_dead_servers_in_the_resolver(self):
        self.lab.inject("uplink-cut", "ap")
        self.assertIsNone(self.resolve("ap", "nobody.beta.test"))
        self.lab.repair("uplink-cut", "ap")
        self.assertEqual(self.resolve("ap", "nobody.beta.test"), "NXDOMAIN")

    def test_internet_cut(self):
        self.lab.inject("internet-cut", "us")
        self.assertEqual(self.connect("us", ALPHA.address, 25), "dropped")
        self.assertEqual(self.connect("us", plan.NEUTRAL_ADDRESSES[0], 443), "dropped")
        self.assertEqual(self.connect("us", self.lab.collector_address, 9), "refused")
        self.lab.repair("internet-cut", "us")
        self.assertEqual(self.connect("us", ALPHA.address, 25), "open")
        self.assertEqual(self.resolve("us", "mail.alpha.test"), "NOERROR")

    def lost(self, region: str, questions: int) -> int:
        replies = [observe.ask(self.lab.netns_path(region), plan.NAME_SERVER_ADDRESS,
                               "neutral.test", limit_s=0.2) for _ in range(questions)]
        return replies.count(None)

    def test_uplink_blur(self):
        self.lab.inject("uplink-blur", "eu")
        self.assertIn(self.lost("eu", 100), range(15, 70))
        self.lab.repair("uplink-blur", "eu")
        self.assertLess(self.lost("eu", 100), 5)

    def test_path_dead(self):
        self.lab.inject("path-dead", "ap", "beta")
        self.assertEqual(set(self.connects("ap", BETA).values()), {"dropped"})
        self.assertEqual(self.connect("ap", ALPHA.address, 25), "open")
        self.assertEqual(self.connect("eu", BETA.address, 25), "open")
        self.lab.repair("path-dead", "ap", "beta")
        self.assertEqual(set(self.connects("ap", BETA).values()), {"open"})

    def test_agent_port25_blocked(self):
        self.lab.inject("agent-port25-blocked", "eu")
        seen = self.connects("eu", ALPHA)
        self.assertEqual({port for port, how in seen.items() if how != "open"}, {25})
        self.assertEqual(seen[25], "dropped")
        self.lab.repair("agent-port25-blocked", "eu")
        self.assertEqual(self.connect("eu", ALPHA.address, 25), "open")

    def test_resolver_dead(self):
        self.lab.inject("resolver-dead", "us")
        self.assertIsNone(self.resolve("us", "mail.alpha.test"))
        self.assertEqual(self.connect("us", ALPHA.address, 25), "open")
        self.assertEqual(self.resolve("eu", "mail.alpha.test"), "NOERROR")
        self.lab.repair("resolver-dead", "us")
        self.assertEqual(self.resolve("us", "mail.alpha.test"), "NOERROR")

    def test_zone_servfail(self):
        self.assertEqual(self.resolve("eu", "alpha.test", "MX"), "NOERROR")  # now it is cached
        self.lab.inject("zone-servfail", "alpha")
        for region in plan.REGIONS:
            self.assertEqual(self.resolve(region, "alpha.test", "MX"), "SERVFAIL")
            self.assertEqual(self.resolve(region, "beta.test", "MX"), "NOERROR")
        self.lab.repair("zone-servfail", "alpha")
        for region in plan.REGIONS:
            self.assertEqual(observe.ask(self.lab.netns_path(region), self.lab.resolver(region),
                                         "alpha.test", "MX"), ("NOERROR", 1, True))

    def test_both_zones_servfail_and_one_returns(self):
        self.lab.inject("zone-servfail", "alpha")
        self.lab.inject("zone-servfail", "beta")
        self.lab.repair("zone-servfail", "alpha")
        self.assertEqual(self.resolve("eu", "alpha.test", "MX"), "NOERROR")
        self.assertEqual(self.resolve("eu", "beta.test", "MX"), "SERVFAIL")

    def test_dovecot_stop(self):
        self.lab.inject("dovecot-stop", "alpha")
        seen = self.connects("eu", ALPHA)
        self.assertEqual({seen[port] for port in plan.MAILBOX_PORTS}, {"refused"})
        token = self.send("probe@alpha.test", "probe2@alpha.test")
        self.lab.repair("dovecot-stop", "alpha")
        self.assertIn(token, self.find("probe2@alpha.test", token) or "")

    def test_dovecot_stop_ends_sessions(self):
        with observe.dial(self.lab.netns_path("eu"), ALPHA.address, 143) as session:
            self.assertTrue(session.recv(1000).startswith(b"* OK"))
            self.lab.inject("dovecot-stop", "alpha")
            session.settimeout(PATIENT_S)
            with self.assertRaises(OSError):
                while session.recv(1000):
                    pass
                raise ConnectionResetError  # a clean end of file is as good

    def test_dovecot_hang(self):
        self.lab.inject("dovecot-hang", "beta")
        for port in (143, 110):
            self.assertTrue(observe.silent(self.lab.netns_path("eu"), BETA.address, port, 1.0))
        token = self.send("probe@beta.test", "probe2@beta.test")
        self.lab.repair("dovecot-hang", "beta")
        self.assertIn(token, self.find("probe2@beta.test", token) or "")

    def test_postfix_stop(self):
        self.lab.inject("postfix-stop", "beta")
        seen = self.connects("eu", BETA)
        self.assertEqual({seen[port] for port in plan.SMTP_PORTS}, {"refused"})
        self.assertEqual({seen[port] for port in plan.MAILBOX_PORTS}, {"open"})
        token = self.send("probe@alpha.test", "probe@beta.test")
        self.lab.repair("postfix-stop", "beta")
        self.assertEqual(set(self.connects("eu", BETA).values()), {"open"})
        self.assertIn(token, self.find("probe@beta.test", token) or "")

    def test_postfix_defer(self):
        self.lab.inject("postfix-defer", "alpha")
        self.assertEqual([self.rcpt("eu", ALPHA, port) for port in (25, 587)], [451, 451])
        self.assertEqual(self.rcpt("eu", BETA, 25), 250)
        self.lab.repair("postfix-defer", "alpha")
        self.assertEqual([self.rcpt("eu", ALPHA, port) for port in (25, 587)], [250, 250])

    def test_postfix_bounce(self):
        self.lab.inject("postfix-bounce", "alpha")
        self.assertEqual([self.rcpt("eu", ALPHA, port) for port in (25, 587)], [550, 550])
        token = self.send("probe@beta.test", "probe@alpha.test")
        self.assertIn("550 5.1.1", self.find("probe@beta.test", token))
        self.lab.repair("postfix-bounce", "alpha")
        self.assertEqual([self.rcpt("eu", ALPHA, port) for port in (25, 587)], [250, 250])

    def test_cert_expired(self):
        self.lab.inject("cert-expired", "alpha")
        refused = letter(self.lab, "eu", "send", "probe@alpha.test", "probe@alpha.test")
        self.assertIn("certificate has expired", refused.stderr)
        refused = letter(self.lab, "eu", "find", "probe@alpha.test", "nothing", "0")
        self.assertIn("certificate has expired", refused.stderr)
        self.lab.repair("cert-expired", "alpha")
        self.assert_round_trip("probe@alpha.test", "probe@alpha.test")

    def test_mailbox_full(self):
        self.lab.inject("mailbox-full", "alpha")
        token = self.send("probe2@beta.test", "probe@alpha.test")
        self.assertIn("552 5.2.2", self.find("probe2@beta.test", token))
        self.lab.repair("mailbox-full", "alpha")
        self.assert_round_trip("probe2@beta.test", "probe@alpha.test")

    def test_delivery_held(self):
        self.lab.inject("delivery-held", "alpha")
        token = self.send("probe@alpha.test", "probe2@alpha.test")
        self.assertIsNone(self.find("probe2@alpha.test", token, 2))
        self.lab.repair("delivery-held", "alpha")
        self.assertIn(token, self.find("probe2@alpha.test", token) or "")

    # The table and how faults go together.

    def test_inject_and_repair_are_idempotent(self):
        for fault in FAULTS.values():
            args = {("region",): ("ap",), ("provider",): ("beta",)}.get(fault.args, ("ap", "beta"))
            with self.subTest(fault.name):
                for _ in range(2):
                    self.lab.inject(fault.name, *args)
                self.assertEqual(self.lab.active_faults(), [(fault.name, *args)])
                for _ in range(2):
                    self.lab.repair(fault.name, *args)
                self.assertEqual(self.lab.active_faults(), [])
        self.assert_round_trip("probe@beta.test", "probe@beta.test", "ap")

    def test_faults_add_up_and_go_in_any_order(self):
        self.lab.inject("dovecot-hang", "alpha")
        self.lab.inject("cert-expired", "alpha")
        self.lab.inject("postfix-defer", "alpha")
        self.lab.inject("uplink-cut", "eu")
        self.lab.inject("resolver-dead", "eu")
        self.assertEqual(self.rcpt("us", ALPHA, 25), 451)
        self.assertTrue(observe.silent(self.lab.netns_path("us"), ALPHA.address, 143))
        self.lab.repair("uplink-cut", "eu")
        self.assertIsNone(self.resolve("eu", "mail.alpha.test"))
        self.lab.inject("dovecot-stop", "alpha")
        self.assertEqual(self.connect("us", ALPHA.address, 993), "refused")
        self.lab.repair_all()
        self.assertEqual(self.lab.active_faults(), [])
        self.assert_round_trip("probe@alpha.test", "probe@alpha.test")

    def test_a_mistyped_fault_is_refused_with_the_choices(self):
        for mistake, says in ((("imap-down", "alpha"), "dovecot-stop"),
                              (("uplink-cut",), "takes <region>"),
                              (("uplink-cut", "alpha"), "eu, us, ap")):
            with self.assertRaisesRegex(LabError, says):
                self.lab.inject(*mistake)
        self.assertEqual(self.lab.active_faults(), [])

    def test_the_readme_has_the_table_of_faults(self):
        rows = [f"| `{fault.name}` | {', '.join(fault.args)} | {fault.sees} |"
                for fault in FAULTS.values()]
        self.assertIn("\n".join(rows), (HERE / "README.md").read_text())
