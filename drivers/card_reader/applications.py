"""What an application on a smart card needs and gives, whichever standard it follows.

The reader asks its applications in a stated order: the first whose `select` succeeds reads the card.
Applications are small values: they are built in the terminal's process (paths, keys to try) and sent
to the reader's child process, where alone they talk to a card. So they pickle, and import heavy
libraries where they use them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from drivers.card_reader.contract import CardFailure, Document, EncodedPhoto
from drivers.contract import Check, Failed, Ok

SUCCESS: Final = 0x9000


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A response APDU: the data and the status word (ISO/IEC 7816-4)."""

    data: bytes
    sw: int

    @property
    def fine(self) -> bool:
        return self.sw == SUCCESS

    def __repr__(self) -> str:
        return f"Answer({len(self.data)} bytes, sw={self.sw:04X})"


class Transport(Protocol):
    """A card that was connected to, alone and in one transaction."""

    @property
    def extended_length(self) -> bool:
        """Whether the card says in its ATR that it takes commands with three-byte lengths."""
        ...

    def transmit(self, apdu: bytes) -> Ok[Answer] | Failed[CardFailure]:
        """One command, its answer with any status word. 61xx and 6Cxx are followed already.

        Fails when there is no answer: `CARD_MOVED`, `READER_BUSY` (the card was reset by another
        program: nothing selected or opened before holds any more), `READER_LOST`, `SERVICE_LOST`.
        Hand such a failure on unchanged: the reader starts from scratch where that can help.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Content:
    """What an application read: the document, perhaps a photo, and `drivers.evidence.evidence`."""

    document: Document
    photo: EncodedPhoto | None
    evidence: tuple[Check, ...]

    def __repr__(self) -> str:
        return f"Content({self.document!r}, {self.photo!r})"


class CardApplication(Protocol):
    """One kind of card content. Nothing may be kept between two calls but what was given at first."""

    @property
    def name(self) -> str:
        """One word, for recordings."""
        ...

    def select(self, card: Transport) -> Ok[None] | Failed[CardFailure]:
        """`WRONG_CARD` when the card does not hold this application: the next one is asked."""
        ...

    def read(self, card: Transport) -> Ok[Content] | Failed[CardFailure]:
        """Read it, right after a `select` that succeeded.

        No deadline of its own: the process is killed when the conversation takes too long.
        """
        ...

    def redacted(self, answers: Sequence[bytes]) -> list[bytes]:
        """The answers of one `read` (without status words), as a recording may show them: each in its
        length, nothing of a person in it, and a read of these comes to the same end where that can be.
        """
        ...


def zeros(answers: Sequence[bytes]) -> list[bytes]:
    """Nothing but the lengths."""
    return [bytes(len(answer)) for answer in answers]


def refused(answer: Answer, step: str) -> Failed[CardFailure]:
    """A status word that ends the conversation, as a value without any data of the card."""
    return Failed(CardFailure.UNREADABLE, f"{step}: status word {answer.sw:04X}")
