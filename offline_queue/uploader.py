"""Attachments go to the centre in parts, each from where the centre's own part ends. No thread, no waiting.

Nothing about the progress is stored here: after a restart, a cut or a doubt the centre is asked again.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from offline_queue import wire
from offline_queue.deliveries import Deliveries
from offline_queue.link import Link, Rejected, Unreached

PART_BYTES = 256 * 1024
"""One request on a line that holds. A cut costs at most this: a part counts only with its signature."""
PART_BYTES_LEAST = 8 * 1024
"""On a bad line parts are halved down to this."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The centre holds more than before."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """The centre did not take the part, or took it and had another digest in the end; ask again later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """What lies on the disk is not what was committed: it is never sent."""


Key = tuple[int, int]
"""Sequence of the item, number of the attachment."""


@dataclass(slots=True)
class Uploader:
    """Used by one thread. `whole`: sequences of the items whose attachments the centre has."""

    terminal: str
    deliveries: Deliveries
    link: Link
    whole: set[int] = field(default_factory=set)
    _offsets: dict[Key, int] = field(default_factory=dict)
    """As the centre told last; -1 is whole."""
    part_bytes_most: int = PART_BYTES
    """Small parts are for who wants many of them, as the tests that kill between any two."""
    _part_bytes: int = PART_BYTES
    _loaded: tuple[Key, bytes] | None = None

    def step(self, item: wire.Item) -> Moved | Stuck | Damaged | Rejected | Unreached:
        """One request about the first attachment that the centre does not have in full."""
        for told in item.enclosed:
            key = (item.sequence, told.number)
            if self._offsets.get(key) == -1:
                continue
            step = self._ask(item, told) if key not in self._offsets else self._send(item, told)
            if isinstance(step, Rejected | Unreached):
                self._part_bytes = max(self._part_bytes // 2, min(PART_BYTES_LEAST, self.part_bytes_most))
                self._offsets.pop(key, None)
            return step
        self._loaded = None
        self.whole.add(item.sequence)
        return Moved()

    def forget(self, sequence: int) -> None:
        """The item is settled, or the centre says that it lacks an attachment after all."""
        self.whole.discard(sequence)
        if self._loaded is not None and self._loaded[0][0] == sequence:
            self._loaded = None
        self._offsets = {key: offset for key, offset in self._offsets.items() if key[0] != sequence}

    def _ask(self, item: wire.Item, told: wire.Attachment) -> Moved | Rejected | Unreached:
        answer = self.link.upload_state(self._path(item, told))
        if isinstance(answer, wire.UploadState):
            self._offsets[item.sequence, told.number] = -1 if answer.whole else answer.offset
            return Moved()
        return answer

    def _send(self, item: wire.Item, told: wire.Attachment) -> Moved | Stuck | Damaged | Rejected | Unreached:
        key = (item.sequence, told.number)
        sealed = self._load(key, told)
        if sealed is None:
            return Damaged()
        offset = self._offsets[key]
        part = sealed[offset : offset + min(self._part_bytes, self.part_bytes_most)]
        answer = self.link.send_part(self._path(item, told), offset, len(sealed), part)
        if not isinstance(answer, wire.UploadState):
            return answer
        self._offsets[key] = -1 if answer.whole else answer.offset
        if not answer.whole and answer.offset <= offset:
            return Stuck(f"attachment: {answer.fault or 'not taken'}")
        self._part_bytes = min(2 * self._part_bytes, self.part_bytes_most)
        return Moved()

    def _load(self, key: Key, told: wire.Attachment) -> bytes | None:
        if self._loaded is None or self._loaded[0] != key:
            sealed = self.deliveries.attachment(*key)
            if sealed is None or hashlib.sha256(sealed).hexdigest() != told.sealed_sha256:
                return None
            self._loaded = (key, sealed)
        return self._loaded[1]

    def _path(self, item: wire.Item, told: wire.Attachment) -> str:
        return wire.ATTACHMENT_PATH.format(terminal=self.terminal, item_id=item.id, sha256=told.sealed_sha256)
