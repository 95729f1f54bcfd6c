"""What a technician does with cases that are stuck, on a stopped terminal's own files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.case import new_case_code
from kiosk.repair_command import COMMANDS
from kiosk.settings import Settings
from offline_queue.inbox_wire import CaseNews, Cases, Letter
from offline_queue.records import ItemState, Settlement
from offline_queue.wire import Kind
from tests.central.photographed import picture
from tests.kiosk.test_queue_commands import config, outbox_of, settings
from tests.offline_queue.terminal import committed, draft

__all__ = ["config", "settings"]

CODE = new_case_code("0142")


@pytest.fixture(params=["refused"])
def verdict(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def one_refused(settings: Settings, verdict: str) -> int:
    """Its sequence."""
    outbox = outbox_of(settings)
    done = committed(outbox, draft(CODE))
    outbox.deliveries.settle([Settlement(done.sequence, ItemState.QUARANTINED, verdict, "格式不对")])
    outbox.close()
    return done.sequence


def run(config: Path, name: str, *words: str) -> tuple[int, dict[str, Any]]:
    (command,) = [command for command in COMMANDS if command.name == name]
    answered = CliRunner().invoke(command, [*words, "--config", str(config), "--json"])
    return answered.exit_code, json.loads(answered.stdout or "{}")


def test_what_was_refused_is_listed_with_the_centres_words(config: Path, one_refused: int) -> None:
    code, told = run(config, "refused")
    assert code == 1
    assert [(item["sequence"], item["reason"]) for item in told["items"]] == [(one_refused, "格式不对")]


def test_it_is_sent_again(config: Path, one_refused: int) -> None:
    code, told = run(config, "resend", str(one_refused))
    assert (code, told["ok"], told["resent"]) == (0, True, 1)
    code, told = run(config, "resend", str(one_refused))
    assert (code, told["ok"], told["resent"]) == (1, False, 0)
    assert run(config, "refused")[0] == 0


def test_many_are_sent_again_by_what_the_centre_said_or_all(config: Path, settings: Settings) -> None:
    outbox = outbox_of(settings)
    for reason in ("schema: 格式不对", "schema: 少一项", "too_large: 太大"):
        done = committed(outbox, draft(new_case_code("0142")))
        outbox.deliveries.settle([Settlement(done.sequence, ItemState.QUARANTINED, "http 422", reason)])
    outbox.close()
    assert run(config, "resend", "--reason", "没有这样的")[0] == 1
    code, told = run(config, "resend", "--reason", "schema:")
    assert (code, told["ok"], told["resent"]) == (0, True, 2)
    assert [item["reason"] for item in run(config, "refused")[1]["items"]] == ["too_large: 太大"]
    assert run(config, "resend", "--all")[1]["resent"] == 1
    assert run(config, "resend", "--all") == (
        1,
        {"ok": False, "resent": 0, "message": run(config, "resend", "7")[1]["message"]},
    )
    outbox = outbox_of(settings)
    counters = outbox.counters()
    assert (
        counters.pending,
        counters.quarantined,
        len(outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99999)),
    ) == (3, 0, 3)
    outbox.close()


@pytest.mark.usefixtures("one_refused")
@pytest.mark.parametrize("words", [(), ("1", "--all"), ("1", "--reason", "x"), ("--reason", " ")])
def test_what_to_send_again_has_to_be_said_once(config: Path, words: tuple[str, ...]) -> None:
    assert run(config, "resend", *words)[0] == 2
    assert run(config, "refused")[1]["items"]


def kinds_and_states(settings: Settings) -> list[tuple[Kind, ItemState]]:
    outbox = outbox_of(settings)
    found = [(item.kind, item.state) for item in outbox.find(CODE)]
    outbox.close()
    return found


def test_it_is_given_back_and_a_tombstone_tells_the_centre(
    config: Path, settings: Settings, one_refused: int
) -> None:
    assert run(config, "give-back", str(one_refused), "--words", "已退还本人")[0] == 0
    code, told = run(config, "give-back", str(one_refused))
    assert (code, told["ok"], told["outcome"]) == (1, False, "not_refused")
    assert kinds_and_states(settings) == [
        (Kind.CASE, ItemState.CLOSED),
        (Kind.WITHDRAWAL, ItemState.PENDING),
    ]


@pytest.mark.parametrize("kind", [Kind.CASE, Kind.EVALUATION, Kind.WITHDRAWAL])
def test_one_item_of_a_case_is_given_back_alone_and_what_waits_behind_it_stays(
    config: Path, settings: Settings, kind: Kind
) -> None:
    """The centre is told of that item only: a withdrawal as tombstone would take the content of what waits."""
    outbox = outbox_of(settings)
    first = committed(outbox, draft(CODE))
    outbox.deliveries.settle([Settlement(first.sequence, ItemState.ACKNOWLEDGED, "registered")])
    refused = committed(outbox, draft(CODE, kind=kind, payload=b"second"))
    outbox.deliveries.settle([Settlement(refused.sequence, ItemState.QUARANTINED, "refused", "x")])
    waiting = committed(outbox, draft(CODE, payload=b"third"))
    outbox.close()
    assert run(config, "give-back", str(refused.sequence))[0] == 0
    assert kinds_and_states(settings) == [
        (Kind.CASE, ItemState.ACKNOWLEDGED),
        (kind, ItemState.CLOSED),
        (Kind.CASE, ItemState.PENDING),
        (Kind.EVALUATION, ItemState.PENDING),
    ]
    outbox = outbox_of(settings)
    (item,) = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99999)
    assert (item.sequence, item.erased) == (waiting.sequence, False)
    outbox.close()


def test_what_was_replaced_by_something_that_was_given_back_is_given_back_too(
    config: Path, settings: Settings, one_refused: int
) -> None:
    outbox = outbox_of(settings)
    (replaced,) = outbox.find(CODE)
    new = committed(outbox, draft(CODE, payload=b"better", supersedes=replaced.id, person="somebody"))
    outbox.deliveries.settle([Settlement(new.sequence, ItemState.QUARANTINED, "refused", "x")])
    outbox.close()
    assert run(config, "give-back", str(new.sequence))[0] == 0
    assert run(config, "give-back", str(one_refused))[0] == 0
    assert run(config, "refused") == (0, {"items": [], "ok": True})


@pytest.mark.parametrize("verdict", ["conflict"], indirect=True)
def test_giving_back_a_conflict_does_not_withdraw_the_case_that_the_centre_has(
    config: Path, settings: Settings, one_refused: int
) -> None:
    assert run(config, "give-back", str(one_refused))[0] == 0
    assert kinds_and_states(settings) == [(Kind.CASE, ItemState.CLOSED)]


def test_what_was_replaced_is_not_given_back_since_that_would_withdraw_what_took_its_place(
    config: Path, settings: Settings, one_refused: int
) -> None:
    outbox = outbox_of(settings)
    (replaced,) = outbox.find(CODE)
    committed(outbox, draft(CODE, payload=b"better", supersedes=replaced.id))
    outbox.close()
    code, told = run(config, "give-back", str(one_refused))
    assert (code, told["ok"], told["outcome"]) == (1, False, "replaced")
    assert "请处理新的那件" in told["message"]
    assert kinds_and_states(settings) == [
        (Kind.CASE, ItemState.QUARANTINED),
        (Kind.CASE, ItemState.PENDING),
    ]


def test_what_was_replaced_by_somebody_else_is_closed_by_staff_once_that_one_has_arrived(
    config: Path, settings: Settings, one_refused: int
) -> None:
    outbox = outbox_of(settings)
    (replaced,) = outbox.find(CODE)
    new = committed(outbox, draft(CODE, payload=b"better", supersedes=replaced.id, person="somebody"))
    outbox.close()
    assert run(config, "give-back", str(one_refused))[1]["outcome"] == "replaced"
    outbox = outbox_of(settings)
    outbox.deliveries.settle([Settlement(new.sequence, ItemState.ACKNOWLEDGED, "registered")])
    outbox.close()
    assert run(config, "give-back", str(one_refused))[0] == 0
    assert kinds_and_states(settings) == [(Kind.CASE, ItemState.CLOSED), (Kind.CASE, ItemState.ACKNOWLEDGED)]


def test_everything_that_the_centre_lacks_goes_on_a_stick(
    config: Path, one_refused: int, tmp_path: Path
) -> None:
    code, told = run(config, "export", str(tmp_path / "stick"))
    assert (code, told["items"], told["of"]) == (0, 1, 1)
    assert len((tmp_path / "stick").read_bytes().splitlines()) == 3
    assert one_refused == 1


@pytest.mark.parametrize("damaged", [False, True])
def test_photographs_go_on_the_stick_and_a_case_with_a_damaged_one_stays_behind(
    config: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, damaged: bool
) -> None:
    outbox = outbox_of(settings)
    committed(outbox, replace(draft(CODE), attachments=(picture(300),)))
    outbox.close()
    if damaged:
        monkeypatch.setattr("offline_queue.deliveries.Deliveries.attachment", lambda *_: b"not this")
    code, told = run(config, "export", str(tmp_path / "stick"))
    assert (code, told["items"], told["of"]) == ((1, 0, 1) if damaged else (0, 1, 1))
    lines = (tmp_path / "stick").read_bytes().splitlines()
    assert len(lines) == (2 if damaged else 4), "heading, part, item, ending"


def test_a_stick_that_cannot_be_written_is_told(config: Path, one_refused: int, tmp_path: Path) -> None:
    code, told = run(config, "export", str(tmp_path / "pulled out" / "stick"))
    assert (code, told["ok"]) == (1, False)
    assert "U盘" in told["message"]
    assert run(config, "refused")[1]["items"][0]["sequence"] == one_refused


def test_a_case_is_shown_with_what_the_centre_said_last(
    config: Path, settings: Settings, one_refused: int
) -> None:
    assert one_refused
    code, told = run(config, "show", CODE.lower())
    assert (code, told["items"][0]["state"], told["news"]) == (0, "quarantined", None)
    outbox = outbox_of(settings)
    news = CaseNews(code=CODE, state="accepted", at="2026-11-26T08:00:00Z", words_zh="已受理")
    letter = Letter(
        terminal="0142",
        number=1,
        content=Cases(cases=(news,)).model_dump_json(),
        key_id="checked by others",
        signature=b"",
    )
    assert outbox.deliveries.apply_letters([letter])
    outbox.close()
    code, told = run(config, "show", CODE)
    assert told["news"] == news.model_dump()


def test_of_a_withdrawn_case_it_is_told_that_its_content_is_gone(config: Path, settings: Settings) -> None:
    outbox = outbox_of(settings)
    committed(outbox, draft(CODE))
    committed(outbox, draft(CODE, kind=Kind.WITHDRAWAL))
    outbox.close()
    _code, told = run(config, "show", CODE)
    assert [item["erased"] for item in told["items"]] == [True, False]
    (command,) = [command for command in COMMANDS if command.name == "show"]
    first, second = CliRunner().invoke(command, [CODE, "--config", str(config)]).stdout.splitlines()
    assert "内容已抹去" in first
    assert "抹去" not in second
