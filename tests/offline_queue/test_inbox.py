"""Letters from the centre are applied exactly once, in order, and only when they are the centre's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue.inbox import sort_letters
from offline_queue.inbox_wire import CaseNews, Cases, InboxAnswer, InboxRequest, Letter, Reference
from offline_queue.link import Link
from offline_queue.records import ItemState, Settlement
from offline_queue.store import Outbox
from offline_queue.wire import Message
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import FAST, TerminalKit, Watched, committed, draft

LANE = "0142AAAA"
AT = "2026-11-26T08:00:00Z"


def moved(state: str, lane: str = LANE, words_zh: str = "") -> Cases:
    return Cases(cases=(CaseNews(code=lane, state=state, at=AT, words_zh=words_zh),))


def state_of(outbox: Outbox, lane: str = LANE) -> str:
    return outbox.find(lane)[-1].case_state


def test_the_terminal_knows_the_new_state_and_its_words_at_look_up(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    committed(outbox, draft(LANE))
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: state_of(outbox) == "registered", "the batch's answer")
        centre.letters.append(centre.letter(1, moved("needs_clerk", words_zh="工作人员正在核对")))
        watched.sender.beat({})
        watched.until(lambda: state_of(outbox) == "needs_clerk", "the letter")
    news = outbox.deliveries.news(LANE)
    assert news is not None
    assert news.words_zh == "工作人员正在核对"


def test_many_letters_come_in_several_answers_in_their_order(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    committed(outbox, draft(LANE))
    states = ["needs_clerk", "registered", "accepted", "in_process", "decided"]
    centre.letters = [centre.letter(number, moved(state)) for number, state in enumerate(states, 1)]
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: outbox.deliveries.inbox_cursor() == 5, "all letters")
    assert state_of(outbox) == "decided"
    assert centre.asked_after[:3] == [None, 2, 4], "two letters an answer, asked again at once"


def test_letters_do_not_wait_for_the_end_of_a_backlog(
    outbox: Outbox, link: Link, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three days' cases on a narrow line take half an hour, and a letter may take back a definition."""
    for number in range(12):
        committed(outbox, draft(f"0142{number:04}"))
    centre.letters = [centre.letter(number, moved("needs_clerk")) for number in range(1, 6)]
    sent_before: list[int] = []
    answer = centre._inbox

    def noted(request: InboxRequest, now: datetime) -> InboxAnswer:
        sent_before.append(len(centre.order))
        return answer(request, now)

    monkeypatch.setattr(centre, "_inbox", noted)
    one_by_one = replace(FAST, batch_items=1)
    with Watched(outbox, link, centre, heartbeat_body=dict, policy=one_by_one) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "all sent")
        watched.until(lambda: outbox.deliveries.inbox_cursor() == 5, "all letters")
    assert sent_before[:3] == [1, 2, 3], "one request for letters after each batch, and the cases go on"


def test_the_cursor_survives_a_restart(kit: TerminalKit, centre: Centre) -> None:
    outbox = kit.open()
    committed(outbox, draft(LANE))
    assert outbox.deliveries.apply_letters([centre.letter(1, moved("needs_clerk"))])
    outbox.close()
    outbox = kit.open()
    assert outbox.deliveries.inbox_cursor() == 1
    assert state_of(outbox) == "needs_clerk"
    outbox.close()


def test_a_letter_that_comes_twice_is_applied_once(outbox: Outbox, centre: Centre) -> None:
    committed(outbox, draft(LANE))
    first, second = centre.letter(1, moved("needs_clerk")), centre.letter(2, moved("registered"))
    outbox.deliveries.apply_letters([first, second])
    outbox.deliveries.apply_letters([first])
    assert state_of(outbox) == "registered"
    assert outbox.deliveries.inbox_cursor() == 2


def test_what_is_not_the_centres_word_is_not_applied_and_stops_there(centre: Centre) -> None:
    keys = {centre.key_id: centre.key.public_key()}

    def fault(letter: Letter, cursor: int | None = 0) -> str:
        found = sort_letters([letter], "0142", cursor, keys)
        assert found.good == ()
        return found.fault

    good = centre.letter(1, moved("accepted"))
    forged = good.model_copy(update={"signature": Ed25519PrivateKey.generate().sign(good.signed_bytes())})
    assert fault(forged) == "signature is wrong"
    assert (
        fault(good.model_copy(update={"content": moved("decided").model_dump_json()})) == "signature is wrong"
    )
    assert fault(good.model_copy(update={"key_id": "other"})) == "signed by an unknown key"
    assert fault(centre.letter(1, moved("accepted"), terminal="0777")) == "a letter for another terminal"
    assert fault(centre.letter(3, moved("accepted"))) == "a letter is missing"


def test_the_good_ones_before_a_bad_one_are_applied(outbox: Outbox, link: Link, centre: Centre) -> None:
    committed(outbox, draft(LANE))
    centre.letters = [centre.letter(1, moved("accepted")), centre.letter(3, moved("decided"))]
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: "a letter is missing" in watched.sender.status().last_error, "the fault")
    assert state_of(outbox) == "accepted"
    assert outbox.deliveries.inbox_cursor() == 1


def test_a_new_disk_begins_where_the_centre_is(outbox: Outbox, centre: Centre) -> None:
    keys = {centre.key_id: centre.key.public_key()}
    found = sort_letters([centre.letter(41, moved("accepted"))], "0142", None, keys)
    assert outbox.deliveries.apply_letters(found.good)
    assert outbox.deliveries.inbox_cursor() == 41


class Unheard(Message):
    """A kind that only a newer centre knows."""

    kind: str = "dance"


@pytest.mark.parametrize("strange", [Unheard(), Unheard(kind="")])
def test_a_newer_centres_letter_does_not_stop_the_others(
    outbox: Outbox, centre: Centre, strange: Message
) -> None:
    committed(outbox, draft(LANE))
    outbox.deliveries.apply_letters([centre.letter(1, strange), centre.letter(2, moved("accepted"))])
    assert state_of(outbox) == "accepted"
    assert outbox.deliveries.unread_letters() == 1


def test_the_newest_reference_of_each_subject_is_kept(outbox: Outbox, centre: Centre) -> None:
    def published(version: str, **changes: Any) -> Reference:
        told = {"subject": "definitions", "sha256": "d" * 64, "path": f"/catalogue/{version}.json", **changes}
        return Reference.model_validate({"version": version, **told})

    contents = [published("1"), published("2"), published("7", subject="configuration")]
    outbox.deliveries.apply_letters([centre.letter(n, content) for n, content in enumerate(contents, 1)])
    kept = outbox.deliveries.references()
    assert [(one.subject, one.version) for one in kept] == [("configuration", "7"), ("definitions", "2")]


@pytest.mark.parametrize(
    ("taken", "states"),
    [
        (["07:00:00"], ["needs_correction"]),
        (["07:00:00", "08:00:01"], ["needs_correction", "registered"]),
        (["07:00:00", "08:00:00"], ["needs_correction", "needs_correction"]),
        (["07:00:00", ""], ["needs_correction", "needs_correction"]),
        (["08:00:01"], ["needs_correction"]),
    ],
    ids=[
        "one item",
        "older than the second filing",
        "about both",
        "the second waits",
        "a clock that is behind",
    ],
)
def test_an_old_letter_says_nothing_of_what_was_filed_after_it(
    outbox: Outbox, centre: Centre, taken: list[str], states: list[str]
) -> None:
    for time in taken:
        sequence = committed(outbox, draft(LANE)).sequence
        if time:
            at = f"2026-11-26T{time}.000Z"
            outbox.deliveries.settle(
                [Settlement(sequence, ItemState.ACKNOWLEDGED, "registered", "", at, "registered")]
            )
    outbox.deliveries.apply_letters([centre.letter(1, moved("needs_correction"))])
    assert [item.case_state for item in outbox.find(LANE)] == states


def test_news_of_a_case_that_is_not_known_here_are_not_kept(outbox: Outbox, centre: Centre) -> None:
    outbox.deliveries.apply_letters([centre.letter(1, moved("accepted", lane="0142ZZZZ"))])
    assert outbox.deliveries.news("0142ZZZZ") is None
