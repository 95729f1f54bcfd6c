"""The module in an SDT reader (SAM) behind its wire: one command, one answer, always in step."""

from __future__ import annotations

from time import monotonic
from typing import assert_never

from drivers.card_reader import speed
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.link import Link, LinkFailure
from drivers.card_reader.module_status import Reaction, meaning
from drivers.card_reader.protocol import Command, FrameParser, Reply, format_sam_id, request
from drivers.card_reader.reader_state import Patience, ReaderState
from drivers.contract import Cause, DeviceState, Failed, Ok

UDEV_PATIENCE_S = 30.0
"""A port may be refused that long after it appeared: its rule was not applied yet (case S02)."""
_DRAIN_LIMIT_S = 1.0
_OTHER_SPEED_S = 0.3
_SAM_ID_SIZE = 16


class SamModule:
    """Keeps the link, and `state` informed of what is wrong with it.

    "In step" means that no answer to an earlier command can still come. Out of step after a
    time-out or a cancelled wait: then the line is drained and the status asked first.
    `own_sam_id` is the printed id of the module that the terminal was set up with; "" takes the first one
    that tells its id for it.
    """

    def __init__(
        self,
        link: Link,
        state: ReaderState,
        *,
        short_timeout_s: float,
        read_timeout_s: float,
        own_sam_id: str = "",
    ) -> None:
        self._link = link
        self._wanted_speed = link.speed
        self._state = state
        self._short_timeout_s = short_timeout_s
        self._read_timeout_s = read_timeout_s
        self._in_step = False
        self._was_in_step = False
        self._sam_id = ""
        self._own_sam_id = own_sam_id
        self._denied_since_s: float | None = None

    @property
    def sam_id(self) -> str:
        """The printed id, "" when the module does not tell it."""
        return self._sam_id

    @property
    def identity(self) -> str:
        """The printed id, or the link's name for a module that does not tell it."""
        return self._sam_id or self._link.name

    @property
    def doubt(self) -> str:
        """Why this module's word on a card counts for nothing, "" when it is the terminal's own module."""
        if not self._sam_id:
            return "the module does not tell its id"
        if self._sam_id != self._own_sam_id:
            return f"module {self._sam_id} is not {self._own_sam_id}, which this terminal was set up with"
        return ""

    @property
    def is_open(self) -> bool:
        return self._link.is_open

    def close(self) -> None:
        self._link.end()

    def release(self) -> None:
        """Close the port; the next `connect` opens it again."""
        self._link.close()

    def distrust(self) -> None:
        """Ask for the status before the next command."""
        self._in_step = False

    def open(self, patience: Patience) -> Failed[CardFailure] | None:
        if self._link.is_open:
            return None
        self._state.opening()
        failed = self._link.open(patience.left_s)
        if failed is not None:
            return self._link_failed(failed)
        self._denied_since_s = None
        self._in_step = self._was_in_step = False
        self._sam_id = ""
        return None

    def connect(self, patience: Patience) -> Failed[CardFailure] | None:
        """Open the port and get in step: wait for quiet, then ask for the module's status."""
        failed = self.open(patience)
        if failed is not None or self._in_step:
            return failed
        answer = self._ask_status(patience)
        if isinstance(answer, Failed) and answer.reason is CardFailure.TIMED_OUT:
            answer = self._ask_at_other_speeds(patience) or answer
        if isinstance(answer, Failed):
            return self._silent(answer)
        found = meaning(answer.value.status)
        if found.reaction is not Reaction.PROCEED:
            # what is no word about the module itself is no answer to this question
            self._state.replace_fault(found.fault or Cause.CARD_PROTOCOL, found.text)
            return Failed(found.failure, found.text)
        if not self._sam_id:
            self._learn_sam_id(patience)
        self._in_step = self._was_in_step = True
        self.tell_ready()
        return None

    def tell_ready(self) -> None:
        """Ready, with the module's id; a module that is not the terminal's own, or tells no id, is a warning."""
        if not self.doubt:
            self._state.ready(self._sam_id)
        elif self._sam_id:
            detail = f"{self._sam_id} in the place of {self._own_sam_id}"
            self._state.ready(detail, (Cause.CARD_SWAPPED,))
        else:
            self._state.ready("", (Cause.CARD_UNIDENTIFIED,))

    def _learn_sam_id(self, patience: Patience) -> None:
        named = self.command(Command.SAM_ID, patience)
        if isinstance(named, Ok) and len(named.value.data) == _SAM_ID_SIZE:
            self._sam_id = format_sam_id(named.value.data)
            self._own_sam_id = self._own_sam_id or self._sam_id

    def _ask_status(self, patience: Patience) -> Ok[Reply] | Failed[CardFailure]:
        """Twice if need be: firmware that still reads for a cancelled wait is deaf for 1.5 s, and a late
        answer to an earlier command may be in front of this one's.
        """
        failed = self._drain(patience)
        if failed is not None:
            return failed
        answer = self.command(Command.STATUS, patience)
        silent = isinstance(answer, Failed) and answer.reason is CardFailure.TIMED_OUT
        again = (silent and self._was_in_step) or _speaks_of_a_card(answer)
        if again and not patience.over:
            answer = self.command(Command.STATUS, patience)
            # both may have been answered by now
            failed = self._drain(patience)
        return answer if failed is None else failed

    def _ask_at_other_speeds(self, patience: Patience) -> Ok[Reply] | Failed[CardFailure] | None:
        """The answer to the last status question, None when there was none."""
        answers: list[Ok[Reply] | Failed[CardFailure]] = []

        def asks() -> bool:
            if patience.over or patience.cancelled:
                return False
            answers.append(self.command(Command.STATUS, patience.at_most(_OTHER_SPEED_S)))
            return isinstance(answers[-1], Ok)

        def tells(command: Command) -> bool:
            told = self.command(command, patience.at_most(_OTHER_SPEED_S))
            return isinstance(told, Failed) or meaning(told.value.status).reaction is Reaction.PROCEED

        if speed.find(self._link, asks):
            speed.move(self._link, self._wanted_speed, tells, asks)
        return answers[-1] if answers else None

    def command(self, command: Command, patience: Patience) -> Ok[Reply] | Failed[CardFailure]:
        """Send and wait for the answer; sent again up to twice when the module heard it wrongly."""
        answer = self._exchange(command, patience)
        for _ in range(meaning(0x10).retries):
            if isinstance(answer, Failed) or meaning(answer.value.status).reaction is not Reaction.RESEND:
                break
            answer = self._exchange(command, patience)
        return answer

    def _exchange(self, command: Command, patience: Patience) -> Ok[Reply] | Failed[CardFailure]:
        limit_s = self._read_timeout_s if command.reads_card else self._short_timeout_s
        limit = patience.at_most(limit_s)
        parser = FrameParser(command.reply_lengths)
        lost = self._link.write(request(command))
        if lost is not None:
            return self._link_failed(lost)
        late = False
        while not late and not limit.cancelled:
            # A last look when the time is over: this process may have been held up while the answer lies there.
            late = limit.over
            match self._link.read():
                case Failed() as failed:
                    return self._link_failed(failed)
                case Ok(chunk):
                    if bodies := parser.feed(chunk):
                        return Ok(Reply.from_body(command.kept(bodies[0])))
        self._in_step = False
        if limit.cancelled:
            return Failed(CardFailure.CANCELLED)
        if bodies := parser.give_up_partial():
            # the answer came, behind the beginning of a frame that never ended
            return Ok(Reply.from_body(command.kept(bodies[0])))
        detail = f"no answer to {command.name.lower()}, {parser.bad_frames} damaged frames"
        return Failed(CardFailure.TIMED_OUT, detail)

    def _silent(self, failed: Failed[CardFailure]) -> Failed[CardFailure]:
        """Not even the status was answered; a fresh port sometimes helps a USB converter."""
        if failed.reason is CardFailure.TIMED_OUT:
            self._state.fault(Cause.CARD_SILENT, "no answer to the status command")
            self._link.close()
        return failed

    def _drain(self, patience: Patience) -> Failed[CardFailure] | None:
        """Read until 50 ms pass without a byte, for at most a second."""
        limit = patience.at_most(_DRAIN_LIMIT_S)
        while not limit.over and not limit.cancelled:
            match self._link.read():
                case Failed() as failed:
                    return self._link_failed(failed)
                case Ok(b""):
                    return None
        return None

    def _link_failed(self, failed: Failed[LinkFailure]) -> Failed[CardFailure]:
        if failed.reason is not LinkFailure.DENIED:
            self._denied_since_s = None
        match failed.reason:
            case LinkFailure.ABSENT:
                self._state.fault(Cause.CARD_ABSENT, failed.detail, DeviceState.ABSENT)
            case LinkFailure.LOST:
                self._state.fault(Cause.CARD_LOST, failed.detail, DeviceState.ABSENT)
            case LinkFailure.HELD:
                self._state.fault(Cause.CARD_LOST, failed.detail)
            case LinkFailure.DENIED:
                self._denied(failed.detail)
            case _:
                assert_never(failed.reason)
        return Failed(CardFailure.READER_LOST, failed.detail)

    def _denied(self, detail: str) -> None:
        """Tried again at every open; when it lasts it is a fault of its own, whatever was before."""
        now_s = monotonic()
        if self._denied_since_s is None:
            self._denied_since_s = now_s
        if now_s - self._denied_since_s >= UDEV_PATIENCE_S:
            self._state.replace_fault(Cause.CARD_DENIED, detail)


def _speaks_of_a_card(answer: Ok[Reply] | Failed[CardFailure]) -> bool:
    """What an answer to the status command never does: it belongs to a command before."""
    if isinstance(answer, Failed):
        return False
    found = meaning(answer.value.status)
    return found.reaction is not Reaction.PROCEED and found.fault is None
