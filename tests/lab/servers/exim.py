"""Exim for SMTP, and Dovecot with Sieve (Pigeonhole) behind it."""
import base64
import hashlib
import os
from pathlib import Path

from base import Server

EXIM = """\
primary_hostname = @host@
domainlist local_domains = @domain@
local_interfaces = <; @address@ ; @address6@
daemon_smtp_ports = 25 : 587 : 465
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = @cert@
tls_privatekey = @key@
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
spool_directory = @home@/spool
log_file_path = @home@/%slog
acl_smtp_rcpt = recipient
host_lookup =
rfc1413_query_timeout = 0s
smtp_accept_max = 100

begin acl
recipient:
  accept authenticated = *
  deny domains = !+local_domains
       message = relay not permitted
  require verify = recipient
  accept

begin routers
mailboxes:
  driver = accept
  domains = +local_domains
  local_parts = probe : spam : full
  transport = dovecot
  cannot_route_message = Unknown user

begin transports
dovecot:
  driver = smtp
  protocol = lmtp
  hosts = @address@
  port = 24
  allow_localhost

begin retry
* * F,1h,2s

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if eq{$auth3}{@password@}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if eq{$auth2}{@password@}}
  server_set_id = $auth1
"""
DOVECOT = """\
instance_name = pigeonhole
base_dir = @home@/run
state_dir = @home@/state
log_path = @log@
listen = @address@, [@address6@]
protocols = imap pop3 lmtp
ssl = yes
ssl_cert = <@cert@
ssl_key = <@key@
disable_plaintext_auth = yes
auth_failure_delay = 0 secs
mail_location = maildir:@home@/mail/%n
mail_uid = 5000
mail_gid = 5000
first_valid_uid = 5000
mail_plugins = quota
mail_max_userip_connections = @limit@
maildir_very_dirty_syncs = yes
pop3_lock_session = yes
passdb {
  driver = passwd-file
  args = username_format=%u @home@/users
}
userdb {
  driver = passwd-file
  args = username_format=%u @home@/users
}
namespace inbox {
  inbox = yes
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
}
protocol imap {
  mail_plugins = quota imap_quota
}
protocol lmtp {
  mail_plugins = quota sieve
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=100M
  quota_grace = 0%
  sieve = file:@home@/sieve/%n;active=@home@/sieve/%n.sieve
}
service lmtp {
  inet_listener lmtp {
    address = @address@
    port = 24
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
"""
SPAM = 'require ["fileinto"];\nfileinto "Junk";\n'
MAIL_UID = 5000
CONNECTION_LIMIT = 3
KB = 1024
# Mailboxes: the size of the letter that is in it, and the limit; 0 there is none.
MAILBOXES = {"probe": (0, 0), "spam": (0, 0), "limit": (0, 0), "near": (940 * KB, 1000 * KB),
             "full": (1000 * KB, 1000 * KB)}
LETTER_HEAD = b"From: probe@exim.test\nSubject: takes room\n\n"
LETTER_LINE = b"y" * 62 + b"\n"  # 64 octets as IMAP counts


class Pigeonhole(Server):
    """Dovecot with Sieve; users of the domain of Exim."""
    name, title, package = "pigeonhole", "Dovecot", "dovecot-sieve"
    ports = (24, 143, 993, 110, 995)

    @property
    def domain(self) -> str:
        return "exim.test"

    def configure(self) -> None:
        for folder in ("run", "state", "mail", "sieve"):
            (self.home / folder).mkdir()
        self.write("dovecot.conf", DOVECOT.replace("@limit@", str(CONNECTION_LIMIT)), 0o600)
        self.write("sieve/spam.sieve", SPAM)
        for user, (size, _) in MAILBOXES.items():
            if size:
                self._put_letter(user, size)
        for path in (self.home / "mail", self.home / "sieve"):
            _give(path)
        salt = os.urandom(8)
        digest = hashlib.sha256(self.account.password.encode() + salt).digest()
        secret = "{SSHA256}" + base64.b64encode(digest + salt).decode()
        users = self.write("users", "".join(
            f"{user}@{self.domain}:{secret}:{MAIL_UID}:{MAIL_UID}::::"
            + (f"userdb_quota_rule=*:bytes={limit}\n" if limit else "\n")
            for user, (_, limit) in MAILBOXES.items()))
        users.chmod(0o644)

    def _put_letter(self, user: str, size: int) -> None:
        for folder in ("cur", "new", "tmp"):
            (self.home / "mail" / user / folder).mkdir(parents=True)
        letter = LETTER_HEAD + LETTER_LINE * ((size - len(LETTER_HEAD)) // 64)
        name = f"1700000000.1.here,S={len(letter)}:2,S"
        (self.home / "mail" / user / "cur" / name).write_bytes(letter)

    def command(self) -> str:
        return f"dovecot -c {self.home}/dovecot.conf"


class Exim(Server):
    name, title, package = "exim", "Exim", "exim4-base"
    users = "Debian-exim"
    ports = (25, 587, 465)

    def configure(self) -> None:
        (self.home / "spool").mkdir()
        self.write("etc/exim4/exim4.conf", EXIM, 0o640)

    def command(self) -> str:
        return (f"chgrp Debian-exim /etc/exim4/exim4.conf; chown -R Debian-exim: {self.home}/spool;"
                f" touch {self.home}/mainlog {self.home}/rejectlog {self.home}/paniclog;"
                f" chown Debian-exim: {self.home}/*log; exim4 -bd -q2s")


def _give(path: Path) -> None:
    """All of it to the mail user."""
    for item in (path, *path.rglob("*")):
        os.chown(item, MAIL_UID, MAIL_UID)
