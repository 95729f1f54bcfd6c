"""The drivers on their simulators: what they add to what the wire and the hardware need anyway."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks.cameras import camera_frame_age
from tests.benchmarks.figures import Figure
from tests.benchmarks.idle import idle_cpu
from tests.benchmarks.receipts import receipt_bytes, receipt_first_line
from tests.benchmarks.restarts import restart_of_children
from tests.benchmarks.sdt_reads import sdt_read
from tests.benchmarks.smart_cards import smart_card

PARTS: dict[str, Callable[[], list[Figure]]] = {
    "a smart card": smart_card,
    "an identity card over the serial line": sdt_read,
    "the bytes of a receipt": receipt_bytes,
    "the first line of a receipt": receipt_first_line,
    "the camera": camera_frame_age,
    "idle devices": idle_cpu,
    "children that were killed": restart_of_children,
}


def devices(say: Callable[[str], None], *, full: bool) -> list[Figure]:  # noqa: ARG001 - one form only
    """All figures of the device families, in about three minutes."""
    figures: list[Figure] = []
    for what, measure in PARTS.items():
        say(what)
        figures += measure()
    return figures
