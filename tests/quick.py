"""Where the tests write: in memory where there is room, since most of what they write lives for a second.

Making and deleting small files costs a journalled disk many times what it costs memory, and the processors pay.
What a disk keeps after a power cut is proved elsewhere, by a recorder below the program (tests/crash).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - private folders are made in it
ROOM_BYTES = 2**30
"""A guess with room to spare, not measured: a folder in memory is taken only while so much is free at the start."""


def quick_folder(*, for_programs: bool = True) -> Path:
    """A folder for temporary folders. Containers often have a small one in memory, or one that runs no programs."""
    try:
        room = shutil.disk_usage(IN_MEMORY).free
        runs_programs = not os.statvfs(IN_MEMORY).f_flag & os.ST_NOEXEC
    except OSError:
        return Path(tempfile.gettempdir())
    if room < ROOM_BYTES or (for_programs and not runs_programs):
        return Path(tempfile.gettempdir())
    return IN_MEMORY
