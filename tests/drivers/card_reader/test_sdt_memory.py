"""The photo as it is packed on the chip: a kilobyte, in small parts over the wire, and nothing of it stays."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pytest

from drivers import private_memory
from drivers.card_reader.photo import PhotoFailure
from drivers.card_reader.protocol import PHOTO_SIZE
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import SimulatedCard
from drivers.contract import Ok
from drivers.worker import Worker
from tests.drivers.card_reader.people import RESIDENT
from tests.drivers.memory_of import found_in
from tests.drivers.waiting import PATIENCE_S

PIECE_BYTES = 32


def after_a_visit(module: SimulatedSdtReader, pieces: Mapping[str, bytes], photo: bytes) -> set[str]:
    """The pieces that are found in a process that read the card and let go of it."""
    child = Worker("tests.drivers.card_reader.sdt_child:SdtHolder", (module.path,))
    try:
        assert child.wait_ready(PATIENCE_S)
        module.put_card(SimulatedCard(RESIDENT, photo))
        assert child.call("read", deadline_s=PATIENCE_S) == Ok(value=True)
        assert child.call("decoded", deadline_s=PATIENCE_S) == Ok(PhotoFailure.CRASHED), "noise is no picture"
        assert child.pid is not None
        assert found_in(child.pid, pieces).keys() == pieces.keys(), "the search finds what is there"
        child.call("drop", deadline_s=PATIENCE_S)
        return set(found_in(child.pid, pieces))
    finally:
        child.close()


def test_no_piece_of_the_packed_photo_stays(
    module: SimulatedSdtReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = os.urandom(PHOTO_SIZE)
    pieces = {str(at): photo[at : at + PIECE_BYTES] for at in range(0, PHOTO_SIZE, PIECE_BYTES)}
    for name, value in private_memory.without_caches(os.environ).items():
        monkeypatch.setenv(name, value)
    assert after_a_visit(module, pieces, photo) == set()
