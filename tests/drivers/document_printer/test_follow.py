"""The verdict on a job, case by case, without a clock."""

from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.contract import Cause, Outcome
from drivers.document_printer.follow import PATIENCE, Before, Follow, Verdict
from drivers.document_printer.protocol import JobAnswer, JobState, PrinterAnswer, PrinterState

IDLE = PrinterAnswer(PrinterState.IDLE, frozenset({"media-jam-report"}), True, 1000, "urn:uuid:1")  # noqa: FBT003
OLD = JobAnswer(1, "title", JobState.COMPLETED, frozenset(), 1)
RUNNING = JobAnswer(2, "title", JobState.PROCESSING, frozenset(), 0)


def following(pages: int = 2) -> Follow:
    return Follow("title", pages, Before(IDLE, frozenset({1})))


def printer(at_s: float, *reasons: str, state: PrinterState = PrinterState.PROCESSING) -> PrinterAnswer:
    return replace(IDLE, state=state, up_time_s=1000 + int(at_s), reasons=IDLE.reasons | set(reasons))


def ended(state: JobState, impressions: int | None, *reasons: str) -> Verdict | None:
    job = replace(RUNNING, state=state, impressions=impressions, reasons=frozenset(reasons))
    return following().see(1.0, printer(1), (OLD, job))


@pytest.mark.parametrize(
    ("state", "impressions", "reasons", "outcome"),
    [
        (JobState.COMPLETED, 2, (), Outcome.DONE),
        (JobState.COMPLETED, None, ("job-completed-successfully",), Outcome.DONE),
        (JobState.COMPLETED, None, (), Outcome.UNKNOWN),
        (JobState.COMPLETED, None, ("job-completed-with-warnings",), Outcome.UNKNOWN),
        (JobState.COMPLETED, 1, ("job-completed-successfully",), Outcome.UNKNOWN),
        (JobState.COMPLETED, 1, (), Outcome.UNKNOWN),
        (JobState.COMPLETED, 0, (), Outcome.UNKNOWN),
        (JobState.COMPLETED, 2, ("job-completed-with-errors",), Outcome.UNKNOWN),
        (JobState.ABORTED, 0, ("aborted-by-system",), Outcome.FAILED),
        (JobState.CANCELED, 0, (), Outcome.FAILED),
        (JobState.ABORTED, 1, (), Outcome.UNKNOWN),
        (JobState.ABORTED, 2, (), Outcome.UNKNOWN),
        (JobState.CANCELED, None, (), Outcome.UNKNOWN),
    ],
)
def test_an_ended_job(
    state: JobState, impressions: int | None, reasons: tuple[str, ...], outcome: Outcome
) -> None:
    verdict = ended(state, impressions, *reasons)
    assert verdict is not None
    assert (verdict.outcome, verdict.give_up) == (outcome, False)
    assert (verdict.cause is None) == (outcome is Outcome.DONE)


def test_a_printer_that_counts_nothing_is_not_believed_after_an_open_door() -> None:
    watched = following()
    assert watched.see(1.0, printer(1, "door-open-error"), (replace(RUNNING, impressions=None),)) is None
    success = replace(
        RUNNING,
        state=JobState.COMPLETED,
        impressions=None,
        reasons=frozenset({"job-completed-successfully"}),
    )
    verdict = watched.see(2.0, printer(2), (success,))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.A4_COVER)


def test_another_job_is_never_taken_for_ours() -> None:
    others = (OLD, replace(RUNNING, name="another", state=JobState.COMPLETED, impressions=2))
    watched = following()
    assert watched.see(1.0, printer(1), others) is None
    assert watched.job is None


def test_the_first_new_word_is_the_cause_and_stays() -> None:
    watched = following()
    assert watched.see(1.0, printer(1, "door-open-warning"), (RUNNING,)) is None
    assert watched.see(2.0, printer(2, "media-jam-error"), (RUNNING,)) is None
    verdict = watched.see(3.0, printer(3), (replace(RUNNING, state=JobState.ABORTED),))
    assert verdict is not None
    assert verdict.cause is Cause.A4_COVER


def test_two_jobs_for_one_are_given_up() -> None:
    verdict = following().see(1.0, printer(1), (RUNNING, replace(RUNNING, number=3)))
    assert verdict is not None
    assert (verdict.outcome, verdict.give_up) == (Outcome.UNKNOWN, True)


def test_another_printer_is_not_asked_about_this_job() -> None:
    verdict = following().see(1.0, replace(printer(1), identity="urn:uuid:2"), (RUNNING,))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.A4_REPLACED)


@pytest.mark.parametrize("seen_before", [True, False])
def test_a_printer_that_began_anew_is_given_up_before_it_gets_the_document_again(
    *, seen_before: bool
) -> None:
    watched = following()
    if seen_before:
        assert watched.see(1.0, printer(1), (RUNNING,)) is None
    verdict = watched.see(9.0, replace(IDLE, up_time_s=2), ())
    assert verdict is not None
    assert (verdict.outcome, verdict.give_up) == (Outcome.UNKNOWN, True)


def test_a_stopped_printer_has_its_time_and_progress_begins_it_anew() -> None:
    watched = following(pages=100)
    stop = PrinterState.STOPPED
    half = PATIENCE.stopped_s * 0.6
    assert watched.see(half, printer(half, state=stop), (RUNNING,)) is None
    one = replace(RUNNING, impressions=1)
    assert watched.see(2 * half, printer(2 * half, state=stop), (one,)) is None, "a page came out meanwhile"
    assert watched.see(3 * half, printer(3 * half, state=stop), (one,)) is None
    verdict = watched.see(4 * half, printer(4 * half, state=stop), (one,))
    assert verdict is not None
    assert verdict.give_up
    assert verdict.cause is Cause.A4_JAM, "what a stopped printer says holds, old or new"


def test_a_job_that_never_ends_is_given_up() -> None:
    watched = following(pages=1)
    last_s = PATIENCE.start_s + PATIENCE.page_s
    assert watched.see(last_s, printer(last_s), (RUNNING,)) is None
    verdict = watched.see(last_s + 1, printer(last_s + 1), (RUNNING,))
    assert verdict is not None
    assert verdict.give_up


def test_a_printer_that_goes_is_waited_for_and_then_given_up() -> None:
    watched = following()
    assert watched.see(1.0, printer(1), (RUNNING,)) is None
    assert watched.miss(1.0 + PATIENCE.vanished_s, Cause.A4_SILENT) is None
    verdict = watched.miss(1.1 + PATIENCE.vanished_s, Cause.A4_ABSENT)
    assert verdict == Verdict(
        Outcome.UNKNOWN, Cause.A4_ABSENT, "the printer went away during the job", give_up=True
    ), "the latest word: a pulled cable tears an answer first"
    assert watched.after_cancel().cause is Cause.A4_ABSENT


def test_a_door_open_before_a_printer_went_is_still_what_stopped_the_job() -> None:
    watched = following()
    assert watched.see(1.0, printer(1, "door-open-error"), (RUNNING,)) is None
    verdict = watched.miss(1.1 + PATIENCE.vanished_s, Cause.A4_ABSENT)
    assert verdict is not None
    assert verdict.cause is Cause.A4_COVER


def test_a_silence_that_ended_explains_nothing_of_what_came_later() -> None:
    watched = following()
    assert watched.see(1.0, printer(1), (RUNNING,)) is None
    assert watched.miss(2.0, Cause.A4_SILENT) is None
    verdict = watched.see(3.0, printer(3), (replace(RUNNING, state=JobState.ABORTED),))
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, Cause.A4_ERROR)


def test_what_never_reached_a_printer_that_listened_all_the_time_has_failed() -> None:
    watched = following()
    for at_s in (1.0, 2.0, 3.0):
        assert watched.see(at_s, printer(at_s), ()) is None
        assert watched.let_go(at_s) is None
    assert watched.see(4.5, printer(4.5), ()) is None
    verdict = watched.let_go(4.5)
    assert verdict is not None
    assert verdict.outcome is Outcome.FAILED


def test_a_job_that_was_seen_is_followed_though_the_service_let_it_go() -> None:
    watched = following()
    for at_s in (1.0, 10.0, 20.0):
        assert watched.see(at_s, printer(at_s), (RUNNING,)) is None
        assert watched.let_go(at_s) is None
