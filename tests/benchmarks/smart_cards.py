"""Card to identity over PC/SC against the same commands sent bare, by the same library to the same service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event

from smartcard import scard

from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Ok
from kiosk.bench.people import HELPERS
from tests.benchmarks.figures import Figure, percentile

READS = 100
CARD_MS = (0.0, 5.0, 10.0)
"""What the card itself takes for a command: none (the virtual card alone), and what real chips take at least."""


class _Listening:
    """A card program that takes its time and remembers what it was sent."""

    def __init__(self, program: IdentityFileCard, takes_ms: float) -> None:
        self._program, self._takes_s = program, takes_ms / 1000
        self.heard: list[bytes] = []

    @property
    def atr(self) -> bytes:
        return self._program.atr

    def power_up(self) -> None:
        self._program.power_up()

    def respond(self, apdu: bytes) -> bytes:
        self.heard.append(apdu)
        time.sleep(self._takes_s)
        return self._program.respond(apdu)


def smart_card() -> list[Figure]:
    """Needs the virtual smart-card service; the card lies on the reader the whole time."""
    service = VirtualService()
    assert isinstance(service.start(), Ok)
    try:
        return [_compare(card_ms) for card_ms in CARD_MS]
    finally:
        service.stop()


def _compare(card_ms: float) -> Figure:
    program = _Listening(IdentityFileCard(next(iter(HELPERS.values()))), card_ms)
    card = VirtualCard(program)
    card.insert()
    reader = PcscReader()
    try:
        assert isinstance(reader.read(30.0, Event()), Ok)
        program.heard.clear()
        reader.read(30.0, Event())
        commands = list(program.heard)
        with _context() as (context, name):
            # In turn, so that both meet the same moments of the machine.
            pairs = [(_timed_read(reader), _bare_ms(context, name, commands)) for _ in range(READS)]
    finally:
        reader.close()
        card.remove()
    ours, bare = ([pair[side] for pair in pairs] for side in (0, 1))
    beside = {"bare_ms": percentile(bare, 50), "read_ms": percentile(ours, 50), "commands": len(commands)}
    ratio = percentile(ours, 50) / percentile(bare, 50)
    return Figure(f"pcsc_card_to_identity_{card_ms:.0f}_ms_a_command", ratio, "x", 1.2, beside)


def _timed_read(reader: PcscReader) -> float:
    began_s = time.monotonic()
    assert isinstance(reader.read(30.0, Event()), Ok)
    return (time.monotonic() - began_s) * 1000


@contextmanager
def _context() -> Iterator[tuple[int, str]]:
    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    assert code == scard.SCARD_S_SUCCESS
    try:
        _, names = scard.SCardListReaders(context, [])
        states = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
        _, seen = scard.SCardGetStatusChange(context, 0, states)
        yield context, next(name for name, state, _ in seen if state & scard.SCARD_STATE_PRESENT)
    finally:
        scard.SCardReleaseContext(context)


def _bare_ms(context: int, name: str, commands: list[bytes]) -> float:
    began_s = time.monotonic()
    code, card, protocol = scard.SCardConnect(
        context, name, scard.SCARD_SHARE_SHARED, scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    )
    assert code == scard.SCARD_S_SUCCESS
    for command in commands:
        code, _ = scard.SCardTransmit(card, protocol, list(command))
        assert code == scard.SCARD_S_SUCCESS
    scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
    return (time.monotonic() - began_s) * 1000
