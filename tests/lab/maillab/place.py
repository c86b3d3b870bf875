"""A lab of a single namespace: every server at an address of its own on the loopback there."""
import os
import subprocess
from pathlib import Path

from . import processes, registry, teardown
from .errors import LabError
from .network import ENTER
from .processes import NETNS_DIR, RESOLV_NAME, quiet

NAMESPACE = "place"


class Place:
    """One namespace with its addresses, a state directory and what runs in it.

    As a context manager it is taken down at the end of the block, with all processes in it; when
    the process that made it ends in any other way, a guard process does that.
    """

    def __init__(self, entry: registry.Entry):
        """For up(); touches nothing."""
        self.id = entry.id
        self.state = Path(entry.state)
        self.netns = f"pw{entry.id}-{NAMESPACE}"
        self._children: list[subprocess.Popen] = []

    @classmethod
    def up(cls, addresses: list[str], resolver: str) -> "Place":
        """A new one with these addresses, whose programs ask the resolver."""
        if os.geteuid():
            raise LabError("only root can make network namespaces; run it as root")
        entry = registry.claim(None)
        place = cls(entry)
        try:
            place._children.append(teardown.start_guard(entry))
            place._build(addresses, resolver)
        except BaseException:
            place.down()
            raise
        return place

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_) -> None:
        self.down()

    def down(self) -> None:
        """Ends everything in it and removes it. Any number of times."""
        entry = registry.find(self.state)
        if entry is not None and entry.id == self.id:
            teardown.remove(entry)
        for child in self._children:
            child.wait()

    @property
    def path(self) -> Path:
        """The namespace's handle, for observe.py and setns(2)."""
        return NETNS_DIR / self.netns

    def argv(self, argv: list) -> list[str]:
        """The command line that runs `argv` inside."""
        return ["ip", "netns", "exec", self.netns, "sh", "-c", ENTER, str(self._resolv),
                *map(str, argv)]

    def run(self, argv: list, **kw) -> subprocess.CompletedProcess:
        """Runs a program inside to its end. Options as for subprocess.run."""
        return subprocess.run(self.argv(argv), **kw)

    def daemon(self, argv: list, log: Path) -> None:
        """Starts a program that puts itself in the background; waits for its foreground part."""
        processes.launch(self.argv(argv), log)

    def start(self, argv: list, log: Path) -> subprocess.Popen:
        """Starts a program that stays in the foreground."""
        with log.open("ab") as out:
            child = subprocess.Popen(self.argv(argv), stdin=subprocess.DEVNULL, stdout=out,
                                     stderr=out, start_new_session=True)
        self._children.append(child)
        return child

    def filter(self, rules: list[str]) -> None:
        """Makes these the rules for packets that arrive."""
        lines = ["table inet place {", "chain arrival {",
                 "type filter hook input priority 0; policy accept;", *rules, "}", "}"]
        quiet(["ip", "netns", "exec", self.netns, "nft", "-f", "-"], "\n".join(lines) + "\n")

    @property
    def _resolv(self) -> Path:
        return self.state / RESOLV_NAME.format(id=self.id, namespace=NAMESPACE)

    def _build(self, addresses: list[str], resolver: str) -> None:
        self._resolv.write_text(f"nameserver {resolver}\noptions timeout:2 attempts:2\n")
        (self.state / "log").mkdir()
        with registry.locked():
            quiet(["ip", "netns", "add", self.netns])
        lines = ["link set lo up", *(f"addr add {address} dev lo nodad" for address in addresses)]
        quiet(["ip", "-n", self.netns, "-batch", "-"], "\n".join(lines) + "\n")
