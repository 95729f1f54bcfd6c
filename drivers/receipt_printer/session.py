"""Questions and answers on one open wire.

A DLE EOT answer does not say what it answers. So at most one question is open, and after a
missing, surplus or unreadable answer the session is *lost*: nothing it would say later can be
matched, and everything asked of it fails. Only a new connection begins anew.
"""

from __future__ import annotations

import time
from collections import deque
from typing import assert_never

from drivers.contract import Cause, Failed, Nameplate, Ok
from drivers.receipt_printer.protocol import (
    CLEAR_BUFFER,
    DROP_LINE,
    PAPER_SENSOR_REQUEST,
    RECOVER_AND_CLEAR,
    AutoStatus,
    BufferCleared,
    Condition,
    Information,
    InformationReply,
    ProcessDone,
    Realtime,
    RealtimeReply,
    SensorReply,
    UnknownBytes,
    auto_conditions,
    device_status,
    information_request,
    process_id_request,
    realtime_conditions,
    realtime_request,
)
from drivers.receipt_printer.transport import Closed, Transport, WireFault

REPLY_TIMEOUT_S = 2.0
_CLEAR_TIMEOUT_S = 1.0
_SURPLUS_S = 0.05
"""How long a second answer to one question may still be on its way; a status answer is one byte."""

_POLL_S = 0.5
_SURPLUS = "an answer without a question"


class Session:
    """One conversation. `names_processes` says whether the printer knows GS ( H; None is not yet known."""

    def __init__(self, transport: Transport, *, names_processes: bool | None) -> None:
        self.names_processes = names_processes
        self.sent_bytes = 0
        """Bytes of the job that the wire took; questions are not counted."""
        self._transport = transport
        self._realtime: deque[int] = deque()
        self._processed: set[bytes] = set()
        self._sensor_answers = 0
        self._cleared = False
        self._asks_information = False
        self._information: deque[str] = deque()
        self._pushed: frozenset[Condition] = frozenset()
        self._lost: Failed[Cause] | None = None

    def send(self, data: bytes) -> Ok[None] | Failed[Cause]:
        """Hand a part of the job over; a failure loses the session."""
        sent = self._write(data)
        if isinstance(sent, Ok):
            self.sent_bytes += len(data)
        return sent

    def _write(self, data: bytes) -> Ok[None] | Failed[Cause]:
        if self._lost:
            return self._lost
        match self._transport.write(data):
            case Ok():
                return Ok(None)
            case Failed(WireFault.WRITE_TIMEOUT, detail):
                return self._lose(Cause.PRINTER_SILENT, detail)
            case Failed(_, detail):
                return self._lose(Cause.PRINTER_OFFLINE, detail)

    def ask(self, kind: Realtime) -> Ok[frozenset[Condition]] | Failed[Cause]:
        """DLE EOT n and its one answer."""
        self._take_waiting()
        if self._realtime:
            return self._lose(Cause.PRINTER_SILENT, _SURPLUS)
        sent = self._write(realtime_request(kind))
        if isinstance(sent, Failed):
            return sent
        deadline = time.monotonic() + REPLY_TIMEOUT_S
        while not self._realtime:
            if self._lost:
                return self._lost
            if not self._take_until(deadline):
                return self._lose(Cause.PRINTER_SILENT, f"no answer to status request {kind}")
        return Ok(realtime_conditions(kind, self._realtime.popleft()))

    def ask_all(self) -> Ok[frozenset[Condition]] | Failed[Cause]:
        """All four DLE EOT; any that fails makes the whole fail, and so does an answer too many after them.

        Two answers to one question may come apart: each would then pass for the next question's.
        """
        conditions: frozenset[Condition] = frozenset()
        for kind in Realtime:
            match self.ask(kind):
                case Ok(found):
                    conditions |= found
                case Failed() as failed:
                    return failed
        self._take_waiting(_SURPLUS_S)
        if self._realtime:
            return self._lose(Cause.PRINTER_SILENT, _SURPLUS)
        return self._lost or Ok(conditions)

    def wait_processed(self, process_id: bytes, timeout_s: float) -> bool:
        """True when all that was sent before has been processed; False as soon as that is not to be expected.

        GS ( H and GS r are sent together until it is known which of them the printer answers:
        they are taken in order, so GS r alone means that the printer knows no GS ( H.
        """
        self._sensor_answers = 0
        marker = process_id_request(process_id) if self.names_processes is not False else b""
        if not self.names_processes:
            marker += PAPER_SENSOR_REQUEST
        if isinstance(self._write(marker), Failed):
            return False
        deadline = time.monotonic() + timeout_s
        while not self._processed_by(process_id):
            if self._lost or self._pushed - {Condition.PAPER_LOW} or time.monotonic() > deadline:
                return False
            if not self._take_until(min(deadline, time.monotonic() + _POLL_S)):
                asked = self.ask(Realtime.PRINTER)
                if isinstance(asked, Failed) or Condition.OFFLINE in asked.value:
                    return self._processed_by(process_id)
        return True

    def clear_buffer(self) -> bool:
        """Make the printer forget what it has not printed; True only when it says that it did."""
        self._cleared = False
        if isinstance(self._write(CLEAR_BUFFER + RECOVER_AND_CLEAR), Failed):
            return False
        deadline = time.monotonic() + _CLEAR_TIMEOUT_S
        while not self._cleared and not self._lost:
            if not self._take_until(deadline):
                return False
        return self._cleared

    def nameplate(self) -> Nameplate:
        """What a ready printer answers to GS I; empty from another, which would keep the questions for later."""
        asked = self.ask_all()
        if isinstance(asked, Failed) or not device_status(asked.value).usable:
            return Nameplate()
        told: dict[Information, str] = {}
        for kind in (Information.MODEL, Information.MAKER, Information.FIRMWARE, Information.SERIAL):
            answer = self._informed(kind)
            if answer is None:
                # What did not know the question may hold its last byte as a letter of a line to come.
                self._write(DROP_LINE)
                break
            told[kind] = answer
        model = " ".join(filter(None, (told.get(Information.MAKER), told.get(Information.MODEL))))
        return Nameplate(model, told.get(Information.FIRMWARE, ""), told.get(Information.SERIAL, ""))

    def _informed(self, kind: Information) -> str | None:
        """The one answer to GS I; None when a surplus one makes them doubtful, or without one.

        A ready printer with nothing to print that is silent for so long does not know the question.
        """
        self._take_waiting()
        if self._information:
            return None
        self._asks_information = True
        deadline = time.monotonic() + REPLY_TIMEOUT_S
        if isinstance(self._write(information_request(kind)), Failed):
            return None
        while not self._information and not self._lost:
            if not self._take_until(deadline):
                return None
        return self._information.popleft() if self._information else None

    def _processed_by(self, process_id: bytes) -> bool:
        if process_id in self._processed:
            self.names_processes = True
            return True
        if self._sensor_answers and not self.names_processes:
            self.names_processes = False
            return True
        return False

    def _lose(self, cause: Cause, detail: str) -> Failed[Cause]:
        self._lost = self._lost or Failed(cause, detail)  # the first cause is kept
        return self._lost

    def _take_waiting(self, for_s: float = 0.0) -> None:
        deadline = time.monotonic() + for_s
        while self._take_until(deadline):
            pass

    def _take_until(self, deadline: float) -> bool:
        """Take one reply; False when none came before `deadline` (monotonic seconds)."""
        reply = self._transport.next_reply(deadline - time.monotonic())
        match reply:
            case None:
                return False
            case RealtimeReply(bits):
                self._realtime.append(bits)
            case SensorReply():
                self._sensor_answers += 1
            case ProcessDone(process_id):
                self._processed.add(process_id)
            case BufferCleared():
                self._cleared = True
            case InformationReply(text) if self._asks_information:
                self._information.append(text)
            case InformationReply():
                self._lose(Cause.PRINTER_SILENT, _SURPLUS)
            case AutoStatus():
                self._pushed = auto_conditions(reply)
            case UnknownBytes(data):
                self._lose(Cause.PRINTER_SILENT, f"unreadable answer {data[:8].hex()}")
            case Closed():
                self._lose(Cause.PRINTER_OFFLINE, "the printer closed the connection")
                return False
            case _:
                assert_never(reply)
        return True
