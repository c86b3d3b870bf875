"""Which processes belong to which lab, and how to end them.

A process belongs to a lab when it is in one of the lab's network namespaces, or when the lab's
resolv.conf is mounted over its /etc/resolv.conf: the mark stays even after the namespace's name is
gone, and daemons cannot shed it.
"""
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from .errors import LabError

NETNS_DIR = Path("/run/netns")
RESOLV_NAME = "postwatch-lab-{id}-{namespace}.conf"
RESOLV_MARK = re.compile(r"postwatch-lab-(\d+)-\w+\.conf")
NAMESPACE_NAME = re.compile(r"pw(\d+)-\w+")
KILL_LIMIT_S = 10


def quiet(argv: list[str], stdin: str | None = None) -> str:
    """Runs a tool to its end and returns what it printed; LabError when it fails."""
    done = subprocess.run(argv, input=stdin, text=True, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def launch(argv: list[str], log: Path) -> None:
    """Starts a daemon that puts itself in the background; waits for the foreground part.

    It gets no pipe of ours: a daemon that inherits one keeps its reader waiting for ever.
    """
    with log.open("ab") as out:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                              start_new_session=True, check=False)
    if done.returncode:
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}; see {log}: "
                       f"{log.read_text(errors='replace')[-500:].strip()}")


def identity(pid: int) -> list[int] | None:
    """[pid, start time]: the same process for sure, unlike a pid alone. None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else [pid, int(fields[19])]


def alive(who: list[int] | None) -> bool:
    return who is not None and identity(who[0]) == who


def name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def program(pid: int) -> str:
    """The path of the program it runs, "" for a kernel thread or when it is gone."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def frozen(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    except OSError:
        return False


def send(pid: int, what: signal.Signals) -> None:
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        pass


def pids() -> list[int]:
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def inside(namespace: str) -> list[int]:
    """The processes in a namespace, by the namespace's full name."""
    try:
        inode = (NETNS_DIR / namespace).stat().st_ino
    except FileNotFoundError:
        return []
    return [pid for pid in pids() if _netns_inode(pid) == inode]


def by_lab() -> dict[int, int]:
    """Every living process that belongs to a lab: pid -> the lab's id."""
    labs = {}
    for entry in namespaces():
        try:
            labs[(NETNS_DIR / entry).stat().st_ino] = lab_of(entry)
        except FileNotFoundError:
            continue
    found = {}
    for pid in pids():
        lab = labs.get(_netns_inode(pid)) or _marked(pid)
        if lab:
            found[pid] = lab
    return found


def namespaces() -> list[str]:
    """The full names of all labs' namespaces."""
    try:
        return sorted(e for e in os.listdir(NETNS_DIR) if NAMESPACE_NAME.fullmatch(e))
    except FileNotFoundError:
        return []


def lab_of(namespace: str) -> int:
    """The id in a full name that namespaces() returned."""
    return int(NAMESPACE_NAME.fullmatch(namespace)[1])


def kill_lab(lab_id: int) -> None:
    """Kills until none is left, since a daemon may be forking while we look."""
    end = time.monotonic() + KILL_LIMIT_S
    while members := [pid for pid, lab in by_lab().items() if lab == lab_id and pid != os.getpid()]:
        if time.monotonic() > end:
            raise LabError(f"lab {lab_id}: processes {members} survive SIGKILL; look with ps")
        for pid in members:
            send(pid, signal.SIGKILL)
        time.sleep(0.01)


def _netns_inode(pid: int) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:  # it has just ended, or is a zombie
        return 0


def _marked(pid: int) -> int | None:
    try:
        mark = RESOLV_MARK.search(Path(f"/proc/{pid}/mountinfo").read_text())
    except OSError:
        return None
    return int(mark[1]) if mark else None
