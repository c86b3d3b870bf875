#!/usr/bin/env python3
"""Plays many scenarios through `postwatch replay`, other programs and simple rules, and prints one table of how
well each finds and names the faults, by category of scenario.

    compare.py                                               every category, one seed each
    compare.py --seeds 5 --first 100 --categories sticky,nested --errors
    compare.py --world DIR                                   files of any world, made before
    compare.py --other NAME='program --its-options FILE'     another program beside ours

A command gets the scenario's path in place of FILE, or at its end, and prints incident lines; it runs at low
priority. A scenario on which a command fails is listed as BROKEN, does not count for that command, and makes the
exit status 1.
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

OURS = "ours"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "build/release/bin/postwatch")
COLUMNS = (
    ("scenarios", "scen."), ("faults", "faults"), ("recall", "recall"), ("precision", "precision"),
    ("component", "component"), ("class", "class"), ("alerts_per_fault", "pages/fault"), ("false", "false pages"),
    ("seconds_p50", "s to page p50"), ("seconds_p95", "p95"), ("ece", "calib. error"))
ALL = "all"


def replay(command, scenario, incidents, limit):
    """Runs the command on one scenario; returns (what went wrong or None, seconds)."""
    words = shlex.split(command)
    words = [scenario if word == "FILE" else word for word in words] + ([] if "FILE" in words else [scenario])
    began = time.monotonic()
    try:
        with open(incidents, "w") as out:
            done = subprocess.run(words, stdout=out, stderr=subprocess.PIPE, text=True, timeout=limit, check=False)
        wrong = None if done.returncode == 0 else "exit %d: %s" % (done.returncode, done.stderr.strip()[-200:])
    except (OSError, subprocess.TimeoutExpired) as error:
        wrong = str(error)
    return wrong, time.monotonic() - began


def play(task):
    """One scenario from generation to judgement; returns ({method: record}, complaints, its name)."""
    category, seed, prefix, folder, asked = task
    name = os.path.basename(prefix)
    if category is not None:
        world.write(category, seed, prefix, asked.plain_names)
    scenario, truth = prefix + ".scenario.jsonl", prefix + ".truth.jsonl"
    records, broken, made = {}, [], [] if category is None else [scenario, truth]
    for method, command in asked.commands.items():
        incidents = os.path.join(folder, "%s.%s.incidents.jsonl" % (name, method))
        made.append(incidents)
        wrong, took = replay(command, scenario, incidents, asked.limit)
        try:
            if wrong is None:
                records[method] = dict(judge.judge_files(scenario, truth, incidents), took=took)
        except (ValueError, KeyError) as error:
            wrong = "unreadable output: %r" % error
        if wrong is not None:
            broken.append("%s: %s: %s" % (name, method, wrong))
    for rule in asked.baselines:
        records[rule] = judge.Case(scenario, truth, baselines.run(rule, scenario)).judge()
    for path in [] if asked.keep else made:
        if os.path.exists(path):
            os.remove(path)
    return records, broken, name


def cell(value):
    """A number as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return "%.0f" % value if value >= 20 else "%.3f" % value if value <= 1 else "%.2f" % value


def table(blocks):
    """A markdown table of (category, [(method, summary)]): methods below each other, a category at a time."""
    rows = [["category", "method"] + [head for _, head in COLUMNS]]
    for category, methods in blocks:
        for number, (method, summary) in enumerate(methods):
            rows.append(["" if number else category, method] + [cell(summary[key]) for key, _ in COLUMNS])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("| %s |" % " | ".join(text.ljust(width) for text, width in zip(row, widths)) for row in rows)


def summary_of(records):
    """What judge.summarize says, and all false pages together."""
    summary = judge.summarize(records)
    return summary | {"false": summary["false_local"] + summary["false_noise"]}


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
    """Prints the table and, if asked, the errors; returns what --json writes."""
    methods = list(asked.commands) + list(asked.baselines)
    by_method = {m: [r[m] for r, _, _ in results if m in r] for m in methods}
    blocks = []
    for name in sorted({r["category"] for records in by_method.values() for r in records}) + [ALL]:
        of_it = {m: [r for r in by_method[m] if name in (r["category"], ALL)] for m in methods}
        blocks.append((name, [(m, summary_of(records)) for m, records in of_it.items() if records]))
    print(table(blocks))
    out = {"summaries": {name: dict(rows) for name, rows in blocks}, "records": by_method,
           "errors": {m: list(complaints(records)) for m, records in by_method.items()},
           "broken": [line for _, broken, _ in results for line in broken], "replay_seconds": {}}
    for method in asked.commands:
        took = [r["took"] for r in by_method[method]]
        if took:
            out["replay_seconds"][method] = {"mean": sum(took) / len(took), "max": max(took)}
            print("\n%s: a scenario takes %.2f s, the longest %.2f s." % (method, sum(took) / len(took), max(took)))
    for line in out["broken"]:
        print("\nBROKEN " + line)
    for method in methods if asked.errors == ALL else [asked.errors] if asked.errors else []:
        print("\n".join(["", "Errors of %s:" % method] + (out["errors"].get(method) or ["none"])))
    return out


def prefixes(paths):
    """PREFIX of all PREFIX.scenario.jsonl that the paths name, folders or files, each with its truth beside it."""
    found = []
    for path in paths:
        files = glob.glob(os.path.join(path, "*.scenario.jsonl")) if os.path.isdir(path) else [path]
        found += [file.removesuffix(".scenario.jsonl") for file in files]
    for prefix in found:
        for end in (".scenario.jsonl", ".truth.jsonl"):
            if not os.path.isfile(prefix + end):
                sys.exit("scenarios: there is no %s%s" % (prefix, end))
    names = [os.path.basename(prefix) for prefix in set(found)]
    if len(set(names)) < len(names):
        sys.exit("scenarios: two scenarios have the same name")
    return sorted(set(found))


def tasks_of(asked, folder):
    """(category, seed, file prefix, folder, options) for every scenario; no category for files made before."""
    if asked.world:
        return [(None, 0, prefix, folder, asked) for prefix in prefixes(asked.world)]
    names = asked.categories.split(",") if asked.categories else list(world.CATEGORIES)
    unknown = [name for name in names if name not in world.CATEGORIES]
    if unknown:
        sys.exit("no such category: " + ", ".join(unknown))
    return [(name, seed, os.path.join(folder, "%s-%d" % (name, seed)), folder, asked)
            for seed in range(asked.first, asked.first + asked.seeds) for name in names]


def run(asked, folder):
    """Plays all scenarios, with a sign of life on stderr."""
    tasks, results, began = tasks_of(asked, folder), [], time.monotonic()
    if not tasks:
        sys.exit("scenarios: no scenarios")
    with ProcessPoolExecutor(min(2, asked.jobs), initializer=os.nice, initargs=(10,)) as pool:
        for result in pool.map(play, tasks):
            results.append(result)
            gone = time.monotonic() - began
            left = gone / len(results) * (len(tasks) - len(results))
            print("\r%d of %d, %.0f s, about %.0f s left: %-30s" % (len(results), len(tasks), gone, left, result[2]),
                  end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return report(results, asked)


def options(arguments):
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="scenarios", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--command", default=shlex.quote(PROGRAM) + " replay FILE",
                        help="the replay command called 'ours', of the release build by default; empty for none")
    parser.add_argument("--other", metavar="NAME=COMMAND", action="append", default=[],
                        help="another program that gets the same scenarios; may be repeated")
    parser.add_argument("--seeds", type=int, default=1, help="scenarios a category (%(default)s)")
    parser.add_argument("--first", type=int, default=1, help="first seed (%(default)s)")
    parser.add_argument("--categories", help="comma-separated; all by default")
    parser.add_argument("--world", metavar="PATH", nargs="+",
                        help="instead, NAME.scenario.jsonl with NAME.truth.jsonl made elsewhere: folders or files")
    parser.add_argument("--baselines", default=",".join(baselines.RULES), help="comma-separated; may be empty")
    parser.add_argument("--errors", metavar="METHOD", nargs="?", const=OURS,
                        help="name every miss, wrong blame, duplicate and false page of ours, METHOD, or 'all'")
    parser.add_argument("--plain-names", action="store_true",
                        help="terse names and no pop3, for programs that know nothing else")
    parser.add_argument("--jobs", type=int, default=2, help="processes, two at most")
    parser.add_argument("--limit", type=float, default=300, help="seconds a replay may take (%(default)s)")
    parser.add_argument("--keep", metavar="DIR", help="keep the files there")
    parser.add_argument("--json", metavar="OUT", help="write all records there")
    asked = parser.parse_args(arguments)
    asked.baselines = [rule for rule in asked.baselines.split(",") if rule]
    asked.commands = {OURS: asked.command} if asked.command else {}
    for other in asked.other:
        name, given, command = other.partition("=")
        if not name or not given or not command.strip() or name in asked.commands or name in baselines.RULES:
            parser.error("--other is NAME=COMMAND, with a name of its own: " + other)
        asked.commands[name] = command
    unknown = [rule for rule in asked.baselines if rule not in baselines.RULES]
    if unknown:
        parser.error("no such baseline: " + ", ".join(unknown))
    if not asked.commands and not asked.baselines:
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
