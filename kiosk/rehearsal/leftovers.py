"""What a visit must not leave: a scan of files for the words of a person.

The scan is worth something only if it can find: in each place it must first find a planted control.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gbk", "gb18030")
"""GB 18030 also has the rare characters of names that GBK lacks."""
SHORTEST_ANSWER = 4
"""Signs of an answer that are looked for: shorter ones are found everywhere by chance."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Where something was found; never what."""

    place: str
    file: str
    kind: str
    encoding: str


@dataclass(slots=True)
class Scan:
    """What was found, and how many files were looked through in each place."""

    found: list[Leftover] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)


class ControlNotFoundError(Exception):
    """The scan did not find what was planted for it, so its silence means nothing."""


def needles_of(kind: str, text: str) -> list[tuple[str, str, bytes]]:
    """Each form in which the text could lie on a disk; an encoding that lacks a sign has none."""
    forms: list[tuple[str, str, bytes]] = []
    for encoding in ENCODINGS:
        try:
            forms.append((kind, encoding, text.encode(encoding)))
        except UnicodeEncodeError:
            continue
    return forms


def words_of_answer(text: str) -> list[str]:
    """The pieces of a typed answer that only this resident wrote: written words, between control signs."""
    pieces = re.split(r"[\x00-\x1f\x7f-\x9f]", text)
    return [piece for piece in pieces if len(piece) >= SHORTEST_ANSWER and not piece.isascii()]


def scan(places: Mapping[str, Path], secrets_of_person: Sequence[tuple[str, str]]) -> Scan:
    """Look through every file of each place for any of (kind, text), in UTF-8, UTF-16 or GBK.

    A place may lie in another: its files count for the first that names them. Raises
    ControlNotFoundError when what was planted in a place is not found, and OSError for a place
    that is not there.
    """
    needles = [needle for kind, text in secrets_of_person if text for needle in needles_of(kind, text)]
    result = Scan()
    seen: set[Path] = set()
    for place, folder in places.items():
        _prove_that_it_finds(place, folder)
        files = [path for path in _files(folder) if path not in seen]
        seen.update(files)
        result.files[place] = len(files)
        result.found += _scan(place, files, needles, folder)
    return result


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def _scan(
    place: str, files: Iterable[Path], needles: Sequence[tuple[str, str, bytes]], folder: Path
) -> list[Leftover]:
    found: list[Leftover] = []
    for path in files:
        name = str(path.relative_to(folder))
        looked_at = path.read_bytes() + b"\0" + name.encode("utf-8", "surrogateescape")
        found += [
            Leftover(place, name, kind, encoding) for kind, encoding, needle in needles if needle in looked_at
        ]
    return found


def _prove_that_it_finds(place: str, folder: Path) -> None:
    word = f"控制样本{secrets.token_hex(8)}"
    planted = {folder / f".control-{encoding}": encoding for encoding in ENCODINGS}
    try:
        for path, encoding in planted.items():
            path.write_bytes(b"\x00before" + word.encode(encoding) + b"after")
        found = {
            (leftover.file, leftover.encoding)
            for leftover in _scan(place, _files(folder), needles_of("control", word), folder)
        }
        if not found >= {(path.name, encoding) for path, encoding in planted.items()}:
            message = f"the scan of {place} missed the planted control"
            raise ControlNotFoundError(message)
    finally:
        for path in planted:
            path.unlink(missing_ok=True)
