"""Only what a card held is gone from a recording, so what it refused plays again as it was."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import CardFault, IdentityFileCard, VirtualCard
from drivers.recording import Recorder
from drivers.replay.run import replay
from kiosk.bench.people import HELPERS
from tests.drivers.replay.test_replay import recorded, said
from tests.groups import ONE_READER

pytestmark = [pytest.mark.xdist_group(ONE_READER), pytest.mark.usefixtures("card_service")]
HELPER = next(iter(HELPERS.values()))


@pytest.mark.parametrize(
    ("fault", "then", "again", "skipped"),
    [
        (CardFault.FOREIGN, "failed wrong_card", "failed wrong_card", 0),
        (
            None,
            "ok helper",
            "failed wrong_card",
            1,
        ),  # its file came back as zeros, so its body is not asked for
    ],
)
def test_a_smart_card_is_played_again(
    tmp_path: Path, fault: CardFault | None, then: str, again: str, skipped: int
) -> None:
    outcomes: list[str] = []

    def session(recorder: Recorder) -> None:
        card = VirtualCard(IdentityFileCard(HELPER))
        card.misbehave(fault)
        card.insert()
        reader = PcscReader(tap=recorder.tap("helper"))
        try:
            outcomes.append(said(reader.read(10.0, Event())))
        finally:
            reader.close()
            card.remove()

    recording = recorded(tmp_path, session)
    assert HELPER.name.encode().hex() not in (tmp_path / "session.jsonl").read_text()
    assert outcomes == [then]
    (replayed,) = replay(recording)
    assert replayed.outcomes[0] == again
    assert replayed.skipped == skipped
