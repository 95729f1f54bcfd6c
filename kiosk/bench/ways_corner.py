"""What stands outside for the ways beside the face: a phone under a camera for codes, its issuer, a clerks' desk."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from drivers.camera.simulated import SimulatedCamera
from drivers.clerk_line.contract import ClerkWord
from drivers.clerk_line.simulated import SimulatedDesk
from drivers.code_reader.sample import DrawnCode
from drivers.eid.simulated import LIFE_S, SimulatedIssuer
from kiosk.bench.people import PEOPLE

DESK_PX = (720, 960)
"""Height and width of what the camera for codes sees."""
LOOKING = "looking"
CLERK_SAYS = (LOOKING, *(word.value for word in ClerkWord))
"""What a clerk may be told to answer; `LOOKING` is no answer yet."""


class WaysCorner:
    """All of it runs from the start; `folder` gets the issuer's public key. `close` ends it."""

    def __init__(self, folder: Path) -> None:
        with ExitStack() as stack:
            self.phone = SimulatedCamera(_under_the_camera(""))
            stack.callback(self.phone.close)
            self.desk = SimulatedDesk()
            stack.callback(self.desk.close)
            self.issuer, self._issuers = SimulatedIssuer(), folder
            folder.mkdir(exist_ok=True)
            self.issuer.write_key(folder)
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()

    def settings(self) -> dict[tuple[str, str], str]:
        """(section, key) -> value, for kiosk.ini; every way is offered then."""
        return {
            ("recognition", "ways"): "face, helper, sms, qr, clerk",
            ("recognition", "eid_issuers"): str(self._issuers),
            ("recognition", "clerk_address"): self.desk.address,
            ("document_camera", "source"): self.phone.address,
            ("document_camera", "size"): f"{DESK_PX[1]}x{DESK_PX[0]}",
            ("code_reader", "camera"): "document_camera",
        }

    def show_phone(self, person: str, *, life_s: int = LIFE_S) -> None:
        """Hold this person's phone, with a fresh code on it, under the camera; "" takes it away."""
        if person:
            self.show_code(self.issuer.show(PEOPLE[person].document.number, datetime.now(UTC), life_s=life_s))
        else:
            self.show_code("")

    def show_code(self, text: str) -> None:
        self.phone.show(_under_the_camera(text))

    def clerk_says(self, word: str) -> None:
        """From now on, to whatever lies there and comes. Raises ValueError for what is not in `CLERK_SAYS`."""
        self.desk.says = None if word == LOOKING else ClerkWord(word)


def _under_the_camera(text: str) -> bytes:
    """A desk, and on it the code; a dark phone where there is no text. A PNG."""
    table = np.full((*DESK_PX, 3), 180, np.uint8)
    if text:
        code = DrawnCode(text).latest().value.pixels
        height, width = code.shape[:2]
        table[20 : 20 + height, 60 : 60 + width] = code
    else:
        table[200:400, 300:600] = 60
    return cv2.imencode(".png", table)[1].tobytes()
