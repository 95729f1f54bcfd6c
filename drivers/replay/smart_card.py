"""A smart card's recording at the far end of vpcd.

The applications that were asked then are asked again, over the protocol of then. What the card held is
masked so that a read comes to the same end; a status word, a lost card or a silent one ends as it did.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import groupby
from threading import Event

from drivers.card_reader.apdu_tap import redacted_command
from drivers.card_reader.applications import CardApplication
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.social_security import SocialSecurityCard
from drivers.card_reader.virtual_card import VirtualCard
from drivers.card_reader.virtual_service import READER_NAME
from drivers.contract import Failed, Ok
from drivers.recording import Piece
from drivers.replay.script import Script, exchanges
from drivers.tap import Direction

READ_S = 5.0
IDLE_READS = 3
"""A service or a reader that is away comes back within these, or the card is never asked again."""
NO_SUCH_COMMAND = bytes.fromhex("6D00")
OTHER_VERSION = "recorded by another version of the program"
"""Before a conversation named its protocol and its applications, or with one that is not known here."""
ATRS = {"T=0": bytes.fromhex("3B00"), "T=1": bytes.fromhex("3B800181")}
"""No historical bytes; one protocol each."""
APPLICATIONS: dict[str, CardApplication] = {
    application.name: application for application in (IdentityFile(), SocialSecurityCard())
}


class ReplayedCard:
    """A card program that knows nothing but its script."""

    def __init__(self, script: Script, atr: bytes) -> None:
        self._script = script
        self.atr = atr

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
    outcomes: list[str] = []
    whole = Script(())
    for kind, conversations in groupby(_conversations(pieces), key=lambda one: one[0]):
        protocol, *names = kind.split() or [""]
        script = Script([exchange for _, said in conversations for exchange in exchanges(said)])
        if protocol in ATRS and set(names) <= set(APPLICATIONS):
            outcomes += _read_all(script, ATRS[protocol], tuple(APPLICATIONS[name] for name in names))
        else:
            outcomes.append(OTHER_VERSION)
        whole.strange += script.strange
        whole.skipped += script.skipped + script.left
    return outcomes, whole


def _conversations(pieces: tuple[Piece, ...]) -> Iterator[tuple[str, list[Piece]]]:
    """`T=0 social_security` and what was said, one after the other; the end's own words are left out."""
    kind, said = "", list[Piece]()
    for piece in pieces:
        if piece.direction is not Direction.LINE:
            said.append(piece)
        elif piece.data.startswith(b"T="):
            if said:
                yield kind, said
            kind, said = piece.data.decode(), []
    if said:
        yield kind, said


def _read_all(script: Script, atr: bytes, applications: tuple[CardApplication, ...]) -> list[str]:
    card = VirtualCard(ReplayedCard(script, atr))
    card.insert()
    reader = PcscReader(READER_NAME, applications)
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
    return outcomes
