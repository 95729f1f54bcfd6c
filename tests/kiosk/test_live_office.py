"""What the line says, in the words of a visit: an answer whatever happens, and the own record where it helps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from drivers.contract import Failed, Ok
from kiosk.case import CaseState
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure, Prefilled
from kiosk.journey.states import State
from kiosk.live_office import CentreOnTheLine
from offline_queue import words
from offline_queue.live import Answered, Reason, Unavailable
from offline_queue.live_wire import DecisionAnswer, PrefillAnswer, ProgressAnswer, Record
from offline_queue.records import ItemState, ItemSummary, StoreClosed
from offline_queue.wire import Kind
from tests.kiosk.journey.visits import CODE, NUMBER, definition, visit

FORM = visit(State.FORM)
ITEM = ItemSummary(
    1,
    "id",
    CODE,
    Kind.CASE,
    definition().code,
    ItemState.PENDING,
    "2026-11-25T01:12:00Z",
    0,
    "",
    "",
    None,
    "",
)


class Line:
    """A line that says what it is given, and remembers what it was asked."""

    def __init__(self, says: object) -> None:
        self.says = says
        self.asked: tuple[object, ...] = ()

    def __getattr__(self, _name: str) -> Callable[..., object]:
        def ask(*asked: object) -> object:
            self.asked = asked
            return self.says

        return ask


class Shelf:
    """An outbox with these items, or one that is closed."""

    def __init__(self, *items: ItemSummary, closed: bool = False) -> None:
        self._items, self._closed = items, closed

    def find(self, _lane: str) -> tuple[ItemSummary, ...]:
        if self._closed:
            raise StoreClosed(words.CLOSED)
        return self._items


def office(line: Line, *items: ItemSummary, closed: bool = False) -> CentreOnTheLine:
    return CentreOnTheLine(line, Shelf(*items, closed=closed))  # type: ignore[arg-type] # its methods come as asked


def progressed(state: str) -> Answered[ProgressAnswer]:
    return Answered(
        ProgressAnswer(
            code=CODE,
            service=definition().code,
            state=state,
            received_at_kiosk="r",
            registered_at="g",
            decided_at="d",
            centre_time="now",
        )
    )


def test_records_are_asked_for_by_name_and_come_with_their_source() -> None:
    record = Record(
        name="mobile", value="13900000000", source_zh="甲局", source_en="A", as_of="2026-01-01T00:00:00Z"
    )
    line = Line(Answered(PrefillAnswer(records=(record,))))
    told = office(line).records(FORM)
    assert line.asked == (definition().code, NUMBER, ("mobile",))
    assert told.found == {"mobile": Prefilled("13900000000", {"zh": "甲局", "en": "A"}, record.as_of)}


@pytest.mark.parametrize("reason", Reason)
def test_whatever_the_line_does_not_do_the_resident_types(reason: Reason) -> None:
    assert office(Line(Unavailable(reason))).records(FORM) == ev.PrefillAnswered({})
    assert office(Line(Unavailable(reason))).decide("key", CODE, 1.0) is None


def test_nobody_is_asked_about_who_showed_no_card() -> None:
    line = Line(Unavailable(Reason.OFFLINE))
    assert office(line).records(replace(FORM, card=None)) == ev.PrefillAnswered({})
    assert line.asked == ()


def test_a_decision_moves_the_case_with_the_departments_words() -> None:
    answer = DecisionAnswer(code=CODE, state="decided", decided_at="then", words_zh="好了", words_en="Done")
    line = Line(Answered(answer))
    moved = office(line, ITEM).decide("key", CODE, 7.5)
    assert line.asked == ("key", CODE, 7.5, ITEM.service), "pauses are kept by the service"
    assert moved == ev.CaseMoved(CaseState.DECIDED, words={"zh": "好了", "en": "Done"})


def test_a_state_of_next_year_is_not_shown_as_anything() -> None:
    assert office(Line(Answered(DecisionAnswer(code=CODE, state="blessed")))).decide("key", CODE, 1.0) is None
    told = office(Line(progressed("blessed"))).progress(CODE)
    assert told == ev.ProgressAnswered(Failed(LookUpFailure.UNREACHED))


def test_a_case_that_went_to_a_clerk_is_not_said_to_be_decided() -> None:
    told = office(Line(progressed("needs_clerk"))).progress(CODE).result
    assert isinstance(told, Ok)
    assert CaseState.DECIDED not in told.value.at
    told = office(Line(progressed("decided"))).progress(CODE).result
    assert isinstance(told, Ok)
    assert told.value.at[CaseState.DECIDED] == "d"


@pytest.mark.parametrize("reason", [Reason.OFFLINE, Reason.UNKNOWN_CASE])
def test_a_case_that_still_waits_here_is_known_here(reason: Reason) -> None:
    told = office(Line(Unavailable(reason)), ITEM).progress(CODE).result
    assert isinstance(told, Ok)
    assert (told.value.state, told.value.told_at) == (CaseState.RECEIVED, "")
    sent = replace(ITEM, state=ItemState.ACKNOWLEDGED, registered_at="then", case_state="registered")
    told = office(Line(Unavailable(reason)), sent).progress(CODE).result
    assert isinstance(told, Ok)
    assert told.value.state is CaseState.REGISTERED


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        (Reason.UNKNOWN_CASE, LookUpFailure.UNKNOWN),
        (Reason.OFFLINE, LookUpFailure.UNREACHED),
        (Reason.SLOW, LookUpFailure.UNREACHED),
    ],
)
def test_a_case_of_elsewhere_is_unknown_only_when_the_centre_says_so(
    reason: Reason, failure: LookUpFailure
) -> None:
    for here in (office(Line(Unavailable(reason))), office(Line(Unavailable(reason)), closed=True)):
        assert here.progress(CODE) == ev.ProgressAnswered(Failed(failure))


WITHDRAWAL = replace(ITEM, sequence=2, id="id2", kind=Kind.WITHDRAWAL)


@pytest.mark.parametrize("line", [Line(Unavailable(Reason.OFFLINE)), Line(progressed("registered"))])
def test_a_withdrawal_that_waits_here_is_told_whatever_the_line_does(line: Line) -> None:
    told = office(line, ITEM, WITHDRAWAL).progress(CODE).result
    assert isinstance(told, Ok)
    assert told.value.withdrawing
    answered = replace(WITHDRAWAL, state=ItemState.ACKNOWLEDGED, case_state="withdrawn")
    told = office(line, replace(ITEM, case_state="registered"), answered).progress(CODE).result
    assert isinstance(told, Ok)
    assert not told.value.withdrawing
    if line.says == Unavailable(Reason.OFFLINE):
        assert told.value.state is CaseState.WITHDRAWN, "the last word counts"


def test_what_the_centre_did_not_take_is_told_with_its_words() -> None:
    refused = replace(
        ITEM, state=ItemState.QUARANTINED, reason="收件时间无法识别 / The time cannot be read (x)"
    )
    for line in (Line(Unavailable(Reason.UNKNOWN_CASE)), Line(progressed("needs_correction"))):
        told = office(line, refused).progress(CODE).result
        assert isinstance(told, Ok)
        assert told.value.refused == "id"
        assert told.value.refused_words == {"zh": "收件时间无法识别", "en": "The time cannot be read (x)"}
        replaced = replace(refused, superseded_by="id3")
        told = office(line, replaced, replace(ITEM, sequence=3, id="id3")).progress(CODE).result
        assert isinstance(told, Ok)
        assert told.value.refused == "", "another one is on its way in its place"


def test_words_that_are_none_are_not_shown_to_a_resident() -> None:
    refused = replace(ITEM, state=ItemState.QUARANTINED, reason="http 413")
    told = office(Line(Unavailable(Reason.OFFLINE)), refused).progress(CODE).result
    assert isinstance(told, Ok)
    assert (told.value.refused, told.value.refused_words) == ("id", {})
