"""Every wire of a recording, each by the driver that was recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.recording import Piece, Recording
from drivers.replay import identity_reader, receipt_printer, smart_card
from drivers.replay.script import Script

Replay = Callable[[tuple[Piece, ...]], tuple[list[str], Script]]
WIRES: dict[str, Replay] = {
    "card": identity_reader.replay,
    "smart_card": smart_card.replay,
    "helper": smart_card.replay,
    "printer": receipt_printer.replay,
}
"""Wire, as the terminal names it -> how it is played again."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What the driver made of one wire. `strange`: questions that were not asked then; `skipped`: the reverse."""

    wire: str
    outcomes: tuple[str, ...]
    strange: int
    skipped: int


def replay(recording: Recording) -> tuple[Replayed, ...]:
    """One wire after the other; a wire of another terminal's software is left out."""
    done = []
    for wire in recording.wires:
        if wire in WIRES:
            outcomes, script = WIRES[wire](recording.of(wire))
            done.append(Replayed(wire, tuple(outcomes), script.strange, script.skipped + script.left))
    return tuple(done)
