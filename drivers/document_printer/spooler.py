"""The child's half: calls into libcups, and questions to the printer itself. Both may block for ever."""

from __future__ import annotations

import http.client
import itertools
from dataclasses import dataclass
from enum import StrEnum

import cups

from drivers.contract import Failed, Ok
from drivers.document_printer.ipp import ANSWER_MAX_BYTES, Answer, decode
from drivers.document_printer.protocol import (
    USER,
    JobAnswer,
    PrinterAddress,
    PrinterAnswer,
    cancel_request,
    jobs_question,
    printer_question,
    read_jobs,
    read_printer,
)

PRINTER_ANSWER_S = 3.0
_DEFAULT_PORT = 631
_CHUNK_BYTES = 64 * 1024
_HTTP_CONTINUE = 100
_HTTP_OK = 200
_ABORT_JOB = "abort-job"
_OPTIONS = {
    "copies": "1",
    "sides": "one-sided",
    "media": "iso_a4_210x297mm",  # a queue whose default is Letter would shift the page and cut it
    "print-scaling": "none",
    "job-sheets": "none",
}


class SpoolFailure(StrEnum):
    """Why the print service did not do it."""

    SERVICE_LOST = "service_lost"
    QUEUE_MISSING = "queue_missing"
    REFUSED = "refused"


class AskFailure(StrEnum):
    """Why the printer gave no answer that can be used."""

    ABSENT = "absent"
    SILENT = "silent"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class QueueAnswer:
    """How a queue is set up. `gives_up`: a job that fails is not tried again by the service."""

    device_uri: str
    accepting: bool
    gives_up: bool


class Spooler:
    """Built in the child. `server` is the path of cupsd's socket or `host:port`.

    Each call opens its own connection: what stays open does not survive a restart of the service.
    """

    def __init__(self, server: str, queue: str) -> None:
        host, _, port = server.rpartition(":")
        self._server, self._port = (host, int(port)) if host and port.isdecimal() else (server, _DEFAULT_PORT)
        self._queue = queue
        self._numbers = itertools.count(1)
        cups.setUser(USER)

    def queue(self) -> Ok[QueueAnswer] | Failed[SpoolFailure]:
        try:
            found = self._connect().getPrinterAttributes(
                self._queue,
                requested_attributes=[
                    "device-uri",
                    "printer-is-accepting-jobs",
                    "printer-error-policy",
                    "printer-state",
                ],
            )
        except (RuntimeError, cups.IPPError, cups.HTTPError) as error:
            return Failed(_why(error))
        stopped = found.get("printer-state") == cups.IPP_PRINTER_STOPPED
        return Ok(
            QueueAnswer(
                str(found.get("device-uri", "")),
                bool(found.get("printer-is-accepting-jobs")) and not stopped,
                found.get("printer-error-policy") == _ABORT_JOB,
            )
        )

    def submit(self, title: str, pdf: bytes) -> Ok[int] | Failed[SpoolFailure]:
        """Hand the document over as a stream: no file of ours. The job's number at the service."""
        try:
            connection = self._connect()
            number = int(connection.createJob(self._queue, title, _OPTIONS))
            status = connection.startDocument(self._queue, number, title, "application/pdf", 1)
            for start in range(0, len(pdf), _CHUNK_BYTES):
                if status != _HTTP_CONTINUE:
                    return Failed(SpoolFailure.REFUSED, f"HTTP {status}")
                chunk = pdf[start : start + _CHUNK_BYTES]
                status = connection.writeRequestData(chunk, len(chunk))
            connection.finishDocument(self._queue)
        except (RuntimeError, cups.IPPError, cups.HTTPError) as error:
            return Failed(_why(error))
        return Ok(number)

    def active(self) -> Ok[int] | Failed[SpoolFailure]:
        """How many jobs of ours the service is still at work on."""
        found = self._jobs("not-completed")
        return Ok(len(found.value)) if isinstance(found, Ok) else found

    def wipe(self) -> Ok[int] | Failed[SpoolFailure]:
        """Cancel and purge every job of ours, files included; how many are left."""
        found = self._jobs("all")
        if isinstance(found, Failed):
            return found
        for number in found.value:
            try:
                self._connect().cancelJob(number, purge_job=True)
            except (RuntimeError, cups.IPPError, cups.HTTPError) as error:
                if _why(error) is SpoolFailure.SERVICE_LOST:
                    return Failed(SpoolFailure.SERVICE_LOST)
                # Gone by itself meanwhile, or not to be removed now: what is left is looked at below.
        left = self._jobs("all")
        return Ok(len(left.value)) if isinstance(left, Ok) else left

    def printer(self, address: PrinterAddress) -> Ok[PrinterAnswer] | Failed[AskFailure]:
        asked = self._ask(address, printer_question(address, next(self._numbers)))
        if isinstance(asked, Failed):
            return asked
        read = read_printer(asked.value)
        return read if isinstance(read, Ok) else Failed(AskFailure.GARBAGE, f"{read.reason} {read.detail}")

    def printer_jobs(self, address: PrinterAddress) -> Ok[tuple[JobAnswer, ...]] | Failed[AskFailure]:
        """All jobs that the printer knows, those that wait and those that ended."""
        found: dict[int, JobAnswer] = {}
        for ended in (False, True):  # in this order a job that ends between the two is not missed
            asked = self._ask(address, jobs_question(address, next(self._numbers), ended=ended))
            if isinstance(asked, Failed):
                return asked
            read = read_jobs(asked.value)
            if isinstance(read, Failed):
                return Failed(AskFailure.GARBAGE, f"{read.reason} {read.detail}")
            found |= {job.number: job for job in read.value}
        return Ok(tuple(found.values()))

    def cancel(self, address: PrinterAddress, number: int) -> Ok[None] | Failed[AskFailure]:
        """Ask the printer to drop a job; whether it did is seen in its job's state."""
        asked = self._ask(address, cancel_request(address, next(self._numbers), number))
        return Ok(None) if isinstance(asked, Ok) else asked

    def _jobs(self, which: str) -> Ok[tuple[int, ...]] | Failed[SpoolFailure]:
        try:
            found = self._connect().getJobs(
                which_jobs=which, my_jobs=True, requested_attributes=["job-id", "job-printer-uri"]
            )
        except (RuntimeError, cups.IPPError, cups.HTTPError) as error:
            return Failed(_why(error))
        ending = f"/{self._queue}"
        ours = (n for n, job in found.items() if str(job.get("job-printer-uri", "")).endswith(ending))
        return Ok(tuple(sorted(ours)))

    def _connect(self) -> cups.Connection:
        return cups.Connection(host=self._server, port=self._port)

    @staticmethod
    def _ask(address: PrinterAddress, question: bytes) -> Ok[Answer] | Failed[AskFailure]:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=PRINTER_ANSWER_S)
        try:
            connection.connect()
        except OSError as error:
            return Failed(AskFailure.ABSENT, type(error).__name__)
        try:
            connection.request("POST", address.path, question, {"Content-Type": "application/ipp"})
            response = connection.getresponse()
            body = response.read(ANSWER_MAX_BYTES + 1)
        except TimeoutError:
            return Failed(AskFailure.SILENT)
        except (ConnectionError, http.client.IncompleteRead) as error:  # gone, the latter in mid-answer
            return Failed(AskFailure.ABSENT, type(error).__name__)
        except (OSError, http.client.HTTPException) as error:
            return Failed(AskFailure.GARBAGE, type(error).__name__)
        finally:
            connection.close()
        if response.length and len(body) <= ANSWER_MAX_BYTES:  # `read` with a bound is silent about it
            return Failed(AskFailure.ABSENT, "IncompleteRead")
        if response.status != _HTTP_OK or len(body) > ANSWER_MAX_BYTES:
            return Failed(AskFailure.GARBAGE, f"HTTP {response.status}, {len(body)} bytes")
        decoded = decode(body)
        return decoded if isinstance(decoded, Ok) else Failed(AskFailure.GARBAGE, decoded.reason)


def _why(error: Exception) -> SpoolFailure:
    """The library raises RuntimeError when it cannot connect; an IPPError carries a status."""
    if isinstance(error, cups.IPPError):
        status = error.args[0]
        if status == cups.IPP_NOT_FOUND:
            return SpoolFailure.QUEUE_MISSING
        if status in (cups.IPP_SERVICE_UNAVAILABLE, cups.IPP_INTERNAL_ERROR):
            return SpoolFailure.SERVICE_LOST
        return SpoolFailure.REFUSED
    return SpoolFailure.SERVICE_LOST
