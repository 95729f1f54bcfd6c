"""From a raw item to what it holds, or to the reason why it is refused. No database, no I/O."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from kiosk.case import CasePayload, EvaluationPayload, parse_case_code
from offline_queue.seal import PrivateKey, SealBroken, item_aad, open_sealed
from offline_queue.wire import Item, Kind

SEQUENCE_MAX = 2**53 - 1
"""Largest whole number that every JSON reader keeps exact."""


class Reason(StrEnum):
    """Why one item is not taken. The texts below are what staff and technicians read."""

    FORM = "item.form"
    TIME = "item.time"
    CODE = "item.code"
    ISSUER = "item.issuer"
    HASH = "item.hash"
    SEAL = "seal.broken"
    KEY = "seal.key_unknown"
    PAYLOAD = "payload.form"
    MISMATCH = "payload.mismatch"
    CONFLICT = "item.conflict"


TEXTS: dict[Reason, str] = {
    Reason.FORM: "记录格式不正确 / The record is not in the agreed form",
    Reason.TIME: "收件时间无法识别 / The time of receipt cannot be read",
    Reason.CODE: "事项编号不正确 / The case code is wrong",
    Reason.ISSUER: "签发终端未登记 / The issuing terminal is not in the directory",
    Reason.HASH: "密文与摘要不符 / The sealed body does not have the hash that its header names",
    Reason.SEAL: "密封无法打开 / The seal cannot be opened",
    Reason.KEY: "中心尚无对应的解封密钥 / The centre does not hold this sealing key yet",
    Reason.PAYLOAD: "内容不符合约定格式 / The content is not in the agreed form",
    Reason.MISMATCH: "内容与记录头不一致 / The content does not agree with its header",
    Reason.CONFLICT: "同一编号已有不同内容，保留先到的 / Another content has this id; the first is kept",
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A good item. The payload stays in memory only; the database keeps the sealed form."""

    item: Item
    item_hash: str
    payload: CasePayload | EvaluationPayload | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotOpened:
    """A bad item; `item` and `item_hash` are there when at least the header could be read."""

    item_id: str
    reason: Reason
    item: Item | None = None
    item_hash: str = ""


def open_item(raw: Mapping[str, Any], keys: Mapping[str, PrivateKey]) -> Opened | NotOpened:
    """Check everything that needs no database. One bad item never concerns its neighbours."""
    try:
        item = Item.model_validate(raw)
    except ValidationError:
        return NotOpened(_printable(str(raw.get("id", "")))[:36], Reason.FORM)
    names = item.service + item.definition_version
    if not _is_uuid(item.id) or item.sequence > SEQUENCE_MAX or not names.isprintable():
        return NotOpened(_printable(item.id)[:36], Reason.FORM)
    item_hash = item.chain_hash()
    reason, payload = _judge(item, keys)
    return Opened(item, item_hash, payload) if reason is None else NotOpened(item.id, reason, item, item_hash)


def _judge(
    item: Item, keys: Mapping[str, PrivateKey]
) -> tuple[Reason | None, CasePayload | EvaluationPayload | None]:
    if not _is_time(item.received_at_kiosk):
        return Reason.TIME, None
    if parse_case_code(item.lane) != item.lane:
        return Reason.CODE, None
    if not item.body_matches():
        return Reason.HASH, None
    aad = item_aad(
        terminal=item.terminal,
        item_id=item.id,
        lane=item.lane,
        kind=item.kind,
        service=item.service,
        definition_version=item.definition_version,
    )
    opened = open_sealed(item.sealed, keys, aad)
    if isinstance(opened, SealBroken):
        return (Reason.KEY if opened.reason == "unknown_key" else Reason.SEAL), None
    return _read(item, opened)


def _read(item: Item, content: bytes) -> tuple[Reason | None, CasePayload | EvaluationPayload | None]:
    """A validation error's text would quote the resident's values: only its kind leaves this function."""
    try:
        match item.kind:
            case Kind.CASE:
                case = CasePayload.model_validate_json(content)
                same = (case.case_code, case.service, case.definition_version) == (
                    item.lane,
                    item.service,
                    item.definition_version,
                )
                return (None if same else Reason.MISMATCH), case
            case Kind.EVALUATION:
                evaluation = EvaluationPayload.model_validate_json(content)
                return (None if evaluation.case_code == item.lane else Reason.MISMATCH), evaluation
            case Kind.WITHDRAWAL:
                # The withdrawal's content is for the clerk; what matters here is which case it names.
                document = json.loads(content)
                named = document.get("case_code") if isinstance(document, dict) else None
                return (None if named == item.lane else Reason.MISMATCH), None
    except ValueError:  # pydantic's ValidationError and JSONDecodeError are both ValueErrors
        return Reason.PAYLOAD, None


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _is_time(text: str) -> bool:
    try:
        return len(text) <= 40 and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
