"""Which byte patterns lie in the memory of a living process: what a visit must not leave there.

Reads /proc/PID/mem, so only for root of processes that may not be dumped.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

PIECE_BYTES = 8 * 1024 * 1024
WORD_BYTES = 8
LONG_BYTES = 2 * WORD_BYTES - 1
"""However it lies, a pattern as long as this covers a whole aligned word."""
LOW = 0xFFFF


def regions(pid: int) -> Iterator[tuple[int, int, str]]:
    """Begin, end and name of each part of the memory that can be read, files' text left out."""
    for line in Path(f"/proc/{pid}/maps").read_text("utf-8", "replace").splitlines():
        span, rights, _offset, _device, _inode, *name = line.split(maxsplit=5)
        if "r" in rights and (name[:1] in ([], ["[heap]"], ["[stack]"]) or "w" in rights or "s" in rights):
            begin, end = (int(word, 16) for word in span.split("-"))
            yield begin, end, name[0] if name else "anonymous"


class Finder:
    """Which of the patterns lie in a piece of memory: the long ones all in one pass, each other in its own.

    Hundreds of patterns in a gigabyte would be minutes of searching one after the other.
    """

    def __init__(self, patterns: Mapping[str, bytes]) -> None:
        self._long = {kind: pattern for kind, pattern in patterns.items() if _has_rare_words(pattern)}
        self._others = {kind: pattern for kind, pattern in patterns.items() if kind not in self._long}
        self._at_word: dict[int, set[tuple[str, int]]] = defaultdict(set)
        for kind, pattern in self._long.items():
            for shift in range(WORD_BYTES):
                self._at_word[_word(pattern, shift)].add((kind, shift))
        self._words = np.array(sorted(self._at_word), dtype=np.uint64)
        self._low = np.zeros(LOW + 1, dtype=bool)
        self._low[self._words & np.uint64(LOW)] = True

    def in_piece(self, data: bytes) -> set[str]:
        found = {kind for kind, pattern in self._others.items() if pattern in data}
        if not self._long:
            return found
        words = np.frombuffer(data, dtype="<u8", count=len(data) // WORD_BYTES)
        # Most words are told apart by their low bytes alone: a table is quicker than a search.
        places = np.flatnonzero(self._low[words & np.uint64(LOW)])
        places = places[np.isin(words[places], self._words)]
        for place in places.tolist():
            at = place * WORD_BYTES
            for kind, shift in self._at_word[int(words[place])]:
                if at >= shift and data.startswith(self._long[kind], at - shift):
                    found.add(kind)
        return found


def _has_rare_words(pattern: bytes) -> bool:
    """Long, and none of the words by which it would be found fills unused or overwritten memory."""
    return len(pattern) >= LONG_BYTES and all(
        len(set(pattern[shift : shift + WORD_BYTES])) > 1 for shift in range(WORD_BYTES)
    )


def _word(pattern: bytes, shift: int) -> int:
    return int.from_bytes(pattern[shift : shift + WORD_BYTES], "little")


def found_in(pid: int, patterns: Mapping[str, bytes]) -> dict[str, list[str]]:
    """Name of each pattern that was found -> the names of the regions that hold it. No pattern: nothing.

    Raises PermissionError where the memory cannot be read.
    """
    longest = max(map(len, patterns.values()), default=1)
    finder = Finder(patterns)
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
                for kind in sorted(finder.in_piece(data)):
                    places.setdefault(kind, []).append(name)
    return places
