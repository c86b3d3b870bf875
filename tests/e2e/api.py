"""Asks the programs over HTTP, from inside the namespace where they listen."""
import http.client
import json
import sys
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lab"))

from maillab import observe  # noqa: E402

ANSWER_LIMIT_S = 5.0


class NetnsConnection(http.client.HTTPConnection):
    """HTTP to an address that only exists in a network namespace."""

    def __init__(self, netns: Path, host: str, port: int):
        super().__init__(host, port, timeout=ANSWER_LIMIT_S)
        self._netns = netns

    def connect(self) -> None:
        self.sock = observe.dial(self._netns, self.host, self.port, ANSWER_LIMIT_S)


class Api:
    """One program's HTTP side. Every call is a connection of its own; OSError without an answer."""

    def __init__(self, netns: Path, port: int, host: str = "127.0.0.1"):
        self._netns, self._host, self._port = netns, host, port

    def fetch(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = NetnsConnection(self._netns, self._host, self._port)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(f"{method} {path}: {type(error).__name__}: {error}") from error
        finally:
            connection.close()

    def text(self, path: str) -> str:
        status, body = self.fetch(path)
        if status != 200:
            raise OSError(f"GET {path} answered {status}: {body[:200]}")
        return body

    def json(self, path: str, **query) -> dict:
        return json.loads(self.text(f"{path}?{urlencode(query)}" if query else path))

    def ready_problem(self) -> str | None:
        status, body = self.fetch("/-/ready")
        return None if status == 200 else body.strip()

    def metric(self, name: str) -> float:
        """The sum of a metric over all its labels; 0 when there is none of that name."""
        total = 0.0
        for line in self.text("/metrics").splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total += float(line.rsplit(" ", 1)[1])
        return total
