"""An identity card over the serial line at 115200 against the time that its bytes need there."""

from __future__ import annotations

import time
from threading import Event

from drivers.card_reader.links import link_to
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.tapped_link import TappedLink
from drivers.contract import Ok
from drivers.tap import Direction
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.village import a_card

READS = 20
BAUD_RATE = 115200
BITS_PER_BYTE = 10
"""8N1: start, eight, stop."""


def sdt_read() -> list[Figure]:
    """From `read` with a card on the pad to the identity; the wire's time is that of the bytes that passed."""
    passed = 0

    def count(direction: Direction, data: bytes, _at_ns: int) -> None:
        nonlocal passed
        if direction is not Direction.LINE:
            passed += len(data)

    far_end, card = SimulatedSdtReader(), a_card()
    reader = SdtReader(TappedLink(link_to(far_end.path, BAUD_RATE), count))
    ratios, took_ms = [], []
    try:
        reader.probe()
        for _ in range(READS):
            far_end.put_card(card)
            passed, began_s = 0, time.monotonic()
            assert isinstance(reader.read(10.0, Event()), Ok)
            took_s = time.monotonic() - began_s
            took_ms.append(took_s * 1000)
            ratios.append(took_s / (passed * BITS_PER_BYTE / BAUD_RATE))
            far_end.take_card()
    finally:
        reader.close()
        far_end.close()
    beside = {"wire_ms": percentile(took_ms, 50) / percentile(ratios, 50), "median_ms": percentile(took_ms, 50),
              "ratio_p95": percentile(ratios, 95), "reads": READS}  # fmt: skip
    return [Figure("sdt_read_to_wire_time", percentile(ratios, 50), "x", 1.15, beside)]
