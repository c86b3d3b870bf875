#!/usr/bin/env python3
"""Benchmarks beside their peers and limits; prints one table. See docs/benchmarks.md.

usage: bench.py [--rounds N] [NAME...]      called by scripts/bench, which builds first; needs root
"""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import machine  # before all that lies in tests/
import fleet_bench
import probe_bench
import stream_bench
from figures import Row, table

# THE TABLE: what `scripts/bench NAME` knows, in the order it is measured.
BENCHMARKS = {
    "stream": stream_bench.run,
    "smtp": probe_bench.run_smtp,
    "dns": probe_bench.run_dns,
    "memory": fleet_bench.run_memory,
    "outage": fleet_bench.run_outage,
}
ROUNDS = 5


def run_one(name: str, rounds: int) -> list[Row]:
    # On the disk the build is on: a commit is worth what its disk is.
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-", dir=machine.BUILD) as folder:
        return BENCHMARKS[name](Path(folder), rounds)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"which, of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    print(f"{machine.describe()}; {options.rounds} rounds, medians\n", flush=True)
    rows: list[Row] = []
    failed = 0
    for name in options.names or BENCHMARKS:
        start = time.monotonic()
        try:
            rows += run_one(name, options.rounds)
        except Exception as error:  # one that cannot be measured must not hide the others
            failed += 1
            print(f"{name}: not measured: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if rows:
        print("\n" + table(rows))
        results = machine.PROGRAMS / "results.json"
        results.write_text(json.dumps([row.record() for row in rows], indent=2) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
