"""Makes one address of a network namespace reachable on this machine's loopback."""
import contextlib
import errno
import socket
import threading
from pathlib import Path

from maillab import observe

CHUNK = 1 << 16


class Forwarder:
    """Listens on 127.0.0.1, on `port` or a free one if that is taken, until close()."""

    def __init__(self, netns: Path, target_port: int, port: int):
        self._netns, self._target_port = netns, target_port
        self._listener = _listen(port)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with client:
            try:
                server = observe.dial(self._netns, "127.0.0.1", self._target_port)
            except OSError:
                return
            server.settimeout(None)
            with server:
                up = threading.Thread(target=_copy, args=(client, server), daemon=True)
                up.start()
                _copy(server, client)
                up.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return socket.create_server(("127.0.0.1", 0))
