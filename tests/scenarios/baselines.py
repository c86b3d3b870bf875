#!/usr/bin/env python3
"""Three decision rules as other monitors use them, on the same scenario files.

    baselines.py RULE SCENARIO               prints incident lines; RULE is streak, majority or route53

streak: three failures in a row at any agent. majority: more than half of the agents' last results failed.
route53: an agent is unhealthy after three failures in a row, healthy after three successes, and the target
is down when at most 18 % of the agents are healthy. All get a generous grouping: one incident a provider or
domain, re-opened within ten minutes, with the blame guessed from the checks and codes that failed.
"""
import json
import sys
from collections import Counter, deque

from faults import CLASS_OF, kind

RULES = ("streak", "majority", "route53")
IN_A_ROW = 3
REOPEN = 600.0
CAUSES = {"tls_expired": "cert:%s/%s", "auth": "auth:%s", "quota": "mbox:%s/%d", "policy": "listed:%s@%s"}


class Target:
    """What is known of one provider or domain: failing checks, recent failures, the incident."""

    def __init__(self, name, is_domain):
        self.name, self.is_domain = name, is_domain
        self.bad, self.recent = set(), deque(maxlen=12)
        self.incident, self.closed_at = None, None

    def blame(self):
        """The component that the failing checks and the commonest code suggest."""
        checks = {"dns" if c == "dnsauth" else c for c in self.bad}
        if self.is_domain or checks == {"dns"}:
            return "zone:" + self.name
        code = Counter(line.get("err") for line in self.recent).most_common(1)[0][0]
        last = self.recent[-1]
        read = sorted(checks & {"imap", "pop3"})
        if code == "tls_expired":
            return CAUSES[code] % (self.name, read[0] if read else "smtp")
        if code == "auth":
            return CAUSES[code] % self.name
        if code == "quota":
            return CAUSES[code] % (self.name, max(0, last.get("acct", 0)))
        if code == "policy":
            return CAUSES[code] % (last["agent"], self.name)
        return self._service(checks, read)

    def _service(self, checks, read):
        if checks == {"rt"}:
            return "queue:" + self.name
        if checks <= {"smtp", "rt"}:
            return "svc:%s/smtp" % self.name
        if len(read) == 1 and checks <= {read[0], "rt"}:
            return "svc:%s/%s" % (self.name, read[0])
        return "provider:" + self.name


class Board:
    """Feeds results to one rule and collects incident lines."""

    def __init__(self, topology, rule):
        self.rule, self.interval = rule, topology["interval_s"]
        self.agents = [a["id"] for a in topology["agents"]]
        domains = {d["id"] for d in topology["domains"]}
        self.targets = {x: Target(x, x in domains) for x in domains | {p["id"] for p in topology["providers"]}}
        self.streaks, self.last, self.down, self.seen, self.lines = {}, {}, {}, set(), []
        self.opened = 0

    def feed(self, line):
        """Takes one result line."""
        target = self.targets.get(line["target"])
        number = (line["agent"], line["seq"])
        if target is None or line["check"] == "anchor" or number in self.seen:
            return
        self.seen.add(number)
        failed = line["outcome"] != "ok"
        key, agent, now = (line["target"], line["check"]), line["agent"], line["recv"]
        streak = self.streaks.get((agent, key), 0)
        streak = max(streak, 0) + 1 if failed else min(streak, 0) - 1
        self.streaks[agent, key], self.last[agent, key] = streak, now
        if failed:
            target.recent.append(line)
        if self._is_bad(agent, key, streak, now):
            target.bad.add(line["check"])
            self._open(target, now)
        else:
            target.bad.discard(line["check"])
            self._close(target, now)

    def _is_bad(self, agent, key, streak, now):
        down = self.down.setdefault(key, {})
        if self.rule == "streak":
            down[agent] = streak >= IN_A_ROW
            return any(down.values())
        if self.rule == "majority":
            down[agent] = streak > 0
        elif streak >= IN_A_ROW:
            down[agent] = True
        elif streak <= -IN_A_ROW:
            down[agent] = False
        fresh = (10 if key[1] == "rt" else 3.3) * self.interval
        live = [a for a in self.agents if now - self.last.get((a, key), -1e9) < fresh]
        failing = sum(down.get(a, False) for a in live)
        if len(live) < 3:
            return False
        return failing > .5 * len(live) if self.rule == "majority" else len(live) - failing <= .18 * len(live)

    def _open(self, target, now):
        if target.closed_at is None and target.incident:
            return
        if target.incident is None or now - target.closed_at >= REOPEN:
            self.opened += 1
            target.incident = {"id": "B%d" % self.opened, "component": target.blame(), "start": now}
            self._print("open", target.incident, now, None)
        else:
            self._print("update", target.incident, now, None)
        target.closed_at = None

    def _close(self, target, now):
        if target.incident and target.closed_at is None and not target.bad:
            target.closed_at = now
            self._print("close", target.incident, now, now)

    def _print(self, event, incident, now, end):
        component = incident["component"]
        self.lines.append({
            "type": "incident", "event": event, "id": incident["id"], "at": now, "component": component,
            "class": CLASS_OF[kind(component)], "level": "real", "alert": True, "start_est": incident["start"],
            "end_est": end, "confidence": 1.0, "severity_est": 1.0, "evidence": {}, "alternatives": [],
            "explain": "the rule %s holds for %s" % (self.rule, component)})


def run(rule, scenario):
    """The incident lines of one rule on one scenario file."""
    board = None
    with open(scenario) as lines:
        for text in lines:
            line = json.loads(text)
            if line["type"] == "topology":
                board = Board(line, rule)
            elif line["type"] == "result":
                board.feed(line)
    return board.lines


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in RULES:
        sys.exit(__doc__)
    for line in run(*arguments):
        print(json.dumps(line))


if __name__ == "__main__":
    main(sys.argv[1:])
