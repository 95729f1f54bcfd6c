"""A lane: one thread that does one device's jobs in order, so that nobody else waits for it."""

from __future__ import annotations

import logging
import queue
import threading
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
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._busy = threading.Event()
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
        return self._jobs.empty() and not self._busy.is_set()

    def do(self, job: Job) -> None:
        self._jobs.put(job)

    def drop(self) -> None:
        """Cancel what runs, forget what waits."""
        with self._lock:
            self._cancel.set()
            self._cancel = threading.Event()
            while True:
                try:
                    if self._jobs.get_nowait() is None:
                        self._jobs.put(None)
                        return
                except queue.Empty:
                    return

    def close(self, timeout_s: float = 5.0) -> None:
        """End the thread after the running job has noticed its cancellation."""
        self.drop()
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                cancel = self._cancel
            self._busy.set()
            try:
                job(cancel)
            except Exception as defect:  # noqa: BLE001 - the lane outlives any defect of a job
                self._defects += 1
                log.error("lane %s: a job ended by %s", self.name, type(defect).__name__)
            finally:
                self._busy.clear()
