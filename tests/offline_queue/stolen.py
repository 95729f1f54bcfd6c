"""What a thief has who took a terminal's disk."""

from __future__ import annotations

from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gbk")


def every_byte(directory: Path) -> dict[str, bytes]:
    """Each file below `directory` as it lies there: pages that a database no longer uses, and its log, too."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def places_of(text: str, found: dict[str, bytes]) -> list[str]:
    """Where the words stand, in any encoding that a program here might have used."""
    needles = [text.encode(encoding) for encoding in ENCODINGS]
    return [name for name, content in found.items() if any(needle in content for needle in needles)]
