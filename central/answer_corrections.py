"""A clerk corrects an answer (rule F10): an event beside the case, never a change of what was sealed.

Old and new value are sealed to the centre's own key, as the answers themselves are. Who the person is cannot be
corrected, nor anything that was signed: such a case is returned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from uuid_utils import uuid7

from central import log
from central.contents import newest_case
from central.corrections import ForResident, move_and_tell, state_of
from central.database import as_text, utc_now, writing
from central.locks import lock_issuers
from central.log import Event
from central.rechecks import Published
from central.schema import corrections
from central.staff_words import Signed
from central.whose import issuer
from kiosk.case import CasePayload, CaseState
from kiosk.catalogue.answers import check_answers, clean_value, kept_answers
from kiosk.catalogue.model import Definition
from offline_queue.seal import PrivateKey, SealBroken, SealingKey, open_sealed, seal
from offline_queue.wire import canonical

S = CaseState
_MAY = (S.REGISTERED, S.NEEDS_CLERK, S.NEEDS_CORRECTION)
_SIGNED_ASSURANCE = "L3"


class NotChanged(StrEnum):
    """Why nothing was corrected."""

    UNKNOWN = "unknown"
    STATE = "state"
    CONTENT = "content"
    DEFINITION = "definition"
    FIELD = "field"
    SIGNED = "signed"
    SAME = "same"


NOT_CHANGED_WORDS: dict[NotChanged, str] = {
    NotChanged.UNKNOWN: "没有这一件 / there is no such case",
    NotChanged.STATE: "这件事已过可以更正的一步 / its case is past the step at which answers are corrected",
    NotChanged.CONTENT: "这件的内容打不开或已到期清除 / its content cannot be opened, or was kept long enough",
    NotChanged.DEFINITION: (
        "--catalogue 里没有它办理时的事项版本 / the version it was filed under is not in --catalogue"
    ),
    NotChanged.FIELD: (
        "没有这一项可以更正；身份信息不能更正，只能退回"
        " / there is no such answer; who the person is cannot be corrected, only returned"
    ),
    NotChanged.SIGNED: "签过字的内容不能更正，只能退回 / what was signed cannot be corrected, only returned",
    NotChanged.SAME: "新旧相同，没有改动 / it says that already",
}


@dataclass(frozen=True, slots=True)
class Unfit:
    """The new answers are not what the definition asks for: field -> language -> sentence."""

    errors: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What corrections are sealed to, and every key that opens cases."""

    present: SealingKey
    private: Mapping[str, PrivateKey]


def correct_answer(
    engine: Engine, keys: Keys, definitions: Published, code: str, field: str, value: str, signed: Signed
) -> CaseState | NotChanged | Unfit:
    """Write the correction down and let the case go on; its resident reads what was corrected and may object."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        lock_issuers(connection, {issuer(code)})
        state = state_of(connection, code)
        if state is None:
            return NotChanged.UNKNOWN
        if state not in _MAY:
            return NotChanged.STATE
        content = newest_case(connection, keys.private, {code}).get(code)
        if content is None:
            return NotChanged.CONTENT
        judged = _judge(connection, keys, definitions, content, field, value)
        if not isinstance(judged, _Change):
            return judged
        _write(connection, keys, code, judged, signed, at)
        road = () if state is S.REGISTERED else (S.REGISTERED,)
        move_and_tell(connection, code, road, _words(judged), at)
    return S.REGISTERED


def corrected(connection: Connection, keys: Mapping[str, PrivateKey], case: CasePayload) -> dict[str, Any]:
    """The case's answers with what staff corrected, in the order in which they did."""
    here = (corrections.c.terminal == issuer(case.case_code)) & (corrections.c.code == case.case_code)
    answers = dict(case.answers)
    for row in connection.execute(select(corrections).where(here).order_by(corrections.c.id)):
        opened = open_sealed(row.sealed, keys, _aad(row.terminal, row.id, row.code, row.field))
        if not isinstance(opened, SealBroken):
            answers[row.field] = json.loads(opened)["new"]
    return answers


@dataclass(frozen=True, slots=True, repr=False)
class _Change:
    definition: Definition
    field: str
    old: str
    new: str


def _judge(
    connection: Connection, keys: Keys, definitions: Published, case: CasePayload, field: str, value: str
) -> _Change | NotChanged | Unfit:
    definition = definitions.get((case.service, case.definition_version))
    if definition is None or definition.content_hash != case.definition_hash:
        return NotChanged.DEFINITION
    if case.assurance == _SIGNED_ASSURANCE:
        return NotChanged.SIGNED
    control = definition.ui.control(field)
    if control is None:
        return NotChanged.FIELD
    before = {name: str(answer) for name, answer in corrected(connection, keys.private, case).items()}
    new = clean_value(control, value)
    if before.get(field, "") == new:
        return NotChanged.SAME
    after = {**before, field: new}
    if errors := check_answers(definition, after):
        return Unfit(errors)
    if field not in kept_answers(definition, after) and new:
        return NotChanged.FIELD  # it is not asked with these answers
    return _Change(definition, field, before.get(field, ""), new)


def _write(connection: Connection, keys: Keys, code: str, change: _Change, signed: Signed, at: str) -> None:
    terminal, id_ = issuer(code), str(uuid7())
    content = json.dumps({"old": change.old, "new": change.new, "why": signed.why}, ensure_ascii=False)
    sealed = seal(content.encode(), keys.present, _aad(terminal, id_, code, change.field))
    connection.execute(
        insert(corrections).values(
            terminal=terminal, id=id_, code=code, field=change.field, by=signed.by, at=at, sealed=sealed
        )
    )
    log.write(connection, at, Event.CASE_ANSWER_CORRECTED, terminal, code, f"{change.field} {signed}")


def _words(change: _Change) -> ForResident:
    control = change.definition.ui.control(change.field)
    label = dict(control.label) if control is not None else {}
    zh, en = (label.get(language, change.field)[:60] for language in ("zh", "en"))
    return ForResident(
        f"工作人员更正了「{zh}」这一项；如果不对，请带回执到窗口说",
        f"Staff corrected your answer to: {en} If that is not right, please tell the counter",
    )


def _aad(terminal: str, id_: str, code: str, field: str) -> bytes:
    told = {"purpose": "jiujin.correction/1", "terminal": terminal, "id": id_, "lane": code, "field": field}
    return canonical(told)
