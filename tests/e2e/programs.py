"""Our programs as processes in the lab: started, killed and stopped by their pid."""
import os
import signal
import subprocess
from pathlib import Path

from waiting import Impatient

STOP_LIMIT_S = 20.0
ROOT = Path(__file__).resolve().parent.parent.parent
# Where the programs under test are; CMake's tests and scripts/demo name their own build.
BIN = Path(os.environ.get("POSTWATCH_BIN", ROOT / "build/dev/bin"))


class Program:
    """One program that may be started again and again; all its runs write to one log."""

    def __init__(self, lab, place: str, argv: list, log: Path):
        self._lab, self._place, self._argv, self.log_file = lab, place, argv, log
        self._process: subprocess.Popen | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def run_from(self, file: Path) -> None:
        """The same program from another file, from the next start on."""
        self._argv = [file, *self._argv[1:]]

    def start(self) -> None:
        with self.log_file.open("ab") as log:
            self._process = self._lab.popen(self._place, self._argv, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill9(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM, and the exit code; a program that does not drain in time is killed."""
        if self.alive():
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise Impatient(f"{self.log_file.stem} still runs {STOP_LIMIT_S:g} s after SIGTERM; "
                            f"{self.tail()}") from None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def tail(self, lines: int = 5) -> str:
        return f"{self.log_file.name} ends: " + " | ".join(self.log().splitlines()[-lines:])


def run(argv: list, **kw) -> subprocess.CompletedProcess:
    """One of our programs, outside the lab, to its end."""
    return subprocess.run([str(BIN / argv[0]), *map(str, argv[1:])], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, check=False, **kw)
