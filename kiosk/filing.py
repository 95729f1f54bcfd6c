"""From a finished visit to the payload that is sealed: only what the service needs, nothing of the face."""

from __future__ import annotations

from typing import Literal

from drivers.card_reader.contract import CardRead
from drivers.clerk_line.contract import ClerkWord
from drivers.face.contract import Comparison
from drivers.face.liveness.contract import LivenessRecord, Outcome
from kiosk.case import (
    AgentRecord,
    Attachment,
    CasePayload,
    ConsentRecord,
    EvidenceLine,
    FromRecord,
    Person,
    WithdrawalPayload,
    person_key,
)
from kiosk.catalogue.answers import kept_answers
from kiosk.catalogue.model import Definition, Method
from kiosk.journey.proof import ClerkProgress
from kiosk.journey.visit import Consent, Visit
from offline_queue.records import Attached
from offline_queue.seal import PAYLOAD_BYTES_MAX

PHOTO_TYPE = "image/jpeg"
PHOTO_BYTES_MAX = PAYLOAD_BYTES_MAX
_PHOTOS_OF_A_VISIT = 1
FORM_BYTES = 32 * 1024
"""Of a payload without what the resident writes: persons, evidence, names of fields and choices."""
PROVED_AS = {
    Method.SMS: "sms.code_of_registered_phone",
    Method.QR: "eid.signed_code_on_phone",
    Method.CLERK: "clerk.compared_pictures",
}
"""The names of these ways in the evidence: what was checked, and not who it was."""
_CHARACTER_BYTES = 6
"""Of one character in JSON, at most."""


def largest_bytes(definition: Definition) -> int:
    """Payload and pictures that a visit of this service may end in: room for it is asked before it begins."""
    fields = definition.data_schema.get("properties", {}).values()
    written = sum(int(kind.get("maxLength", 0)) for kind in fields)
    photos = 0 if definition.photos is None else min(definition.photos.at_most, _PHOTOS_OF_A_VISIT)
    return FORM_BYTES + _CHARACTER_BYTES * written + photos * PHOTO_BYTES_MAX


def files_of(visit: Visit) -> tuple[Attached, ...]:
    """What is uploaded beside the payload; an `Attachment` names its place in here, from 1."""
    return () if visit.photo is None else (Attached(PHOTO_TYPE, visit.photo),)


def payload_of(visit: Visit, *, received_at: str, clock_quality: str) -> CasePayload:
    """The case as the centre will read it. Scores are rounded, no picture of a face is in it."""
    definition = visit.service
    return CasePayload(
        case_code=visit.case_code,
        service=definition.code,
        definition_version=definition.definition_version,
        definition_hash=definition.content_hash,
        assurance=_assurance(visit),
        recognised_by=_way(visit),
        person=_person(visit.applicant),
        agent=_agent(visit),
        helper=_person(visit.helper) if visit.helper_confirmed else None,
        evidence=tuple(_evidence(visit)),
        consent=_consent(visit.consent),
        clerk_consent=_consent(visit.clerk_consent),
        answers=kept_answers(definition, visit.answers),
        from_records=_from_records(visit),
        attachments=() if visit.photo is None else (Attachment(id="photo", media_type=PHOTO_TYPE, number=1),),
        received_at_kiosk=received_at,
        clock_quality=clock_quality,
        recheck_at_sync=tuple(definition.offline.recheck_at_sync),
        supersedes=visit.supersedes or None,
    )


def withdrawal_of(visit: Visit, *, received_at: str, clock_quality: str) -> WithdrawalPayload:
    """Who asks to withdraw the case, as sure as it was made here; the centre compares with who filed it."""
    person = _person(visit.card)
    if person is None:
        message = "nobody was identified"
        raise ValueError(message)
    return WithdrawalPayload(
        case_code=visit.case_code,
        assurance=_assurance(visit),
        recognised_by=_way(visit),
        person=person,
        helper=_person(visit.helper) if visit.helper_confirmed else None,
        evidence=tuple(_evidence(visit)),
        consent=_consent(visit.consent),
        clerk_consent=_consent(visit.clerk_consent),
        received_at_kiosk=received_at,
        clock_quality=clock_quality,
    )


def filer_of(visit: Visit) -> str | None:
    """For the queue, which compares who comes back with who came; None where nobody was identified. Never stored."""
    person = _person(visit.applicant)
    return None if person is None else person_key(person.document_kind, person.number, person.birth_date)


def _consent(agreed: Consent | None) -> ConsentRecord | None:
    """A yes alone, also one that was taken back; a no is not written down."""
    if agreed is None or not agreed.given:
        return None
    return ConsentRecord(
        notice_version=agreed.notice_version,
        given=True,
        at=agreed.at,
        clock_quality=agreed.clock_quality,
        language=agreed.language,
        text_hash=agreed.text_hash or None,
        withdrawn_at=agreed.withdrawn_at or None,
    )


def _from_records(visit: Visit) -> tuple[FromRecord, ...]:
    """Where an answer comes from, as long as it is the record's."""
    kept = kept_answers(visit.service, visit.answers)
    return tuple(
        FromRecord(field=field, source=told.source["zh"], as_of=told.as_of)
        for field, told in visit.prefilled.items()
        if kept.get(field) == told.value
    )


def _assurance(visit: Visit) -> str:
    """L0 nobody, L1 a card in date, L2 also recognised as its holder."""
    if visit.card is None:
        return "L0"
    return "L2" if visit.verified else "L1"


def _way(visit: Visit) -> str | None:
    return None if visit.recognised_by is None else visit.recognised_by.value


def _person(read: CardRead | None) -> Person | None:
    if read is None:
        return None
    document = read.document
    return Person(
        document_kind=document.kind.value,
        number=document.number,
        name=document.name,
        name_complete=document.name_complete,
        birth_date=document.birth_date.isoformat() if document.birth_date else None,
        address=document.address,
        valid_to=document.valid_to.isoformat() if document.valid_to else None,
        validity=document.validity.value,
    )


LIVENESS_OUTCOMES: dict[Outcome, Literal["passed", "failed", "not_done"]] = {
    Outcome.SHOWN: "passed",
    Outcome.NOT_SHOWN: "failed",
    Outcome.NOT_DONE: "not_done",
    Outcome.UNAVAILABLE: "not_done",
}


def _liveness(record: LivenessRecord) -> EvidenceLine:
    """The method and what it saw, in the record's own words; "passed" is of that method and claims no more."""
    return EvidenceLine(name="face.liveness", outcome=LIVENESS_OUTCOMES[record.outcome], detail=record.detail)


CLERK_OUTCOMES: dict[ClerkWord, Literal["failed", "not_done"]] = {
    ClerkWord.NOT_SAME: "failed",
    ClerkWord.CANNOT_SAY: "not_done",
}


def _used_consent(given: Consent) -> EvidenceLine:
    """A yes in whose place another came. In the evidence, since older centres know one consent of each kind."""
    told = _consent(given)
    words = {} if told is None else told.model_dump(exclude_none=True, exclude={"given"})
    return EvidenceLine(
        name="consent.earlier",
        outcome="not_done",
        detail=" ".join(f"{name} {value}" for name, value in words.items()),
    )


def _unsure_clerk(heard: ClerkProgress) -> list[EvidenceLine]:
    """Whoever decides about the case is told what a clerk saw who did not say "same"; a proof says that one itself."""
    if heard.word is None or heard.word is ClerkWord.SAME:
        return []
    detail = f"clerk {heard.clerk} said {heard.word}"
    return [EvidenceLine(name=PROVED_AS[Method.CLERK], outcome=CLERK_OUTCOMES[heard.word], detail=detail)]


ATTEMPTED = "attempted, not compared"


def _face(visit: Visit) -> list[EvidenceLine]:
    """Every look in order, also those that came to nothing; a camera that stayed shut is one line without a detail."""
    if not visit.face.looks:
        return [EvidenceLine(name="face", outcome="not_done")]
    lines: list[EvidenceLine] = []
    for look in visit.face.looks:
        if look.comparison is None:
            lines.append(EvidenceLine(name="face", outcome="not_done", detail=ATTEMPTED))
        else:
            lines += _compared(look.comparison)
        if look.liveness is not None:
            lines.append(_liveness(look.liveness))
    return lines


def _compared(comparison: Comparison) -> list[EvidenceLine]:
    return [
        EvidenceLine(
            name=f"face.{score.matcher}",
            outcome="passed" if score.cleared else "failed",
            detail=f"distance {score.distance:.2f} limit {score.limit:.2f} calibration {comparison.calibration_id}",
        )
        for score in comparison.scores
    ]


def _agent(visit: Visit) -> AgentRecord | None:
    """Who stood there, where it was for another."""
    agent = None if visit.principal is None else _person(visit.card)
    return None if agent is None else AgentRecord(person=agent, ground=visit.ground)


def _evidence(visit: Visit) -> list[EvidenceLine]:
    lines: list[EvidenceLine] = []
    agent = None if visit.principal is None else visit.card
    for prefix, read in (("card", visit.applicant), ("agent_card", agent), ("helper_card", visit.helper)):
        if read is not None:
            lines += [
                EvidenceLine(name=f"{prefix}.{check.name}", outcome=check.outcome.value, detail=check.detail)
                for check in read.evidence
            ]
    lines += _face(visit)
    if visit.proof is not None:
        name = PROVED_AS[visit.proof.method]
        lines.append(EvidenceLine(name=name, outcome="passed", detail=visit.proof.detail))
    lines += _unsure_clerk(visit.clerk)
    lines += [_used_consent(one) for one in visit.used_consents]
    lines.append(
        EvidenceLine(
            name="helper.looked_at_resident_and_card",
            outcome="passed" if visit.helper_confirmed else "not_done",
        )
    )
    return lines
