"""What a printer's words mean."""

from __future__ import annotations

import pytest

from drivers.contract import Cause, DeviceState, Failed, Ok
from drivers.document_printer.ipp import Answer, Group
from drivers.document_printer.protocol import (
    PrinterAnswer,
    PrinterState,
    cause_of,
    device_status,
    explanation,
    printer_address,
    read_jobs,
    read_printer,
)

READY, FAULT = DeviceState.READY, DeviceState.FAULT


def answer(*reasons: str, state: PrinterState = PrinterState.IDLE, accepting: bool = True) -> PrinterAnswer:
    return PrinterAnswer(state, frozenset(reasons), accepting, 100, "urn:uuid:1")


@pytest.mark.parametrize(
    ("reasons", "state", "cause"),
    [
        ((), READY, None),
        (("media-jam-report", "media-jam-warning", "media-jam-error"), READY, None),
        (("media-empty-error",), FAULT, Cause.A4_PAPER_OUT),
        (("media-empty",), FAULT, Cause.A4_PAPER_OUT),
        (("media-empty-warning",), READY, None),
        (("door-open-error", "media-empty-error"), FAULT, Cause.A4_COVER),
        (("cover-open-report",), READY, None),
        (("toner-empty-error",), FAULT, Cause.A4_TONER_OUT),
        (("marker-supply-low-warning", "toner-low-report"), READY, None),
        (("some-vendors-word-error",), READY, None),
    ],
)
def test_an_idle_printer_is_at_fault_for_what_stands_only(
    reasons: tuple[str, ...], state: DeviceState, cause: Cause | None
) -> None:
    status = device_status(answer(*reasons))
    assert (status.state, status.cause) == (state, cause)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("media-jam-error", Cause.A4_JAM),
        ("some-vendors-word", Cause.A4_ERROR),
        ("media-jam-report", Cause.A4_ERROR),
    ],
)
def test_a_stopped_printer_is_at_fault_even_without_a_word(reason: str, cause: Cause) -> None:
    status = device_status(answer(reason, state=PrinterState.STOPPED))
    assert (status.state, status.cause) == (FAULT, cause)


def test_what_is_coming_is_a_warning_and_stops_nothing() -> None:
    status = device_status(answer("media-low-report", "toner-low-warning", "media-jam-error"))
    assert status.state is READY
    assert set(status.warnings) == {Cause.A4_PAPER_LOW, Cause.A4_TONER_LOW, Cause.A4_JAM}


def test_a_printer_that_takes_no_jobs_or_works_says_so() -> None:
    refusing = device_status(answer(accepting=False))
    assert (refusing.state, refusing.cause) == (FAULT, Cause.A4_ERROR)
    assert device_status(answer(state=PrinterState.PROCESSING)).state is DeviceState.BUSY


def test_old_words_explain_nothing_in_whatever_tone_they_are_said_again() -> None:
    before = frozenset({"media-jam-report"})
    assert explanation(frozenset({"media-jam-warning"}), before) is None
    assert explanation(frozenset({"media-jam-warning", "door-open-report"}), before) is Cause.A4_COVER
    assert explanation(frozenset({"media-jam-warning"}), frozenset()) is Cause.A4_JAM
    assert cause_of(frozenset({"media-jam-report"})) is None


@pytest.mark.parametrize(
    ("uri", "asked"),
    [
        ("ipp://printer.local:8631/ipp/print", ("printer.local", 8631, "/ipp/print")),
        ("ipp://10.0.0.7/ipp/print?contimeout=30", ("10.0.0.7", 631, "/ipp/print")),
        ("http://localhost:60000/ipp/print", ("localhost", 60000, "/ipp/print")),
        ("ipp://[::1]:8631/ipp/print", ("::1", 8631, "/ipp/print")),
    ],
)
def test_a_printer_is_asked_where_its_queue_sends(uri: str, asked: tuple[str, int, str]) -> None:
    address = printer_address(uri)
    assert address is not None
    assert (address.host, address.port, address.path) == asked


@pytest.mark.parametrize(
    "uri",
    [
        "socket://10.0.0.7:9100",
        "usb://HP/x",
        "ipps://10.0.0.7/ipp/print",
        "",
        "ipp://",
        "ipp://a:b/",
        "ipp://[x",
    ],
)
def test_a_printer_that_cannot_be_asked_has_no_address(uri: str) -> None:
    assert printer_address(uri) is None


def job(**changed: tuple[int | str, ...]) -> dict[str, tuple[int | str, ...]]:
    found: dict[str, tuple[int | str, ...]] = {"job-id": (3,), "job-state": (5,), "job-name": ("a",)}
    return found | {name.replace("_", "-"): values for name, values in changed.items()}


def test_a_list_with_a_job_that_cannot_be_read_is_no_list() -> None:
    fine = Answer(0, 1, ((Group.JOB, job()),))
    read = read_jobs(fine)
    assert isinstance(read, Ok)
    assert [(found.number, found.impressions) for found in read.value] == [(3, None)]
    for broken in (job(job_state=()), job(job_state=(12,)), job(job_id=()), job(job_id=("3",))):
        assert isinstance(read_jobs(Answer(0, 1, ((Group.JOB, job()), (Group.JOB, broken)))), Failed)
    assert isinstance(read_jobs(Answer(0x0500, 1, ())), Failed)
    assert read_jobs(Answer(0x0406, 1, ())) == Ok(())


def test_a_printer_without_a_state_is_not_idle() -> None:
    for broken in ({}, {"printer-state": ()}, {"printer-state": (7,)}):
        assert isinstance(read_printer(Answer(0, 1, ((Group.PRINTER, broken),))), Failed)
    assert isinstance(read_printer(Answer(0, 1, ())), Failed)
    assert isinstance(read_printer(Answer(0x0400, 1, ((Group.PRINTER, {"printer-state": (3,)}),))), Failed)
    silent = read_printer(Answer(0, 1, ((Group.PRINTER, {"printer-state": (3,)}),)))
    assert isinstance(silent, Ok)
    assert not silent.value.accepting, "who does not say that it takes jobs does not"
