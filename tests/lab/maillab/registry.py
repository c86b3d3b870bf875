"""The registry of the machine's labs: one small file each under /run, so none is forgotten."""
import contextlib
import fcntl
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from . import processes
from .errors import LabError

ROOT = Path("/run/postwatch-lab")
STATE_PREFIX = "postwatch-lab-"
# Unix socket paths end at 107 bytes; the longest one below a state directory takes under 50.
MAX_STATE_PATH = 56


@dataclass
class Entry:
    """What must be known to remove a lab. `owner` None: it stays until somebody says `lab down`."""
    id: int
    state: str
    owner: list[int] | None
    guard: list[int] | None
    since: float

    def abandoned(self) -> bool:
        return self.owner is not None and not processes.alive(self.owner)


@contextlib.contextmanager
def locked():
    """Only one process of the machine at a time is in here."""
    while True:
        ROOT.mkdir(mode=0o755, exist_ok=True)
        try:
            lock = os.open(ROOT / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:  # the last lab has just swept the folder away
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(lock).st_ino == (ROOT / "lock").stat().st_ino:
                    yield
                    return
        finally:
            os.close(lock)


def entries() -> list[Entry]:
    found = []
    for path in sorted(ROOT.glob("*.json"), key=lambda path: int(path.stem)):
        with contextlib.suppress(FileNotFoundError):
            found.append(Entry(**json.loads(path.read_text())))
    return found


def find(state: Path) -> Entry | None:
    return next((e for e in entries() if Path(e.state) == state.resolve()), None)


def get(lab_id: int) -> Entry | None:
    return next((e for e in entries() if e.id == lab_id), None)


def claim(directory: str | None) -> Entry:
    """Takes the first free id and makes the state directory; this process owns the lab."""
    with locked():
        taken = {e.id for e in entries()} | {processes.lab_of(n) for n in processes.namespaces()}
        lab_id = next(i for i in range(1, 10_000) if i not in taken)
        state = _make_state(directory)
        entry = Entry(lab_id, str(state), processes.identity(os.getpid()), None, time.time())
        write(entry)
        return entry


def write(entry: Entry) -> None:
    part = ROOT / f".{entry.id}.part"
    part.write_text(json.dumps(asdict(entry)))
    part.replace(_file(entry.id))


def forget(lab_id: int) -> None:
    """Drops the entry, and with the last one everything that the labs added to the machine.

    Call it under the lock.
    """
    _file(lab_id).unlink(missing_ok=True)
    sweep()


def sweep() -> None:
    """With no lab left, removes the registry and an unused /run/netns. Call it under the lock."""
    if list(ROOT.glob("*.json")):
        return
    (ROOT / "lock").unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        ROOT.rmdir()
    netns = processes.NETNS_DIR
    with contextlib.suppress(OSError, LabError):
        if not os.listdir(netns):
            processes.quiet(["umount", str(netns)])  # refused when a namespace came meanwhile
            netns.rmdir()


def _file(lab_id: int) -> Path:
    return ROOT / f"{lab_id}.json"


def _make_state(directory: str | None) -> Path:
    if directory is None:
        state = Path(tempfile.mkdtemp(prefix=STATE_PREFIX)).resolve()
    else:
        state = Path(directory).resolve()
        if state.exists() and (not state.is_dir() or any(state.iterdir())):
            raise LabError(f"lab up: {state} is not an empty directory; name another one")
        state.mkdir(parents=True, exist_ok=True)
    try:
        _check_state(state)
    except LabError:
        state.rmdir()
        raise
    state.chmod(0o755)  # postfix and the mail user have to pass through
    return state


def _check_state(state: Path) -> None:
    if len(str(state)) > MAX_STATE_PATH:
        raise LabError(f"lab up: {state} is longer than {MAX_STATE_PATH} characters, too long for "
                       "the sockets below it; use --dir with a shorter one")
    for parent in state.parents:
        if not parent.stat().st_mode & 0o001:
            raise LabError(f"lab up: users other than root cannot enter {parent}, but Postfix and "
                           "Dovecot must; use --dir below a directory such as /tmp")
