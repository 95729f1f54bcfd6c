"""Keep what a process knows of a person out of every file: no core dump, no swap, no residue of what was freed.

Each step says whether the system allowed it; none of them is an error, since a terminal without
them still serves. What a kernel of its own configuration does (hibernation, a virtual machine's
snapshot) is out of a process's reach: docs/technician.md says what to set.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

PR_SET_DUMPABLE = 4
MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4
"""linux/mman.h. Pages are locked when they are first used: unused parts of a library take no memory."""
CAP_IPC_LOCK = 14
M_MMAP_THRESHOLD, M_PERTURB = -3, -6
PICTURE_BYTES_MIN = 64 * 1024
"""Larger blocks get pages of their own, which go back to the kernel when they are freed, unless the heap has room."""
PYTHONS_OWN, EACH_THREADS = ("PYTHONMALLOC", "malloc"), ("GLIBC_TUNABLES", "glibc.malloc.tcache_count=0")
"""Two caches keep small blocks as they were freed, out of M_PERTURB's reach: Python's own (up to 512 bytes) and
glibc's of each thread (up to 1032). Both are chosen when a program begins, by its environment."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the system allowed: core dumps off, other processes of the user kept out, pages never swapped."""

    is_undumpable: bool
    is_locked: bool


def never_dump() -> bool:
    """No core dump of this process, to a file or to a program; nobody but root reads its memory.

    Both are needed: the limit does not hold where `core_pattern` is a pipe (core(5)).
    A new program started by exec is dumpable again, a spawned worker too.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return int(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) == 0


def never_swap() -> bool:
    """Lock every page of this process, those to come as well.

    Only where no limit can make a later allocation fail: with LimitMEMLOCK=infinity (the systemd
    unit) or CAP_IPC_LOCK. Else nothing is done.
    """
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    if not unlimited and not _has_capability(CAP_IPC_LOCK):
        return False
    return int(_libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) == 0


def overwrite_what_is_freed() -> None:
    """Ask glibc to fill freed blocks and to return large ones to the kernel at once (mallopt(3)).

    By default a freed picture stays readable in the heap until something happens to be put there,
    for days on a terminal that nobody uses. For processes that outlive a visit: a matcher's large
    blocks would be fetched anew from the kernel a hundred times a frame, and its process ends anyway.
    Small blocks too, where the program was begun without caches.
    """
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:  # another C library has its own ways
        mallopt(M_MMAP_THRESHOLD, PICTURE_BYTES_MIN)
        mallopt(M_PERTURB, 0xFF)  # freed bytes become 0xFF, new ones zero


def begin_without_caches() -> None:
    """Begin the program anew unless it was begun without caches of freed blocks, so that each is overwritten.

    Its children inherit that. Measured: a third more time in code that does nothing but make small objects.
    """
    wanted = without_caches(os.environ)
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        begin_anew()


def without_caches(environment: Mapping[str, str]) -> dict[str, str]:
    """What is to be set in it; other tunables stay."""
    name, wish = EACH_THREADS
    tunables = [one for one in environment.get(name, "").split(":") if one and one != wish]
    return dict([PYTHONS_OWN, (name, ":".join([*tunables, wish]))])


def begin_anew() -> NoReturn:
    """The same process with the same words: whoever supervises it, systemd or a bench, has nothing to do."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own words, no shell


def keep_private() -> Privacy:
    """Neither dumped nor swapped: for a process that holds faces."""
    return Privacy(never_dump(), never_swap())


def _has_capability(number: int) -> bool:
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> number & 1)
    return False
