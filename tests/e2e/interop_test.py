#!/usr/bin/env python3
"""Checks against the servers of many makers, in health and with real faults.

    interop_test.py [--write] [SCENARIO...]

Needs root, and scripts/setup interop; takes about a minute. A server that cannot be had is
skipped, loudly. --write puts the table into docs/interop.md.
"""
import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field

from programs import BIN, ROOT

sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/lab/servers")]
from interop_fleet import WatchedLab  # noqa: E402
from interop_lab import InteropLab, LAB_SCENARIOS  # noqa: E402
from interop_world import InteropWorld  # noqa: E402
from oauth_scenarios import OAUTH_SCENARIOS  # noqa: E402
from postfix_scenarios import POSTFIX_SCENARIOS  # noqa: E402
from scenarios import SCENARIOS, Scenario  # noqa: E402
from watched_scenarios import WATCHED_SCENARIOS  # noqa: E402

PAGE = ROOT / "docs/interop.md"
RUN_LIMIT_S = 150
POP3 = "receive: {protocol: pop3}\n"
HEAD = """\
# Interoperation

What each check makes of each server, in health and with real faults: private instances of Debian's
packages, the faults real ones. Written by `tests/e2e/interop_test.py --write`.
"pass + CLASS" is a pass with a finding beside it; in parentheses, words of what the check says.

| check kind | server | condition | outcome |
|---|---|---|---|
"""


@dataclass
class Ledger:
    """What came of all rows."""
    rows: list[tuple[str, ...]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def outcome_of(kind: str, findings: list[dict]) -> str:
    """What _outcome_of_one says, for each resolver that saw something else."""
    views: dict[str, list[dict]] = {}
    for finding in findings:
        if finding["check"] == kind:
            views.setdefault(" and ".join(finding.get("resolvers", ())), []).append(finding)
    said = {who: _outcome_of_one(view) for who, view in views.items()}
    return "; ".join(f"{what} by {who}" if who else what for who, what in said.items()
                     ) or "did not run"


def _outcome_of_one(findings: list[dict]) -> str:
    """"pass", "fail CLASS" or "not tested", with the findings beside it."""
    main, *rest = findings
    said = {"pass": "pass", "fail": f"fail {main['class']}"}.get(main["outcome"], "not tested")
    beside = sorted({f["class"] for f in rest if f["severity"] != "info"} - {main["class"]})
    return " + ".join([said, *beside])


def check(world, scenario: Scenario, kinds: list[str], extra: str) -> subprocess.CompletedProcess:
    """One `postwatch check` of some kinds."""
    argv = [BIN / "postwatch", "check", scenario.domain, "--ca-file", world.ca_file,
            "--timeout", scenario.timeout, "--format", "json", "--only", ",".join(kinds)]
    for resolver in scenario.resolvers or (world.resolver,):
        argv += ["--resolver", resolver]
    if scenario.address:
        argv += ["--mailbox", world.mailbox(scenario.address, scenario.password,
                                            extra + scenario.extra)]
    return world.run(argv, text=True, capture_output=True, stdin=subprocess.DEVNULL,
                     timeout=RUN_LIMIT_S)


def check_all(world, scenario: Scenario) -> tuple[list[dict], str]:
    """The findings of all kinds, and what was said on stderr."""
    findings, errors = [], ""
    pop3 = [kind for kind in scenario.expect if kind.startswith("pop3.")]
    for kinds, extra in ((pop3, POP3), ([k for k in scenario.expect if k not in pop3], "")):
        if kinds:
            done = check(world, scenario, kinds, extra)
            findings += json.loads(done.stdout)["findings"] if done.stdout else []
            errors += done.stderr.strip()
    return findings, errors


def watch(world: WatchedLab, scenario: Scenario) -> tuple[list[dict], str]:
    """What the lab's agent finds."""
    return world.look(list(scenario.expect)), ""


def run_scenario(world, scenario: Scenario, ledger: Ledger, look: Callable) -> None:
    *others, last = (world.versions[name] for name in scenario.servers)
    versions = " and ".join([", ".join(others), last] if others else [last])
    missing = [world.missing[name] for name in scenario.servers if name in world.missing]
    if missing or scenario.unusable:
        why = missing[0] if missing else scenario.unusable
        for kind in scenario.expect:
            ledger.skipped.append(f"{kind} on {versions}, {scenario.condition}: {why}")
            ledger.rows.append((kind, versions, scenario.condition, "skipped"))
        return
    prepare = scenario.prepare or (lambda _: nullcontext())
    with prepare(world):
        findings, errors = look(world, scenario)
    for kind, expected in scenario.expect.items():
        found = outcome_of(kind, findings)
        mine = [finding for finding in findings if finding["check"] == kind]
        said = scenario.says if scenario.says in " ".join(map(_text_of, mine)) else ""
        right = found == expected and said == scenario.says
        shown = found + (f' ("{said}")' if said else "")
        ledger.rows.append((kind, versions, scenario.condition, shown))
        lines = [f"{'ok' if right else 'NOT EQUAL':9} {kind:14} {versions:34} "
                 f"{scenario.condition:38} {shown}"]
        if not right:
            ledger.wrong.append(f"{kind} on {versions}, {scenario.condition}")
            lines += [f"          expected {expected} {scenario.says} {errors}",
                      *(f"          {finding['outcome']} {_text_of(finding)}" for finding in mine)]
        print("\n".join(lines), flush=True)


def _text_of(finding: dict) -> str:
    """All that it says: also by which steps it came to it, and the facts."""
    reply = finding.get("reply") or {}
    steps = " ".join(step["name"] for step in finding.get("steps", ()))
    facts = ", ".join(f"{key}={value}" for key, value in finding.get("facts", {}).items())
    return (f"{finding['class']}: {finding['detail']} {reply.get('code', '')} "
            f"{reply.get('enhanced', '')} {reply.get('text', '')} ({steps}) {facts}")


def run_all(make: Callable, scenarios: list[Scenario], ledger: Ledger, look: Callable) -> None:
    if scenarios:
        with make() as world:
            for scenario in scenarios:
                run_scenario(world, scenario, ledger, look)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="SCENARIO", help="words of conditions, servers")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()

    def chosen(scenarios: list[Scenario]) -> list[Scenario]:
        return [s for s in scenarios if not args.words or any(
            word in f"{' '.join(s.servers)} {s.condition} {' '.join(s.expect)}"
            for word in args.words)]
    ledger = Ledger()
    worlds = ((InteropWorld, SCENARIOS, check_all),
              (InteropLab, OAUTH_SCENARIOS + POSTFIX_SCENARIOS + LAB_SCENARIOS, check_all),
              (WatchedLab, WATCHED_SCENARIOS, watch))
    with ThreadPoolExecutor() as pool:  # the worlds mostly wait
        for done in [pool.submit(run_all, make, chosen(scenarios), ledger, look)
                     for make, scenarios, look in worlds]:
            done.result()
    for line in ledger.skipped:
        print(f"SKIPPED: {line}", file=sys.stderr)
    print(f"{len(ledger.rows)} rows, {len(ledger.skipped)} skipped, {len(ledger.wrong)} not as "
          f"expected: {', '.join(ledger.wrong) or 'none'}")
    if args.write:
        PAGE.write_text(HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted(ledger.rows)))
    return 1 if ledger.wrong or not ledger.rows else 0


if __name__ == "__main__":
    sys.exit(main())
