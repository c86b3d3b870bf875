"""What the other servers have in common: an unpacked tree over the system, and a home."""
import contextlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from maillab import observe, processes
from maillab.place import Place

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
UNPACKED = ROOT / "build/interop"  # where scripts/setup interop puts what fetch unpacks
START_LIMIT_S = 20
ADDRESS6 = "2001:2::1"  # the IPv6 one of Exim and its Dovecot


class Unavailable(Exception):
    """A server that was not fetched or does not start: its rows are skipped, and counted."""


def unpacked_version(server: str, package: str, title: str) -> str:
    """"Exim 4.96": the title and the upstream version of a package that fetch unpacked."""
    with contextlib.suppress(OSError):
        for line in (UNPACKED / f"{server}.versions").read_text().splitlines():
            name, _, version = line.partition(" ")
            if name == package:
                upstream = (version.partition(":")[2] or version).split("-")[0]
                return f"{title} {upstream.split('+')[0]}"
    return title


@dataclass(frozen=True)
class Account:
    """What the servers of a world share: one password, one certificate for all their names."""
    password: str
    certificate: Path
    key: Path
    ca: Path


class Server:
    """One server program with an address. Subclasses say how it is configured and started."""
    name = ""  # of the folder that fetch makes
    title = ""  # for people
    package = ""  # whose version is told
    users = ""
    ports: tuple[int, ...] = ()

    def __init__(self, place: Place, address: str, account: Account):
        self.place, self.address, self.account = place, address, account
        self.home = place.state / self.name
        self.etc = self.home / "etc"
        self.log = place.state / f"log/{self.name}.log"

    @property
    def domain(self) -> str:
        return f"{self.name}.test"

    def configure(self) -> None:
        """Writes files below home, those below etc are seen in /etc."""
        raise NotImplementedError

    def command(self) -> str:
        """The shell command that starts the daemons, as root, and ends."""
        raise NotImplementedError

    def up(self) -> None:
        if not (UNPACKED / self.name).is_dir():
            raise Unavailable(f"{self.title} was not fetched: scripts/setup interop")
        self.etc.mkdir(parents=True)
        self.configure()
        try:
            self.place.daemon(self.argv(["sh", "-ec", self.command()]), self.log)
            for port in self.ports:
                observe.until(lambda port=port: self._problem(port), START_LIMIT_S)
        except (processes.LabError, OSError, subprocess.SubprocessError) as error:
            raise Unavailable(f"{self.title} does not start: {error}") from error

    def argv(self, argv: list) -> list:
        """The command line that runs `argv` with the server's tree laid over the system."""
        return [HERE / "enter", UNPACKED / self.name, self.etc, self.users, *argv]

    def version(self) -> str:
        """"Exim 4.96": the title and the upstream version of its package."""
        return unpacked_version(self.name, self.package, self.title)

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """A file below home, with @name@ for what all configurations need."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"home": self.home, "address": self.address, "address6": ADDRESS6,
                  "domain": self.domain,
                  "host": f"mail.{self.domain}", "password": self.account.password,
                  "cert": self.account.certificate, "key": self.account.key, "log": self.log}
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        path.write_text(text)
        path.chmod(mode)
        return path

    def _problem(self, port: int) -> str | None:
        try:
            observe.dial(self.place.path, self.address, port, 1).close()
        except OSError as error:
            return f"{self.title}: port {port}: {error}; see {self.log}"
        return None
