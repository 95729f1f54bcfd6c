"""A device in a child process: every request has a deadline, a child that misses it is killed.

Native code can block for ever or take its process with it. So it lives in a spawned child;
the parent waits a stated time, then kills the child, and a supervisor thread starts another.
The supervisor also takes the pulse of a child that nobody asks: one that is stopped, or whose
native thread holds the interpreter, is found within `PULSE_S` + `PULSE_DEADLINE_S`.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from drivers import worker_child, worker_wire
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from drivers.worker_wire import SpoiltError

FIRST_BACK_OFF_S = 0.5
LONGEST_BACK_OFF_S = 30.0
KILL_WAIT_S = 5.0
_CANCEL_POLL_S = 0.1
_REAP_POLL_S = 0.001
PULSE_S = 1.0
PULSE_DEADLINE_S = 2.5
"""With `PULSE_S` below the 5 s within which the health must tell the truth."""
STEADY_S = 10.0
"""A child that dies younger than this was no recovery, whatever it answered: the back-off goes on."""


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
    began_s: float = field(default_factory=time.monotonic)


class Worker:
    """Runs `target(*args)` in a spawned child and calls methods of what it returns.

    `target` is "module:name" or a picklable top-level callable; with a string the parent
    imports nothing of the device. `start_deadline_s` bounds the construction in the child
    (loading models). The memory of one that `is_private` is neither dumped nor, where the system
    allows it, swapped. What a child frees is overwritten, unless its owner restarts it after each
    visit (`ends_with_visit`), which takes all of it away. After a death the child is started again: at once the first time,
    then after 0.5 s, doubling to 30 s, until a child answers that is older than `STEADY_S`.
    """

    def __init__(
        self,
        target: str | Callable[..., object],
        args: tuple[Any, ...] = (),
        *,
        start_deadline_s: float = 30.0,
        is_private: bool = False,
        ends_with_visit: bool = False,
    ) -> None:
        self._target = target
        self._args = args
        self._is_private = is_private
        self._ends_with_visit = ends_with_visit
        self._start_deadline_s = start_deadline_s
        self._calling = threading.Lock()
        self._changed = threading.Condition()
        self._child: _Child | None = None
        self._process: BaseProcess | None = None
        self._closed = False
        self._deaths_in_a_row = 0
        self._meant: BaseProcess | None = None
        self._numbers = itertools.count(1)
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

    def still_answers(self, generation: int) -> bool:
        """Whether the child that was this `generation` is the one that answers now: of a dead one nothing is known."""
        with self._changed:
            return self._child is not None and self._generation == generation

    @property
    def last_failure(self) -> str:
        """How the trouble began that keeps a child from answering: an exception's class name, or how
        the process ended; '' while one answers or none was started yet.
        """
        with self._changed:
            return self._last_failure

    def status(self, restarting: Cause) -> DeviceStatus:
        """READY while a child answers; unknown because of `restarting` once one is gone or cannot start."""
        with self._changed:
            if self._child is not None:
                return DeviceStatus(DeviceState.READY)
            if self._closed:
                return DeviceStatus(DeviceState.UNKNOWN, detail="closed")
            if self._generation or self._last_failure:
                return DeviceStatus(DeviceState.UNKNOWN, restarting, self._last_failure)
            return DeviceStatus(DeviceState.OPENING)

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
        CANCELLED: `cancelled`, asked every 0.1 s, became true first; the child is killed, which
        counts as no death.
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
        cancelled: Callable[[], bool] | None = None,
    ) -> Ok[Any] | Failed[WorkerFailure]:
        number = next(self._numbers)
        try:
            worker_wire.send(child.connection, (number, *request), end_s)
            while not child.connection.poll(_slice_s(end_s, cancelled)):
                if time.monotonic() >= end_s:
                    raise BlockingIOError
                if cancelled is not None and cancelled():
                    self._end(child)
                    return Failed(WorkerFailure.CANCELLED)
            answered, fine, value = worker_wire.receive(child.connection, end_s)
            if answered != number:
                raise SpoiltError
        except BlockingIOError:
            self._drop(child)
            return Failed(WorkerFailure.TIMED_OUT)
        except (EOFError, OSError):
            self._drop(child)
            return Failed(WorkerFailure.CRASHED, "the process ended")
        except SpoiltError:
            self._drop(child)
            return Failed(WorkerFailure.CRASHED, "an answer that nobody can use")
        if not fine:
            return Failed(WorkerFailure.CRASHED, str(value))
        with self._changed:
            if time.monotonic() - child.began_s > STEADY_S:
                self._deaths_in_a_row = 0
        return Ok(value)

    def restart(self) -> None:
        """Kill the child and have a new one at once: a wish, which counts as no death."""
        with self._changed:
            child = self._child
        if child is not None:
            self._end(child)

    def _end(self, child: _Child) -> None:
        """Drop a child that did nothing wrong."""
        self._meant = child.process
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
            try:
                child = self._spawn()
            except Exception as error:  # noqa: BLE001 - no descriptor, no memory: a bad day, not the end
                self._note(type(error).__name__)
                self._rest()
                continue
            built = self._wait_until_built(child)
            if built:
                self._attend(child)
            with self._changed:
                self._child = None
                self._process = None
            exit_code = _reaped(child.process)
            meant = self._meant is child.process
            if built and not meant:
                self._note(_ending(exit_code))
            if exit_code is not None:
                child.process.close()
            with self._calling:  # nobody reads from the connection while it is closed
                child.connection.close()
            child.lifeline.close()
            if not meant:
                self._rest()

    def _rest(self) -> None:
        """The back-off: ends early when the worker is closed."""
        with self._changed:
            delay_s = _back_off_s(self._deaths_in_a_row)
            self._deaths_in_a_row += 1
            self._changed.wait_for(lambda: self._closed, timeout=delay_s)

    def _attend(self, child: _Child) -> None:
        """Return when the child has ended or is not fit to live on."""
        while not wait([child.process.sentinel, self._wake_read], PULSE_S):
            if _is_stopped(child.process):
                return
            if self._calling.acquire(blocking=False):  # else a request runs, with a deadline of its own
                try:
                    answered = self._ask(child, (worker_child.PULSE, ()), time.monotonic() + PULSE_DEADLINE_S)
                finally:
                    self._calling.release()
                if isinstance(answered, Failed):
                    return

    def _spawn(self) -> _Child:
        context = multiprocessing.get_context("spawn")
        with contextlib.ExitStack() as opened:
            ours, theirs = (opened.enter_context(end) for end in context.Pipe(duplex=True))
            lifeline_read, lifeline_write = (opened.enter_context(end) for end in context.Pipe(duplex=False))
            process = context.Process(
                target=worker_child.serve,
                args=(theirs, lifeline_read, self._target, self._args),
                kwargs={"is_private": self._is_private, "ends_with_visit": self._ends_with_visit},
                daemon=True,
            )
            # Ctrl-C at a terminal reaches the whole group: held back here, ignored by the child when it runs.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            try:
                process.start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
            opened.pop_all()
        theirs.close()
        lifeline_read.close()
        with self._changed:
            self._process = process
            if self._closed:
                process.kill()
        return _Child(process, ours, lifeline_write)

    def _wait_until_built(self, child: _Child) -> bool:
        end_s = time.monotonic() + self._start_deadline_s
        waited_for: list[Connection | int] = [child.connection, child.process.sentinel, self._wake_read]
        while not (ready := wait(waited_for, min(PULSE_S, max(0.0, end_s - time.monotonic())))):
            if _is_stopped(child.process) or time.monotonic() > end_s:
                break
        failure = "" if ready else "TimeoutError"
        if child.connection in ready:
            try:
                _, fine, value = worker_wire.receive(child.connection, end_s)
            except (OSError, EOFError, SpoiltError):
                fine, value = False, ""
            if fine:
                with self._changed:
                    self._last_failure = ""
                    if not self._closed:
                        self._child = child
                        self._generation += 1
                    self._changed.notify_all()
                return True
            failure = str(value)
        if not failure:
            failure = _ending(_reaped(child.process))
        self._note(failure)
        return False

    def _note(self, failure: str) -> None:
        """The first cause is kept until a child answers again."""
        with self._changed:
            if not self._closed:
                self._last_failure = self._last_failure or failure


def _slice_s(end_s: float, cancelled: Callable[[], bool] | None) -> float:
    left_s = max(0.0, end_s - time.monotonic())
    return left_s if cancelled is None else min(_CANCEL_POLL_S, left_s)


def _is_stopped(process: BaseProcess) -> bool:
    """Whether the kernel holds the process still (SIGSTOP): it will answer nothing."""
    try:
        stat = Path(f"/proc/{process.pid}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] == "T"


def _reaped(process: BaseProcess) -> int | None:
    """End a process and wait for it; its exit code.

    Starting a process polls all others (multiprocessing's clean-up), so another worker's thread may
    be the one that the kernel tells: then `join` returns a moment before the code is known.
    """
    process.kill()
    process.join()
    end_s = time.monotonic() + KILL_WAIT_S
    while process.exitcode is None and time.monotonic() < end_s:
        time.sleep(_REAP_POLL_S)
    return process.exitcode


def _ending(exit_code: int | None) -> str:
    """The name of the signal that ended a process, or its code."""
    if exit_code is not None and exit_code < 0:
        return signal.Signals(-exit_code).name
    return f"exit code {exit_code}"


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
