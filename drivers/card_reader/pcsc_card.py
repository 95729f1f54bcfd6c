"""One connection to a card through pcscd: the `Transport` of the applications.

Every call may block as long as the card, or another program's transaction, does.
"""

from __future__ import annotations

import time
from typing import Final

from smartcard import scard

from drivers.card_reader.applications import Answer
from drivers.card_reader.atr import takes_extended_length
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.conversation import Conversation
from drivers.card_reader.pcsc_codes import SHARING_VIOLATION, SUCCESS, failure, settled
from drivers.contract import Failed, Ok
from drivers.tap import Direction

_BUSY_TRIES: Final = 4
_BUSY_PAUSE_S: Final = 0.15
_DETOURS: Final = 64
"""Commands that one command may turn into: 64 GET RESPONSE of 256 bytes are more than any file here."""


class PcscCard:
    """A card that was connected to. `close` it, whatever happened."""

    def __init__(self, handle: int, protocol: int, conversation: Conversation | None = None) -> None:
        self._conversation = conversation
        self._handle = handle
        self._protocol = protocol
        self._begun = False
        code, rest = settled(scard.SCardStatus(handle))
        atr = bytes(rest[3]) if code == SUCCESS else b""
        self.extended_length = protocol != scard.SCARD_PROTOCOL_T0 and takes_extended_length(atr)

    def begin(self) -> Ok[None] | Failed[CardFailure]:
        """Take the card for ourselves; blocks without end while another program holds it."""
        code, _ = settled(scard.SCardBeginTransaction(self._handle))
        self._begun = code == SUCCESS
        return Ok(None) if self._begun else failure(code, "begin transaction")

    def transmit(self, apdu: bytes) -> Ok[Answer] | Failed[CardFailure]:
        """See `Transport.transmit`."""
        command, data = self._shaped(apdu), b""
        for _ in range(_DETOURS):
            self._passed(Direction.TO_DEVICE, command)
            code, rest = settled(scard.SCardTransmit(self._handle, self._protocol, list(command)))
            if code != SUCCESS:
                return failure(code, "transmit")
            answer = bytes(rest[0])
            self._passed(Direction.FROM_DEVICE, answer)
            if len(answer) < 2:
                # what pcsc-lite reports when the card is pulled while its answer is awaited
                return Failed(CardFailure.CARD_MOVED, "empty answer")
            data += answer[:-2]
            first, second = answer[-2:]
            if first == 0x61:  # the answer waits to be fetched
                command = bytes([apdu[0] & 0x03, 0xC0, 0, 0, second])
            elif first == 0x6C and command[4:5] != bytes([second]):  # the right length of the answer
                command = command[:4] + bytes([second])
            else:
                return Ok(Answer(data, first << 8 | second))
        return Failed(CardFailure.UNREADABLE, "the card keeps asking for another command")

    def close(self) -> None:
        """Give the card back as it is.

        No reset: when the card is gone it fails, and pcscd 1.9.9 then calls the reader empty
        without noticing a card that is put back within its next 0.4 s poll.
        """
        if self._begun:
            scard.SCardEndTransaction(self._handle, scard.SCARD_LEAVE_CARD)
        scard.SCardDisconnect(self._handle, scard.SCARD_LEAVE_CARD)

    @property
    def t(self) -> int:
        """0 for T=0, 1 for T=1."""
        return int(self._protocol != scard.SCARD_PROTOCOL_T0)

    def _passed(self, direction: Direction, data: bytes) -> None:
        if self._conversation is not None:
            self._conversation.passed(direction, data)

    def _shaped(self, apdu: bytes) -> bytes:
        """T=0 has one length byte: none is added to data that is sent, zero stands for none at all."""
        if self._protocol != scard.SCARD_PROTOCOL_T0:
            return apdu
        if len(apdu) == 4:
            return apdu + b"\0"
        return apdu[:-1] if len(apdu) == 6 + apdu[4] and apdu[4] else apdu


def connect(
    context: int, reader: str, conversation: Conversation | None = None
) -> Ok[PcscCard] | Failed[CardFailure]:
    """A fresh connection, shared: who holds the card for good is found by `READER_BUSY`."""
    protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    tries = 0
    while True:
        code, rest = settled(scard.SCardConnect(context, reader, scard.SCARD_SHARE_SHARED, protocols))
        tries += 1
        if code != SHARING_VIOLATION or tries == _BUSY_TRIES:
            break
        time.sleep(_BUSY_PAUSE_S)
    return Ok(PcscCard(rest[0], rest[1], conversation)) if code == SUCCESS else failure(code, "connect")
