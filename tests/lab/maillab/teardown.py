"""Taking labs down, whatever state they are in, and proving that nothing of them is left."""
import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from . import processes, registry
from .errors import LabError

GUARD_LOOK_MS = 1000
PROGRAM = Path(__file__).parent.parent / "lab"


def start_guard(entry: registry.Entry) -> subprocess.Popen:
    """A process that removes the lab when its owner ends in any way."""
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), "guard", str(entry.id)], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, cwd="/")
    entry.guard = processes.identity(process.pid)
    registry.write(entry)
    return process


def remove(entry: registry.Entry) -> None:
    """Needs only the registry entry, so it works on a lab that is half up or half down.

    The guard goes last: should this process be interrupted, the guard finishes its work.
    """
    with registry.locked():
        now = registry.get(entry.id)
        if now is None or now.state != entry.state:
            return  # somebody else was quicker, and the id may be another lab's by now
        processes.kill_lab(entry.id)
        _delete_namespaces(entry.id)
        _delete_tree(Path(entry.state))
        registry.forget(entry.id)
    if entry.guard and entry.guard[0] != os.getpid() and processes.alive(entry.guard):
        processes.send(entry.guard[0], signal.SIGKILL)


def remove_all() -> tuple[int, list[registry.Entry]]:
    """Removes every lab without a living owner and every remnant without an entry.

    Returns how many labs went, and those spared because the process that owns them runs.
    """
    removed, spared = 0, []
    for entry in registry.entries():
        if entry.owner is not None and not entry.abandoned():
            spared.append(entry)
        else:
            remove(entry)
            removed += 1
    with registry.locked():
        known = {entry.id for entry in registry.entries()}
        ids = {processes.lab_of(name) for name in processes.namespaces()}
        for lab_id in (ids | set(processes.by_lab().values())) - known:
            processes.kill_lab(lab_id)
            _delete_namespaces(lab_id)
            removed += 1
        for path in _unknown_states():
            _delete_tree(path)
        registry.sweep()
    return removed, spared


def leftovers() -> list[str]:
    """What is on this machine of labs that are gone; labs that run are not leftovers."""
    with registry.locked():
        entries = registry.entries()
        running = {entry.id for entry in entries if not entry.abandoned()}
        found = [f"lab {e.id} in {e.state}: its owner {e.owner[0]} is gone"
                 for e in entries if e.abandoned()]
        found += [f"namespace {name}" for name in processes.namespaces()
                  if processes.lab_of(name) not in running]
        found += [f"process {pid} ({processes.name(pid)}) of lab {lab}"
                  for pid, lab in processes.by_lab().items() if lab not in running]
        found += [f"directory {path}" for path in _unknown_states()]
        found += [f"mount {line}" for line in Path("/proc/self/mountinfo").read_text().splitlines()
                  if registry.STATE_PREFIX in line
                  and not any(e.state in line for e in entries)]
        registry.sweep()
    return found


def guard(lab_id: int) -> None:
    """Waits for the owner of the lab to end and then removes the lab; the guard's whole life."""
    me = processes.identity(os.getpid())
    while entry := registry.get(lab_id):
        if entry.owner is None or entry.guard not in (None, me):
            return  # detached, or another lab that has taken the id
        if entry.abandoned():
            remove(entry)
            return
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(entry.owner[0])
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(GUARD_LOOK_MS)
            os.close(handle)


def _delete_namespaces(lab_id: int) -> None:
    for name in processes.namespaces():
        if processes.lab_of(name) == lab_id:
            try:
                processes.quiet(["ip", "netns", "del", name])
            except LabError:
                if (processes.NETNS_DIR / name).exists():
                    raise


def _delete_tree(path: Path) -> None:
    """Again when something was added meanwhile; the last error is the caller's.

    What a story has mounted below is detached first: a guard that was started where it is mounted
    could not remove it.
    """
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place = line.split(" ")[4]
        if place.startswith(f"{path}/"):
            subprocess.run(["umount", "--lazy", place], check=False, stderr=subprocess.DEVNULL)
    for last in (False, False, True):
        if path.exists():
            shutil.rmtree(path, ignore_errors=not last)


def _unknown_states() -> list[Path]:
    known = {Path(entry.state) for entry in registry.entries()}
    return [path for path in Path(tempfile.gettempdir()).resolve().glob(f"{registry.STATE_PREFIX}*")
            if path not in known]
