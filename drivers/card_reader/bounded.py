"""Calls into a library that may block for ever, each with a deadline."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from drivers.card_reader.reader_state import Patience

T = TypeVar("T")

_SLICE_S = 0.1


class Overrun(Exception):  # noqa: N818  # the name of an event, always caught beside the call
    """The call did not return in time; it may still be running."""


class OneAtATime(Generic[T]):
    """Runs one call at a time in a thread of its own.

    A call that overran keeps its thread until the library lets go of it; until then every
    further call is refused, so at most one thread is ever stuck, and a late result is dropped.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: Thread | None = None

    def run(self, call: Callable[[], T], patience: Patience) -> T:
        """The call's result; raises `Overrun` when patience ends first, or what the call raised."""
        if self._thread is not None and not _join(self._thread, patience):
            raise Overrun
        results: SimpleQueue[Callable[[], T]] = SimpleQueue()
        self._thread = Thread(target=lambda: results.put(_capture(call)), name=self._name, daemon=True)
        self._thread.start()
        if not _join(self._thread, patience):
            raise Overrun
        return results.get()()


def _join(thread: Thread, patience: Patience) -> bool:
    """Wait for the end of a thread; False when it goes on."""
    while thread.is_alive() and not patience.over and not patience.cancelled:
        thread.join(min(_SLICE_S, patience.left_s))
    return not thread.is_alive()


def _capture(call: Callable[[], T]) -> Callable[[], T]:
    """The outcome as a function that returns it or raises it, in the thread of whoever asks."""
    try:
        value = call()
    except Exception as error:  # noqa: BLE001  # raised again for the caller, in its own thread
        caught = error

        def fail() -> T:
            raise caught

        return fail
    return lambda: value
