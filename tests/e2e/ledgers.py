"""Reads what the programs left on disk: who stored which sequence numbers."""
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path

# Field numbers of postwatch.v1.Sighting and Vantage.
OBSERVATION, VANTAGE, SPOOL_ID, SEQUENCE = 1, 2, 5, 6
AGENT = 1
# Of postwatch.v1.Observation and google.protobuf.Timestamp.
CHECK_ID, STARTED, AMENDS, RUN_REQUEST = 2, 5, 13, 14
SECONDS, NANOS = 1, 2


def stored_sequences(database: Path) -> dict[tuple[str, str], Counter]:
    """By (agent, spool id): how often each sequence number is stored by the collector."""
    stored = defaultdict(Counter)
    with _open(database) as db:
        for (blob,) in db.execute("SELECT sighting FROM observations"):
            fields = message(blob)
            agent = message(fields[VANTAGE])[AGENT].decode()
            stored[agent, fields[SPOOL_ID].decode()][fields[SEQUENCE]] += 1
    return stored


def scheduled_runs(database: Path) -> dict[tuple[str, str], list[float]]:
    """By (agent, check): when the runs began that nobody had asked for, by the agent's clock."""
    starts = defaultdict(list)
    with _open(database) as db:
        for (blob,) in db.execute("SELECT sighting FROM observations"):
            fields = message(blob)
            seen = message(fields[OBSERVATION])
            if seen.get(AMENDS) or seen.get(RUN_REQUEST):
                continue
            time = message(seen[STARTED])
            starts[message(fields[VANTAGE])[AGENT].decode(), seen[CHECK_ID].decode()].append(
                time.get(SECONDS, 0) + time.get(NANOS, 0) / 1e9)
    return starts


def watermarks(database: Path) -> dict[tuple[str, str], int]:
    with _open(database) as db:
        return {(agent, spool): mark for agent, spool, mark in
                db.execute("SELECT agent, spool_id, watermark FROM spools")}


def spool_of(state: Path) -> tuple[str, int, int]:
    """An agent's spool: its id, the last sequence number it ever gave out, how many wait in it."""
    for path in sorted(state.glob("*.db")):
        with _open(path) as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name='observation'").fetchone():
                continue
            (spool_id,) = db.execute("SELECT value FROM meta WHERE key='id'").fetchone()
            (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence "
                                 "WHERE name='observation'").fetchone()
            (waiting,) = db.execute("SELECT count(*) FROM observation").fetchone()
            return spool_id, last, waiting
    raise FileNotFoundError(f"no spool in {state}")


def message(blob: bytes) -> dict[int, bytes | int]:
    """The fields of one protobuf message, the last one of each number."""
    fields, at = {}, 0
    while at < len(blob):
        tag, at = _varint(blob, at)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            fields[number], at = _varint(blob, at)
        elif kind == 2:
            length, at = _varint(blob, at)
            fields[number], at = blob[at:at + length], at + length
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            fields[number], at = blob[at:at + size], at + size
        else:
            raise ValueError(f"wire type {kind} at byte {at}")
    return fields


def _varint(blob: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = blob[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


class _open:
    """A database nobody changes, opened for one look."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> sqlite3.Connection:
        self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        return self._db

    def __exit__(self, *_) -> None:
        self._db.close()
