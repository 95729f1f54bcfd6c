"""Other durable queues of the field, each set to be as durable as ours: one fsync before a put returns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import litequeue
from diskcache import Deque
from huey.storage import SqliteStorage
from persistqueue import SQLiteAckQueue


class OtherQueue(Protocol):
    """One producer, one consumer, in this process."""

    def put(self, payload: bytes) -> None: ...

    def take(self) -> bool:
        """Take the oldest and acknowledge it; False when there is none."""
        ...


class PersistQueue:
    """SQLite, take and acknowledge apart: the only one of these that survives a killed consumer."""

    def __init__(self, folder: Path) -> None:
        self._queue: Any = SQLiteAckQueue(str(folder), auto_commit=True)

    def put(self, payload: bytes) -> None:
        self._queue.put(payload)

    def take(self) -> bool:
        item = self._queue.get(block=False)
        self._queue.ack(item)
        return True


class Huey:
    """Taking is deleting: there is nothing to acknowledge."""

    def __init__(self, folder: Path) -> None:
        self._queue: Any = SqliteStorage("bench", filename=str(folder / "huey.db"), fsync=True)

    def put(self, payload: bytes) -> None:
        self._queue.enqueue(payload)

    def take(self) -> bool:
        return self._queue.dequeue() is not None


class DiskCache:
    """Peek, then pop: as an acknowledged take would be written with it."""

    def __init__(self, folder: Path) -> None:
        self._queue: Any = Deque(directory=str(folder))
        self._queue.cache.reset("sqlite_synchronous", 2)

    def put(self, payload: bytes) -> None:
        self._queue.append(payload)

    def take(self) -> bool:
        self._queue.peekleft()
        self._queue.popleft()
        return True


class LiteQueue:
    """SQLite with NORMAL by default, which a power cut empties; FULL here."""

    def __init__(self, folder: Path) -> None:
        self._queue: Any = litequeue.LiteQueue(str(folder / "litequeue.db"))
        self._queue.conn.execute("pragma synchronous = full")

    def put(self, payload: bytes) -> None:
        self._queue.put(payload)

    def take(self) -> bool:
        message = self._queue.pop()
        self._queue.done(message.message_id)
        return True


OTHERS: dict[str, Callable[[Path], OtherQueue]] = {
    "persist-queue": PersistQueue,
    "huey": Huey,
    "diskcache": DiskCache,
    "litequeue": LiteQueue,
}
