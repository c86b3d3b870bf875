#!/usr/bin/env python3
"""Every fault of the lab, told right and told once: real ones page one time, local ones never.

usage: faults_test.py [FAULT...]    needs root; takes about six minutes for all
"""
import sys
import threading
import unittest
from queue import Empty, SimpleQueue

from fault_story import STOPPED, Expected, Outcome, Story, play, table
from fleet import Fleet
from waiting import Impatient

from maillab import Lab, LabError
from maillab.faults import FAULTS

LANES = 4  # labs at work side by side, since a story is mostly waiting
EU = ("agent:eu-1", "isp:net-eu")

STORIES = (
    Story(("dovecot-stop", "alpha"), Expected(("svc:alpha/imap",), STOPPED, "access")),
    Story(("dovecot-hang", "alpha"),
          Expected(("svc:alpha/imap",), ("read_timeout", "tls_timeout", "tcp_timeout"), "access")),
    Story(("postfix-stop", "alpha"),
          Expected(("svc:alpha/smtp", "svc:alpha/submission", "mx:mail.alpha.test"),
                   STOPPED, "[is][nu]b*")),
    Story(("postfix-defer", "alpha"),
          Expected(("svc:alpha/*", "mx:mail.alpha.test", "provider:alpha", "queue:alpha"),
                   ("smtp_*_temp", "smtp_unclassified_4xx"))),
    Story(("postfix-bounce", "alpha"),
          Expected(("svc:alpha/*", "mx:mail.alpha.test", "provider:alpha", "mbox:probe@alpha.test"),
                   ("smtp_mailbox_unknown_perm",))),
    Story(("cert-expired", "alpha"), Expected(("cert:mail.alpha.test",), ("tls_cert_expired",))),
    Story(("zone-servfail", "alpha"), Expected(("zone:alpha.test",), ("dns_servfail",), "dns")),
    # The bounce goes to the mailbox that is full, so all that can be seen is a letter that is missing.
    Story(("mailbox-full", "alpha"),
          Expected(("mbox:probe@alpha.test", "queue:alpha"),
                   ("smtp_mailbox_full_*", "bounce", "imap_overquota", "deliver*"))),
    Story(("delivery-held", "alpha"),
          Expected(("queue:alpha",), ("delivery_delayed", "delivery_lost"), "delivery")),
    Story(("uplink-cut", "eu"), Expected(EU, level="local")),
    Story(("internet-cut", "eu"), Expected(EU, ("agent_no_network",), level="local")),
    Story(("uplink-blur", "eu"), Expected((), level="local", may_show_nothing=True)),
    Story(("resolver-dead", "eu"),
          Expected(("resolver:198.18.1.53:53", *EU), ("agent_resolver_down", "dns_timeout"),
                   level="local")),
    Story(("path-dead", "eu", "alpha"),
          Expected(("path:net-eu>alpha",), ("tcp_timeout", "net_unreachable"), level="local")),
    Story(("agent-port25-blocked", "eu"),
          Expected(EU, ("agent_port25_blocked",), level="local")),
)


class Lane(threading.Thread):
    """One lab and fleet that takes stories from the queue. A fleet that does not become green again
    is replaced, so that one story cannot spoil the next."""

    def __init__(self, number: int, stories: SimpleQueue, outcomes: dict[str, Outcome]):
        super().__init__(name=f"lane-{number}")
        self._stories, self._outcomes = stories, outcomes
        self._fleet: Fleet | None = None

    def run(self) -> None:
        try:
            while True:
                self._play(self._stories.get_nowait())
        except Empty:
            pass
        finally:
            self._drop()

    def _play(self, story: Story) -> None:
        try:
            if self._fleet is None:
                self._fleet = Fleet(Lab.up())
                self._fleet.start()
                self._fleet.wait_green()
            outcome = play(self._fleet, story)
        except (Impatient, LabError, OSError, RuntimeError) as error:
            outcome = Outcome(story, problems=[str(error)])
        self._outcomes[story.name] = outcome
        if outcome.problems:
            kept = self._fleet.keep(f"faults-{story.fault[0]}") if self._fleet else None
            outcome.problems.append(f"the fleet's files are kept in {kept}")
            self._drop()

    def _drop(self) -> None:
        if self._fleet is not None:
            self._fleet.kill()
            self._fleet.lab.down()
            self._fleet = None


class FaultsTest(unittest.TestCase):
    """One test a fault; all of them were played before the first one starts."""
    chosen: tuple[str, ...] = ()
    outcomes: dict[str, Outcome] = {}

    @classmethod
    def setUpClass(cls):
        stories = SimpleQueue()
        for story in STORIES:
            if not cls.chosen or story.fault[0] in cls.chosen:
                stories.put(story)
        lanes = [Lane(number, stories, cls.outcomes) for number in range(LANES)]
        for lane in lanes:
            lane.start()
        for lane in lanes:
            lane.join()

    @classmethod
    def tearDownClass(cls):
        played = [cls.outcomes[s.name] for s in STORIES if s.name in cls.outcomes]
        print("\n" + table(played), flush=True)

    def test_every_fault_of_the_lab_has_a_story(self):
        self.assertEqual({story.fault[0] for story in STORIES}, set(FAULTS))


def _add_test(story: Story) -> None:
    def test(self):
        if story.name not in self.outcomes:
            self.skipTest("not chosen")
        self.assertFalse(self.outcomes[story.name].problems,
                         "\n" + "\n".join(self.outcomes[story.name].problems))
    setattr(FaultsTest, "test_" + story.fault[0].replace("-", "_"), test)


for each in STORIES:
    _add_test(each)

if __name__ == "__main__":
    FaultsTest.chosen = tuple(name for name in sys.argv[1:] if name in FAULTS)
    unittest.main(argv=[a for a in sys.argv if a not in FAULTS], verbosity=2)
