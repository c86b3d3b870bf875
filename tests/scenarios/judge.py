#!/usr/bin/env python3
"""Judges incident lines against the truth, for scenarios of either world.

    judge.py SCENARIO TRUTH INCIDENTS        prints one JSON object

A page is the first line of an incident with alert true. It belongs to the real fault that it overlaps in
time and scope (at least 30 % of the smaller scope); more pages for the same fault are duplicates, all
others are false: `local` if a local fault in its scope explains it, else `noise`. The blame is right if
it is the fault's component, or one that crosses the same cells and looks the same. For a fault with
stages any stage is a hit, but only the last one is right in the end.
"""
import json
import math
import sys
from bisect import bisect_right

from crossing import Crossing
from faults import CLASS_OF, is_local, kind

LOOKS = {"zone": "dns", "hoster": "dns", "auth": "auth", "acct": "auth", "listed": "policy", "dnsbl": "policy",
         "agent": "net", "isp": "net", "path": "net", "transit": "net"}
LOOKS.update(dict.fromkeys(("mx", "site", "svc", "provider", "dc"), "down"))
BIN_EDGES = (.5, .6, .7, .8, .9, .95, .99)
EARLY, LATE, LATE_LOCAL = 5.0, 240.0, 300.0    # seconds around a fault; LATE is one interval if that is longer


def looks(component):
    """Kinds whose faults look alike to a probe."""
    return LOOKS.get(kind(component), kind(component))


def read_lines(path):
    """The JSON objects of a file, blank lines aside."""
    with open(path) as lines:
        return [json.loads(line) for line in lines if line.strip()]


class Scopes:
    """Which cells of a scenario cross a component, by the printed labels and by the true ones."""

    def __init__(self, topology, cells, recorded, labels=None):
        checks = {}
        for cell in cells:
            checks.setdefault(cell[2], set()).add(cell[1])
        pop_only = {target for target, has in checks.items() if "pop3" in has and "imap" not in has}
        self.printed = self._index(Crossing(topology), cells, pop_only, recorded)
        self.true = self._index(Crossing(topology, labels), cells, pop_only, recorded) if labels else self.printed

    @staticmethod
    def _index(crossing, cells, pop_only, recorded):
        crossing.pop_only, found = pop_only, {}
        crossing.known.update(recorded)
        for cell in cells:
            for component in crossing.components(cell):
                found.setdefault(component, set()).add(cell)
        return found

    def told(self, component):
        """The scope of a component as the collector knows it."""
        return self.printed.get(component, frozenset())

    def real(self, component):
        """The scope of a component in the world."""
        return self.true.get(component, frozenset())

    def same(self, blamed, component):
        """Whether blaming `blamed` is as good as blaming `component`."""
        if blamed == component:
            return True
        scope = self.told(blamed)
        its = (self.real(component), self.told(component))
        return bool(scope) and looks(blamed) == looks(component) and scope in its


def read_scenario(path):
    """(topology, {cell: sorted receive times of its failures}, all cells, {recorded cell: its components})."""
    topology, fails, cells, recorded = None, {}, set(), {}
    for line in read_lines(path):
        if line["type"] == "topology":
            topology = line
        elif line["type"] == "result":
            check = line.get("check_id", line["check"])
            cell = (line["agent"], check, line["target"], line.get("endpoint", ""), line.get("acct", -1))
            cells.add(cell)
            if "crossed" in line:
                recorded.setdefault(cell, set()).update(line["crossed"])
            if line["outcome"] != "ok":
                fails.setdefault(cell, []).append(line["recv"])
    return topology, fails, cells, recorded


def read_incidents(lines):
    """One record an incident: its page, its first-page blame and its last blame."""
    found = {}
    for line in lines:
        if line.get("type") != "incident":
            continue
        incident = found.setdefault(line["id"], {"page": False, "at": line["at"], "first": line["component"]})
        if line["alert"] and not incident["page"]:
            incident.update(page=True, at=line["at"], first=line["component"])
        incident.update(component=line["component"], level=line["level"], class_=line["class"],
                        confidence=line.get("confidence", 0.0))
    return list(found.values())


class Case:
    """One scenario under judgement."""

    def __init__(self, scenario_path, truth_path, incident_lines):
        self.topology, self.fails, cells, recorded = read_scenario(scenario_path)
        truth = read_lines(truth_path)
        self.about = next(x for x in truth if x["type"] == "scenario")
        self.scopes = Scopes(self.topology, cells, recorded, self.about.get("labels"))
        self.faults = [dict(f, names=self._names(f)) for f in truth if f["type"] == "fault"]
        for fault in self.faults:
            fault["scope"] = set().union(*(self.scopes.real(name) for name in fault["names"]))
            fault["visible"] = self._hits(fault) >= 3
        self.incidents = read_incidents(incident_lines)
        self.pages = sorted((i for i in self.incidents if i["page"]), key=lambda i: i["at"])

    @staticmethod
    def _names(fault):
        return [stage["component"] for stage in fault.get("stages", ())] or [fault["component"]]

    def _hits(self, fault):
        """How many failures the fault caused; the first world does not count them, so failures in scope must do."""
        if "hits" in fault:
            return fault["hits"]
        until = fault["end"] + 120
        return sum(sum(1 for t in self.fails.get(cell, ()) if fault["start"] <= t < until) for cell in fault["scope"])

    def _owner(self, page):
        """The real fault that a page belongs to, or None."""
        mine, best = self.scopes.told(page["component"]), (0.0, None)
        for fault in self.faults:
            if not fault["visible"] or fault["level"] != "real":
                continue
            late = max(LATE, self.topology["interval_s"]) + fault.get("tail_s", 0)
            if not fault["start"] - EARLY <= page["at"] <= fault["end"] + late:
                continue
            for name in fault["names"]:
                its = self.scopes.real(name)
                common = len(mine & its)
                if common and common >= .3 * min(len(mine), len(its)):
                    best = max(best, (common / len(mine | its), fault), key=lambda x: x[0])
                elif page["component"] == name:
                    best = max(best, (.01, fault), key=lambda x: x[0])
        return best[1]

    def _reason(self, page):
        """Why a false page was raised: by a local fault in its scope or by noise."""
        mine = self.scopes.told(page["component"])
        for fault in self.faults:
            if fault["level"] == "local" and fault["start"] - EARLY <= page["at"] <= fault["end"] + LATE_LOCAL:
                if mine & fault["scope"]:
                    return "local"
        return "noise"

    def _hit(self, fault, pages):
        """The record of one visible real fault."""
        record = {"component": fault["component"], "severity": fault["severity"],
                  "length": fault["end"] - fault["start"], "hit": bool(pages),
                  "hits": self._hits(fault), "witnesses": fault.get("witnesses"),
                  "note": fault.get("note", "")}
        if pages:
            page, same = pages[0], self.scopes.same
            seconds = page["at"] - fault["start"]
            right = same(page["component"], fault["component"])
            record.update(
                pages=len(pages), seconds=seconds, intervals=seconds / self.topology["interval_s"],
                got=page["component"], first=page["first"], right=right,
                first_right=any(same(page["first"], name) for name in fault["names"]),
                class_right=right or CLASS_OF.get(kind(page["component"])) == fault["class"],
                confidence=page["confidence"], others=[p["component"] for p in pages[1:]])
        return record

    def _named(self, fault):
        """Whether a quiet incident names this local fault."""
        for incident in self.incidents:
            blamed = incident["component"]
            if incident["page"] or not fault["start"] - EARLY <= incident["at"] <= fault["end"] + 120:
                continue
            if self.scopes.same(blamed, fault["component"]):
                return True
            if kind(blamed) == "transit" and fault.get("note") == "transit":
                return True
        return False

    def judge(self):
        """The full record of the scenario."""
        owned, false = {}, []
        for page in self.pages:
            fault = self._owner(page)
            if fault:
                owned.setdefault(fault["id"], []).append(page)
            else:
                false.append({"component": page["component"], "why": self._reason(page), "at": round(page["at"]),
                              "confidence": page["confidence"]})
        real = [f for f in self.faults if f["visible"] and not is_local(f["component"])]
        local = [f for f in self.faults if f["visible"] and is_local(f["component"])]
        hours = len(self.topology["agents"]) * self.about["duration_s"] / 3600
        return {"category": self.about["category"], "seed": self.about["seed"],
                "faults": [self._hit(f, owned.get(f["id"])) for f in real], "pages": len(self.pages), "false": false,
                "local": [self._named(f) for f in local], "agent_hours": hours}


def percentile(values, share):
    """The value below which `share` of the values lie, or None."""
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


def calibration(pairs):
    """(expected calibration error, Brier score) of (confidence, right) pairs."""
    if not pairs:
        return None, None
    brier = sum((c - r) ** 2 for c, r in pairs) / len(pairs)
    bins = {}
    for confidence, right in pairs:
        bins.setdefault(bisect_right(BIN_EDGES, confidence), []).append((confidence, right))
    gaps = sum(abs(math.fsum(c - r for c, r in members)) for members in bins.values())
    return gaps / len(pairs), brier


def _share(count, of):
    return count / of if of else None


def summarize(records):
    """The measures over any number of scenario records."""
    faults = [f for r in records for f in r["faults"]]
    hits = [f for f in faults if f["hit"]]
    false = [x for r in records for x in r["false"]]
    local = [x for r in records for x in r["local"]]
    hours = sum(r["agent_hours"] for r in records)
    ece, brier = calibration([(f["confidence"], f["right"]) for f in hits])
    return {
        "scenarios": len(records), "faults": len(faults), "hits": len(hits),
        "recall": _share(len(hits), len(faults)), "precision": _share(len(hits), len(hits) + len(false)),
        "component": _share(sum(f["right"] for f in hits), len(hits)),
        "first_component": _share(sum(f["first_right"] for f in hits), len(hits)),
        "class": _share(sum(f["class_right"] for f in hits), len(hits)),
        "alerts_per_fault": _share(sum(r["pages"] for r in records), len(faults)),
        "duplicates": sum(f["pages"] - 1 for f in hits),
        "false_local": sum(x["why"] == "local" for x in false), "false_noise": sum(x["why"] == "noise" for x in false),
        "false_per_agent_year": _share(len(false), hours / 8766),
        "seconds_p50": percentile([f["seconds"] for f in hits], .5),
        "seconds_p95": percentile([f["seconds"] for f in hits], .95),
        "intervals_p50": percentile([f["intervals"] for f in hits], .5),
        "intervals_p95": percentile([f["intervals"] for f in hits], .95),
        "ece": ece, "brier": brier, "local_named": _share(sum(local), len(local)),
    }


def judge_files(scenario, truth, incidents):
    """The record of one scenario from its three files."""
    return Case(scenario, truth, read_lines(incidents)).judge()


def main(arguments):
    if len(arguments) != 3:
        sys.exit(__doc__)
    record = judge_files(*arguments)
    print(json.dumps({"summary": summarize([record]), "detail": record}))


if __name__ == "__main__":
    main(sys.argv[1:])
