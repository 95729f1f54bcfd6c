"""SMS code, e-ID, clerk: each leads on and names itself, none blames anybody, nothing secret stays in the visit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from drivers.clerk_line.contract import ClerkAnswer, ClerkFailure, ClerkWord
from drivers.contract import Failed, Ok
from drivers.eid.contract import Eid, EidFailure
from kiosk.case import CasePayload
from kiosk.catalogue.consent import CLERK_VERSION
from kiosk.catalogue.model import Method
from kiosk.filing import payload_of, withdrawal_of
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.present.proving import CLERK_WORDS, CODE_WORDS, QR_WORDS
from kiosk.journey.proof import CODES_MAX, CodeFailure, CodeProgress, CodeSent, Proof, QrFailure
from kiosk.journey.proving import CODE_FIELD
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import Preview, action, fields_of
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import missing
from kiosk.rehearsal.script import words_of
from tests.kiosk.journey.visits import card, coming_back, visit, withdrawing, world

ALL = replace(world(), ways=frozenset(Method), working=frozenset({Method.QR, Method.CLERK}))
SENT = ev.CodeAnswered(Ok(CodeSent("138****8000", "r-1")))
CODE = "407312"
UNKNOWN = replace(visit(State.OTHER_WAY), consent=None)
"""Said no to the face."""


def going(*events: ev.Event, around: World = ALL, start: Visit = UNKNOWN) -> Visit:
    for event in events:
        start, _ = step(start, event, around)
    return start


def case_of(known: Visit) -> CasePayload:
    return payload_of(known, received_at="2026-11-25T01:12:00Z", clock_quality="synced")


WAYS = {
    Method.SMS: (ev.Pressed("sms"), SENT, ev.CodeChecked(right=True)),
    Method.QR: (ev.Pressed("qr"), ev.QrAnswered(Ok(Eid("demo-issuer", ALL.now)))),
    Method.CLERK: (
        ev.Pressed("clerk"),
        ev.Pressed("agree"),
        ev.PhotoTaken(b"jpeg"),
        ev.ClerkAnswered(Ok(ClerkAnswer(ClerkWord.SAME, "C12"))),
    ),
}
EVIDENCE = {
    Method.SMS: ("sms.code_of_registered_phone", "reference r-1"),
    Method.QR: ("eid.signed_code_on_phone", "issuer demo-issuer issued 2026-11-25T01:12:00+00:00"),
    Method.CLERK: ("clerk.compared_pictures", "clerk C12 said same"),
}


@pytest.mark.parametrize("method", WAYS)
def test_each_way_leads_on_and_the_case_names_it_and_no_other(method: Method) -> None:
    known = going(*WAYS[method])
    assert known.state is State.PREFILL
    case = case_of(known)
    assert (case.assurance, case.recognised_by) == ("L2", method.value)
    passed = {(line.name, line.detail) for line in case.evidence if line.outcome == "passed"}
    assert EVIDENCE[method] in passed
    names = {name for name, _ in passed if not name.startswith("card.")}
    assert names == {EVIDENCE[method][0]}
    assert {line.name: line.outcome for line in case.evidence}["face"] == "not_done"
    assert CasePayload.model_validate_json(case.model_dump_json(by_alias=True)) == case, "the centre reads it"


def test_who_was_recognised_by_nobody_claims_nothing() -> None:
    case = case_of(UNKNOWN)
    assert (case.assurance, case.recognised_by) == ("L1", None)


def test_a_withdrawal_names_its_way_as_well() -> None:
    proved = replace(
        withdrawing(coming_back()), helper_confirmed=False, proof=Proof(Method.SMS, "reference r-1")
    )
    told = withdrawal_of(proved, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
    assert (told.assurance, told.recognised_by) == ("L2", "sms")


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("taken", ["village", "service", "end"])
def test_no_way_is_gone_that_is_not_offered_allowed_and_answered(method: Method, taken: str) -> None:
    around, before = ALL, UNKNOWN
    match taken:
        case "village":
            around = replace(ALL, ways=ALL.ways - {method})
        case "service":
            evidence = before.service.evidence.model_copy(update={"methods": (Method.FACE, Method.HELPER)})
            before = replace(before, definition=before.service.model_copy(update={"evidence": evidence}))
        case _:
            around = replace(ALL, online=False, working=frozenset())
    offered = action(present(before, around), method.value)
    if taken == "end":
        assert offered is not None
        assert not offered.enabled
        assert offered.reason
    else:
        assert offered is None
    assert going(WAYS[method][0], around=around, start=before) == before
    assert action(present(before, around), "window") is not None


def test_offline_the_code_says_so_itself() -> None:
    offline = replace(ALL, online=False, link_cause="net.down")
    assert "要联网才能用" in (action(present(UNKNOWN, offline), "sms") or pytest.fail("no such way")).reason
    failed = going(ev.Pressed("sms"), ev.CodeAnswered(Failed(CodeFailure.OFFLINE)))
    assert "连不上中心" in words_of(present(failed, offline))
    assert action(present(failed, offline), "other_way") is not None


def test_a_written_code_goes_on_to_who_knows_it_and_stays_nowhere() -> None:
    shown = going(ev.Pressed("sms"), SENT)
    assert "138****8000" in words_of(present(shown, ALL))
    after, effects = step(shown, ev.Entered(CODE_FIELD, CODE), ALL)
    assert effects == (fx.CheckCode(CODE),)
    assert after == shown
    assert CODE not in repr((after, effects, ev.Entered(CODE_FIELD, CODE)))
    for unfinished in ("", "40731", "4073120", "四〇七三一二", "40731a"):
        assert step(shown, ev.Entered(CODE_FIELD, unfinished), ALL) == (shown, ())


def test_a_wrong_one_says_what_is_left_and_a_used_up_one_offers_another() -> None:
    wrong = going(ev.Pressed("sms"), SENT, ev.CodeChecked(right=False, left=2))
    (field,) = fields_of(present(wrong, ALL))
    assert "还可以试 2 次" in field.error
    assert not wrong.verified
    gone = going(ev.CodeChecked(right=False, failure=CodeFailure.USED_UP), start=wrong)
    assert list(fields_of(present(gone, ALL))) == []
    again, effects = step(gone, ev.Pressed("send_again"), ALL)
    assert [type(effect) for effect in effects] == [fx.SendCode]
    assert (again.code.codes, again.code.asking) == (2, True)


def test_a_phone_is_not_rung_by_going_back_and_forth() -> None:
    current, sent = UNKNOWN, 0
    for _ in range(4):
        current, effects = step(current, ev.Pressed("sms"), ALL)
        sent += any(isinstance(effect, fx.SendCode) for effect in effects)
        if current.state is State.SMS:
            current = going(SENT, ev.Pressed("back"), start=current)
        assert current.state is State.OTHER_WAY
    assert sent == CODES_MAX
    assert "已经发过两次" in (action(present(current, ALL), "sms") or pytest.fail("no such way")).reason


@pytest.mark.parametrize("failure", [CodeFailure.OFFLINE, CodeFailure.TOO_OFTEN, CodeFailure.NOT_SENT])
def test_a_code_that_was_not_sent_is_not_said_to_have_been(failure: CodeFailure) -> None:
    failed = ev.CodeAnswered(Failed(failure))
    tried = going(ev.Pressed("sms"), failed)
    for _ in range(CODES_MAX):
        tried = going(ev.Pressed("send_again"), failed, start=tried)
    assert tried.code.codes == 0
    assert (action(present(tried, ALL), "send_again") or pytest.fail("no such button")).enabled
    back = going(ev.Pressed("other_way"), start=tried)
    assert (action(present(back, ALL), "sms") or pytest.fail("no such way")).enabled
    assert going(ev.Pressed("sms"), SENT, start=back).code.codes == 1


def test_a_late_answer_finds_nobody() -> None:
    before = going(ev.Pressed("sms"), SENT, ev.Pressed("other_way"))
    for late in (SENT, ev.CodeChecked(right=True), *(way[-1] for way in WAYS.values())):
        assert going(late, start=before) == before
    idle = visit(State.SMS)
    assert going(ev.CodeChecked(right=True), start=idle) == idle, "without a code nothing is right"
    assert going(SENT, start=idle) == idle
    assert going(WAYS[Method.QR][-1], start=visit(State.QR)) == visit(State.QR)
    assert going(WAYS[Method.CLERK][-1], start=visit(State.CLERK)) == visit(State.CLERK)


def test_leaving_the_code_or_the_phone_forgets_and_shuts() -> None:
    for start, effect in (
        (going(ev.Pressed("sms"), SENT), fx.ForgetCode()),
        (going(ev.Pressed("qr")), fx.StopQr()),
        (going(ev.Pressed("clerk"), ev.Pressed("agree")), fx.StopClerk()),
    ):
        for event in (ev.Pressed("other_way"), ev.Pressed("back"), ev.IdleExpired()):
            assert effect in step(start, event, ALL)[1], (start.state, event)


def test_no_picture_goes_before_the_second_yes_and_the_camera_is_shut_when_it_goes() -> None:
    asked, effects = step(UNKNOWN, ev.Pressed("clerk"), ALL)
    assert (asked.state, effects) == (State.CLERK_CONSENT, ())
    shown = present(asked, ALL)
    agree, other = action(shown, "agree"), action(shown, "other_way")
    assert agree is not None
    assert other is not None
    assert agree.style is other.style
    looking, effects = step(asked, ev.Pressed("agree"), ALL)
    assert effects == (fx.StartCamera(), fx.TakePhoto())
    assert any(isinstance(block, Preview) for block in present(looking, ALL).blocks)
    asking, effects = step(looking, ev.PhotoTaken(b"jpeg"), ALL)
    assert effects == (fx.StopCamera(), fx.AskClerk(asking, b"jpeg"))
    assert asking.photo is None, "the picture is in the effect alone"
    told = case_of(asking)
    assert told.consent is None, "the face was not agreed to"
    assert told.clerk_consent is not None
    assert told.clerk_consent.notice_version == CLERK_VERSION
    assert step(asking, ev.PhotoTaken(b"late"), ALL) == (asking, ())


def test_a_no_to_the_clerk_leaves_nothing() -> None:
    after = going(ev.Pressed("clerk"), ev.Pressed("other_way"))
    assert after == UNKNOWN


def test_the_yes_under_which_a_picture_left_is_not_erased_by_coming_back_to_the_question() -> None:
    sent = going(*WAYS[Method.CLERK][:-1])
    later = replace(ALL, now=ALL.now + timedelta(minutes=1))
    asked = going(ev.Pressed("other_way"), ev.Pressed("clerk"), start=sent, around=later)
    assert asked.state is State.CLERK_CONSENT
    refused = going(ev.Pressed("other_way"), start=asked, around=later)
    told = case_of(refused).clerk_consent
    assert told is not None
    assert (told.at, told.withdrawn_at) == ("2026-11-25T01:12:00+00:00", "2026-11-25T01:13:00+00:00")
    case = case_of(going(ev.Pressed("agree"), start=asked, around=later))
    assert case.clerk_consent is not None
    assert (case.clerk_consent.at, case.clerk_consent.withdrawn_at) == ("2026-11-25T01:13:00+00:00", None)
    (line,) = [one for one in case.evidence if one.name == "consent.earlier"]
    assert line.detail.startswith(f"notice_version {CLERK_VERSION} at 2026-11-25T01:12:00+00:00 ")
    assert line.detail.endswith(" withdrawn_at 2026-11-25T01:13:00+00:00")


@pytest.mark.parametrize("word", [ClerkWord.NOT_SAME, ClerkWord.CANNOT_SAY])
def test_a_clerk_who_is_not_sure_turns_nobody_away_and_is_not_asked_again(word: ClerkWord) -> None:
    after = going(*WAYS[Method.CLERK][:-1], ev.ClerkAnswered(Ok(ClerkAnswer(word, "C12"))))
    assert after.state is State.OTHER_WAY
    assert not after.verified
    ways = present(after, ALL)
    clerk, helper = action(ways, "clerk"), action(ways, "helper")
    assert clerk is not None
    assert not clerk.enabled
    assert helper is not None
    assert helper.enabled
    for blame in ("冒用", "假", "失败", "不是本人", "可疑"):
        assert blame not in words_of(ways)


@pytest.mark.parametrize(
    ("word", "outcome"), [(ClerkWord.NOT_SAME, "failed"), (ClerkWord.CANNOT_SAY, "not_done")]
)
def test_what_a_clerk_saw_who_was_not_sure_stays_in_the_case_beside_the_way_that_led_on(
    word: ClerkWord, outcome: str
) -> None:
    after = going(*WAYS[Method.CLERK][:-1], ev.ClerkAnswered(Ok(ClerkAnswer(word, "C12"))), *WAYS[Method.SMS])
    case = case_of(after)
    assert case.recognised_by == "sms"
    lines = [line for line in case.evidence if line.name == "clerk.compared_pictures"]
    assert [(line.outcome, line.detail) for line in lines] == [(outcome, f"clerk C12 said {word.value}")]


def test_a_child_and_a_card_without_a_photo_are_not_looked_at_by_a_clerk() -> None:
    for read in (card(birth=2015), replace(card(), photo=None)):
        before = replace(UNKNOWN, card=read)
        assert going(ev.Pressed("clerk"), start=before) == before
        assert going(ev.Pressed("sms"), start=before).state is State.SMS, "which needs neither"


@pytest.mark.parametrize("failure", [*QrFailure, *EidFailure])
def test_a_code_that_proves_nothing_is_told_with_what_to_do(failure: QrFailure | EidFailure) -> None:
    after = going(ev.Pressed("qr"), ev.QrAnswered(Failed(failure)))
    assert not after.verified
    shown = present(after, ALL)
    assert QR_WORDS[failure] in words_of(shown)
    assert going(ev.Pressed("try_qr"), start=after).qr.looking
    assert going(ev.Pressed("other_way"), start=after).state is State.OTHER_WAY


@pytest.mark.parametrize("failure", ClerkFailure)
def test_a_desk_without_a_word_may_be_asked_again_under_the_same_yes(failure: ClerkFailure) -> None:
    after = going(*WAYS[Method.CLERK][:-1], ev.ClerkAnswered(Failed(failure)))
    assert (after.state, after.verified) == (State.CLERK, False)
    again, effects = step(after, ev.Pressed("try_clerk"), ALL)
    assert fx.StartCamera() in effects
    assert again.clerk_consent == after.clerk_consent


def test_every_failure_has_words_in_both_languages() -> None:
    assert set(CODE_WORDS) == set(CodeFailure)
    assert set(QR_WORDS) == {*QrFailure, *EidFailure}
    assert set(CLERK_WORDS) == set(ClerkFailure)
    said = [*CODE_WORDS.values(), *QR_WORDS.values(), *CLERK_WORDS.values()]
    assert missing("en", said) == []


def test_a_service_may_be_left_and_a_new_visit_has_its_own_codes() -> None:
    used = replace(UNKNOWN, code=CodeProgress(codes=CODES_MAX))
    assert going(ev.Pressed("home"), start=used).code == CodeProgress()
