"""Verdicts, acknowledgements, idempotency."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import create_engine, select

from central.schema import items, metadata
from central.trust import key_id
from kiosk.case import new_case_code
from offline_queue.acknowledgement import fault_of
from offline_queue.wire import BATCH_PATH, Kind, VerdictKind
from tests.central.conftest import EVERY_DATABASE
from tests.central.station import NAME, NUMBER, SERVICE, Station, answer_of, case_payload, centre
from tests.drivers.waiting import wait_until

pytestmark = EVERY_DATABASE


def centre_keys(trust: Path) -> dict[str, Ed25519PublicKey]:
    key = load_pem_public_key((trust / "centre_acknowledgement.pub").read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    return {key_id(key.public_bytes_raw()): key}


def test_a_case_is_registered_with_an_acknowledgement_that_the_terminal_accepts(
    station: Station, trust: Path
) -> None:
    item = station.item()
    (verdict,) = station.send(item)
    assert verdict.kind is VerdictKind.REGISTERED
    assert verdict.case_state == "registered"
    assert fault_of(verdict.acknowledgement, item.id, item.chain_hash(), centre_keys(trust)) == ""
    answer = station.client.get(f"/v1/cases/{item.lane}").json()
    assert answer["state"] == "registered"
    assert answer["received_at_kiosk"] == "2026-11-25T08:00:00Z"
    assert answer["registered_at_centre"] >= answer["synced_at"]


def test_the_same_item_again_gets_the_same_acknowledgement(station: Station) -> None:
    item = station.item()
    (first,) = station.send(item)
    (second,) = station.send(item)
    assert second.kind is VerdictKind.DUPLICATE
    assert second.acknowledgement == first.acknowledgement
    assert station.metric("jiujin_cases") == {'{state="registered"}': 1}


def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stays(station: Station) -> None:
    item = station.item()
    (first,) = station.send(item)
    station.sequence, station.head_hash = 0, "0" * 64
    other = station.item(id=item.id, code=item.lane, payload=case_payload(item.lane, name="测试乙"))
    (verdict,) = station.send(other)
    assert verdict.kind is VerdictKind.CONFLICT
    assert verdict.acknowledgement is None
    (again,) = station.send(item)
    assert again.acknowledgement == first.acknowledgement
    assert station.metric("jiujin_refused_items") == {"": 1}


def test_concurrent_sends_of_one_batch_keep_one_record(station: Station) -> None:
    items = [station.item() for _ in range(5)]
    content = station.batch(*items)
    with ThreadPoolExecutor(8) as pool:
        responses = list(pool.map(lambda _: station.post(BATCH_PATH, content), range(8)))
    answers = [answer_of(response) for response in responses]
    kinds = [[verdict.kind for verdict in answer.verdicts] for answer in answers]
    assert kinds.count([VerdictKind.REGISTERED] * 5) == 1
    assert kinds.count([VerdictKind.DUPLICATE] * 5) == 7
    for position in range(5):
        assert len({answer.verdicts[position].acknowledgement for answer in answers}) == 1
    assert station.metric("jiujin_cases") == {'{state="registered"}': 5}


def test_one_record_over_a_restart_of_the_centre(database: str, trust: Path) -> None:
    with centre(database, trust) as before:
        station = Station(before.url, trust)
        item = station.item()
        (first,) = station.send(item)
        station.close()
    with centre(database, trust) as after:
        again = Station(after.url, trust, sequence=station.sequence, head_hash=station.head_hash)
        (second,) = again.send(item)
        assert second.kind is VerdictKind.DUPLICATE
        assert second.acknowledgement == first.acknowledgement
        assert again.metric("jiujin_cases") == {'{state="registered"}': 1}
        again.close()


def raw_batch(station: Station, *items: dict[str, object]) -> bytes:
    document = json.loads(station.batch())
    document["items"] = list(items)
    return json.dumps(document).encode()


def test_bad_items_are_refused_one_by_one_and_block_nobody(station: Station) -> None:
    good, tampered, foreign_lane, wrong_service, no_payload = (station.item() for _ in range(5))
    rows = [json.loads(item.model_dump_json()) for item in (good, tampered, foreign_lane, wrong_service)]
    rows[1]["sealed"] = "AAAA" + rows[1]["sealed"][4:]
    rows[2]["lane"] = new_case_code(station.terminal)  # the seal belongs to another lane
    rows[3]["service"] = "110199-XX-99"
    unread = station.item(payload=b"{}")
    rows += [json.loads(unread.model_dump_json()), {"id": "x"}, json.loads(no_payload.model_dump_json())]
    response = station.post(BATCH_PATH, raw_batch(station, *rows))
    verdicts = answer_of(response).verdicts
    assert [(verdict.kind.value, verdict.case_state) for verdict in verdicts] == [
        ("registered", "registered"), ("refused", ""), ("registered", "needs_clerk"), ("registered", "needs_clerk"),
        ("registered", "needs_clerk"), ("refused", ""), ("registered", "registered"),
    ]  # fmt: skip
    assert [verdicts[place].reason.rpartition("(")[2] for place in (1, 5)] == ["item.hash)", "item.form)"]
    assert "密文与摘要不符" in verdicts[1].reason
    assert all(verdicts[place].acknowledgement is None for place in (1, 5))
    assert station.metric("jiujin_refused_items") == {"": 2}


@pytest.mark.parametrize("content", [b"{}", b"[" * 100_000, b"\xff", case_payload(new_case_code("0142"))])
def test_a_content_that_cannot_be_used_waits_for_a_clerk_and_is_kept(
    station: Station, content: bytes
) -> None:
    item = station.item(payload=content)
    (verdict,) = station.send(item)
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "needs_clerk")
    assert station.client.get(f"/v1/cases/{item.lane}").json()["state"] == "needs_clerk"
    assert "密封内容无法使用，原件已保存" in station.page(f"/ops/cases/{item.lane}")
    (again,) = station.send(item)
    assert (again.kind, again.case_state) == (VerdictKind.DUPLICATE, "needs_clerk")


def test_a_withdrawal_that_cannot_be_read_withdraws_nothing_and_is_told(station: Station) -> None:
    case = station.item()
    station.send(case, station.item(Kind.WITHDRAWAL, case.lane, payload=b"{}"))
    assert station.client.get(f"/v1/cases/{case.lane}").json()["state"] == "needs_clerk"


def test_a_backlog_is_taken_in_at_once_and_opened_after_the_answer(station: Station) -> None:
    backlog = [station.item() for _ in range(40)]
    verdicts = station.send(*backlog)
    assert {verdict.kind for verdict in verdicts} == {VerdictKind.REGISTERED}
    assert {verdict.case_state for verdict in verdicts} <= {"synced", "registered"}
    assert wait_until(lambda: station.metric("jiujin_unopened_items") == {"": 0})
    assert station.metric("jiujin_cases") == {'{state="registered"}': 40}
    told = station.client.get(f"/v1/cases/{backlog[-1].lane}").json()
    assert told["state"] == "registered"
    assert told["registered_at_centre"] >= told["synced_at"] > told["received_at_kiosk"]
    assert station.metric("jiujin_forked_chains") == {"": 0}


def test_an_item_for_a_key_that_the_centre_lacks_is_to_come_later(station: Station) -> None:
    item = station.item()
    envelope = item.sealed[:5] + b"f" * 16 + item.sealed[21:]
    changed = json.loads(item.model_dump_json())
    station.sequence, station.head_hash = 0, "0" * 64
    changed["sealed"] = base64.b64encode(envelope).decode()
    changed["sealed_sha256"] = hashlib.sha256(envelope).hexdigest()
    response = station.post(BATCH_PATH, raw_batch(station, changed))
    (verdict,) = answer_of(response).verdicts
    assert verdict.kind is VerdictKind.LATER
    assert verdict.retry_after_s == 900


def test_withdrawal_before_and_after_its_case(station: Station) -> None:
    early = new_case_code(station.terminal)
    withdrawal = station.item(Kind.WITHDRAWAL, early)
    (verdict,) = station.send(withdrawal)
    assert verdict.case_state == "withdrawn"
    (verdict,) = station.send(station.item(code=early))
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "withdrawn")
    late = station.item()
    station.send(late)
    (verdict,) = station.send(station.item(Kind.WITHDRAWAL, late.lane))
    assert verdict.case_state == "withdrawn"


def test_an_evaluation_is_kept_once_and_skipped_is_not_good(station: Station) -> None:
    case = station.item()
    skipped = b'{"schema": "jiujin.evaluation/1", "case_code": "%s", "level": null}' % case.lane.encode()
    station.send(case, station.item(Kind.EVALUATION, case.lane, payload=skipped))
    station.send(station.item(Kind.EVALUATION, case.lane))
    assert station.metric("jiujin_evaluations") == {"": 1}
    assert "未评价" in station.page(f"/ops/cases/{case.lane}")


def test_what_another_terminal_carries_waits_for_a_clerk(station: Station, other_station: Station) -> None:
    item = station.item()
    (verdict,) = other_station.send(item)
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "needs_clerk")


def test_a_name_that_the_chip_cut_off_waits_for_a_clerk(station: Station) -> None:
    code = new_case_code(station.terminal)
    item = station.item(code=code, payload=case_payload(code, name_complete=False))
    (verdict,) = station.send(item)
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "needs_clerk")
    assert "证件芯片里的姓名不全" in station.page(f"/ops/cases/{code}")


def test_no_personal_value_stands_in_the_clear_in_the_database(station: Station, database: str) -> None:
    station.send(station.item())
    engine = create_engine(database)
    with engine.connect() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
    engine.dispose()
    cells = [cell for row in rows for cell in row]
    raw = b"\n".join(cell if isinstance(cell, bytes) else str(cell).encode() for cell in cells)
    assert SERVICE.encode() in raw  # the scan would find what is there
    assert NAME.encode() not in raw
    assert NUMBER.encode() not in raw


def test_sealed_bodies_are_kept_as_they_came(station: Station, database: str) -> None:
    item = station.item()
    station.send(item)
    engine = create_engine(database)
    with engine.connect() as connection:
        assert connection.execute(select(items.c.sealed)).scalar_one() == item.sealed
    engine.dispose()


@pytest.mark.parametrize("code", ["0142ABCDEFGHJKMN", "nothing", "0142"])
def test_an_unknown_code_tells_nothing(station: Station, code: str) -> None:
    response = station.client.get(f"/v1/cases/{code}")
    assert response.status_code == 404
    assert response.json()["code"] == "case.unknown"
