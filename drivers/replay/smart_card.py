"""A smart card's recording at the far end of vpcd.

What the card held is zeros in a recording, so a read that was fine then ends as that of a card which
holds nothing; a status word, a lost card or a silent one ends as it did.
"""

from __future__ import annotations

import time
from threading import Event

from drivers.card_reader.apdu_tap import redacted_command
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME
from drivers.contract import Failed, Ok
from drivers.recording import Piece
from drivers.replay.script import Script, exchanges
from drivers.tap import Direction

READ_S = 5.0
IDLE_READS = 3
"""A service or a reader that is away comes back within these, or the card is never asked again."""
NO_SUCH_COMMAND = bytes.fromhex("6D00")


class ReplayedCard:
    """A card program that knows nothing but its script."""

    atr = IdentityFileCard.atr

    def __init__(self, script: Script) -> None:
        self._script = script

    def power_up(self) -> None:
        """A recording has no more to say at a reset."""

    def respond(self, apdu: bytes) -> bytes:
        for said in self._script.answers_to(redacted_command(apdu)):
            time.sleep(said.delay_s)
            if said.direction is Direction.FROM_DEVICE:
                return said.data
        return NO_SUCH_COMMAND


def replay(pieces: tuple[Piece, ...]) -> tuple[list[str], Script]:
    """Needs pcscd and vpcd. Read until the script is used up or the driver leaves it aside."""
    script = Script(exchanges(pieces))
    card = VirtualCard(ReplayedCard(script))
    card.insert()
    reader = PcscReader(READER_NAME)
    outcomes: list[str] = []
    try:
        idle = 0
        while not script.finished and not script.strange and idle < IDLE_READS:
            left = script.left
            match reader.read(READ_S, Event()):
                case Ok(read):
                    outcomes.append(f"ok {read.document.kind.value}")
                case Failed(reason):
                    outcomes.append(f"failed {reason.value}")
            idle = idle + 1 if script.left == left else 0
    finally:
        reader.close()
        card.remove()
    return outcomes, script
