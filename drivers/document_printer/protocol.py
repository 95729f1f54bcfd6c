"""What is asked of an IPP printer and what its answers mean: pure, no device.

Attributes, states and reasons are those of RFC 8011 and of PWG 5100.9 (printer-state-reasons).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlsplit

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Nameplate, Ok
from drivers.document_printer.ipp import Answer, Attributes, Group, Operation, Tag, Value, encode

USER = "jiujin"
"""The one name that the print service and the printer ever see."""
_SUCCESS_MAX = 0x00FF
_NOT_FOUND = 0x0406
_DEFAULT_PORT = 631

_PRINTER_ATTRIBUTES = (
    "printer-state",
    "printer-state-reasons",
    "printer-is-accepting-jobs",
    "printer-up-time",
    "printer-uuid",
    "printer-device-id",
    "printer-make-and-model",
    "printer-firmware-string-version",
)
_SERIAL_KEYS = ("SN", "SERN", "SERIALNUMBER")
"""How makers name the serial number in an IEEE 1284 device id."""
_JOB_ATTRIBUTES = (
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
)


@dataclass(frozen=True, slots=True)
class PrinterAddress:
    """Where a printer is asked."""

    uri: str
    host: str
    port: int
    path: str


def printer_address(device_uri: str) -> PrinterAddress | None:
    """The printer behind a queue's device-uri; None when that way knows no questions (socket, usb, lpd).

    `ipps` is not taken: whom its certificate speaks for would have to be settled first.
    """
    try:
        parts = urlsplit(device_uri)
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        return None
    if parts.scheme not in ("ipp", "http") or not parts.hostname:
        return None
    path = parts.path or "/"
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return PrinterAddress(f"ipp://{host}:{port}{path}", parts.hostname, port, path)


class PrinterState(IntEnum):
    """printer-state."""

    IDLE = 3
    PROCESSING = 4
    STOPPED = 5


class JobState(IntEnum):
    """job-state."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9

    @property
    def ended(self) -> bool:
        return self >= JobState.CANCELED


_NAMELESS = Nameplate()


@dataclass(frozen=True, slots=True)
class PrinterAnswer:
    """A printer's word on itself. `identity` is its uuid, or else its device id."""

    state: PrinterState
    reasons: frozenset[str]
    accepting: bool
    up_time_s: int
    identity: str
    nameplate: Nameplate = _NAMELESS


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """A printer's word on one job. `impressions`: sides that came out, None when it does not count."""

    number: int
    name: str
    state: JobState
    reasons: frozenset[str]
    impressions: int | None


def printer_question(address: PrinterAddress, request_id: int) -> bytes:
    wanted = (Tag.KEYWORD, "requested-attributes", _PRINTER_ATTRIBUTES)
    return encode(Operation.GET_PRINTER_ATTRIBUTES, request_id, (_target(address), _asking(), wanted))


def jobs_question(address: PrinterAddress, request_id: int, *, ended: bool) -> bytes:
    """Two questions make the whole list: every printer knows these two words, few know `all`."""
    which = (Tag.KEYWORD, "which-jobs", ("completed" if ended else "not-completed",))
    wanted = (Tag.KEYWORD, "requested-attributes", _JOB_ATTRIBUTES)
    return encode(Operation.GET_JOBS, request_id, (_target(address), _asking(), which, wanted))


def cancel_request(address: PrinterAddress, request_id: int, number: int) -> bytes:
    return encode(
        Operation.CANCEL_JOB,
        request_id,
        (_target(address), (Tag.INTEGER, "job-id", (number,)), _asking()),
    )


def _target(address: PrinterAddress) -> tuple[Tag, str, tuple[Value, ...]]:
    return Tag.URI, "printer-uri", (address.uri,)


def _asking() -> tuple[Tag, str, tuple[Value, ...]]:
    return Tag.NAME, "requesting-user-name", (USER,)


def read_printer(answer: Answer) -> Ok[PrinterAnswer] | Failed[str]:
    """What a printer says of itself; a missing or odd state is a failure, never idle."""
    groups = answer.group(Group.PRINTER)
    if answer.status > _SUCCESS_MAX or not groups:
        return Failed("refused", f"{answer.status:#06x}")
    found = groups[0]
    try:
        state = PrinterState(_number(found, "printer-state") or 0)
    except ValueError:
        return Failed("no state")
    identity = _text(found, "printer-uuid") or _text(found, "printer-device-id")
    accepting = found.get("printer-is-accepting-jobs", ())
    return Ok(
        PrinterAnswer(
            state,
            _words(found, "printer-state-reasons"),
            accepting[:1] == (True,),
            _number(found, "printer-up-time") or 0,
            identity,
            _nameplate(found),
        )
    )


def _nameplate(found: Attributes) -> Nameplate:
    """PWG 5100.13 (firmware), RFC 8011 (make and model); the serial number stands in the device id, if anywhere."""
    told = dict(pair.partition(":")[::2] for pair in _text(found, "printer-device-id").split(";"))
    keys = {key.strip().upper(): value.strip() for key, value in told.items()}
    serial = next((keys[key] for key in _SERIAL_KEYS if key in keys), "")
    model, firmware = _text(found, "printer-make-and-model"), _text(found, "printer-firmware-string-version")
    return Nameplate(model, firmware, serial)


def read_jobs(answer: Answer) -> Ok[tuple[JobAnswer, ...]] | Failed[str]:
    """The jobs of one list; one that cannot be read makes the list a failure, since it may be ours."""
    if answer.status == _NOT_FOUND:
        return Ok(())  # some printers have no other word for an empty list
    if answer.status > _SUCCESS_MAX:
        return Failed("refused", f"{answer.status:#06x}")
    jobs = []
    for found in answer.group(Group.JOB):
        number = _number(found, "job-id")
        try:
            state = JobState(_number(found, "job-state") or 0)
        except ValueError:
            return Failed("no state")
        if number is None:
            return Failed("no number")
        jobs.append(
            JobAnswer(
                number,
                _text(found, "job-name"),
                state,
                _words(found, "job-state-reasons"),
                _number(found, "job-impressions-completed"),
            )
        )
    return Ok(tuple(jobs))


def _number(found: Attributes, name: str) -> int | None:
    value = next(iter(found.get(name, ())), None)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(found: Attributes, name: str) -> str:
    value = next(iter(found.get(name, ())), "")
    return value if isinstance(value, str) else ""


def _words(found: Attributes, name: str) -> frozenset[str]:
    return frozenset(v for v in found.get(name, ()) if isinstance(v, str) and v != "none")


_STANDING = {
    "media-empty": Cause.A4_PAPER_OUT,
    "media-needed": Cause.A4_PAPER_OUT,
    "input-tray-missing": Cause.A4_PAPER_OUT,
    "cover-open": Cause.A4_COVER,
    "door-open": Cause.A4_COVER,
    "interlock-open": Cause.A4_COVER,
    "toner-empty": Cause.A4_TONER_OUT,
    "marker-supply-empty": Cause.A4_TONER_OUT,
    "marker-supply-missing": Cause.A4_TONER_OUT,
}
"""What is as it is until somebody changes it: believed whatever the printer is doing."""
_PASSING = {"media-jam": Cause.A4_JAM, "input-media-supply-jam": Cause.A4_JAM}
"""What happened to a job. Printers go on saying it afterwards, so alone it stops nothing."""
_COMING = {
    "media-low": Cause.A4_PAPER_LOW,
    "media-empty": Cause.A4_PAPER_LOW,
    "toner-low": Cause.A4_TONER_LOW,
    "marker-supply-low": Cause.A4_TONER_LOW,
    "toner-empty": Cause.A4_TONER_LOW,
    "marker-supply-empty": Cause.A4_TONER_LOW,
}
"""A warning is what an error will be: another tray is empty, the toner nearly so."""
_ORDER = (Cause.A4_JAM, Cause.A4_COVER, Cause.A4_PAPER_OUT, Cause.A4_TONER_OUT)
"""When several hold at once, the one to settle first."""


def _severity(reason: str) -> tuple[str, str]:
    """`media-jam-error` -> (`media-jam`, `error`); without an ending it is an error (RFC 8011, 5.4.12)."""
    for ending in ("report", "warning", "error"):
        if reason.endswith(f"-{ending}"):
            return reason.removesuffix(f"-{ending}"), ending
    return reason, "error"


def cause_of(reasons: frozenset[str]) -> Cause | None:
    """What error-level `reasons` say is wrong now."""
    return _first(word for word, severity in map(_severity, reasons) if severity == "error")


def explanation(reasons: frozenset[str], before: frozenset[str]) -> Cause | None:
    """What may have stopped a job that is known not to go on, other than what was said `before` it.

    At any severity: the same jam is a warning while the printer works and a report when it is idle.
    """
    known = {_severity(reason)[0] for reason in before}
    return _first(word for reason in reasons if (word := _severity(reason)[0]) not in known)


def _first(words: Iterable[str]) -> Cause | None:
    found = {_STANDING.get(word) or _PASSING.get(word) for word in words}
    return next((cause for cause in _ORDER if cause in found), None)


def _warning(reason: str) -> Cause | None:
    word, severity = _severity(reason)
    if word.endswith("-low"):
        return _COMING.get(word)  # at whatever severity: it is no more than this
    if severity == "error":
        return _PASSING.get(word)
    return _COMING.get(word) if severity == "warning" else None


def device_status(answer: PrinterAnswer) -> DeviceStatus:
    """A stopped printer is at fault even when it does not say why; another only for what stands."""
    warnings = {comes for reason in answer.reasons if (comes := _warning(reason))}
    standing = frozenset(
        reason
        for reason in answer.reasons
        if _severity(reason)[0] in _STANDING and cause_of(frozenset({reason}))
    )
    detail = ",".join(sorted(answer.reasons))
    stops: Cause | None = None
    if answer.state is PrinterState.STOPPED:
        stops = cause_of(answer.reasons) or Cause.A4_ERROR
    elif standing:
        stops = cause_of(standing)
    elif not answer.accepting:
        stops, detail = Cause.A4_ERROR, "takes no jobs"
    told = tuple(sorted(warnings - {stops}))
    if stops is not None:
        return DeviceStatus(DeviceState.FAULT, stops, detail, told)
    busy = answer.state is PrinterState.PROCESSING
    return DeviceStatus(DeviceState.BUSY if busy else DeviceState.READY, None, detail, told)
