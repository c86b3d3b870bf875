"""More of the lab's Postfix and Dovecot: what administrators turn on, and what then happens."""
import contextlib
import re
from collections.abc import Iterator

from interop_lab import BOTH, DOMAIN, PROBE, InteropLab, altered, region_address
from scenarios import Scenario

from maillab import observe, plan

MX = "deliver_via: mx\n"
LIST = f"bl.{DOMAIN}"
STORE = """\
uri = redis:host=127.0.0.1:port=6379:timeout_msecs=500
password_key = %u
"""
POSTSCREEN = """\
smtp        inet       n - n - 1     postscreen
smtpd       pass       - - n - -     smtpd
dnsblog     unix       - - n - 0     dnsblog
tlsproxy    unix       - - n - 0     tlsproxy
"""
# With a second of silence after half a greeting: who talks into it gets 550 5.5.1.
DEEP_TESTS = {"postscreen_greet_wait": "1s", "postscreen_greet_action": "enforce",
              **{f"postscreen_{test}_{key}": value
                 for test in ("pipelining", "non_smtp_command", "bare_newline")
                 for key, value in (("enable", "yes"), ("action", "enforce"))}}


def with_settings(**settings: str):
    """Other settings in main.cf, for as long as a scenario lasts."""
    return lambda world: altered(world.lab, "alpha", **settings)


@contextlib.contextmanager
def postscreen(world: InteropLab) -> Iterator[None]:
    """Postscreen is at the door of port 25, with its deep protocol tests."""
    host = world.lab.mail_host("alpha")
    before = host.postfix_settings("master.cf")
    services = "".join(line for line in before.splitlines(keepends=True)
                       if line.split()[:2] != ["smtp", "inet"])
    with altered(world.lab, "alpha", **DEEP_TESTS):
        host.reconfigure_postfix("master.cf", POSTSCREEN + services)
        yield
        host.reconfigure_postfix("master.cf", before)


@contextlib.contextmanager
def postscreen_knows(world: InteropLab) -> Iterator[None]:
    """A client of this address has passed the tests."""
    with postscreen(world):
        code = observe.rcpt_code(world.lab.netns_path("eu"), plan.PROVIDERS["alpha"].address, 25,
                                 PROBE, None)
        if code not in (250, 450):
            raise AssertionError(f"postscreen answers RCPT with {code}")
        yield


def listed(address: str, text: str):
    """The agent's address is on the list that Postfix asks, or the list answers with an error."""
    @contextlib.contextmanager
    def prepared(world: InteropLab) -> Iterator[None]:
        name = ".".join(reversed(region_address().split("."))) + f".{LIST}."
        entries = [f"{name} A {address}", f'{name} TXT "{text}"']
        world.lab.change_zone(DOMAIN, add=entries)
        with altered(world.lab, "alpha", smtpd_recipient_restrictions=f"reject_rbl_client {LIST}"):
            yield
        world.lab.change_zone(DOMAIN, remove=entries)
    return prepared


@contextlib.contextmanager
def no_password_store(world: InteropLab) -> Iterator[None]:
    """Dovecot asks a Redis for passwords that does not answer."""
    host = world.lab.mail_host("alpha")
    store = world.lab.state / "alpha/store.conf"
    store.write_text(STORE)
    before = host.dovecot_settings()
    host.reconfigure_dovecot(re.sub(
        r"passdb {[^}]*}", f"passdb {{\n  driver = dict\n  args = {store}\n}}", before))
    yield
    host.reconfigure_dovecot(before)


POSTFIX_SCENARIOS = [
    # To SMTP clients Postfix says the very same of a wrong password.
    Scenario(BOTH, "password store does not answer", DOMAIN,
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_backend",
              "pop3.access": "fail pop3_sys_temp"}, PROBE, prepare=no_password_store),
    Scenario(("postfix",), "postscreen, deep protocol tests", DOMAIN,
             {"roundtrip": "fail smtp_greylisted"}, PROBE, extra=MX, prepare=postscreen,
             says="450 4.3.2"),
    Scenario(("postfix",), "postscreen, client has passed its tests", DOMAIN,
             {"roundtrip": "pass"}, PROBE, extra=MX, prepare=postscreen_knows),
    Scenario(("postfix",), "client on a blocklist", DOMAIN,
             {"roundtrip": "fail smtp_blocklisted_perm"}, PROBE, extra=MX, says=LIST,
             prepare=listed("127.0.0.2", "Listed as a source of spam")),
    Scenario(("postfix",), "blocklist refuses the open resolver", DOMAIN,
             {"roundtrip": "fail smtp_rbl_query_error"}, PROBE, extra=MX, says=LIST,
             prepare=listed("127.255.255.254",
                            "Error: open resolver; https://check.spamhaus.org/returnc/pub/")),
    Scenario(("postfix",), "letter over the size that EHLO tells", DOMAIN,
             {"roundtrip": "fail smtp_size"}, PROBE, says="up to 500 octets",
             prepare=with_settings(message_size_limit="500")),
    Scenario(("postfix",), "letter over the size, of which EHLO says nothing", DOMAIN,
             {"roundtrip": "fail smtp_size"}, PROBE, says="552 5.3.4",
             prepare=with_settings(message_size_limit="500", smtpd_discard_ehlo_keywords="size")),
    Scenario(BOTH, "each letter is copied to the same mailbox", DOMAIN,
             {"roundtrip": "pass + duplicate"}, PROBE,
             prepare=with_settings(always_bcc=f"probe+copy@{DOMAIN}")),
    Scenario(BOTH, "subject marked as external", DOMAIN, {"roundtrip": "pass + rewritten"}, PROBE,
             prepare=with_settings(
                 header_checks="regexp:{{/^Subject: (.*)/ REPLACE Subject: [EXTERNAL] $$1}}")),
    Scenario(BOTH, "text put before the letter's", DOMAIN, {"roundtrip": "pass + rewritten"}, PROBE,
             prepare=with_settings(
                 body_checks="regexp:{{/^Postwatch probe/ PREPEND CAUTION: from outside}}")),
    Scenario(BOTH, "letter's text replaced", DOMAIN, {"roundtrip": "fail corrupted_body"}, PROBE,
             prepare=with_settings(body_checks="regexp:{{/^two spaces/ REPLACE (removed)}}")),
]
