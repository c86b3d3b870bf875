#!/usr/bin/env python3
"""Sends and finds real letters in a lab; to be run inside one of its namespaces.

    letter.py send STATE SENDER RECIPIENT      submits over 587, prints the letter's token
    letter.py find STATE MAILBOX TOKEN [S]     waits S seconds for a letter that mentions the token
                                               (over IMAP), prints it and deletes it

Names are looked up with the namespace's resolver and certificates verified against the lab's CA.
"""
import imaplib
import json
import smtplib
import ssl
import sys
import time
import uuid
from pathlib import Path

SESSION_LIMIT_S = 10


def account(lab: dict, mailbox: str) -> tuple[str, str]:
    """The mail host and the password of a mailbox."""
    provider = next(p for p in lab["providers"].values() if mailbox in p["password_files"])
    return provider["host"], Path(provider["password_files"][mailbox]).read_text()


def send(lab: dict, sender: str, recipient: str) -> str:
    host, password = account(lab, sender)
    token = uuid.uuid4().hex
    letter = (f"From: {sender}\r\nTo: {recipient}\r\nSubject: letter {token}\r\n"
              f"Message-ID: <{token}@letter.test>\r\n\r\nHello.\r\n")
    with smtplib.SMTP(host, 587, local_hostname="agent.test", timeout=SESSION_LIMIT_S) as client:
        client.starttls(context=ssl.create_default_context(cafile=lab["ca"]))
        client.login(sender, password)
        client.sendmail(sender, [recipient], letter)
    return token


def find(lab: dict, mailbox: str, token: str, limit_s: float) -> str | None:
    host, password = account(lab, mailbox)
    context = ssl.create_default_context(cafile=lab["ca"])
    with imaplib.IMAP4_SSL(host, 993, ssl_context=context, timeout=SESSION_LIMIT_S) as client:
        client.login(mailbox, password)
        client.select("INBOX")
        end = time.monotonic() + limit_s
        while True:
            _, found = client.search(None, "TEXT", token)
            if found[0]:
                number = found[0].split()[-1]
                _, parts = client.fetch(number, "(BODY.PEEK[])")
                client.store(number, "+FLAGS", "\\Deleted")
                client.expunge()
                return parts[0][1].decode(errors="replace")
            if time.monotonic() > end:
                return None
            time.sleep(0.02)
            client.noop()


def main(verb: str, state: str, *rest: str) -> int:
    lab = json.loads((Path(state) / "lab.json").read_text())
    if verb == "send":
        print(send(lab, *rest))
        return 0
    mailbox, token, limit_s = (*rest, "10")[:3]
    letter = find(lab, mailbox, token, float(limit_s))
    print(letter if letter is not None else f"no such letter within {limit_s} s")
    return 0 if letter is not None else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
