"""Which byte patterns lie in the memory of a living process: what a visit must not leave there.

Reads /proc/PID/mem, so only for root of processes that may not be dumped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

PIECE_BYTES = 8 * 1024 * 1024


def regions(pid: int) -> Iterator[tuple[int, int, str]]:
    """Begin, end and name of each part of the memory that can be read, files' text left out."""
    for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
        span, rights, _offset, _device, _inode, *name = line.split(maxsplit=5)
        if "r" in rights and (name[:1] in ([], ["[heap]"], ["[stack]"]) or "w" in rights or "s" in rights):
            begin, end = (int(word, 16) for word in span.split("-"))
            yield begin, end, name[0] if name else "anonymous"


def found_in(pid: int, patterns: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Name of each pattern that was found -> the names of the regions that hold it. No pattern: nothing.

    Raises PermissionError where the memory cannot be read.
    """
    longest = max(map(len, patterns.values()), default=1)
    places: dict[str, list[str]] = {}
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for begin, end, name in regions(pid):
            at = begin
            while at < end:
                try:
                    data = os.pread(memory.fileno(), min(PIECE_BYTES + longest, end - at), at)
                except OSError:
                    break  # a hole: a device's memory, or pages that the process gave back just now
                if not data:
                    break
                at += PIECE_BYTES
                if not data.strip(b"\0"):
                    continue  # never used
                for kind, pattern in patterns.items():
                    if pattern in data:
                        places.setdefault(kind, []).append(name)
    return places
