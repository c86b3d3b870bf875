"""What the lab's tests share."""
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from maillab import Lab, observe, processes, registry, teardown  # noqa: E402

PATIENT_S = 10.0


def letter(lab: Lab, region: str, *args: str) -> subprocess.CompletedProcess:
    return lab.run(region, [sys.executable, str(HERE / "letter.py"), args[0], str(lab.state),
                            *args[1:]], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def remains(state: Path) -> list[str]:
    """What there is of the lab that had this state directory."""
    found = [f"{state} exists"] if state.exists() else []
    if registry.find(state):
        found.append(f"{state} is registered")
    for pid in processes.pids():
        try:
            if str(state) in Path(f"/proc/{pid}/mountinfo").read_text():
                found.append(f"process {pid} {processes.name(pid)}")
        except OSError:
            continue
    return found


class LabTest(unittest.TestCase):
    def assert_gone(self, state: Path) -> None:
        """No remains of this lab, and none of any other that is not running."""
        self.assertEqual(remains(state), [])
        observe.until(lambda: teardown.leftovers() or None)  # another lab may be going right now
