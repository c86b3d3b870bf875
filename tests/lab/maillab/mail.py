"""One provider: Postfix and Dovecot as private instances, kept in a wanted state.

A MailState says how the provider is to behave. settle() writes the configuration that follows from
it, tells the daemons, and returns once every mail port shows it; so faults add up, and a repair is
nothing but settling again without the flag.
"""
import base64
import hashlib
import os
import secrets
import shutil
import signal
import smtplib
import ssl
from dataclasses import dataclass
from pathlib import Path

from . import observe, plan, processes
from .authority import Authority
from .network import Network
from .templates import render, write_if_new

MAIL_UID = 5000
ALWAYS_FULL = "full"
LOSES_ROOM = "probe"
OBSERVER = "probe2"  # whose login the checks of this file use
POSTFIX_PROGRAMS = "/usr/lib/postfix/sbin/"
MANAGER = "qmgr"
# What has read the configuration: those that end with their client do so soon after a reload.
WORKERS = (MANAGER, "smtpd", "postscreen", "cleanup", "smtp", "lmtp", "trivial-rewrite")
# Owner and mode of Postfix's queue directories, as its own `postfix check` would make them.
PRIVATE_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                  "private", "saved", "trace")
FRONT_END = ("imap-login", "pop3-login")
SESSIONS = ("imap", "pop3")
DEFERS = "check_recipient_access static:{451 4.7.1 Service unavailable - try again later},"
BOUNCES = "check_recipient_access inline:{{ %s = 550 5.1.1 User unknown }},"


@dataclass(frozen=True)
class MailState:
    """How a provider behaves; all False is a healthy one."""
    postfix_stopped: bool = False
    postfix_defers: bool = False
    postfix_bounces: bool = False
    delivery_held: bool = False
    dovecot_stopped: bool = False
    dovecot_hung: bool = False
    certificate_expired: bool = False
    mailbox_full: bool = False


class MailHost:
    """Postfix and Dovecot of one provider. Building one of these touches nothing; up() does."""

    def __init__(self, network: Network, provider: plan.Provider, authority: Authority,
                 state: Path):
        self._network = network
        self._provider = provider
        self._authority = authority
        self._home = state / provider.name
        self._logs = state / "log"
        self._secrets = state / "secrets"
        self._spool = self._home / "spool"
        self._config = self._home / "postfix"

    @property
    def pid_files(self) -> dict[str, Path]:
        return {f"postfix-{self._provider.name}": self._spool / "pid/master.pid",
                f"dovecot-{self._provider.name}": self._home / "run/master.pid"}

    def password_file(self, user: str) -> Path:
        return self._secrets / f"{self._provider.domain}-{user}"

    def prepare(self) -> None:
        """Folders, passwords and the configuration of a healthy provider; needs no namespace."""
        for folder in ("run", "state", "vmail", "data", "postfix", "spool/pid", "spool/maildrop",
                       "spool/public", *(f"spool/{queue}" for queue in PRIVATE_QUEUES)):
            (self._home / folder).mkdir(parents=True)
        for queue in PRIVATE_QUEUES:
            _own(self._spool / queue, "postfix", None, 0o700)
        _own(self._spool / "maildrop", "postfix", "postdrop", 0o730)
        _own(self._spool / "public", "postfix", "postdrop", 0o710)
        _own(self._home / "data", "postfix", None, 0o700)
        os.chown(self._home / "vmail", MAIL_UID, MAIL_UID)
        for kept in Path("/etc/postfix").glob("dynamicmaps.cf*"):
            (shutil.copytree if kept.is_dir() else shutil.copy)(kept, self._config / kept.name)
        for user in plan.MAILBOXES:
            self.password_file(user).touch(mode=0o600)
            self.password_file(user).write_text(secrets.token_urlsafe(18))
        users = self._home / "users"
        users.touch(mode=0o400)
        shutil.chown(users, "dovecot")
        (self._config / "master.cf").write_text(render("master.cf"))
        self._write_postfix(MailState())
        self._write_dovecot(MailState())
        self._write_users(MailState())

    def up(self) -> None:
        """Starts both daemons; returns when they have their sockets."""
        self._install_certificate(MailState())
        key = self._home / "key.pem"
        shutil.copy(self._authority.key(self._provider), key)
        key.chmod(0o600)
        self._run(["dovecot", "-c", self._dovecot_conf], "dovecot")
        self._start_postfix()

    def settle(self, state: MailState) -> None:
        renewed = self._install_certificate(state)
        if self._write_postfix(state) | renewed:
            self._reload_postfix((MANAGER,))
        if self._write_dovecot(state) | renewed:
            self._freeze_front_end(False)
            self._signal_dovecot(signal.SIGHUP)
        self._write_users(state)
        if state.postfix_stopped:
            self._stop_postfix()
        elif not self._postfix():
            self._start_postfix()
        observe.until(lambda: self._enforce(state) or self.problem(state))

    def flush(self) -> None:
        """Tries at once to deliver everything that waits."""
        if self._postfix():
            processes.quiet(self._network.argv(
                self._provider.name, ["postqueue", "-c", str(self._config), "-f"]))

    def reconfigure_postfix(self, file: str, text: str) -> None:
        """Puts a text into main.cf or master.cf; a fault that comes or goes may undo that.

        Returns when no process that a client could meet works by the old settings.
        """
        if write_if_new(self._config / file, text):
            self._reload_postfix(WORKERS)

    def postfix_settings(self, file: str) -> str:
        """The text of main.cf or master.cf."""
        return (self._config / file).read_text()

    def reconfigure_dovecot(self, text: str) -> None:
        """Puts a text into dovecot.conf, under the terms of reconfigure_postfix()."""
        if not write_if_new(self._dovecot_conf, text):
            return
        old = set(self._named((*FRONT_END, "auth")))
        self._signal_dovecot(signal.SIGHUP)
        observe.until(lambda: "old processes linger" if old & set(self._named(FRONT_END)) else None)
        for pid in old & set(self._named(("auth",))):  # Postfix would keep it alive
            processes.send(pid, signal.SIGKILL)

    def dovecot_settings(self) -> str:
        """The text of dovecot.conf."""
        return self._dovecot_conf.read_text()

    def problem(self, state: MailState) -> str | None:
        """How what a client sees differs from the wanted state; None when it does not."""
        for look in (self._smtp_problem, self._mailbox_problem, self._quota_problem):
            try:
                seen = look(state)
            except (OSError, ssl.SSLError, smtplib.SMTPException) as error:
                seen = f"{type(error).__name__}: {error}"
            if seen:
                return (f"{self._provider.host}: {seen}; "
                        f"see {self._logs}/{self._provider.name}-*.log")
        return None

    # What a client sees.

    def _smtp_problem(self, state: MailState) -> str | None:
        where = (self._network.path(plan.BACKBONE), self._provider.address)
        if state.postfix_stopped:
            return _first(f"port {port} does not refuse" for port in plan.SMTP_PORTS
                          if not observe.refused(*where, port))
        wrong = self._certificate_problem(state, plan.SMTP_PORTS)
        if wrong:
            return wrong
        want = 451 if state.postfix_defers else 550 if state.postfix_bounces else 250
        password = self.password_file(OBSERVER).read_text()
        mailbox = f"{OBSERVER}@{self._provider.domain}"
        for port, secret in ((25, None), (587, password)):
            code = observe.rcpt_code(*where, port, mailbox, secret)
            if code != want:
                return f"RCPT on {port} answers {code}, not {want}"
        return None

    def _mailbox_problem(self, state: MailState) -> str | None:
        where = (self._network.path(plan.BACKBONE), self._provider.address)
        if state.dovecot_stopped:
            return _first(f"port {port} does not refuse" for port in plan.MAILBOX_PORTS
                          if not observe.refused(*where, port))
        if state.dovecot_hung:
            return _first(f"port {port} still speaks" for port in (143, 110)
                          if not observe.silent(*where, port))
        return self._certificate_problem(state, plan.MAILBOX_PORTS)

    def _certificate_problem(self, state: MailState, ports: tuple[int, ...]) -> str | None:
        want = ssl.PEM_cert_to_DER_cert(self._certificate(state).read_text())
        where = (self._network.path(plan.BACKBONE), self._provider.address)
        return _first(f"port {port} shows another certificate" for port in ports
                      if observe.certificate(*where, port) != want)

    def _quota_problem(self, state: MailState) -> str | None:
        """Asks the same Dovecot auth process that a delivery asks."""
        mailbox = f"{LOSES_ROOM}@{self._provider.domain}"
        fields = processes.quiet(["doveadm", "-c", str(self._dovecot_conf), "user", mailbox])
        if ("quota_rule" in fields) == state.mailbox_full:
            return None
        return f"{mailbox} is {'not ' if state.mailbox_full else ''}over quota"

    # The configuration that follows from a state; each returns whether something changed.

    def _write_postfix(self, state: MailState) -> bool:
        domain = self._provider.domain
        return write_if_new(self._config / "main.cf", render(
            "main.cf", home=self._home, logs=self._logs, host=self._provider.host, domain=domain,
            log=self._logs / f"{self._provider.name}-mail.log", address=self._provider.address,
            mailboxes=", ".join(f"{user}@{domain}=x" for user in plan.MAILBOXES),
            refusals=(DEFERS if state.postfix_defers else "")
            + (BOUNCES % domain if state.postfix_bounces else ""),
            held="lmtp" if state.delivery_held else "", ca=self._authority.file))

    def _write_dovecot(self, state: MailState) -> bool:
        return write_if_new(self._dovecot_conf, render(
            "dovecot.conf", name=self._provider.name, home=self._home, mail_uid=MAIL_UID,
            log=self._logs / f"{self._provider.name}-dovecot.log", address=self._provider.address,
            protocols="lmtp" if state.dovecot_stopped else "imap pop3 lmtp"))

    def _write_users(self, state: MailState) -> None:
        """Dovecot looks at the file again within a second, by itself."""
        full = {ALWAYS_FULL, LOSES_ROOM} if state.mailbox_full else {ALWAYS_FULL}
        rule = "userdb_quota_rule=*:bytes=1"
        text = "".join(
            f"{user}@{self._provider.domain}:{_hashed(self.password_file(user))}:{MAIL_UID}:"
            f"{MAIL_UID}::::{rule if user in full else ''}\n" for user in plan.MAILBOXES)
        write_if_new(self._home / "users", text)

    def _install_certificate(self, state: MailState) -> bool:
        return write_if_new(self._home / "cert.pem", self._certificate(state).read_text())

    def _certificate(self, state: MailState) -> Path:
        return self._authority.certificate(
            self._provider, "expired" if state.certificate_expired else "good")

    # The daemons.

    @property
    def _dovecot_conf(self) -> Path:
        return self._home / "dovecot.conf"

    def _run(self, argv: list[str], what: str) -> None:
        processes.launch(self._network.argv(self._provider.name, argv),
                         self._logs / f"{self._provider.name}-{what}.out")

    def _start_postfix(self) -> None:
        # `postfix start` would first check a whole installation, which takes two seconds.
        self._run([f"{POSTFIX_PROGRAMS}master", "-w", "-c", self._config], "postfix")

    def _reload_postfix(self, programs: tuple[str, ...]) -> None:
        """Waits for the old ones of these to go: no client can see which settings they work by."""
        before = self._postfix()
        for pid, name in before.items():
            if name == "master":
                processes.send(pid, signal.SIGHUP)
        old = {pid for pid, name in before.items() if name in programs}
        observe.until(lambda: "old processes linger" if old & set(self._postfix()) else None)

    def _stop_postfix(self) -> None:
        def remaining() -> str | None:
            left = self._postfix()
            for pid in left:
                processes.send(pid, signal.SIGKILL)
            return f"Postfix processes {left} survive" if left else None
        observe.until(remaining)

    def _postfix(self) -> dict[int, str]:
        """The living Postfix processes: pid -> program."""
        return {pid: program.removeprefix(POSTFIX_PROGRAMS)
                for pid in processes.inside(self._network.netns(self._provider.name))
                if (program := processes.program(pid)).startswith(POSTFIX_PROGRAMS)}

    def _signal_dovecot(self, what: signal.Signals) -> None:
        processes.send(int((self._home / "run/master.pid").read_text()), what)

    def _named(self, names: tuple[str, ...]) -> list[int]:
        return [pid for pid in processes.inside(self._network.netns(self._provider.name))
                if processes.name(pid) in names]

    def _freeze_front_end(self, freeze: bool) -> None:
        for pid in self._named(FRONT_END + SESSIONS):
            processes.send(pid, signal.SIGSTOP if freeze else signal.SIGCONT)

    def _enforce(self, state: MailState) -> str | None:
        """What no configuration can say: sessions end with a stop, and freeze with a hang."""
        if state.dovecot_stopped:
            for pid in self._named(FRONT_END + SESSIONS):
                processes.send(pid, signal.SIGKILL)
        else:
            self._freeze_front_end(state.dovecot_hung)
        return None


def _first(problems) -> str | None:
    return next(iter(problems), None)


def _hashed(password: Path) -> str:
    salt = os.urandom(8)
    digest = hashlib.sha256(password.read_bytes() + salt).digest()
    return "{SSHA256}" + base64.b64encode(digest + salt).decode()


def _own(path: Path, user: str, group: str | None, mode: int) -> None:
    shutil.chown(path, user, group)
    path.chmod(mode)
