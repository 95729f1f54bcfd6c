"""One thread owns the only connection; everybody else asks it and waits for the answer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlcipher3

from offline_queue import words
from offline_queue.database import is_damage
from offline_queue.records import StoreClosed, StoreCorrupt
from offline_queue.schema import Connection

T = TypeVar("T")
Request = tuple[Callable[[Any], Any], "Future[Any]"]


class Owner:
    """Runs requests one after another. `open_` and `release` run in the thread too."""

    def __init__(self, open_: Callable[[], Connection], release: Callable[[Connection], None]) -> None:
        self._requests: queue.Queue[Request | None] = queue.Queue()
        self._closing = threading.Lock()
        self._closed = False
        opened: Future[None] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(open_, release, opened), name="outbox-owner", daemon=True
        )
        self._thread.start()
        opened.result()

    def ask(self, request: Callable[[Connection], T]) -> T:
        """What `request` returns or raises, run by the owner. StoreClosed after `close()`, StoreCorrupt."""
        answer: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreClosed(words.CLOSED)
            self._requests.put((request, answer))
        try:
            return answer.result()
        except sqlcipher3.DatabaseError as error:
            if is_damage(error):
                raise StoreCorrupt(words.DAMAGED_WHILE_OPEN) from error
            raise

    def close(self) -> None:
        """Finish what was asked before, then close the connection. May be called twice."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._requests.put(None)
        self._thread.join()

    def _run(
        self, open_: Callable[[], Connection], release: Callable[[Connection], None], opened: Future[None]
    ) -> None:
        try:
            connection = open_()
        except BaseException as error:  # noqa: BLE001 - handed to the caller of the constructor
            opened.set_exception(error)
            return
        opened.set_result(None)
        while (entry := self._requests.get()) is not None:
            request, answer = entry
            try:
                answer.set_result(request(connection))
            except BaseException as error:  # noqa: BLE001 - handed to the caller of `ask`
                answer.set_exception(error)
        release(connection)
