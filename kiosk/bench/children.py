"""The terminal's child processes as the kernel lists them: found by name, ended or held from outside."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from drivers.worker_child import NAME_MAX

HOW = {"kill": signal.SIGKILL, "crash": signal.SIGSEGV, "stop": signal.SIGSTOP}
"""Move -> what the child gets."""


def strike(terminal: int, family: str, how: signal.Signals) -> int:
    """Send `how` to each child of the process `terminal` that serves this device family; how many there were.

    A number that passed to another process meanwhile is not hit: what is sent goes to the process that
    was looked at (pidfd, Linux 5.3).
    """
    struck = 0
    for pid in children_of(terminal):
        with suppress(ProcessLookupError):  # it ended by itself meanwhile
            handle = os.pidfd_open(pid)
            try:
                if _is(pid, terminal, family):
                    signal.pidfd_send_signal(handle, how)
                    struck += 1
            finally:
                os.close(handle)
    return struck


def children_of(pid: int) -> list[int]:
    """The children that a process has now; none of one that is not there."""
    # A task that ends between the listing and the reading takes its list with it.
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found += [int(child) for child in (task / "children").read_text("ascii").split()]
    return found


def _is(pid: int, parent: int, family: str) -> bool:
    """Whether it is alive, that parent's child, and named as `worker_child.name_of` names this family's."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    name, (state, its_parent) = (
        stat[stat.index("(") + 1 : stat.rindex(")")],
        stat.rpartition(")")[2].split()[:2],
    )
    return (name, its_parent) == (family[:NAME_MAX], str(parent)) and state not in "ZX"
