"""An SDT reader's recording at the far end of a pty."""

from __future__ import annotations

from threading import Event

from drivers.card_reader.protocol import REQUEST_LENGTHS, Command, FrameParser, frame, request
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.contract import Failed, Ok
from drivers.recording import Piece
from drivers.replay.script import Script, exchanges
from drivers.tap import Direction

READ_S = 5.0
POLL_S = 0.02
"""Between two looks at an empty pad: waiting need not be waited again."""


class ReplayedSdtReader(SimulatedSdtReader):
    """Knows nothing but its script: a question that is not in it gets no answer."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._requests = FrameParser(REQUEST_LENGTHS)
        super().__init__()

    def hear(self, data: bytes) -> None:
        for body in self._requests.feed(data):
            for said in self._script.answers_to(frame(body)):
                self.closing.wait(said.delay_s)
                if said.direction is Direction.FROM_DEVICE:
                    self.send(said.data)
                elif said.data == b"lost":
                    self.replug()


def replay(pieces: tuple[Piece, ...]) -> tuple[list[str], Script]:
    """Read until the script is used up; the outcomes in order, each told once while it repeats."""
    script = Script(exchanges(pieces))
    far_end = ReplayedSdtReader(script)
    with_fingerprint = any(piece.data == request(Command.READ_FINGERPRINT) for piece in pieces)
    reader = SdtReader(SerialLink(far_end.path), poll_s=POLL_S, with_fingerprint=with_fingerprint)
    outcomes: list[str] = []
    try:
        while not script.finished:
            left = script.left
            match reader.read(READ_S, Event()):
                case Ok(read):
                    said = f"ok {read.document.kind.value}"
                case Failed(reason):
                    said = f"failed {reason.value}"
            if outcomes[-1:] != [said]:
                outcomes.append(said)
            elif left == script.left:
                break  # it asks for nothing that is left
    finally:
        reader.close()
        far_end.close()
    return outcomes, script
