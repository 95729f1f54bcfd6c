"""What is said of one cause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CauseText:
    """Language -> sentence: what the resident reads, what the technician reads, what to do."""

    resident: Mapping[str, str]
    technician: Mapping[str, str]
    action: Mapping[str, str]


def text(resident: tuple[str, str], technician: tuple[str, str], action: tuple[str, str]) -> CauseText:
    return CauseText(*({"zh": zh, "en": en} for zh, en in (resident, technician, action)))
