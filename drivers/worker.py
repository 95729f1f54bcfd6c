"""A device in a child process: every request has a deadline, a child that misses it is killed.

Native code can block for ever or take its process with it. So it lives in a spawned child;
the parent waits a stated time, then kills the child, and a supervisor thread starts another.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from drivers import worker_child
from drivers.contract import Failed, Ok

FIRST_BACK_OFF_S = 0.5
LONGEST_BACK_OFF_S = 30.0
KILL_WAIT_S = 5.0
_CANCEL_POLL_S = 0.1


class WorkerFailure(StrEnum):
    """Why a request has no answer."""

    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    NOT_RUNNING = "not_running"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, eq=False)
class _Child:
    """One life of the child process."""

    process: BaseProcess
    connection: Connection
    lifeline: Connection


class Worker:
    """Runs `target(*args)` in a spawned child and calls methods of what it returns.

    `target` is "module:name" or a picklable top-level callable; with a string the parent
    imports nothing of the device. `start_deadline_s` bounds the construction in the child
    (loading models). After a death the child is started again: at once the first time,
    then after 0.5 s, doubling to 30 s, until a request succeeds again.
    """

    def __init__(
        self,
        target: str | Callable[..., object],
        args: tuple[Any, ...] = (),
        *,
        start_deadline_s: float = 30.0,
    ) -> None:
        self._target = target
        self._args = args
        self._start_deadline_s = start_deadline_s
        self._calling = threading.Lock()
        self._changed = threading.Condition()
        self._child: _Child | None = None
        self._process: BaseProcess | None = None
        self._closed = False
        self._deaths_in_a_row = 0
        self._last_failure = ""
        self._generation = 0
        self._supervisor = threading.Thread(target=self._supervise, name="worker-supervisor", daemon=True)
        self._wake_read, self._wake_write = multiprocessing.Pipe(duplex=False)
        self._supervisor.start()

    @property
    def pid(self) -> int | None:
        """The child that answers now, or None while there is none."""
        with self._changed:
            return self._child.process.pid if self._child else None

    @property
    def generation(self) -> int:
        """How many children have become ready; state kept in a child is gone when it grows."""
        with self._changed:
            return self._generation

    @property
    def last_failure(self) -> str:
        """The class name of the exception that kept the last child from starting, or ''."""
        with self._changed:
            return self._last_failure

    def wait_ready(self, deadline_s: float) -> bool:
        """Wait until a child answers; False when the time is over or the worker is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._child is not None or self._closed, timeout=deadline_s)
            return self._child is not None

    def call(
        self, method: str, *args: Any, deadline_s: float, cancelled: Callable[[], bool] | None = None
    ) -> Ok[Any] | Failed[WorkerFailure]:
        """Call a method in the child; never blocks (much) longer than `deadline_s`.

        TIMED_OUT: overrun, the child is killed (or another thread's request is still running:
        then nothing was sent). CRASHED: the child died, or the method raised; then `detail` is
        the exception's class name, never its text, and the child goes on. NOT_RUNNING: no child.
        CANCELLED: `cancelled`, asked every 0.1 s, became true first; the child is killed.
        """
        end_s = time.monotonic() + deadline_s
        if not self._calling.acquire(timeout=deadline_s):
            return Failed(WorkerFailure.TIMED_OUT, "another request is running")
        try:
            with self._changed:
                child = self._child
            if child is None:
                return Failed(WorkerFailure.NOT_RUNNING)
            return self._ask(child, (method, args), end_s, cancelled)
        finally:
            self._calling.release()

    def _ask(
        self,
        child: _Child,
        request: tuple[str, tuple[Any, ...]],
        end_s: float,
        cancelled: Callable[[], bool] | None,
    ) -> Ok[Any] | Failed[WorkerFailure]:
        try:
            _limit(child.connection, end_s)
            child.connection.send(request)
            while not child.connection.poll(_slice_s(end_s, cancelled)):
                if time.monotonic() >= end_s:
                    raise BlockingIOError
                if cancelled is not None and cancelled():
                    self._drop(child)
                    return Failed(WorkerFailure.CANCELLED)
            _limit(child.connection, end_s)
            fine, value = child.connection.recv()
        except BlockingIOError:
            self._drop(child)
            return Failed(WorkerFailure.TIMED_OUT)
        except (EOFError, OSError):
            self._drop(child)
            return Failed(WorkerFailure.CRASHED, "the process ended")
        if not fine:
            return Failed(WorkerFailure.CRASHED, str(value))
        with self._changed:
            self._deaths_in_a_row = 0
        return Ok(value)

    def restart(self) -> None:
        """Kill the child; the supervisor starts a new one."""
        with self._changed:
            child = self._child
        if child is not None:
            self._drop(child)

    def close(self) -> None:
        """End the child for good; may be called twice."""
        with self._changed:
            first = not self._closed
            self._closed = True
            process = self._process
            self._child = None
            self._changed.notify_all()
        if not first:
            return
        self._wake_write.send_bytes(b".")
        if process is not None:
            _kill(process)
        self._supervisor.join(KILL_WAIT_S)
        self._wake_read.close()
        self._wake_write.close()

    def _drop(self, child: _Child) -> None:
        with self._changed:
            if self._child is child:
                self._child = None
        _kill(child.process)

    def _supervise(self) -> None:
        while not self._closed:
            child = self._spawn()
            if self._wait_until_built(child):
                wait([child.process.sentinel, self._wake_read])
            with self._changed:
                self._child = None
                self._process = None
                delay_s = _back_off_s(self._deaths_in_a_row)
                self._deaths_in_a_row += 1
            child.process.kill()
            child.process.join()
            child.process.close()
            with self._calling:  # nobody reads from the connection while it is closed
                child.connection.close()
            child.lifeline.close()
            with self._changed:
                self._changed.wait_for(lambda: self._closed, timeout=delay_s)

    def _spawn(self) -> _Child:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=True)
        lifeline_read, lifeline_write = context.Pipe(duplex=False)
        process = context.Process(
            target=worker_child.serve, args=(theirs, lifeline_read, self._target, self._args), daemon=True
        )
        # Ctrl-C at a terminal reaches the whole group: held back here, ignored by the child when it runs.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        lifeline_read.close()
        with self._changed:
            self._process = process
            if self._closed:
                process.kill()
        return _Child(process, ours, lifeline_write)

    def _wait_until_built(self, child: _Child) -> bool:
        ready = wait([child.connection, child.process.sentinel, self._wake_read], self._start_deadline_s)
        failure = "TimeoutError" if not ready else "the process ended"
        if child.connection in ready:
            try:
                fine, value = child.connection.recv()
            except (EOFError, OSError):
                fine, value = False, failure
            if fine:
                with self._changed:
                    self._last_failure = ""
                    if not self._closed:
                        self._child = child
                        self._generation += 1
                    self._changed.notify_all()
                return True
            failure = str(value)
        with self._changed:
            self._last_failure = failure
        return False


def _kill(process: BaseProcess) -> None:
    # The supervisor, which owns the object, may have reaped the process meanwhile: no error then.
    with contextlib.suppress(ValueError):
        process.kill()


def _back_off_s(deaths_in_a_row: int) -> float:
    return (
        0.0
        if deaths_in_a_row == 0
        else min(LONGEST_BACK_OFF_S, FIRST_BACK_OFF_S * 2.0 ** (deaths_in_a_row - 1))
    )


def _slice_s(end_s: float, cancelled: Callable[[], bool] | None) -> float:
    left_s = max(0.0, end_s - time.monotonic())
    return left_s if cancelled is None else min(_CANCEL_POLL_S, left_s)


def _limit(connection: Connection, end_s: float) -> None:
    """Let the kernel end a read or write that a stopped child would hold up for ever."""
    left_s = max(0.001, end_s - time.monotonic())
    value = struct.pack("ll", int(left_s), int(left_s % 1 * 1_000_000))
    with socket.fromfd(connection.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as shared:
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
