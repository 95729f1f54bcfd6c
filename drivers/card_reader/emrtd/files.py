"""The files of the travel-document application and how they are read (Doc 9303-10, section 3)."""

from __future__ import annotations

from enum import Enum

from drivers.card_reader.emrtd import tlv
from drivers.card_reader.emrtd.apdu import END_OF_FILE, SHORT_LE, SUCCESS, Command, Reply
from drivers.card_reader.emrtd.channel import Channel, refused
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Refusal
from drivers.card_reader.emrtd.secure_messaging import LARGEST_OVERHEAD
from drivers.contract import Failed, Ok

APPLICATION = bytes.fromhex("A0000002471001")
LARGEST_FILE = 1 << 20
"""A face record is 20 kB, the largest known ones some 100 kB."""
LARGEST_CHUNK = 4096
_SMALLEST_CHUNK = 16
_WRONG_LENGTH = 0x6700
_FAR = 0x8000
"""READ BINARY with the offset in P1-P2 has 15 bits for it."""


class File(Enum):
    """File identifier and the tag that opens its contents; EF.CardAccess lies outside the application."""

    CARD_ACCESS = (0x011C, 0x31)
    COM = (0x011E, 0x60)
    DG1 = (0x0101, 0x61)
    DG2 = (0x0102, 0x75)
    DG11 = (0x010B, 0x6B)
    DG14 = (0x010E, 0x6E)
    DG15 = (0x010F, 0x6F)
    SOD = (0x011D, 0x77)

    def __init__(self, identifier: int, tag: int) -> None:
        self.identifier = identifier
        self.tag = tag


DATA_GROUPS = {1: File.DG1, 2: File.DG2, 11: File.DG11, 14: File.DG14, 15: File.DG15}


def select_master(channel: Channel) -> None:
    """Go to where EF.CardAccess and EF.ATR/INFO lie, whatever was selected before.

    A chip that was just powered is there anyway, and some refuse to be told so.
    """
    channel.send(Command(0x00, 0xA4, 0x00, 0x0C, bytes.fromhex("3F00")))


def select_application(channel: Channel) -> Ok[None] | Refusal:
    outcome = channel.ask(Command(0x00, 0xA4, 0x04, 0x0C, APPLICATION))
    if isinstance(outcome, Failed):
        if outcome.reason is EmrtdFailure.MISSING:
            return Failed(EmrtdFailure.NO_APPLICATION, outcome.detail)
        return outcome
    return Ok(None)


def select(channel: Channel, identifier: int) -> Ok[None] | Refusal:
    outcome = channel.ask(Command(0x00, 0xA4, 0x02, 0x0C, identifier.to_bytes(2, "big")))
    return outcome if isinstance(outcome, Failed) else Ok(None)


def learn_limits(channel: Channel) -> None:
    """Ask EF.ATR/INFO (2F01) how long a reply may be; a chip without one keeps to 256 bytes.

    Only an announcement makes replies long: some chips drop the session at an extended command
    that they do not know.
    """
    if isinstance(select(channel, 0x2F01), Failed):
        return
    outcome = channel.send(Command(0x00, 0xB0, 0x00, 0x00, le=SHORT_LE))
    if isinstance(outcome, Failed) or outcome.value.status not in (SUCCESS, END_OF_FILE):
        return
    try:
        limits = tlv.read_all(tlv.require(tlv.read_all(outcome.value.data), 0x7F66))
    except tlv.Malformed:
        # not worth a refusal: short replies always do
        return
    sizes = [int.from_bytes(node.value, "big") for node in limits if node.tag == 0x02]
    if len(sizes) == 2 and sizes[1] > SHORT_LE:
        channel.largest_reply = min(sizes[1], LARGEST_CHUNK + LARGEST_OVERHEAD)


def read_file(channel: Channel, file: File) -> Ok[bytes] | Refusal:
    """The whole file as its opening tag and length announce it."""
    selected = select(channel, file.identifier)
    if isinstance(selected, Failed):
        return selected
    reader = _Reader(channel)
    data = b""
    wanted = 8
    while len(data) < wanted:
        outcome = reader.read(len(data), wanted - len(data))
        if isinstance(outcome, Failed):
            return outcome
        if not outcome.value:
            return Failed(EmrtdFailure.MALFORMED, f"{file.name} ends after {len(data)} of {wanted} bytes")
        first = not data
        data += outcome.value
        if first:
            try:
                tag, length, size = tlv.header(data)
            except tlv.Malformed as error:
                return Failed(EmrtdFailure.MALFORMED, f"{file.name}: {error}")
            if tag != file.tag:
                return Failed(EmrtdFailure.MALFORMED, f"{file.name} opens with tag 0x{tag:X}")
            wanted = size + length
            if wanted > LARGEST_FILE:
                return Failed(EmrtdFailure.TOO_LARGE, f"{file.name} announces {wanted} bytes")
    return Ok(data[:wanted])


class _Reader:
    """READ BINARY of the selected file; the chunk grows smaller when the chip wants it so."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        overhead = LARGEST_OVERHEAD if channel.protected else 2
        self._chunk = channel.largest_reply - overhead

    def read(self, offset: int, size: int) -> Ok[bytes] | Refusal:
        """At most `size` bytes from `offset`; fewer are legal, none is the end of the file."""
        while True:
            asked = min(size, self._chunk)
            command = _read_binary(offset, asked)
            outcome = self._channel.send(command)
            if isinstance(outcome, Failed):
                return outcome
            reply = outcome.value
            if reply.status in (SUCCESS, END_OF_FILE):
                return self._take(command, reply, asked)
            smaller = self._smaller(reply.status, asked)
            if smaller is None:
                return refused(command, reply)
            self._chunk = smaller

    def _take(self, command: Command, reply: Reply, asked: int) -> Ok[bytes] | Refusal:
        data = reply.data
        if command.ins & 1 and data:
            try:
                data = tlv.read_only(data, 0x53)
            except tlv.Malformed as error:
                return Failed(EmrtdFailure.MALFORMED, f"READ BINARY: {error}")
        if len(data) > asked:
            return Failed(EmrtdFailure.MALFORMED, f"{len(data)} bytes for {asked} asked for")
        if 0 < len(data) < asked:
            self._chunk = max(len(data), _SMALLEST_CHUNK)
        return Ok(data)

    def _smaller(self, status: int, asked: int) -> int | None:
        """The next size to try after a refusal over the length, None when there is none."""
        if status >> 8 == 0x6C and 0 < status & 0xFF < asked:
            return status & 0xFF
        if status == _WRONG_LENGTH and asked > _SMALLEST_CHUNK:
            return max(asked // 2, _SMALLEST_CHUNK)
        return None


def _read_binary(offset: int, size: int) -> Command:
    if offset < _FAR:
        return Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=size)
    # the answer wraps its data into tag 53, which takes up to four bytes more
    digits = offset.to_bytes((offset.bit_length() + 7) // 8, "big")
    return Command(0x00, 0xB1, 0x00, 0x00, tlv.encode(0x54, digits), size + 4)
