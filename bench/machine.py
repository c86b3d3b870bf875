"""What benchmarks start and read: our benchmark programs, processes' CPU time and memory."""
import json
import os
import platform
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/release"
PROGRAMS = BUILD / "bench"
os.environ.setdefault("POSTWATCH_BIN", str(BUILD / "bin"))
sys.path[:0] = [str(ROOT / "tests/e2e"), str(ROOT / "tests/lab")]
TICKS = os.sysconf("SC_CLK_TCK")
STEADY_S = 2.0


class BenchError(Exception):
    """A benchmark could not be measured; the text says why."""


def measure(argv: list, wrap=lambda argv: argv) -> dict:
    """Runs one of our benchmark programs to its end; the figures it printed."""
    argv = wrap([str(PROGRAMS / argv[0]), *map(str, argv[1:])])
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BenchError(f"{Path(argv[0]).name}: exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


@contextmanager
def serving(argv: list):
    """One of our benchmark servers, until the end of the block; yields it and what it printed."""
    process = subprocess.Popen([str(PROGRAMS / argv[0]), *map(str, argv[1:])],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        if not line:
            raise BenchError(f"{argv[0]} did not start")
        yield process, json.loads(line)
    finally:
        process.stdin.close()
        process.wait(30)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far, in steps of a clock tick (10 ms)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_kb(pid: int, name: str = "Rss") -> float:
    """Rss, or Pss: shared pages divided among those who share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(name + ":"):
            return float(line.split()[1])
    raise BenchError(f"process {pid} has no {name}")


def await_steady_memory(pid: int, limit_s: float) -> None:
    """Until a process has had the same memory for STEADY_S: what it does at its start is done."""
    end = time.monotonic() + limit_s
    size, since = 0.0, time.monotonic()
    while time.monotonic() - since < STEADY_S:
        if time.monotonic() > end:
            raise BenchError(f"process {pid} does not come to rest within {limit_s:.0f} s")
        if (now := memory_kb(pid)) != size:
            size, since = now, time.monotonic()
        time.sleep(STEADY_S / 20)


def remove_database(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)


def describe() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (f"{os.cpu_count()} CPUs, {memory:.0f} GiB, Linux {platform.release().split('-')[0]}, "
            f"load {os.getloadavg()[0]:.1f} before the run")
