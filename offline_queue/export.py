"""What cannot be sent leaves on a stick: a file of sealed items that only the centre can open. Shared by both ends.

Lines of JSON: a heading, one item a line, and an ending with the digest of everything before it, signed by the
terminal. Nothing of the outbox changes: what the centre imports is answered `duplicate` when it is sent.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from offline_queue.wire import (
    BATCH_BYTES_MAX,
    Base64,
    ChainHead,
    Item,
    Message,
    Sha256Hex,
    Terminal,
    canonical,
)


class Heading(Message):
    """Whose items follow, and the end of its chain when they were written."""

    schema_: Annotated[Literal["jiujin.export/1"], Field(alias="schema")] = "jiujin.export/1"
    terminal: Terminal
    head: ChainHead
    made_at: str


class Ending(Message):
    """How many items there are, and the digest of all bytes before this line, signed by the terminal."""

    items: Annotated[int, Field(ge=0)]
    sha256: Sha256Hex
    signature: Base64

    @staticmethod
    def signed_bytes(terminal: str, items: int, sha256: str) -> bytes:
        return canonical(
            {"purpose": "jiujin.export/1", "terminal": terminal, "items": items, "sha256": sha256}
        )


class Unusable(StrEnum):
    """Why a file is not imported."""

    UNREADABLE = "unreadable"
    NO_EXPORT = "no_export"
    CUT_SHORT = "cut_short"
    UNKNOWN_TERMINAL = "unknown_terminal"
    SIGNATURE = "signature"


UNUSABLE_WORDS: dict[Unusable, str] = {
    Unusable.UNREADABLE: "文件读不出 / the file cannot be read",
    Unusable.NO_EXPORT: "这不是终端导出的文件 / this is no file that a terminal exported",
    Unusable.CUT_SHORT: "文件不完整，请重新导出 / the file is not whole; please export it again",
    Unusable.UNKNOWN_TERMINAL: "导出的终端未登记 / the terminal that exported it is not enrolled",
    Unusable.SIGNATURE: "签名核对不上，没有导入 / the signature does not match; nothing was imported",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """A whole, genuine file."""

    heading: Heading
    items: int


def write_export(
    file: Path,
    heading: Heading,
    items: Iterable[Item],
    key: Ed25519PrivateKey,
    on_item: Callable[[int], None] = lambda _done: None,
) -> int:
    """Write the file whole or not at all; how many items. OSError when the stick does not take it."""
    part, digest, count = file.with_name(file.name + ".part"), hashlib.sha256(), 0
    with part.open("wb") as stream:

        def put(message: Message) -> None:
            line = message.model_dump_json(by_alias=True).encode() + b"\n"
            digest.update(line)
            stream.write(line)

        put(heading)
        for count, item in enumerate(items, 1):
            put(item)
            on_item(count)
        sha256 = digest.hexdigest()
        signature = key.sign(Ending.signed_bytes(heading.terminal, count, sha256))
        put(Ending(items=count, sha256=sha256, signature=signature))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
    return count


def check_export(file: Path, key_of: Callable[[str], Ed25519PublicKey | None]) -> Checked | Unusable:
    """Read it once through: is it whole, and signed by the terminal that it names."""
    digest, count = hashlib.sha256(), 0
    heading: Heading | None = None
    last = b""
    try:
        for line in _lines(file):
            if heading is None:
                heading = Heading.model_validate_json(line)
            if last:
                digest.update(last)
                count += 1
            last = line
    except OSError:
        return Unusable.UNREADABLE
    except ValidationError:
        return Unusable.NO_EXPORT
    if heading is None:
        return Unusable.NO_EXPORT
    try:
        ending = Ending.model_validate_json(last)
    except ValidationError:
        return Unusable.CUT_SHORT
    # The heading is a line before the ending and no item.
    if (ending.items, ending.sha256) != (count - 1, digest.hexdigest()):
        return Unusable.CUT_SHORT
    return _signed(heading, ending, key_of(heading.terminal))


def _signed(heading: Heading, ending: Ending, key: Ed25519PublicKey | None) -> Checked | Unusable:
    if key is None:
        return Unusable.UNKNOWN_TERMINAL
    try:
        key.verify(ending.signature, Ending.signed_bytes(heading.terminal, ending.items, ending.sha256))
    except InvalidSignature:
        return Unusable.SIGNATURE
    return Checked(heading, ending.items)


def item_lines(file: Path, items: int) -> Iterator[bytes]:
    """The items of a checked file, as JSON."""
    lines = _lines(file)
    next(lines)
    for _place, line in zip(range(items), lines, strict=False):
        yield line


def _lines(file: Path) -> Iterator[bytes]:
    """Never more than one item's bound in memory; what is longer is cut and then is no item."""
    with file.open("rb") as stream:
        while line := stream.readline(BATCH_BYTES_MAX):
            yield line
