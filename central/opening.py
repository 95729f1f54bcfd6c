"""What a sealed item holds, or why it cannot be used. No database, no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import TypeAdapter

from central.form import Reason
from kiosk.case import CasePayload, EvaluationPayload, ReturnedPayload, WithdrawalPayload
from offline_queue.seal import PrivateKey, SealBroken, item_aad, open_sealed
from offline_queue.wire import Item, Kind


class GivenBack:
    """A technician's tombstone: the terminal has closed what it brought of this case and was refused."""


Content = CasePayload | EvaluationPayload | ReturnedPayload | WithdrawalPayload | GivenBack | None
"""None is a withdrawal without evidence, of an older terminal. Exists in memory only."""
_EVALUATION = TypeAdapter[EvaluationPayload | ReturnedPayload](EvaluationPayload | ReturnedPayload)


def open_content(item: Item, keys: Mapping[str, PrivateKey]) -> Content | Reason:
    """Open the seal, read the content and compare it with the clear header."""
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
        return Reason.KEY if opened.reason == "unknown_key" else Reason.SEAL
    return _read(item, opened)


def _read(item: Item, content: bytes) -> Content | Reason:
    """A validation error's text would quote the resident's values: only its kind leaves this function."""
    try:
        match item.kind:
            case Kind.CASE:
                case = CasePayload.model_validate_json(content)
                named = (case.case_code, case.service, case.definition_version)
                return (
                    case if named == (item.lane, item.service, item.definition_version) else Reason.MISMATCH
                )
            case Kind.EVALUATION:
                told = _EVALUATION.validate_json(content)
                return told if told.case_code == item.lane else Reason.MISMATCH
            case Kind.WITHDRAWAL:
                document = json.loads(content)
                if isinstance(document, dict) and "schema" in document:
                    withdrawal = WithdrawalPayload.model_validate_json(content)
                    return withdrawal if withdrawal.case_code == item.lane else Reason.MISMATCH
                if not isinstance(document, dict) or document.get("case_code") != item.lane:
                    return Reason.MISMATCH
                return GivenBack() if document.get("reason") == "returned" else None
    except (
        ValueError,
        RecursionError,
    ):  # pydantic's ValidationError and JSONDecodeError are both ValueErrors
        return Reason.PAYLOAD
