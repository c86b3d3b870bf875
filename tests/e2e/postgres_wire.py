#!/usr/bin/env python3
"""A way to a PostgreSQL server that can be cut: stopped by a signal, nothing gets through either way.

usage: postgres_wire.py SERVER_FOLDER FOLDER

Serves FOLDER/.s.PGSQL.5432 by what listens in SERVER_FOLDER.
"""
import asyncio
import contextlib
import sys
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
CHUNK = 1 << 16


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(CHUNK):
            sink.write(data)
            await sink.drain()
    sink.close()


async def serve(server: Path, folder: Path) -> None:
    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(server / SOCKET)
        except OSError:
            return writer.close()
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    async with await asyncio.start_unix_server(join, folder / SOCKET) as listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(*map(Path, sys.argv[1:])))
