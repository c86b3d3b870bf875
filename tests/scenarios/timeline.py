#!/usr/bin/env python3
"""Timelines of outages as people tell them: which runs of which checks failed, when, and who saw it.

    timeline.py SIGNATURE.toml          prints the scenario for `postwatch replay`

A fleet of agents runs every check of every provider. A provider has a zone with two name servers, two MX
hosts, one front end for submission and IMAP, and two test accounts that take turns. Each result tells
what its run depended on, as far as it got, as in what a collector exports. See signatures/README.md.
"""
import json
import sys
import tomllib
import zlib

START = 1_800_000_000
LETTERS = 3           # a letter is sent every so many intervals
FLEET = {"agents": ["eu", "us", "ap", "sa", "af", "me"], "providers": ["alpha", "beta", "gamma"], "interval": 30,
         "networks": {}, "resolvers": {}, "joins": {}, "dns_hosters": {}, "families": ["v4"]}
CHECKS = {"dns.mx": ("dns", "dns"), "dns.authority": ("dnsauth", "dns"), "smtp.mx": ("smtp", "inbound"),
          "smtp.submit": ("smtp", "submission"), "imap.access": ("imap", "access"), "roundtrip": ("rt", "delivery")}
# What a failed run still reached, by the beginning of its class.
REACHED = (("dns_", "name"), ("agent_", "name"), ("net_", "host"), ("tcp_", "host"), ("conn_", "host"),
           ("read_", "host"), ("tls_", "certificate"))
STAGES = ("name", "host", "certificate", "mail")


def chance(*words):
    """A number from 0 to 1 that is always the same for the same words."""
    return zlib.crc32(" ".join(map(str, words)).encode()) / 2 ** 32


def stage_of(failure):
    """How far a run got."""
    return next((stage for prefix, stage in REACHED if failure and failure.startswith(prefix)), "mail")


def seconds_of(failure):
    """How long a run takes."""
    if failure and failure.startswith("delivery_"):
        return 60.0
    return 10.0 if failure and failure.endswith("timeout") else .2


class Run:
    """One run of a check: who, what, and by which of the hosts, addresses and accounts that take turns."""

    def __init__(self, fleet, agent, provider, check, number):
        self.fleet, self.agent, self.provider, self.check = fleet, agent, provider, check
        self.name = "%s/%s" % (provider, check) if provider else check
        turn = number + zlib.crc32(agent.encode())
        self.family = fleet["families"][turn % len(fleet["families"])]
        turn //= len(fleet["families"])
        self.host = "mx%d.%s" % (turn % 2 + 1, provider) if check == "smtp.mx" else "mail." + provider
        self.account = "%s@%s" % (("one", "two")[turn % 2], provider)
        self.server = "%s/ns%d" % (provider, turn % 2 + 1)

    def network(self):
        return self.fleet["networks"].get(self.agent, "as-" + self.agent)

    def resolver(self):
        return self.fleet["resolvers"].get(self.agent, "resolver-" + self.agent)

    def crossed(self, failure, part):
        """The components that it depended on."""
        near = ["agent:" + self.agent, "isp:" + self.network()]
        if self.check == "witness":
            return near
        hoster = self.fleet["dns_hosters"].get(self.provider, self.provider + "-dns")
        names = ["zone:" + self.provider, "hoster:" + hoster]
        if self.check == "dns.authority":
            return near + names + ["ns:" + self.server]
        reached = STAGES.index(stage_of(failure))
        if self.check == "dns.mx" or reached == 0:
            near.append("resolver:" + self.resolver())
        if self.check in ("dns.mx", "smtp.mx") or reached == 0:
            near += names
        return near if self.check == "dns.mx" else near + self._mail(reached, failure, part)

    def _mail(self, reached, failure, part):
        provider, service = self.provider, "smtp"
        if self.check != "smtp.mx":
            service = part or {"smtp.submit": "submission"}.get(self.check, "imap")
        crossed = ["provider:" + provider, "path:%s>%s" % (self.network(), provider),
                   "svc:%s/%s" % (provider, service)]
        if self.check == "roundtrip":
            crossed += ["queue:" + provider, "mbox:" + self.account]
            if not failure:
                crossed.append("svc:%s/submission" % provider)
        if self.check == "smtp.mx":
            crossed.append("listed:%s@%s" % (self.agent, provider))
        if reached == 0:
            return crossed
        crossed.append("site:%s.%s" % (self.host, self.family))
        if self.check == "smtp.mx":
            crossed.append("mx:" + self.host)
        if reached > 1:
            crossed.append("cert:" + self.host)
        if reached > 2 and self.check != "smtp.mx":
            crossed += ["auth:" + provider, "acct:" + self.account]
        return crossed


class Timeline:
    """One outage, as told in a file."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.told = tomllib.load(file)
        self.fleet = FLEET | self.told.get("fleet", {})
        self.fails = self.told.get("fails", [])
        for trouble in self.fails:
            trouble["checks"] = trouble["checks"].split()
            trouble["at"] = trouble.get("at", " ".join(self.fleet["agents"])).split()
        self.began = min((t["from"] for t in self.fails), default=0)

    def failure(self, run, second, number):
        """(class, part) of a run's failure; the last trouble that hits it counts."""
        found = (None, None)
        for trouble in self.fails:
            hit = (run.agent in trouble["at"] and trouble["from"] <= second < trouble.get("to", 1e9)
                   and any(run.name.startswith(check) for check in trouble["checks"])
                   and trouble.get("family", run.family) == run.family
                   and trouble.get("host", run.host) == run.host
                   and trouble.get("account", run.account) == run.account)
            if hit and chance(run.agent, run.name, number) < trouble.get("share", 1):
                found = (trouble["class"], trouble.get("part"))
        return found

    def runs(self):
        """(second, run, its number) of everything that is run."""
        interval = self.fleet["interval"]
        names = [("", "witness")] + [(p, c) for p in self.fleet["providers"] for c in CHECKS]
        for agent in self.fleet["agents"]:
            for provider, check in names:
                every = interval * (LETTERS if check == "roundtrip" else 1)
                second, number = chance(agent, provider, check) * every, 0
                while second < self.told["lasts"]:
                    if second >= self.fleet["joins"].get(agent, 0):
                        yield second, Run(self.fleet, agent, provider, check, number), number
                    second, number = second + every, number + 1

    def topology(self):
        """The first line: the fleet and its plan."""
        interval = self.fleet["interval"]
        agents = [{"id": a, "region": a.split("-")[0], "isp": self.fleet["networks"].get(a, "as-" + a),
                   "resolver": self.fleet["resolvers"].get(a, "resolver-" + a)} for a in self.fleet["agents"]]
        checks = [{"id": "witness", "kind": "witness", "leg": "control", "interval_s": interval}]
        checks += [{"id": "%s/%s" % (p, name), "kind": name, "target": p, "provider": p, "leg": leg,
                    "interval_s": interval * (LETTERS if name == "roundtrip" else 1)}
                   for p in self.fleet["providers"] for name, (_, leg) in CHECKS.items()]
        return {"type": "topology", "v": 1, "interval_s": interval, "agents": agents, "providers": [], "domains": [],
                "anchors": [], "checks": checks} | self.told.get("declared", {})

    def results(self):
        """The result lines, in the order in which they come in."""
        lines = []
        for second, run, number in self.runs():
            failure, part = self.failure(run, second, number)
            took = seconds_of(failure)
            check, leg = CHECKS.get(run.check, ("anchor", "control"))
            ended = round(START + second + took, 3)
            line = {"type": "result", "recv": ended, "ts": ended, "agent": run.agent, "check": check,
                    "target": run.provider or "control", "ms": took * 1000, "outcome": "fail" if failure else "ok",
                    "check_id": run.name, "kind": run.check, "leg": leg, "crossed": run.crossed(failure, part)}
            if run.provider:
                line["provider"] = run.provider
            if failure:
                line["class"] = failure
            lines.append(line)
        lines.sort(key=lambda line: line["recv"])
        counts = {}
        for line in lines:
            line["seq"] = counts[line["agent"]] = counts.get(line["agent"], 0) + 1
        return lines

    def scenario(self):
        """The whole scenario, as text."""
        return "".join(json.dumps(line) + "\n" for line in [self.topology()] + self.results())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(Timeline(sys.argv[1]).scenario())
