"""What the door asks of an item before the centre takes it. No database, no private key, nothing opened."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from central import moments
from kiosk.case import parse_case_code
from offline_queue.seal import envelope_key_id
from offline_queue.wire import Item

SEQUENCE_MAX = 2**53 - 1
"""Largest whole number that every JSON reader keeps exact."""
BOOT_ID_MAX = 64
_UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Reason(StrEnum):
    """Why an item is not taken, or, once taken, waits for a clerk. Staff and technicians read the texts below."""

    FORM = "item.form"
    TIME = "item.time"
    CODE = "item.code"
    ISSUER = "item.issuer"
    HASH = "item.hash"
    KEY = "seal.key_unknown"
    CONFLICT = "item.conflict"
    ATTACHMENTS = "attachments.missing"
    SEAL = "seal.broken"
    PAYLOAD = "payload.form"
    MISMATCH = "payload.mismatch"
    AFTER_REVOCATION = "terminal.revoked"
    ERASED = "item.erased"


TEXTS: dict[Reason, str] = {
    Reason.FORM: "记录格式不正确 / The record is not in the agreed form",
    Reason.TIME: "收件时间无法识别 / The time of receipt cannot be read",
    Reason.CODE: "事项编号不正确 / The case code is wrong",
    Reason.ISSUER: "签发终端未登记 / The issuing terminal is not in the directory",
    Reason.HASH: "密文与摘要不符 / The sealed body does not have the hash that its header names",
    Reason.KEY: "中心尚无对应的解封密钥 / The centre does not hold this sealing key yet",
    Reason.CONFLICT: "同一编号已有不同内容，保留先到的 / Another content has this id; the first is kept",
    Reason.ATTACHMENTS: "附件还没有全部传到，传齐后再登记 / Not all of its attachments have arrived yet",
    Reason.SEAL: "密封无法打开 / The seal cannot be opened",
    Reason.PAYLOAD: "内容不符合约定格式 / The content is not in the agreed form",
    Reason.MISMATCH: "内容与记录头不一致 / The content does not agree with its header",
    Reason.AFTER_REVOCATION: "终端吊销之后收的，不予接收 / Received after its terminal was revoked",
    Reason.ERASED: "送达前已撤回，内容在终端抹去 / Withdrawn before it was sent: erased at the terminal",
}


@dataclass(frozen=True, slots=True)
class Fit:
    """An item that the door takes."""

    item: Item
    item_hash: str
    header: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unfit:
    """An item that the door refuses; `item` and `item_hash` are there when at least the header could be read."""

    item_id: str
    reason: Reason
    item: Item | None = None
    item_hash: str = ""


def judge(raw: Mapping[str, Any], key_ids: Container[str]) -> Fit | Unfit:
    """Check everything that needs neither database nor key. One bad item never concerns its neighbours."""
    try:
        item = Item.model_validate(raw)
    except ValidationError:
        return Unfit(_printable(str(raw.get("id", "")))[:36], Reason.FORM)
    texts = item.service + item.definition_version + item.boot_id + item.received_at_kiosk
    numbers_fit = item.sequence <= SEQUENCE_MAX and 0 <= item.monotonic_ns < 2**63
    if item.attachments:
        numbered = [one.number for one in item.attachments]
        numbers_fit = numbers_fit and numbered == list(range(1, len(numbered) + 1))
    if not (_is_uuid(item.id) and numbers_fit and texts.isprintable() and len(item.boot_id) <= BOOT_ID_MAX):
        return Unfit(_printable(item.id)[:36], Reason.FORM)
    header = item.header()
    item_hash = Item.hash_of(header)
    reason = _reason(item, key_ids)
    return Fit(item, item_hash, header) if reason is None else Unfit(item.id, reason, item, item_hash)


def _reason(item: Item, key_ids: Container[str]) -> Reason | None:
    if not is_time(item.received_at_kiosk):
        return Reason.TIME
    if parse_case_code(item.lane) != item.lane:
        return Reason.CODE
    if not item.body_matches():
        return Reason.HASH
    if item.erased:
        return None
    key_id = envelope_key_id(item.sealed)
    if key_id is None:
        return Reason.SEAL
    return None if key_id in key_ids else Reason.KEY


def _is_uuid(text: str) -> bool:
    """As RFC 9562 writes one, in small letters."""
    return _UUID.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """As a header tells one: RFC 3339 with its zone."""
    try:
        moments.read(text)
    except ValueError:
        return False
    return len(text) <= 40


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())
