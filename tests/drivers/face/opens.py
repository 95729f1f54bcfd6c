"""Who opens a file: the kernel's own word (inotify), for every process of this machine."""

from __future__ import annotations

import ctypes
import os
import select
from pathlib import Path
from types import TracebackType
from typing import Self

IN_OPEN = 0x20
EVENT_BYTES = 16
"""struct inotify_event without a name, as for a watch on one file."""

_libc = ctypes.CDLL(None, use_errno=True)


class Opens:
    """Counts how often `file` is opened while this stands. The file has to be there."""

    def __init__(self, file: Path) -> None:
        self._descriptor = int(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if self._descriptor < 0 or _libc.inotify_add_watch(self._descriptor, os.fsencode(file), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), f"{file.name} cannot be watched")

    def seen(self) -> int:
        """Opens since the last call; the kernel queues an event before the opener goes on."""
        count = 0
        while select.select([self._descriptor], [], [], 0)[0]:
            count += len(os.read(self._descriptor, 4096)) // EVENT_BYTES
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
