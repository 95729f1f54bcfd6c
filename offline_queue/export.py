"""What cannot be sent leaves on a stick: a file of sealed items that only the centre can open. Shared by both ends.

Lines of JSON: a heading, one item a line, the parts of its sealed attachments before it, and an ending with the digest
of everything before it, signed by the terminal. Nothing of the outbox changes: what the centre imports is answered `duplicate` when it is sent.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import Field, ValidationError

from offline_queue.wire import (
    ATTACHMENT_BYTES_MAX,
    BATCH_BYTES_MAX,
    PART_BYTES_MAX,
    Attachment,
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


class Part(Message):
    """A piece of a sealed attachment of an item that follows, as a terminal uploads it."""

    part_of: Annotated[str, Field(description="item id")]
    attachment: Sha256Hex
    offset: Annotated[int, Field(ge=0, lt=ATTACHMENT_BYTES_MAX)]
    of_bytes: Annotated[int, Field(ge=1, le=ATTACHMENT_BYTES_MAX)]
    data: Annotated[Base64, Field(max_length=PART_BYTES_MAX)]


Load = Callable[[Item, Attachment], bytes | None]
"""One sealed attachment as it lies on the disk; None when it is not there."""


class Ending(Message):
    """How many items and parts there are, and the digest of all bytes before this line, signed by the terminal."""

    items: Annotated[int, Field(ge=0)]
    parts: Annotated[int, Field(ge=0)] = 0
    sha256: Sha256Hex
    signature: Base64

    @staticmethod
    def signed_bytes(terminal: str, items: int, sha256: str) -> bytes:
        return canonical(
            {"purpose": "jiujin.export/1", "terminal": terminal, "items": items, "sha256": sha256}
        )


_PART = b'{"part_of":'
"""How the line of a part begins, whose fields are written in their order, and of no item."""


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
    parts: int


def write_export(
    file: Path,
    heading: Heading,
    items: Iterable[Item],
    key: Ed25519PrivateKey,
    on_item: Callable[[int], None] = lambda _done: None,
    load: Load = lambda _item, _attachment: None,
) -> int:
    """Write the file whole or not at all; how many items. OSError when the stick does not take it.

    An item is left out when `load` does not give an attachment of it, or gives it damaged.
    """
    part, digest, count, parts = file.with_name(file.name + ".part"), hashlib.sha256(), 0, 0
    with part.open("wb") as stream:

        def put(message: Message) -> None:
            line = message.model_dump_json(by_alias=True).encode() + b"\n"
            digest.update(line)
            stream.write(line)

        put(heading)
        for item in items:
            attachments = _loaded(item, load)
            if attachments is None:
                continue
            for piece in _pieces(item, attachments):
                put(piece)
                parts += 1
            put(item)
            count += 1
            on_item(count)
        sha256 = digest.hexdigest()
        signature = key.sign(Ending.signed_bytes(heading.terminal, count, sha256))
        put(Ending(items=count, parts=parts, sha256=sha256, signature=signature))
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)
    return count


def _loaded(item: Item, load: Load) -> dict[str, bytes] | None:
    """Digest -> sealed bytes; None when one is missing or not what was committed."""
    found = {}
    for told in item.enclosed:
        sealed = load(item, told)
        if sealed is None or hashlib.sha256(sealed).hexdigest() != told.sealed_sha256:
            return None
        found[told.sealed_sha256] = sealed
    return found


def _pieces(item: Item, attachments: Mapping[str, bytes]) -> Iterator[Part]:
    for sha256, sealed in attachments.items():
        for offset in range(0, len(sealed), PART_BYTES_MAX):
            data = sealed[offset : offset + PART_BYTES_MAX]
            yield Part(part_of=item.id, attachment=sha256, offset=offset, of_bytes=len(sealed), data=data)


def check_export(file: Path, key_of: Callable[[str], Ed25519PublicKey | None]) -> Checked | Unusable:
    """Read it once through: is it whole, and signed by the terminal that it names."""
    digest, count = hashlib.sha256(), 0
    heading: Heading | None = None
    last = b""
    try:
        for line in _lines(file):
            if heading is None:
                heading = Heading.model_validate_json(line)
            elif line.startswith(_PART):
                Part.model_validate_json(line)
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
    if (ending.items + ending.parts, ending.sha256) != (count - 1, digest.hexdigest()):
        return Unusable.CUT_SHORT
    return _signed(heading, ending, key_of(heading.terminal))


def _signed(heading: Heading, ending: Ending, key: Ed25519PublicKey | None) -> Checked | Unusable:
    if key is None:
        return Unusable.UNKNOWN_TERMINAL
    try:
        key.verify(ending.signature, Ending.signed_bytes(heading.terminal, ending.items, ending.sha256))
    except InvalidSignature:
        return Unusable.SIGNATURE
    return Checked(heading, ending.items, ending.parts)


def contents(file: Path, checked: Checked) -> Iterator[bytes | Part]:
    """The items of a checked file, as JSON, each after the parts of its attachments."""
    lines = _lines(file)
    next(lines)
    for _place, line in zip(range(checked.items + checked.parts), lines, strict=False):
        yield Part.model_validate_json(line) if line.startswith(_PART) else line


def _lines(file: Path) -> Iterator[bytes]:
    """Never more than one item's bound in memory; what is longer is cut and then is no item."""
    with file.open("rb") as stream:
        while line := stream.readline(BATCH_BYTES_MAX):
            yield line
