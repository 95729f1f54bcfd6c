"""Taking a paper case in: sealed to the centre's own key, in the counter's own chain, and then like any other.

The counter is an issuer of its own (`kiosk.case.COUNTER`), so codes, look-up, duplicates, re-checks and the state
machine need nothing more. The serving centre opens the item, with its registers; until then the case is `synced`.
"""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, Engine, select

from central import log
from central.contents import open_row
from central.counter.form import Judged, PaperPerson
from central.database import as_text, utc_now, writing
from central.form import Fit, judge
from central.ingest import take_in
from central.locks import lock_issuers
from central.log import Event
from central.schema import items
from kiosk.case import COUNTER, CasePayload, EvidenceLine, Person, new_case_code
from kiosk.identity import normalise_name, normalise_number
from offline_queue.seal import PrivateKey, SealingKey, item_aad, seal
from offline_queue.wire import GENESIS_HASH, ClockQuality, Item, Kind, VerdictKind

REFERENCES = uuid.UUID("0d7b6f6e-1a94-4d07-8a51-5f0f2b6f1c3d")
"""The name space of the counter's item ids; never to be changed, or a paper entered twice becomes two cases."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """`known`: this window and reference was entered before, with the same content."""

    code: str
    known: bool


@dataclass(frozen=True, slots=True)
class AnotherContent:
    """This window and reference was entered before with another content, which is kept."""

    code: str


def take_paper(
    engine: Engine, present: SealingKey, private: Mapping[str, PrivateKey], judged: Judged, by: str
) -> TakenIn | AnotherContent:
    """The case's code. May be repeated: the first of a window and reference stays."""
    at = as_text(utc_now())
    item_id = str(uuid.uuid5(REFERENCES, f"{judged.form.window}\n{judged.form.reference}"))
    with writing(engine).begin() as connection:
        lock_issuers(connection, {COUNTER})
        here = (items.c.terminal == COUNTER) & (items.c.item_id == item_id)
        known = connection.execute(select(items).where(here)).one_or_none()
        if known is not None:
            content = open_row(known, private)
            same = isinstance(content, CasePayload) and content == _payload(judged, known.code)
            return TakenIn(known.code, known=True) if same else AnotherContent(known.code)
        code = new_case_code(COUNTER)
        item = _item(connection, present, judged, code, item_id)
        fit = judge(item.model_dump(mode="json"), private)
        assert isinstance(fit, Fit), fit  # noqa: S101 - made here, by the same rules
        (settled,) = take_in(connection, [fit], COUNTER, at)
        assert settled.kind is VerdictKind.REGISTERED, settled  # noqa: S101 - the id is free under this lock
        detail = f"{judged.form.window} {judged.form.reference} by {by}"
        log.write(connection, at, Event.PAPER_TAKEN_IN, COUNTER, code, detail)
    return TakenIn(code, known=False)


def _item(connection: Connection, present: SealingKey, judged: Judged, code: str, item_id: str) -> Item:
    """The next of the counter's chain, as a terminal makes one."""
    columns = (items.c.sequence, items.c.item_hash)
    last = connection.execute(
        select(*columns).where(items.c.terminal == COUNTER).order_by(items.c.sequence.desc()).limit(1)
    ).one_or_none()
    header: dict[str, Any] = {
        "id": item_id,
        "terminal": COUNTER,
        "lane": code,
        "kind": Kind.CASE,
        "service": judged.definition.code,
        "definition_version": judged.definition.definition_version,
    }
    aad = item_aad(
        terminal=COUNTER,
        item_id=item_id,
        lane=code,
        kind=Kind.CASE.value,
        service=header["service"],
        definition_version=header["definition_version"],
    )
    content = _payload(judged, code).model_dump_json(by_alias=True).encode()
    sealed = seal(content, present, aad)
    return Item(
        **header,
        sequence=last.sequence + 1 if last else 1,
        previous_hash=last.item_hash if last else GENESIS_HASH,
        received_at_kiosk=_received_at(judged),
        clock_quality=ClockQuality.SYNCED,
        boot_id="counter",
        monotonic_ns=time.monotonic_ns(),
        sealed_sha256=hashlib.sha256(sealed).hexdigest(),
        sealed=sealed,
    )


def _payload(judged: Judged, code: str) -> CasePayload:
    form, definition = judged.form, judged.definition
    seen = f"{form.window} {form.reference}"
    return CasePayload(
        case_code=code,
        service=definition.code,
        definition_version=definition.definition_version,
        definition_hash=definition.content_hash,
        assurance="L1" if form.person else "L0",
        person=_person(form.person),
        helper=_person(form.helper),
        evidence=(
            EvidenceLine(name="counter.paper", outcome="passed", detail=seen),
            EvidenceLine(name="counter.clerk_saw_document", outcome="passed" if form.person else "not_done"),
        ),
        answers=dict(judged.answers),
        received_at_kiosk=_received_at(judged),
        clock_quality=ClockQuality.SYNCED.value,
        recheck_at_sync=tuple(definition.offline.recheck_at_sync),
    )


def _received_at(judged: Judged) -> str:
    return judged.form.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _person(who: PaperPerson | None) -> Person | None:
    if who is None:
        return None
    return Person(
        document_kind=who.document_kind,
        number=normalise_number(who.number),
        name=normalise_name(who.name),
        name_complete=True,
        birth_date=who.birth_date.isoformat() if who.birth_date else None,
        address=who.address,
        valid_to=who.valid_to.isoformat() if who.valid_to else None,
        validity="dated" if who.valid_to else "long_term",
    )
