"""What a visit must not leave: a scan of files for a person's name and number.

The scan is worth something only if it can find: it must first find a planted control.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
"""GB 18030 covers GBK byte for byte."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Where something was found; never what."""

    file: str
    kind: str
    encoding: str


class ControlNotFoundError(Exception):
    """The scan did not find what was planted for it, so its silence means nothing."""


def needles_of(kind: str, text: str) -> list[tuple[str, str, bytes]]:
    """Each form in which the text could lie on a disk."""
    return [(kind, encoding, text.encode(encoding)) for encoding in ENCODINGS]


def _scan(paths: Iterable[Path], needles: Sequence[tuple[str, str, bytes]], root: Path) -> list[Leftover]:
    found: list[Leftover] = []
    for path in paths:
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        name = str(path.relative_to(root)) if path.is_relative_to(root) else path.name
        found += [Leftover(name, kind, encoding) for kind, encoding, needle in needles if needle in data]
    return found


def scan(folders: Sequence[Path], secrets_of_person: Sequence[tuple[str, str]], root: Path) -> list[Leftover]:
    """Files under `folders` that hold any of (kind, text), in UTF-8, UTF-16 or GBK.

    Raises ControlNotFoundError when a planted file in one of the folders is not found.
    """
    _prove_that_it_finds(folders, root)
    needles = [needle for kind, text in secrets_of_person if text for needle in needles_of(kind, text)]
    files = [path for folder in folders for path in sorted(folder.rglob("*"))]
    return _scan(files, needles, root)


def _prove_that_it_finds(folders: Sequence[Path], root: Path) -> None:
    for folder in folders:
        word = f"控制样本{secrets.token_hex(8)}"
        planted = [folder / f".control-{encoding}" for encoding in ENCODINGS]
        try:
            for path, encoding in zip(planted, ENCODINGS, strict=True):
                path.write_bytes(b"\x00before" + word.encode(encoding) + b"after")
            files = [path for path in folder.rglob("*") if path.name.startswith(".control-")]
            found = {leftover.file for leftover in _scan(files, needles_of("control", word), root)}
            if len(found) != len(ENCODINGS):
                message = f"the scan of {folder.name} missed the planted control"
                raise ControlNotFoundError(message)
        finally:
            for path in planted:
                path.unlink(missing_ok=True)
