#!/usr/bin/env python3
"""Plays many scenarios through a replay command and the baselines, judges all, and prints tables.

    compare.py --seeds 3                                     every category, seeds 1 to 3
    compare.py --seeds 5 --first 100 --categories sticky,nested --keep out --json out.json
    compare.py --scenarios DIR                               files of any world, made before

The command gets the scenario's path in place of FILE and prints incident lines; it runs at low priority.
A scenario whose replay fails is listed as BROKEN, is not in the table, and makes the exit status 1.
"""
import argparse
import glob
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

import baselines
import judge
import world

COLUMNS = (
    ("scenarios", "scen."), ("faults", "faults"), ("recall", "recall"), ("precision", "prec."),
    ("component", "comp."), ("first_component", "1st comp."), ("class", "class"),
    ("alerts_per_fault", "alerts/fault"), ("duplicates", "dup."), ("seconds_p50", "s p50"), ("seconds_p95", "s p95"),
    ("intervals_p50", "iv p50"), ("intervals_p95", "iv p95"), ("false_local", "false local"),
    ("false_noise", "false noise"), ("ece", "ECE"), ("brier", "Brier"), ("local_named", "local named"))


def replay(command, scenario, incidents, limit):
    """Runs the command on one scenario; returns (what went wrong or None, seconds)."""
    words = [scenario if word == "FILE" else word for word in shlex.split(command)]
    began = time.monotonic()
    try:
        with open(incidents, "w") as out:
            done = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, text=True, timeout=limit)
        wrong = None if done.returncode == 0 else "exit %d: %s" % (done.returncode, done.stderr.strip()[-200:])
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = str(error)
    return wrong, time.monotonic() - began


def play(task):
    """One scenario from generation to judgement; returns {method: record}."""
    category, seed, prefix, folder, asked = task
    name = os.path.basename(prefix)
    if category is not None:
        world.write(category, seed, prefix, asked.plain_names)
    scenario, truth = prefix + ".scenario.jsonl", prefix + ".truth.jsonl"
    incidents = os.path.join(folder, name + ".incidents.jsonl")
    records, wrong, took = {}, None, 0.0
    if asked.command:
        wrong, took = replay(asked.command, scenario, incidents, asked.limit)
        if wrong is None:
            try:
                records["command"] = dict(judge.judge_files(scenario, truth, incidents), took=took)
            except (ValueError, KeyError) as error:
                wrong = "unreadable output: %r" % error
    for rule in asked.baselines:
        records[rule] = judge.Case(scenario, truth, baselines.run(rule, scenario)).judge()
    if category is not None and not asked.keep:
        for path in (scenario, truth, incidents):
            if os.path.exists(path):
                os.remove(path)
    return records, wrong, name


def cell(value):
    """A number as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return "%.0f" % value if value >= 20 else "%.3f" % value if value <= 1 else "%.2f" % value


def table(title, rows):
    """A markdown table of (name, summary) rows."""
    lines = ["", "| %s | %s |" % (title, " | ".join(head for _, head in COLUMNS)), "|---" * (len(COLUMNS) + 1) + "|"]
    for name, summary in rows:
        lines.append("| %s | %s |" % (name, " | ".join(cell(summary[key]) for key, _ in COLUMNS)))
    return "\n".join(lines)


def complaints(records):
    """One line for every miss, false page, duplicate and wrong blame."""
    for record in records:
        where = "%s %d" % (record["category"], record["seed"])
        for fault in record["faults"]:
            if not fault["hit"]:
                yield "MISS %s: %s severity %.2f for %d s, %d failures, %s agents" % (
                    where, fault["component"], fault["severity"], fault["length"], fault["hits"], fault["witnesses"])
                continue
            if not fault["right"]:
                yield "WRONG %s: %s blamed for %s, confidence %.3f" % (
                    where, fault["got"], fault["component"], fault["confidence"])
            elif not fault["first_right"]:
                yield "FIRST %s: %s paged first for %s" % (where, fault["first"], fault["component"])
            for other in fault["others"]:
                yield "DUPLICATE %s: %s beside %s for %s" % (where, other, fault["got"], fault["component"])
        for page in record["false"]:
            yield "FALSE %s: %s at %d, %s, confidence %.3f" % (
                where, page["component"], page["at"], page["why"], page["confidence"])


def report(results, asked):
    """Prints the tables and complaints; returns what --json writes."""
    methods = (["command"] if asked.command else []) + list(asked.baselines)
    by_method = {m: [r[m] for r, _, _ in results if m in r] for m in methods}
    out = {"totals": {m: judge.summarize(records) for m, records in by_method.items()}, "categories": {}}
    main_method = methods[0]
    for name in sorted({r["category"] for r in by_method[main_method]}):
        out["categories"][name] = judge.summarize([r for r in by_method[main_method] if r["category"] == name])
    print(table("method", out["totals"].items()))
    print(table("category (%s)" % main_method, out["categories"].items()))
    out["complaints"] = list(complaints(by_method[main_method]))
    out["broken"] = ["%s: %s" % (name, wrong) for _, wrong, name in results if wrong]
    took = [r["took"] for r in by_method[main_method] if "took" in r]
    if took:
        out["replay_seconds"] = {"mean": sum(took) / len(took), "max": max(took)}
        print("\nReplay: mean %.2f s, longest %.2f s." % (sum(took) / len(took), max(took)))
    for line in out["broken"]:
        print("\nBROKEN " + line)
    print("\n" + "\n".join(out["complaints"]))
    out["records"] = by_method
    return out


def tasks_of(asked, folder):
    """(category, seed, file prefix, options) for every scenario; no category for files made before."""
    if asked.scenarios:
        found = sorted(glob.glob(os.path.join(asked.scenarios, "*.scenario.jsonl")))
        return [(None, 0, path[:-len(".scenario.jsonl")], folder, asked) for path in found]
    names = asked.categories.split(",") if asked.categories else list(world.CATEGORIES)
    unknown = [name for name in names if name not in world.CATEGORIES]
    if unknown:
        sys.exit("no such category: " + ", ".join(unknown))
    return [(name, seed, os.path.join(folder, "%s-%d" % (name, seed)), folder, asked)
            for seed in range(asked.first, asked.first + asked.seeds) for name in names]


def run(asked, folder):
    """Plays all scenarios, with a sign of life on stderr."""
    tasks, results = tasks_of(asked, folder), []
    if not tasks:
        sys.exit("no scenarios")
    with ProcessPoolExecutor(min(2, asked.jobs), initializer=os.nice, initargs=(10,)) as pool:
        for result in pool.map(play, tasks):
            results.append(result)
            print("\r%d/%d" % (len(results), len(tasks)), end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return report(results, asked)


def options(arguments):
    """The parsed command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default="build/release/bin/postwatch replay FILE",
                        help="replay command; empty for the baselines alone")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--categories", help="comma-separated; all by default")
    parser.add_argument("--scenarios", metavar="DIR", help="judge these scenario and truth files instead")
    parser.add_argument("--baselines", default=",".join(baselines.RULES), help="comma-separated; may be empty")
    parser.add_argument("--plain-names", action="store_true", help="see world.py")
    parser.add_argument("--jobs", type=int, default=2, help="processes, two at most")
    parser.add_argument("--limit", type=float, default=300, help="seconds a replay may take")
    parser.add_argument("--keep", metavar="DIR", help="keep the files there")
    parser.add_argument("--json", metavar="OUT", help="write all records there")
    asked = parser.parse_args(arguments)
    asked.baselines = [rule for rule in asked.baselines.split(",") if rule]
    if not asked.command and not asked.baselines:
        parser.error("nothing to run")
    return asked


def main(arguments=None):
    asked = options(arguments)
    if asked.keep:
        os.makedirs(asked.keep, exist_ok=True)
        out = run(asked, asked.keep)
    else:
        with tempfile.TemporaryDirectory() as folder:
            out = run(asked, folder)
    if asked.json:
        with open(asked.json, "w") as file:
            json.dump(out, file, indent=1)
    return 1 if out["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
