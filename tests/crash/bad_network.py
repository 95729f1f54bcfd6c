"""The network of the model: it stands where the terminal expects its link, and does to a message what it is told."""

from __future__ import annotations

from offline_queue import Link
from offline_queue.inbox_wire import InboxRequest
from offline_queue.link import Answered, InboxAnswered, Rejected
from offline_queue.link_state import LinkState, Unreached
from offline_queue.wire import Batch, UploadState

FAULTS = ("none", "answer lost", "cut", "late", "duplicated", "second sender", "centre dies")
FAULTS_OF_LETTERS = ("none", "answer lost", "cut", "duplicated")
LOST = Unreached(LinkState.OFFLINE, "the line")
Answer = Answered | Rejected | Unreached


class BadNetwork:
    """`fault` is for the next message; `on_the_way`: what was late and may still arrive."""

    link: Link
    fault: str
    on_the_way: list[Batch]

    def send_batch(self, batch: Batch) -> Answer:
        """The network, as the courier's link."""
        fault, self.fault = self.fault, "none"
        match fault:
            case "cut":
                return LOST
            case "late":
                self.on_the_way.append(batch)
                return LOST
            case "answer lost":
                self.link.send_batch(batch)
                return LOST
            case "duplicated":
                self.link.send_batch(batch)
            case "second sender":
                self._second_sender()
            case "centre dies":
                return self._dying(batch)
        return self.link.send_batch(batch)

    def upload_state(self, path: str) -> UploadState | Rejected | Unreached:
        return self.link.upload_state(path)

    def send_part(
        self, path: str, offset: int, of_bytes: int, part: bytes
    ) -> UploadState | Rejected | Unreached:
        """A part meets with the fault that is meant for the round; half of it may have come another time."""
        fault, self.fault = self.fault, "none"
        if fault == "cut":
            return LOST
        half = part[: len(part) // 2]
        answer = self.link.send_part(path, offset, of_bytes, half if fault == "late" else part)
        return answer if fault == "none" else LOST

    def ask_inbox(self, request: InboxRequest) -> InboxAnswered | Rejected | Unreached:
        fault, self.fault = self.fault, "none"
        if fault == "cut":
            return LOST
        if fault in ("answer lost", "duplicated"):
            self.link.ask_inbox(request)
        return LOST if fault == "answer lost" else self.link.ask_inbox(request)

    def _second_sender(self) -> None:
        """Another one sends in between."""
        raise NotImplementedError

    def _dying(self, batch: Batch) -> Answer:
        """The centre dies while it takes this batch in."""
        raise NotImplementedError
