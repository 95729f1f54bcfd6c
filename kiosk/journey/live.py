"""What the centre told of a person or a case while somebody waits, as values. Words are by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from kiosk.case import CaseState


@dataclass(frozen=True, slots=True, repr=False)
class Prefilled:
    """A value on record: whose it is and when it was true (RFC 3339). Never in a repr."""

    value: str
    source: Mapping[str, str]
    as_of: str

    def __repr__(self) -> str:
        return "Prefilled(masked)"


class LookUpFailure(StrEnum):
    """Why the progress of a case cannot be shown. Each has words in `present`."""

    NOT_A_CODE = "not_a_code"
    UNKNOWN = "unknown"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a case is. `at`: when each known step was reached (RFC 3339).

    `told_at`: the centre's time of this answer; empty when only this terminal's own record speaks.
    """

    code: str
    service: str
    state: CaseState
    at: Mapping[CaseState, str]
    words: Mapping[str, str] = field(default_factory=dict)
    told_at: str = ""
    refused: str = ""
    """Id of the item that waits here since the centre did not take it; `refused_words`: why, by language."""
    refused_words: Mapping[str, str] = field(default_factory=dict)
    withdrawing: bool = False
    """Somebody asked here to withdraw it, and the centre has not answered that yet."""
