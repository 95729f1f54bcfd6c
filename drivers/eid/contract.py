"""What a checker of electronic identities promises."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from drivers.contract import Failed, Ok


class EidFailure(StrEnum):
    """Why a code on a phone proves nothing here."""

    NOT_AN_EID = "not_an_eid"
    UNKNOWN_ISSUER = "unknown_issuer"
    """Nobody whose key this terminal has; or its signature is not that one's."""
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    """Of the future: a clock is wrong."""
    SHOWN_BEFORE = "shown_before"
    ANOTHER_PERSON = "another_person"
    """Genuine, and not of the holder of the card."""
    CLOCK = "clock"
    """This terminal's clock is confirmed by nobody, so that nothing short-lived can be judged."""


@dataclass(frozen=True, slots=True)
class Eid:
    """A good one. Nothing of the person is in it."""

    issuer: str
    issued_at: datetime


class EidChecker(Protocol):
    """Checks by itself, without the network."""

    @property
    def issuers(self) -> tuple[str, ...]:
        """Whose codes are believed; with none, none is."""
        ...

    def looks_like(self, text: str) -> bool:
        """Whether it is worth judging: another code that lies about is passed over."""
        ...

    def check(
        self, text: str, number: str, now: datetime, *, clock_trusted: bool
    ) -> Ok[Eid] | Failed[EidFailure]:
        """`number`: of the card that was read; `now` is aware. A good one is good once."""
        ...
