"""Conditions for checks that an agent runs by its configuration: letters from alpha to beta, and
what only the owner of a domain may ask of it."""
import base64
import contextlib
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

from base import HERE, UNPACKED
from interop_lab import BOTH, DOMAIN, REGION, InteropLab, altered, fault, not_listening
from scenarios import ImapOn, Scenario

from maillab import Lab, observe, plan, processes

OPENDKIM_PORT, OPENDMARC_PORT = 8891, 8893
SELECTOR = "lab"
TXT_LIMIT = 255
MILTER = """\
Socket inet:{port}@127.0.0.1
PidFile {home}/pid
Background yes
Syslog no
AuthservID mail.{name}.test
"""
OPENDKIM = """\
Mode {mode}
Nameservers {resolver}
ResolverConfiguration {home}/unbound.conf
Canonicalization relaxed/simple
RequireSafeKeys no
"""
OPENDMARC = """\
SPFIgnoreResults yes
SPFSelfValidate yes
"""
# OpenDKIM holds an Unbound, which answers for "test." by itself unless told not to.
UNBOUND = """\
server:
  local-zone: "test." nodefault
"""
SIGNER = """\
Domain {name}.test
Selector {selector}
KeyFile {key}
"""
SPF = f"v=spf1 ip4:{plan.PROVIDERS['alpha'].address} -all"  # as the lab has it
TEMPFAIL = {"milter_default_action": "tempfail"}
FORGED = "Authentication-Results: mail.elsewhere.test; dkim={0}; spf={0}; dmarc={0}"
OTHER_MX = f"{DOMAIN}. MX 20 mail.beta.test."
CANARY_WORDS = b"a dot and a letter", b"a dog and a letter"


def letters(other_key: bool = False, forged: str = "", spf: str = SPF):
    """Alpha signs letters by DKIM, beta verifies DKIM, SPF and DMARC. Perhaps alpha has another key
    or SPF record than fits, and the letter already has results of a stranger's in it."""
    @contextlib.contextmanager
    def prepared(world: InteropLab) -> Iterator[None]:
        lab = world.lab
        published, used = _key(lab, "published"), _key(lab, "other" if other_key else "published")
        usual = f'{DOMAIN}. TXT "{SPF}"'
        records = [f"{SELECTOR}._domainkey.{DOMAIN}. TXT {_public(published)}",
                   f'{DOMAIN}. TXT "{spf}"']
        stranger = {"header_checks": f"regexp:{{{{/^From:/ PREPEND {FORGED.format(forged)}}}}}"
                    } if forged else {}
        lab.change_zone(DOMAIN, remove=[usual], add=records)
        with (opendkim(lab, "alpha", used) as signing, opendkim(lab, "beta", None) as verifying,
              milter(lab, "beta", "opendmarc", OPENDMARC_PORT, OPENDMARC) as judging,
              altered(lab, "alpha", smtpd_milters=signing, **TEMPFAIL, **stranger),
              altered(lab, "beta", smtpd_milters=f"{verifying}, {judging}", **TEMPFAIL)):
            yield
        lab.change_zone(DOMAIN, remove=records, add=[usual])
    return prepared


def opendkim(lab: Lab, name: str, key: Path | None):
    """OpenDKIM beside a provider's Postfix; it signs when given a key, and verifies."""
    home = lab.state / f"opendkim-{name}"
    home.mkdir(exist_ok=True)
    (home / "unbound.conf").write_text(UNBOUND)
    text = OPENDKIM.format(mode="sv" if key else "v", home=home,
                           resolver=plan.PROVIDERS[name].resolver)
    if key:
        text += SIGNER.format(name=name, selector=SELECTOR, key=key)
    return milter(lab, name, "opendkim", OPENDKIM_PORT, text)


@contextlib.contextmanager
def milter(lab: Lab, name: str, program: str, port: int, settings: str) -> Iterator[str]:
    """A mail filter beside a provider's Postfix, and what to call it in main.cf."""
    home = lab.state / f"{program}-{name}"
    (home / "etc").mkdir(parents=True, exist_ok=True)
    (home / "conf").write_text(MILTER.format(port=port, home=home, name=name) + settings)
    log = lab.state / f"log/{program}-{name}.log"
    processes.launch(lab.argv(name, [HERE / "enter", UNPACKED / program, home / "etc", "",
                                     program, "-c" if program == "opendmarc" else "-x",
                                     home / "conf"]), log)
    observe.until(lambda: not_listening(lab, name, port, log))
    yield f"inet:127.0.0.1:{port}"
    daemon = int((home / "pid").read_text())
    processes.send(daemon, signal.SIGKILL)  # it takes five seconds to go by itself
    observe.until(lambda: f"{program} lingers" if processes.identity(daemon) else None)


def _key(lab: Lab, name: str) -> Path:
    key = lab.state / f"dkim-{name}.key"
    if not key.exists():
        processes.quiet(["openssl", "genrsa", "-out", str(key), "2048"])
    return key


def _public(key: Path) -> str:
    """The key's record, as strings of a TXT record."""
    der = key.with_suffix(".der")
    processes.quiet(["openssl", "rsa", "-in", str(key), "-pubout", "-outform", "DER", "-out",
                     str(der)])
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(der.read_bytes()).decode()}"
    return " ".join(f'"{text[i:i + TXT_LIMIT]}"' for i in range(0, len(text), TXT_LIMIT))


@contextlib.contextmanager
def open_relay(world: InteropLab) -> Iterator[None]:
    """Postfix takes everybody for one of its own."""
    with altered(world.lab, "alpha", mynetworks="0.0.0.0/0",
                 smtpd_relay_restrictions="permit_mynetworks, reject_unauth_destination"):
        yield


def secondary(**settings: str):
    """Beta is a secondary of alpha's domain, with these settings."""
    @contextlib.contextmanager
    def prepared(world: InteropLab) -> Iterator[None]:
        world.lab.change_zone(DOMAIN, add=[OTHER_MX])
        with altered(world.lab, "beta", **settings):
            yield
        world.lab.change_zone(DOMAIN, remove=[OTHER_MX])
    return prepared


@contextlib.contextmanager
def canary_changed(world: InteropLab) -> Iterator[None]:
    """Something wrote over a line of the canary, where it lies on the disk."""
    before, after = CANARY_WORDS
    folder = world.lab.state / f"alpha/vmail/{DOMAIN}/probe2"
    letters_there = [path for path in folder.glob("*/*,S=*") if before in path.read_bytes()]
    assert letters_there, f"no canary in {folder}"
    for path in letters_there:
        path.write_bytes(path.read_bytes().replace(before, after))
    yield
    for path in letters_there:
        path.write_bytes(path.read_bytes().replace(after, before))


@contextlib.contextmanager
def canary_removed(world: InteropLab) -> Iterator[None]:
    """Somebody emptied the mailbox. It stays empty."""
    lab = world.lab
    context = ssl.create_default_context(cafile=lab.ca_file)
    alpha = plan.PROVIDERS["alpha"]
    with (observe.dial(lab.netns_path(REGION), alpha.address, 993) as sock,
          context.wrap_socket(sock, server_hostname=alpha.host) as tls, ImapOn(tls) as client):
        client.login(f"probe2@{DOMAIN}", Path(lab.password_file(DOMAIN, "probe2")).read_text())
        client.select()
        client.store("1:*", "+FLAGS", r"\Deleted")
        client.expunge()
    yield


FILTERS = ("postfix", "opendkim", "opendmarc")
WATCHED_SCENARIOS = [
    Scenario(BOTH, "healthy", DOMAIN,
             {"smtp.relay": "pass", "smtp.secondary": "not tested", "dns.records": "pass",
              "imap.canary": "pass"}),
    Scenario(FILTERS, "letter verified by DKIM, SPF and DMARC", DOMAIN, {"roundtrip": "pass"},
             prepare=letters(), says="auth.dkim=pass, auth.dmarc=pass"),
    Scenario(FILTERS, "a stranger's results say fail", DOMAIN, {"roundtrip": "pass"},
             prepare=letters(forged="fail")),
    Scenario(FILTERS, "DKIM key in the DNS is another, a stranger's results say pass", DOMAIN,
             {"roundtrip": "fail auth_result_fail"}, prepare=letters(other_key=True, forged="pass"),
             says="mail.beta.test says dkim=fail"),
    Scenario(FILTERS, "SPF names no server", DOMAIN, {"roundtrip": "fail auth_result_fail"},
             prepare=letters(spf="v=spf1 -all"), says="mail.beta.test says spf=fail"),
    Scenario(FILTERS, "neither DKIM nor SPF hold", DOMAIN, {"roundtrip": "fail auth_result_fail"},
             prepare=letters(other_key=True, spf="v=spf1 -all"),
             says="mail.beta.test says spf=fail, dkim=fail, dmarc=fail"),
    Scenario(BOTH, "nobody verifies letters", DOMAIN, {"roundtrip": "fail auth_result_fail"},
             says="no Authentication-Results of mail.beta.test"),
    Scenario(("postfix",), "relays for everybody", DOMAIN, {"smtp.relay": "fail smtp_open_relay"},
             prepare=open_relay),
    Scenario(("postfix",), "secondary that knows the mailboxes", DOMAIN,
             {"smtp.secondary": "pass"},
             prepare=secondary(relay_domains=DOMAIN,
                               relay_recipient_maps=f"inline:{{ probe@{DOMAIN}=x }}")),
    Scenario(("postfix",), "secondary that takes any mailbox", DOMAIN,
             {"smtp.secondary": "pass + smtp_secondary_unready"},
             prepare=secondary(relay_domains=DOMAIN),
             says="takes a mailbox that does not exist"),
    Scenario(("postfix",), "secondary that does not relay", DOMAIN,
             {"smtp.secondary": "pass + smtp_secondary_unready"}, prepare=secondary(),
             says="refuses the mailbox that exists"),
    Scenario(("knot", "unbound"), "an MX host more than declared", DOMAIN,
             {"dns.records": "fail dns_drift"}, prepare=secondary(),
             says="+20 mail.beta.test"),
    Scenario(BOTH, "mailbox over quota, letter from another domain", DOMAIN,
             {"roundtrip": "fail bounce"}, prepare=fault("mailbox-full", "beta"),
             says="smtp_mailbox_full_perm: 552 5.2.2"),
    Scenario(("dovecot",), "canary written over", DOMAIN,
             {"imap.canary": "fail imap_store_corruption"}, prepare=canary_changed),
    Scenario(("dovecot",), "canary removed", DOMAIN,
             {"imap.canary": "fail imap_store_corruption"}, prepare=canary_removed),
]
