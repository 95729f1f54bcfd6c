"""A thread of one process that looks again and again for what is due, and does it a little at a time."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from central.database import utc_now

log = logging.getLogger(__name__)

AGAIN_MAX_S = 3600.0
POLL_S = 5.0


def pause_s(first_s: float, tries: int) -> float:
    """Before the next try after so many: it doubles, up to an hour."""
    return min(first_s * 2.0 ** min(tries, 20), AGAIN_MAX_S)


class Rounds(ABC):
    """`again_s`: the first pause after no answer. Begins with `start`, and may never be begun."""

    def __init__(self, name: str, again_s: float) -> None:
        self.again_s = again_s
        self.name = name
        self._end = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing = False

    @abstractmethod
    def round(self, now: datetime) -> int:
        """Do what is due, a bounded number; how many that was."""

    @property
    def ending(self) -> bool:
        return self._end.is_set()

    @property
    def stuck(self) -> bool:
        """Whether the last round failed, or the thread ended by itself."""
        ended = self._thread is not None and not self._thread.is_alive() and not self.ending
        return self._failing or ended

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Does not wait for another house that is silent just now."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._end.wait(min(self.again_s, POLL_S)):
            try:
                while not self._end.is_set() and self.round(utc_now()):
                    pass
                self._failing = False
            except SQLAlchemyError as error:
                # The pool's own, such as no free connection, as well as the database's.
                if not self._failing:
                    log.warning(
                        "a round of %s failed, it is tried again: %s", self.name, type(error).__name__
                    )
                self._failing = True
