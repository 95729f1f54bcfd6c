"""What makes two cases the same business (rule F5): one text of a case, at the terminal and at the centre alike.

It names a person, so nobody stores it: each side keeps a digest under a key of its own.
"""

from __future__ import annotations

from datetime import datetime

from kiosk.case import CasePayload
from kiosk.catalogue.model import Definition
from kiosk.catalogue.rules import evaluate
from kiosk.identity import normalise_number
from kiosk.local_time import CHINA_TIME


def business_of(definition: Definition, case: CasePayload, received_at: datetime) -> str | None:
    """By the definition's `business_key`; None where it has none, or the case does not tell. `received_at`: aware."""
    if definition.business_key is None:
        return None
    facts = {
        **case.answers,
        "applicant": {"id_digest": normalise_number(case.person.number) if case.person else None},
        # A cycle is the year in which the case was received; no definition has another one yet.
        "shared": {"cycle": str(received_at.astimezone(CHINA_TIME).year)},
    }
    business = evaluate(definition.business_key, facts)
    return f"{case.service}\n{business}" if isinstance(business, str) else None
