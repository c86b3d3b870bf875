"""A PostgreSQL server of one's own, in a folder, for as long as a story takes."""
import os
import pwd
import subprocess
from pathlib import Path

from waiting import wait_until

VERSIONS = Path("/usr/lib/postgresql")
START_LIMIT_S = 30.0
SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB",
            "dynamic_shared_memory_type=mmap")


def uri_through(folder: Path) -> str:
    """The database by the socket in a folder."""
    return f"postgresql://postwatch@/postgres?host={folder}"


class Postgres:
    """One database, reached by a socket in `folder`: from every network namespace."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._programs = max(VERSIONS.glob("*/bin"), key=lambda path: int(path.parent.name))
        self._user = pwd.getpwnam("postgres")  # the server refuses to run as root
        self._server: subprocess.Popen | None = None

    @property
    def folder(self) -> Path:
        """Where its socket is."""
        return self._folder

    @property
    def uri(self) -> str:
        return uri_through(self._folder)

    def start(self) -> None:
        self._folder.mkdir(parents=True)
        os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        for parent in self._folder.parents:  # so that the server gets there
            if parent.owner() == "root" and not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        self._run("initdb", "-D", self._folder / "data", "-U", "postwatch", "-A", "trust",
                  "-E", "UTF8", "--locale=C", "--no-sync").check_returncode()
        settings = [word for setting in SETTINGS for word in ("-c", setting)]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", "-k", self._folder,
                 *settings], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self._folder, user=self._user.pw_uid, group=self._user.pw_gid, extra_groups=[])
        wait_until(self._silent, START_LIMIT_S, "PostgreSQL answers")

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()  # which ends it when the last session has
            self._run("pg_ctl", "stop", "-D", self._folder / "data", "-m", "immediate")
            self._server.wait()

    def rows(self, query: str) -> list[list[str]]:
        done = self._run("psql", "-X", "-At", "-F", "\t", "-c", query, self.uri)
        if done.returncode:
            raise OSError(f"psql: {done.stderr.strip()}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def _silent(self) -> str | None:
        return None if self.rows("SELECT 1") == [["1"]] else "no row"

    def _run(self, program: str, *argv) -> subprocess.CompletedProcess:
        return subprocess.run([self._programs / program, *map(str, argv)], text=True,
                              capture_output=True, stdin=subprocess.DEVNULL, check=False,
                              cwd=self._folder, user=self._user.pw_uid, group=self._user.pw_gid,
                              extra_groups=[])
