#!/usr/bin/env python3
"""Benchmarks beside their peers and limits; prints one table. See docs/benchmarks.md.

usage: bench.py [--rounds N] [NAME...]      called by scripts/bench, which builds first; needs root
"""
import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import machine  # before all that lies in tests/
import correlate_bench
import faults_bench
import fleet_bench
import probe_bench
import stream_bench
from figures import table

ROUNDS = 5


@dataclass(frozen=True)
class Benchmark:
    """`run` takes a folder and the number of rounds, and returns rows of one kind."""
    run: Callable[[Path, int], list]
    rounds: int = ROUNDS
    usual: bool = True  # measured when no benchmark is named


# THE TABLE: what `scripts/bench NAME` knows, in the order it is measured.
BENCHMARKS = {
    "stream": Benchmark(stream_bench.run),
    "smtp": Benchmark(probe_bench.run_smtp),
    "dns": Benchmark(probe_bench.run_dns),
    "memory": Benchmark(fleet_bench.run_memory),
    "correlate": Benchmark(correlate_bench.run, rounds=1, usual=False),
    "faults": Benchmark(faults_bench.run, rounds=3, usual=False),
}


def run_one(name: str, rounds: int | None) -> list:
    # On the disk the build is on: a commit is worth what its disk is.
    benchmark = BENCHMARKS[name]
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", dir=machine.BUILD) as folder:
        return benchmark.run(Path(folder), rounds or benchmark.rounds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"which, of {', '.join(BENCHMARKS)}; default: the first four")
    parser.add_argument("--rounds", type=int,
                        help=f"default: {ROUNDS}, for correlate 1, for faults 3")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    rounds = f"{options.rounds} rounds, " if options.rounds else ""
    print(f"{machine.describe()}; {rounds}medians\n", flush=True)
    rows = []
    failed = 0
    usual = [name for name, benchmark in BENCHMARKS.items() if benchmark.usual]
    for name in options.names or usual:
        start = time.monotonic()
        try:
            rows += run_one(name, options.rounds)
        except Exception as error:  # one that cannot be measured must not hide the others
            failed += 1
            print(f"{name}: not measured: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if rows:
        for kind in dict.fromkeys(map(type, rows)):
            print("\n" + table([row for row in rows if type(row) is kind]))
        results = machine.PROGRAMS / "results.json"
        results.write_text(json.dumps([row.record() for row in rows], indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
