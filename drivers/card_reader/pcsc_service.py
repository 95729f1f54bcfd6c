"""The card service (pcscd) through `smartcard.scard`: what is on the reader, and one conversation.

pyscard's monitors are not used: their threads end without a word when pcscd restarts. Every
function here may block as long as pcscd or the card does; `pcsc.PcscReader` bounds them.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final, TypeVar

from smartcard import scard

from drivers.card_reader import identity_file
from drivers.card_reader.contract import CardFailure, Document
from drivers.contract import Failed, Ok

T = TypeVar("T")

_SUCCESS: Final = 0
_TIMEOUT: Final = 0x8010000A
_NO_READERS: Final = 0x8010002E
_SHARING_VIOLATION: Final = 0x8010000B
_FIRST_RETRY_S: Final = 0.5
_LONGEST_RETRY_S: Final = 30.0
_BUSY_TRIES: Final = 4
_BUSY_PAUSE_S: Final = 0.15
_CHUNK: Final = 0xF0

# Measured with pyscard 2.3.1: a killed, stopped or restarting pcscd shows as any of these.
SERVICE_LOST: Final = frozenset({0x80100013, 0x8010001D, 0x8010001E, 0x8010006A, 0x80100003})
_FAILURES: Final = {
    _SHARING_VIOLATION: CardFailure.READER_BUSY,
    0x80100068: CardFailure.READER_BUSY,  # another program reset the card
    0x80100069: CardFailure.CARD_MOVED,  # removed
    0x80100016: CardFailure.CARD_MOVED,  # not transacted: the first error after a pull
    0x8010000C: CardFailure.CARD_MOVED,  # no smart card
    0x80100009: CardFailure.READER_LOST,  # unknown reader
    0x80100017: CardFailure.READER_LOST,  # reader unavailable
}


@dataclass(frozen=True, slots=True)
class Pad:
    """What the service said last. `insertion` changes with every card put in or pulled out."""

    reader: str | None
    present: bool = False
    insertion: int = 0


def failure(code: int, step: str) -> Failed[CardFailure]:
    """A PC/SC code as a value; codes of no special meaning are an unreadable card."""
    reason = CardFailure.SERVICE_LOST if code in SERVICE_LOST else _FAILURES.get(code, CardFailure.UNREADABLE)
    return Failed(reason, f"{step}: 0x{code:08X}")


class Watcher:
    """Looks at one reader, the first whose name contains `reader_name`.

    Lists the readers each time, since a reader that is plugged in together with another may be
    missed by a notification. A lost service is asked again with a new context after 0.5 s, then
    twice as long each time, at most 30 s.
    """

    def __init__(self, reader_name: str) -> None:
        self._reader_name = reader_name
        self._context: int | None = None
        self._retry_s = _FIRST_RETRY_S
        self._next_try_s = 0.0
        self._seen: tuple[str, int] = ("", scard.SCARD_STATE_UNAWARE)

    def look(self, wait_s: float) -> Ok[Pad] | Failed[CardFailure]:
        """What is on the reader, after a change or `wait_s` at most; `SERVICE_LOST` or the pad."""
        if self._context is None and (failed := self._establish()) is not None:
            return failed
        code, names = _code(scard.SCardListReaders(self._context, []))
        if code == _NO_READERS:
            names = []
        elif code != _SUCCESS:
            return self._lost(code, "list readers")
        name = next((name for name in names if self._reader_name in name), None)
        if name is None:
            return Ok(Pad(None))
        known = self._seen[1] if self._seen[0] == name else scard.SCARD_STATE_UNAWARE
        code, states = _code(scard.SCardGetStatusChange(self._context, round(wait_s * 1000), [(name, known)]))
        if code not in (_SUCCESS, _TIMEOUT):
            found = failure(code, "status")
            return Ok(Pad(None)) if found.reason is CardFailure.READER_LOST else self._lost(code, "status")
        state = states[0][1]
        self._seen = (name, state & ~scard.SCARD_STATE_CHANGED)
        self._retry_s = _FIRST_RETRY_S
        return Ok(Pad(name, bool(state & scard.SCARD_STATE_PRESENT), state >> 16))

    def release(self) -> None:
        """Give the context back: pcscd has 200 for the whole machine."""
        context, self._context = self._context, None
        if context is not None:
            scard.SCardReleaseContext(context)  # fails only when the service is gone: nothing to give back

    def _establish(self) -> Failed[CardFailure] | None:
        if time.monotonic() < self._next_try_s:
            return Failed(CardFailure.SERVICE_LOST, "waiting before the next try")
        code, context = _code(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
        if code != _SUCCESS:
            return self._lost(code, "establish context")
        self._context = context
        self._seen = ("", scard.SCARD_STATE_UNAWARE)
        return None

    def _lost(self, code: int, step: str) -> Failed[CardFailure]:
        """Whatever the code, a context that failed is not used again."""
        self.release()
        self._next_try_s = time.monotonic() + self._retry_s
        self._retry_s = min(self._retry_s * 2, _LONGEST_RETRY_S)
        return Failed(CardFailure.SERVICE_LOST, f"{step}: 0x{code:08X}")


def read_identity(reader: str) -> Ok[Document] | Failed[CardFailure]:
    """One conversation with the card in `reader`: own context, fresh connection, both given back."""
    code, context = _code(scard.SCardEstablishContext(scard.SCARD_SCOPE_USER))
    if code != _SUCCESS:
        return failure(code, "establish context")
    try:
        card = protocol = 0
        for _ in range(_BUSY_TRIES):
            code, card, protocol = _code3(
                scard.SCardConnect(
                    context,
                    reader,
                    scard.SCARD_SHARE_EXCLUSIVE,
                    scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
                )
            )
            if code != _SHARING_VIOLATION:
                break
            time.sleep(_BUSY_PAUSE_S)
        if code != _SUCCESS:
            return failure(code, "connect")
        try:
            answer = _converse(card, protocol)
            if isinstance(answer, Failed) and answer.detail == _NOT_SELECTED:
                answer = _converse(card, protocol)
            return answer
        finally:
            # No reset: when the card is gone it fails, and pcscd 1.9.9 then calls the reader empty
            # without noticing a card that is put back within its next 0.4 s poll.
            scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    finally:
        scard.SCardReleaseContext(context)


_NOT_SELECTED = "status word 6985"
"""The card was powered anew in between and has forgotten the selection: everything from the start, once."""


def _converse(card: int, protocol: int) -> Ok[Document] | Failed[CardFailure]:
    aid = identity_file.AID
    selected = _transmit(card, protocol, bytes.fromhex("00A40400") + bytes([len(aid)]) + aid + b"\0")
    if isinstance(selected, Failed):
        # any status word but success: whatever this card is, it has no application of ours
        wrong = selected.reason is CardFailure.UNREADABLE
        return Failed(CardFailure.WRONG_CARD, selected.detail) if wrong else selected
    header = _read_binary(card, protocol, 0, identity_file.LENGTH_SIZE)
    if isinstance(header, Failed):
        return header
    size = int.from_bytes(header.value, "big")
    if not 0 < size <= identity_file.LARGEST:
        return Failed(CardFailure.UNREADABLE, "impossible length of the identity file")
    body = b""
    while len(body) < size:
        offset = identity_file.LENGTH_SIZE + len(body)
        part = _read_binary(card, protocol, offset, min(_CHUNK, size - len(body)))
        if isinstance(part, Failed):
            return part
        body += part.value
    return identity_file.decode(body)


def _read_binary(card: int, protocol: int, offset: int, size: int) -> Ok[bytes] | Failed[CardFailure]:
    part = _transmit(card, protocol, b"\x00\xb0" + offset.to_bytes(2, "big") + bytes([size]))
    if isinstance(part, Ok) and len(part.value) != size:
        return Failed(CardFailure.UNREADABLE, f"{len(part.value)} bytes instead of {size}")
    return part


def _transmit(card: int, protocol: int, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
    """One command; follows the two detours of T=0 (61xx: fetch the answer, 6Cxx: ask for xx bytes) once."""
    data = b""
    for _ in range(2):
        code, answer = _code(scard.SCardTransmit(card, protocol, list(apdu)))
        if code != _SUCCESS:
            return failure(code, "transmit")
        if len(answer) < 2:
            # what pcsc-lite reports when the card is pulled while its answer is awaited
            return Failed(CardFailure.CARD_MOVED, "empty answer")
        data, first, second = bytes(answer[:-2]), answer[-2], answer[-1]
        match first:
            case 0x61:
                apdu = b"\x00\xc0\x00\x00" + bytes([second])
            case 0x6C:
                apdu = apdu[:4] + bytes([second])
            case 0x90 if second == 0:
                return Ok(data)
            case _:
                return Failed(CardFailure.UNREADABLE, f"status word {first:02X}{second:02X}")
    return Failed(CardFailure.UNREADABLE, "the card keeps asking for another command")


def _code(result: tuple[int, T]) -> tuple[int, T]:
    """Codes come signed or unsigned, as wide as a C long."""
    return result[0] & 0xFFFFFFFF, result[1]


def _code3(result: tuple[int, int, int]) -> tuple[int, int, int]:
    return result[0] & 0xFFFFFFFF, result[1], result[2]
