"""A lane: one thread that does one device's jobs in order, so that nobody else waits for it."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

log = logging.getLogger(__name__)

Job = Callable[[threading.Event], None]


class Lane:
    """Jobs run one after the other; `drop` cancels the running one and forgets the waiting ones.

    A job gets an event that is set when it is to stop early. An exception in a job is a defect:
    it is logged by its type alone (its text might hold a person's data) and the lane lives on.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._changed = threading.Condition()
        self._jobs: deque[Job] = deque()
        self._cancel = threading.Event()
        self._busy = False
        self._closing = False
        self._defects = 0
        self._thread = threading.Thread(target=self._run, name=f"lane-{name}", daemon=True)
        self._thread.start()

    @property
    def defects(self) -> int:
        """How many jobs ended by an exception since the start."""
        return self._defects

    @property
    def idle(self) -> bool:
        """Nothing runs and nothing waits."""
        with self._changed:
            return not self._busy and not self._jobs

    def do(self, job: Job) -> None:
        with self._changed:
            self._jobs.append(job)
            self._changed.notify_all()

    def drop(self) -> None:
        """Cancel what runs, forget what waits."""
        with self._changed:
            self._cancel.set()
            self._cancel = threading.Event()
            self._jobs.clear()

    def close(self, timeout_s: float = 5.0, *, finish: bool = False) -> None:
        """End the thread: after the running job has noticed its cancellation, or, with `finish`, after
        all that waits is done.
        """
        if not finish:
            self.drop()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.error("lane %s: its job did not end within %.0f s", self.name, timeout_s)

    def _take(self) -> tuple[Job, threading.Event] | None:
        """The next job with its event, in one step: a `drop` meets it either waiting or running."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing)
            if not self._jobs:
                return None
            self._busy = True
            return self._jobs.popleft(), self._cancel

    def _run(self) -> None:
        while self._next():
            pass

    def _next(self) -> bool:
        """One job. It is forgotten on return: it may hold a visit, which must not outlive itself here."""
        taken = self._take()
        if taken is None:
            return False
        job, cancel = taken
        try:
            job(cancel)
        except Exception as defect:  # noqa: BLE001 - the lane outlives any defect of a job
            self._defects += 1
            log.error("lane %s: a job ended by %s", self.name, type(defect).__name__)
        finally:
            with self._changed:
                self._busy = False
        return True
