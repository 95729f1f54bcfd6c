"""The slip says only what is true, in the state that the case is in, and names nobody in full."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.card_reader.contract import DocumentKind
from drivers.receipt_printer.contract import QrCode, Slip
from kiosk.case import CaseState, format_case_code
from kiosk.journey.states import State
from kiosk.journey.visit import Errand, Visit
from kiosk.paper.receipt import FORBIDDEN_BEFORE_ACCEPTANCE, lines_of, receipt
from tests.kiosk.journey.visits import CODE, NAME, NUMBER, card, visit, world

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = datetime(2026, 11, 25, 9, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
BEFORE_ACCEPTANCE = [
    CaseState.RECEIVED,
    CaseState.SYNCED,
    CaseState.REGISTERED,
    CaseState.DUPLICATE_SUSPECTED,
    CaseState.NEEDS_CLERK,
]


def slip(filed: Visit, *, clock_quality: str = "synced", copy: bool = False) -> Slip:
    return receipt(
        filed, world().place, sign=KEY.sign, local_time=NOW, clock_quality=clock_quality, copy=copy
    )


def text(slip: Slip) -> str:
    return "\n".join(lines_of(slip))


@pytest.mark.parametrize("state", BEFORE_ACCEPTANCE)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_before_acceptance_no_word_promises_an_effect(state: CaseState, language: str) -> None:
    printed = text(slip(replace(visit(State.RESULT), case_state=state, language=language)))
    assert "收件回执" in printed
    assert not [word for word in FORBIDDEN_BEFORE_ACCEPTANCE if word in printed]


def test_only_a_case_that_still_waits_here_speaks_of_the_network() -> None:
    waits = text(slip(visit(State.RESULT)))
    there = text(slip(replace(visit(State.RESULT), case_state=CaseState.REGISTERED)))
    assert "网络恢复后自动送达" in waits
    assert "网络恢复" not in there
    assert "已送达中心并登记" in there
    assert "承诺时限 送达中心后 24 小时内" in there


def test_names_are_masked_and_numbers_absent() -> None:
    filed = replace(visit(State.RESULT), helper=card(DocumentKind.HELPER), helper_confirmed=True)
    printed = text(slip(filed))
    assert "姓名 测*" in printed
    assert "协理员 测*" in printed
    assert NAME not in printed
    assert NUMBER not in printed
    assert NUMBER[-4:] not in printed


def test_a_copy_is_marked_and_keeps_the_code() -> None:
    first, again = text(slip(visit(State.RESULT))), text(slip(visit(State.RESULT), copy=True))
    assert "收件回执（补打）" in again
    assert "补打" not in first
    assert format_case_code(CODE) in first
    assert format_case_code(CODE) in again


def test_a_slip_counts_once_for_what_was_stored_and_not_for_its_code() -> None:
    """A withdrawal and what completes a case have a slip of their own under the case's code."""
    filed = visit(State.RESULT)
    assert slip(filed).counted_as == slip(filed, copy=True).counted_as == filed.item_id != ""
    withdrawn = replace(filed, errand=Errand.WITHDRAW, item_id="another")
    assert (slip(withdrawn).job_id, slip(withdrawn).counted_as) == (CODE, "another")


def test_an_unsure_clock_is_said() -> None:
    assert "时间以本机为准，待中心核对。" in text(slip(visit(State.RESULT), clock_quality="unsynced"))
    assert "时间以本机为准" not in text(slip(visit(State.RESULT)))


def test_english_stands_beside_the_chinese() -> None:
    printed = text(slip(replace(visit(State.RESULT), language="en")))
    assert "收件回执" in printed
    assert "Receipt: we have it" in printed
    assert "Status" in printed


def test_the_qr_code_holds_the_terminals_signature_over_code_and_digest() -> None:
    made = slip(visit(State.RESULT))
    data = next(block.data for block in made.blocks if isinstance(block, QrCode))
    kind, code, digest, signature = data.split(":")
    assert (kind, code) == ("JIUJIN1", CODE)
    raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    KEY.public_key().verify(raw, f"jiujin.slip/1|{code}|{digest}".encode())


def test_no_slip_without_a_stored_case() -> None:
    with pytest.raises(ValueError, match="stored"):
        slip(replace(visit(State.RESULT), stored=None))
