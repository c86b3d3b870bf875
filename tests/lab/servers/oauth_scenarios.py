"""Log-ins with access tokens at the lab's Postfix and Dovecot. Beta takes nothing else, from the
first of these scenarios on."""
import contextlib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path

from interop_lab import BOTH, InteropLab
from oauth_provider import OauthProvider
from scenarios import Scenario

from maillab import plan

BETA = plan.PROVIDERS["beta"]
PROBE = f"probe@{BETA.domain}"
TOKEN_PORT, INTROSPECTION_PORT = 8443, 8444
MECHANISMS = "oauthbearer xoauth2"
PASSDB = """\
passdb {{
  driver = oauth2
  args = {}
}}"""
OAUTH = f"""\
introspection_mode = auth
introspection_url = http://127.0.0.1:{INTROSPECTION_PORT}/
"""
# The mailbox's password file serves for the refresh token.
MAILBOX = f"""\
oauth2:
  token_url: https://{BETA.host}:{TOKEN_PORT}/token
  client_id: postwatch
  refresh_token: {{file: @secret@}}
"""


def provider_of(world: InteropLab) -> OauthProvider:
    """The provider that beta's Dovecot asks about tokens."""
    if world.oauth is None:
        lab = world.lab
        netns, secret = lab.netns_path(BETA.name), lab.password_file(BETA.domain, "probe")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(lab.state / "beta/cert.pem", lab.state / "beta/key.pem")
        world.oauth = world.kept.enter_context(OauthProvider(PROBE, Path(secret).read_text()))
        world.oauth.listen(netns, BETA.address, TOKEN_PORT, context)
        world.oauth.listen(netns, "127.0.0.1", INTROSPECTION_PORT)
        _take_tokens(world)
    return world.oauth


def _take_tokens(world: InteropLab) -> None:
    host, settings = world.lab.mail_host("beta"), world.lab.state / "beta/oauth2.conf"
    settings.write_text(OAUTH)
    text = re.sub(r"passdb {[^}]*}", PASSDB.format(settings), host.dovecot_settings())
    host.reconfigure_dovecot(re.sub(r"(?m)^auth_mechanisms = .*", f"auth_mechanisms = {MECHANISMS}",
                                    text))
    # What Postfix knows of Dovecot's mechanisms it learns anew.
    host.reconfigure_postfix("main.cf", host.postfix_settings("main.cf")
                             + f"smtpd_sasl_mechanism_filter = {MECHANISMS}\n")


def provider(**behaviour):
    """The OAuth provider behaves like this, for as long as a scenario lasts."""
    @contextlib.contextmanager
    def prepared(world: InteropLab) -> Iterator[None]:
        provider_of(world).behave(**behaviour)
        yield
    return prepared


@contextlib.contextmanager
def one_log_in_each(world: InteropLab) -> Iterator[None]:
    """A token that is kept for the next log-in is refused there."""
    with provider(log_ins=1)(world):
        yield
    assert provider_of(world).refused, "no token was used twice"


OAUTH_SCENARIOS = [
    Scenario(BOTH, "log-in by OAUTHBEARER", BETA.domain,
             {"smtp.submit": "pass", "imap.access": "pass", "pop3.access": "pass"}, PROBE,
             extra=MAILBOX, prepare=provider(), says="auth.mechanism=OAUTHBEARER"),
    Scenario(BOTH, "log-in by XOAUTH2, tokens expire before their time", BETA.domain,
             {"roundtrip": "pass"}, PROBE, extra=MAILBOX + "auth: [XOAUTH2]\n",
             prepare=one_log_in_each, says="auth.mechanism=XOAUTH2"),
    Scenario(BOTH, "XOAUTH2, token refused", BETA.domain,
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_failed",
              "pop3.access": "fail pop3_auth_failed"}, PROBE,
             extra=MAILBOX + "auth: [XOAUTH2]\n", prepare=provider(log_ins=0)),
    Scenario(BOTH, "OAUTHBEARER, token refused", BETA.domain,
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_failed"},
             PROBE, extra=MAILBOX, prepare=provider(log_ins=0)),
    Scenario(BOTH, "refresh token is wrong", BETA.domain,
             {"smtp.submit": "fail smtp_auth_failed", "imap.access": "fail imap_auth_failed"},
             PROBE, "wrong", extra=MAILBOX, prepare=provider(), says="said 400 invalid_grant"),
    Scenario(BOTH, "refresh token has expired", BETA.domain,
             {"smtp.submit": "fail smtp_token_expired", "imap.access": "fail smtp_token_expired"},
             PROBE, extra=MAILBOX, prepare=provider(expired=True), says="expired or revoked"),
    Scenario(BOTH, "token endpoint is down", BETA.domain,
             {"smtp.submit": "fail oauth_token_endpoint",
              "imap.access": "fail oauth_token_endpoint"},
             PROBE, extra=MAILBOX, prepare=provider(down=True), says="said 503"),
    Scenario(BOTH, "Dovecot cannot have tokens verified", BETA.domain,
             {"imap.access": "fail imap_auth_backend"}, PROBE, extra=MAILBOX,
             prepare=provider(blind=True)),
]
