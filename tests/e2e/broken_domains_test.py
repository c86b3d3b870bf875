#!/usr/bin/env python3
"""Domains broken in many ways: `postwatch check` finds what is wrong, and nothing else.

    broken_domains_test.py [--write] [--jobs N] [DOMAIN...]

Needs root; takes under two minutes. --write puts the table into docs/broken-domains.md.
"""
import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from programs import BIN, ROOT

sys.path.insert(0, str(ROOT / "tests/domains"))
from world import Domain, World, read_domains  # noqa: E402

PAGE = ROOT / "docs/broken-domains.md"
CHECK_TIMEOUT = "8s"
RUN_LIMIT_S = 120
SLOW = ("silent", "drop", "hang", "dead", "timeout")  # begun first
HEAD = """\
# Broken domains

Each domain is broken in one way; its zone is in `tests/domains/zones`. `postwatch check` has to find
exactly what is expected: a class, and the checks that name it. One in **bold** makes the check fail,
any other is a finding beside it.
Written by `tests/e2e/broken_domains_test.py --write`.

| domain | what is broken | expected | found | equal |
|---|---|---|---|---|
"""


@dataclass
class Verdict:
    """What was expected of a domain, and what was found."""
    domain: Domain
    fail: set[str]
    find: set[str]
    details: list[str]
    untested: list[str]
    took_s: float

    @property
    def equal(self) -> bool:
        return self.fail == set(self.domain.fail) and self.find == set(self.domain.find)

    def row(self) -> str:
        cells = [self.domain.name, self.domain.broken, listed(self.domain.fail, self.domain.find),
                 listed(self.fail, self.find), "yes" if self.equal else "**NO**"]
        return f"| {' | '.join(cells)} |"


def listed(fail, find) -> str:
    """"**dns_servfail**: dns.mx, smtp.mx<br>..."; fails first."""
    cells = []
    for mark, pairs in (("**", fail), ("", find)):
        kinds: dict[str, list[str]] = {}
        for kind, klass in map(str.split, sorted(pairs)):
            kinds.setdefault(klass, []).append(kind)
        cells += [f"{mark}{klass}{mark}: {', '.join(names)}" for klass, names in kinds.items()]
    return "<br>".join(cells) or "nothing"


def check(world: World, domain: Domain) -> Verdict:
    """One `postwatch check`, with what it says."""
    start = time.monotonic()
    done = world.run([BIN / "postwatch", "check", domain.domain, "--resolver", domain.resolver,
                      "--ca-file", world.ca_file, "--timeout", CHECK_TIMEOUT, "--format", "json"],
                     text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=RUN_LIMIT_S)
    took = time.monotonic() - start
    if not done.stdout:
        return Verdict(domain, {f"none exit_{done.returncode}"}, set(), [done.stderr], [], took)
    findings = json.loads(done.stdout)["findings"]

    def of(severity: str) -> set[str]:
        return {f"{f['check']} {f['class']}" for f in findings if f["severity"] == severity}
    details = [f"{f['check']} {f['class']}: {f['detail']}" for f in findings
               if f["severity"] != "info"]
    untested = [f"{f['check']}: {f['detail']}" for f in findings if f["outcome"] == "not_tested"]
    return Verdict(domain, of("critical"), of("warning"), details, untested, took)


def show(verdict: Verdict, verbose: bool) -> None:
    mark = "ok" if verdict.equal else "NOT EQUAL"
    print(f"{mark:9} {verdict.took_s:5.1f} s  {verdict.domain.name}: {verdict.domain.broken}",
          flush=True)
    if verdict.equal and not verbose:
        return
    for what, expected, found in (("fail", verdict.domain.fail, verdict.fail),
                                  ("find", verdict.domain.find, verdict.find)):
        print(f"    {what}: expected {sorted(expected)}\n          found    {sorted(found)}")
    for line in verdict.details + [f"not tested: {line}" for line in verdict.untested]:
        print(f"      {line}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("domains", nargs="*", metavar="DOMAIN")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    everything = read_domains()
    chosen = [d for d in everything if not args.domains or d.name in args.domains]
    slow_first = sorted(chosen, key=lambda d: not any(word in d.name for word in SLOW))
    with World(everything) as world, ThreadPoolExecutor(args.jobs) as pool:
        verdicts = {}
        for verdict in pool.map(lambda domain: check(world, domain), slow_first):
            show(verdict, args.verbose)
            verdicts[verdict.domain.name] = verdict
    wrong = [name for name, verdict in verdicts.items() if not verdict.equal]
    print(f"{len(verdicts)} domains, {len(wrong)} not as expected: {', '.join(wrong) or 'none'}")
    if args.write:
        rows = [verdicts[domain.name].row() for domain in chosen]
        PAGE.write_text(HEAD + "".join(f"{row}\n" for row in rows))
    return 1 if wrong or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
