"""Programs that break a promise on purpose: `make crash` is worth something only if it finds each of them out.

`python -m tests.crash.sabotage NAME ...` is the centre with one of its promises broken.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any
from unittest import mock

from sqlalchemy import Connection, Engine, update

import main
from central import ingest, log, schema, uploads
from central.database import writing
from central.log import Event
from offline_queue import courier, inbox
from offline_queue.inbox_wire import Letter
from offline_queue.records import ItemState, Settlement
from offline_queue.schema import Connection as OutboxConnection
from offline_queue.transactions import transaction
from offline_queue.wire import Item, UploadState

LATE_S = 1.0


class Sabotage(StrEnum):
    """A broken promise and where."""

    NONE = ""
    PROMISE_FIRST = "promise-first"
    """The terminal promises before its commit."""
    NEW_ID = "new-id"
    """The terminal tries again under a new idempotency key."""
    SETTLE_FIRST = "settle-first"
    """The terminal drops what it sends before the centre has acknowledged it."""
    LETTER_APART = "letter-apart"
    """A letter and the cursor are written in two transactions, the letter first."""
    CURSOR_APART = "cursor-apart"
    """The same, the cursor first."""
    ANSWER_FIRST = "answer-first"
    """The centre acknowledges before its commit."""
    TAKEN_TWICE = "taken-twice"
    """The centre registers again what it has already."""
    PART_IS_WHOLE = "part-is-whole"
    """The centre takes the first part of an attachment for all of it."""


OF_CENTRE = (Sabotage.ANSWER_FIRST, Sabotage.TAKEN_TWICE, Sabotage.PART_IS_WHOLE)


def break_terminal(sabotage: Sabotage) -> None:
    """In the process that is to be killed."""
    match sabotage:
        case Sabotage.SETTLE_FIRST:
            send = courier.Courier._send

            def settled_first(self: courier.Courier, items: tuple[Any, ...]) -> bool:
                told = ("registered", "", "2026-11-26T00:00:00Z")
                done = [Settlement(item.sequence, ItemState.ACKNOWLEDGED, *told) for item in items]
                self.outbox.deliveries.settle(done)
                return send(self, items)

            _put_in_place(courier.Courier, "_send", settled_first)
        case Sabotage.LETTER_APART | Sabotage.CURSOR_APART:
            steps = (_effect, _cursor)
            _put_in_place(inbox, "apply", _apart(steps if sabotage is Sabotage.LETTER_APART else steps[::-1]))


def _put_in_place(of: object, name: str, what: object) -> None:
    """For as long as the process lives."""
    mock.patch.object(of, name, what).start()


_APPLY = inbox.apply
Step = Callable[[OutboxConnection, Letter], None]


def _apart(steps: Iterable[Step]) -> Callable[[OutboxConnection, Iterable[Letter]], None]:
    def apply(connection: OutboxConnection, letters: Iterable[Letter]) -> None:
        for letter in letters:
            for step in steps:
                step(connection, letter)

    return apply


class _WithoutCursor:
    """A connection that leaves the cursor where it is."""

    def __init__(self, connection: OutboxConnection) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def execute(self, statement: str, *values: Any) -> Any:
        moves = statement.startswith("update inbox set cursor")
        return None if moves else self._connection.execute(statement, *values)


def _effect(connection: OutboxConnection, letter: Letter) -> None:
    _APPLY(_WithoutCursor(connection), [letter])


def _cursor(connection: OutboxConnection, letter: Letter) -> None:
    with transaction(connection):
        connection.execute("update inbox set cursor = ?", (letter.number,))


def _break_centre(sabotage: Sabotage) -> None:
    match sabotage:
        case Sabotage.ANSWER_FIRST:
            _put_in_place(ingest, "writing", lambda engine: _Late(writing(engine)))
            # Opening what was taken would wait for that commit.
            _put_in_place(ingest, "_states_after", lambda *_given: {})
        case Sabotage.TAKEN_TWICE:
            again = ingest._again

            def registered_again(connection: Connection, item: Item, *rest: Any) -> object:
                log.write(connection, rest[-1], Event.CASE_REGISTERED, item.terminal, item.lane)
                return again(connection, item, *rest)

            _put_in_place(ingest, "_again", registered_again)
        case Sabotage.PART_IS_WHOLE:
            take = uploads.take

            def taken_whole(engine: Engine, key: uploads.Key, *rest: Any) -> UploadState:
                take(engine, key, *rest)
                with writing(engine).begin() as connection:
                    connection.execute(update(schema.uploads).where(key.here(schema.uploads)).values(whole=1))
                return UploadState(offset=rest[2], whole=True)

            _put_in_place(uploads, "take", taken_whole)


class _Late:
    """An engine whose transactions are committed a moment after they were left."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        connection = self._engine.connect()
        begun = connection.begin()
        try:
            yield connection
        except BaseException:
            begun.rollback()
            connection.close()
            raise

        def commit() -> None:
            time.sleep(LATE_S)
            begun.commit()
            connection.close()

        threading.Thread(target=commit, daemon=True).start()


def serve() -> None:
    _break_centre(Sabotage(sys.argv.pop(1)))
    sys.argv.insert(1, "central")
    main.main()


if __name__ == "__main__":
    serve()
