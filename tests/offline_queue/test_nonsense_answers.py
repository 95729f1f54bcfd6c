"""What is not the centre's language neither ends the sender nor costs an item."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import ValidationError

from central.openapi import OPERATIONS
from offline_queue import live_wire, wire
from offline_queue.inbox_wire import InboxAnswer, InboxRequest, Letter
from offline_queue.link import Link, LinkState, Rejected, Unreached
from offline_queue.manifest import CounterSignature, Manifest, ManifestAnswer
from offline_queue.publication_wire import PUBLICATION_PATH, PublicationAnswer
from offline_queue.store import Outbox
from tests.hostile_json import LEAVES, with_hostile_leaves
from tests.offline_queue.simulated import Centre, Status
from tests.offline_queue.terminal import Watched, committed, draft

NOW = "2026-11-26T08:00:00Z"
NAN = float("nan")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"retry_after_s": NAN}, {"retry_after_s": float("inf")}, {"retry_after_s": -1.0},
        {"retry_after_s": 86_401.0}, {"reason": "字" * 5000}, {"case_state": "x" * 200}, {"item_id": "x" * 200},
    ],
)  # fmt: skip
def test_a_verdict_out_of_bounds_leaves_the_item_and_the_sender_alive(
    nonsense: dict[str, Any], outbox: Outbox, link: Link, centre: Centre
) -> None:
    wanted = draft()
    committed(outbox, wanted)
    verdict = {"item_id": wanted.id, "kind": "later", **nonsense}
    body = json.dumps({"schema": wire.SCHEMA, "verdicts": [verdict], "centre_time": NOW}).encode()
    centre.statuses[wanted.id] = Status(200, body=body)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: centre.times_heard.get(wanted.id, 0) >= 2, "asked again")
        assert outbox.counters().pending == 1
        centre.statuses.clear()
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered after a good answer")


@pytest.mark.parametrize("wish", ["NaN", "inf", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
def test_a_retry_after_that_is_no_time_is_no_wish(
    wish: str, outbox: Outbox, link: Link, centre: Centre
) -> None:
    committed(outbox, draft())
    centre.faults.extend([Status(503, headers={"Retry-After": wish})] * 2)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered")


@pytest.mark.parametrize("interval", ["NaN", "Infinity", "-1", "1e300"])
def test_an_interval_of_heartbeats_is_a_number_of_seconds_of_a_day(interval: str) -> None:
    with pytest.raises(ValidationError):
        wire.HeartbeatAnswer.model_validate_json(f'{{"centre_time": "{NOW}", "interval_s": {interval}}}')


@pytest.mark.parametrize(
    "centre_time", ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_at_the_end_of_all_times_is_not_signed_with(
    centre_time: str, outbox: Outbox, link: Link, centre: Centre
) -> None:
    problem = {"code": "clock", "message_zh": "时间不对", "message_en": "clock", "centre_time": centre_time}
    refused = Status(401, body=json.dumps(problem).encode())
    centre.faults.extend([refused] * 2)
    committed(outbox, draft())
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered")
        watched.until(lambda: watched.sender.status().link_state is LinkState.ONLINE, "online")
    assert link.clock_offset_s == 0.0


HASH = "a" * 64
ID = "01936d4e-0000-7000-8000-000000000001"
HEAD = wire.ChainHead(sequence=0, hash=HASH, signature=b"")
TAKEN = wire.Acknowledgement(item_id=ID, item_hash=HASH, registered_at=NOW, key_id="k", signature=b"s")
VERDICT = wire.Verdict(
    item_id=ID,
    kind=wire.VerdictKind.REGISTERED,
    reason="好",
    retry_after_s=1.0,
    acknowledgement=TAKEN,
    case_state="registered",
    taken=wire.Taken(item_hash=HASH, registered_at=NOW),
)
CASE = {"code": "0142AAAA", "words_zh": "好", "words_en": "good"}
PROGRESS = {"synced_at": NOW, "registered_at": NOW, "accepted_at": NOW, "decided_at": NOW, "centre_time": NOW}


@dataclass(frozen=True, slots=True)
class Path:
    """One way to the centre: how it is asked, and what a centre answers there."""

    ask: Callable[[Link], object]
    answer: wire.Message


def _live(path: str, answer: wire.Message) -> Path:
    asked = live_wire.ProgressRequest(terminal="0142", within_s=5, code="0142AAAA")
    return Path(lambda link: link.ask(path, asked, type(answer)), answer)


UPLOAD = wire.ATTACHMENT_PATH.format(terminal="0142", item_id=ID, sha256=HASH)
PATHS: dict[str, Path] = {
    "batch": Path(
        lambda link: link.send_batch(wire.Batch(terminal="0142", head=HEAD, items=())),
        wire.BatchAnswer(
            verdicts=(VERDICT,), centre_time=NOW, tree=wire.TreeSignature(key_id="k", signature=b"s")
        ),
    ),
    "heartbeat": Path(
        lambda link: link.send_heartbeat(wire.Heartbeat(terminal="0142", head=HEAD, body={})),
        wire.HeartbeatAnswer(centre_time=NOW),
    ),
    "manifest": Path(
        lambda link: link.send_manifest(Manifest(terminal="0142", head=HEAD, delivered=(), digest=HASH)),
        ManifestAnswer(
            missing=((1, 2),),
            missing_items=2,
            counter_signature=CounterSignature(
                terminal="0142",
                head_sequence=1,
                head_hash=HASH,
                digest=HASH,
                at=NOW,
                key_id="k",
                signature=b"s",
            ),
            centre_time=NOW,
        ),
    ),
    "inbox": Path(
        lambda link: link.ask_inbox(InboxRequest(terminal="0142", after=0)),
        InboxAnswer(
            letters=(Letter(terminal="0142", number=1, content="{}", key_id="k", signature=b"s"),),
            centre_time=NOW,
        ),
    ),
    "upload state": Path(lambda link: link.upload_state(UPLOAD), wire.UploadState(offset=1, whole=False)),
    "upload": Path(
        lambda link: link.send_part(UPLOAD, 0, 9, b"part"),
        wire.UploadState(offset=4, whole=False, fault=wire.UploadFault.OFFSET),
    ),
    "publication": Path(
        lambda link: link.fetch(PUBLICATION_PATH.format(sha256=HASH)), PublicationAnswer(content="{}")
    ),
    "prefill": _live(
        live_wire.PREFILL_PATH,
        live_wire.PrefillAnswer(
            records=(live_wire.Record(name="address", value="路", source_zh="局", source_en="o", as_of=NOW),)
        ),
    ),
    "decision": _live(
        live_wire.DECISION_PATH, live_wire.DecisionAnswer(**CASE, state="decided", decided_at=NOW)
    ),
    "progress": _live(
        live_wire.PROGRESS_PATH,
        live_wire.ProgressAnswer(**CASE, **PROGRESS, service="s", state="decided", received_at_kiosk=NOW),
    ),
    "sms code": _live(live_wire.SMS_PATH, live_wire.SmsAnswer(outcome="sent", mobile="138****0000")),
    "payment": _live(
        live_wire.PAYMENT_PATH,
        live_wire.PaymentOrder(
            key=ID, order="0142-1", amount_fen=1, state="open", pay_text="wx:1", expires_at=NOW
        ),
    ),
}
each_path = pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())


def test_every_answer_of_a_centre_is_asked_here() -> None:
    operations = {(one.method, one.path) for one in OPERATIONS if one.signed}
    assert len(operations) - 1 == len(PATHS), "a new route wants its answer here (HEAD is GET without a body)"


@each_path
def test_a_hostile_value_anywhere_in_an_answer_is_not_the_centres_language(path: Path) -> None:
    genuine = path.answer.model_dump_json(by_alias=True).encode()
    assert type(path.answer).model_validate_json(genuine) == path.answer
    leaves = LEAVES.keys() - {"nul"}  # in the centre's own words it is only a sign that no font has
    if path is PATHS["publication"]:
        leaves -= {"long"}  # it is bounded by `CONTENT_MAX`, which is longer
    for what, content in with_hostile_leaves(genuine, leaves):
        try:
            read = type(path.answer).model_validate_json(content)
        except ValidationError:
            continue
        pytest.fail(f"{what} is taken: {read!r:.200}")


NONSENSE: dict[str, Status] = {
    "nothing": Status(200, body=b""),
    "no JSON": Status(200, body=b"<html>login</html>"),
    "half": Status(200, body=b'{"schema": "jiujin.sy'),
    "a list": Status(200, body=b"[]"),
    "deep": Status(200, body=b"[" * 100_000),
    "deep objects": Status(200, body=b'{"a":' * 100_000),
    "no UTF-8": Status(200, body=b'{"centre_time": "\xff\xfe"}'),
    "a surrogate": Status(200, body=b'{"centre_time": "\\ud800"}'),
    "too long": Status(200, body=b" " * 2 * 1024 * 1024),
    "compressed though nobody asked": Status(200, headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b" * 9),
    "a redirect": Status(302, headers={"Location": "https://elsewhere.invalid/"}, body=b"{}"),
    "no content": Status(204, body=b""),
    "a problem without an end": Status(
        422, body=json.dumps({"code": "c" * 500_000, "message_zh": "", "message_en": ""}).encode()
    ),
    "a deep problem": Status(401, body=b"[" * 100_000),
    "no status of ours": Status(599, body=b"{}"),
}


@each_path
def test_nonsense_on_any_path_is_a_state_of_the_link_and_the_next_answer_is_read(
    path: Path, link: Link, centre: Centre
) -> None:
    for what, nonsense in NONSENSE.items():
        centre.faults.append(nonsense)
        came = path.ask(link)
        assert isinstance(came, Unreached | Rejected), (what, came)
        assert not isinstance(came, Rejected) or (not came.spoken and len(came.reason) < 100), what
    assert link.clock_offset_s == 0.0
    centre.faults.append(Status(200, body=path.answer.model_dump_json(by_alias=True).encode()))
    good = path.ask(link)
    assert not isinstance(good, Unreached | Rejected), good
