"""Follows one job by the printer's answers and says how it ended: pure, no device, no clock.

The print service is not believed: it says "completed" of a job that the printer aborted.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.contract import Cause, Outcome
from drivers.document_printer.protocol import (
    JobAnswer,
    JobState,
    PrinterAnswer,
    PrinterState,
    explanation,
)

_CLOCK_SLACK_S = 1
"""printer-up-time counts whole seconds."""
_SUCCESSFULLY = "job-completed-successfully"
_WITH_ERRORS = "job-completed-with-errors"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a job may stand still, each in seconds.

    `stopped`: a printer that waits for a hand; long enough to put paper in, no longer than a
    resident stays. `vanished`: one that was answering; a loose cable is pushed in again by then.
    `unseen`: after the service has let go of the job, for a printer that lists it late. `start` and
    `page`: waking up and fusing the first sheet, then the slowest printer that a hall would have (6
    pages a minute). `cancelled`: from the cancellation to the printer's word that the job has ended.
    """

    stopped_s: float = 25.0
    vanished_s: float = 15.0
    unseen_s: float = 3.0
    start_s: float = 45.0
    page_s: float = 10.0
    cancelled_s: float = 12.0


PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a job ended. `give_up`: it has not, so it must be cancelled before anything is known."""

    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    give_up: bool = False


_DONE = Verdict(Outcome.DONE)


@dataclass(frozen=True, slots=True)
class Before:
    """The printer as it was before the job was handed over."""

    printer: PrinterAnswer
    jobs: frozenset[int]


@dataclass(slots=True)
class Follow:
    """Takes what is seen, in order; `verdict` is None while the job goes on.

    Times are seconds of one monotonic clock, from the moment the job was handed over.
    """

    title: str
    page_count: int
    before: Before
    patience: Patience = PATIENCE
    cause: Cause | None = None
    job: JobAnswer | None = None
    _unanswered: Cause | None = None
    _went_on: bool = True
    _answered_s: float = 0.0
    _moving_s: float = 0.0
    _let_go_s: float | None = None

    def see(self, now_s: float, printer: PrinterAnswer, jobs: tuple[JobAnswer, ...]) -> Verdict | None:
        """The printer answered."""
        if printer.identity != self.before.printer.identity:
            return Verdict(Outcome.UNKNOWN, Cause.A4_REPLACED, "another printer answers", give_up=True)
        self._answered_s, self._unanswered = now_s, None
        ours = [job for job in jobs if job.number not in self.before.jobs and job.name == self.title]
        if len(ours) > 1:
            return Verdict(Outcome.UNKNOWN, Cause.A4_ERROR, f"{len(ours)} jobs for one", give_up=True)
        self._went_on = printer.up_time_s - self.before.printer.up_time_s >= int(now_s) - _CLOCK_SLACK_S
        if not ours and (self.job is not None or not self._went_on):
            # The service would hand the same document to a printer that has just started again.
            return self._give_up("the printer started again, or forgot the job")
        if ours and (self.job is None or ours[0] != self.job):
            self.job = ours[0]
            self._moving_s = now_s
        now_wrong = self._wrong(printer)
        self.cause = self.cause or now_wrong
        if self.job is not None and self.job.state.ended:
            return self._ended(self.job)
        return self._waiting(now_s, printer, now_wrong)

    def _wrong(self, printer: PrinterAnswer) -> Cause | None:
        """Only what is new since the job, or what holds a stopped printer: old words stay on for long."""
        stopped = printer.state is PrinterState.STOPPED
        return explanation(printer.reasons, frozenset() if stopped else self.before.printer.reasons)

    def _ended(self, job: JobAnswer) -> Verdict:
        printed = job.impressions
        reasons = ",".join(sorted(job.reasons))
        if job.state is JobState.COMPLETED:
            doubt = self._doubt(job)
            return Verdict(Outcome.UNKNOWN, self.cause or Cause.A4_ERROR, doubt) if doubt else _DONE
        if printed == 0:
            return Verdict(Outcome.FAILED, self.cause or Cause.A4_ERROR, reasons)
        # Sheets are out, or may be: whoever took them has a part of a document or all of it.
        return Verdict(Outcome.UNKNOWN, self.cause or Cause.A4_ERROR, f"{reasons}; {printed} pages are out")

    def _doubt(self, job: JobAnswer) -> str:
        """Why "completed" is not believed, which RFC 8011 (5.3.7) also allows with errors; empty when it is."""
        if _WITH_ERRORS in job.reasons:
            return ",".join(sorted(job.reasons))
        if job.impressions is None:
            sure = _SUCCESSFULLY in job.reasons and self.cause is None
            return "" if sure else "says completed, but counts no pages"
        if job.impressions < self.page_count:
            return f"says completed, but {job.impressions} of {self.page_count} pages"
        return ""

    def _waiting(self, now_s: float, printer: PrinterAnswer, wrong: Cause | None) -> Verdict | None:
        stopped = printer.state is PrinterState.STOPPED or (
            self.job is not None and self.job.state is JobState.STOPPED
        )
        if not stopped and wrong is None:
            self._moving_s = now_s
        if now_s - self._moving_s > self.patience.stopped_s:
            return self._give_up("the printer stopped and nobody came")
        if now_s > self.patience.start_s + self.patience.page_s * self.page_count:
            return self._give_up("not printed in time")
        return None

    def _give_up(self, detail: str) -> Verdict:
        return Verdict(Outcome.UNKNOWN, self._why(), detail, give_up=True)

    def _why(self) -> Cause:
        return self.cause or self._unanswered or Cause.A4_ERROR

    def miss(self, now_s: float, cause: Cause) -> Verdict | None:
        """The printer did not answer, and this is why.

        The latest counts: an answer torn by a pulled cable says less than the connections that are
        refused after it. It explains nothing any more once the printer answers again.
        """
        self._unanswered = cause
        if now_s - self._answered_s > self.patience.vanished_s:
            return self._give_up("the printer went away during the job")
        return None

    def let_go(self, now_s: float) -> Verdict | None:
        """The print service has no work left on the job, while the printer goes on answering.

        A printer keeps an ended job for a while (RFC 8011 recommends a minute or more), so one that
        has run all the time and never listed it never had it: the service could not make it out, or
        was told to stop before.
        """
        self._let_go_s = now_s if self._let_go_s is None else self._let_go_s
        if self.job is None and self._answered_s - self._let_go_s > self.patience.unseen_s:
            return Verdict(Outcome.FAILED, self.cause or Cause.A4_ERROR, "never reached the printer")
        return None

    def after_cancel(self) -> Verdict:
        """What is known when a job that was given up has still not ended."""
        return Verdict(Outcome.UNKNOWN, self._why(), "given up, and its end was not seen")
