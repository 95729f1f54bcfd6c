"""What a card held is masked in a recording in its own form, so a read plays again to the same end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from drivers.card_reader.applications import CardApplication
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.social_security import Addressing, SocialSecurityCard
from drivers.card_reader.virtual_card import CardFault, CardProgram, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_social_security import VirtualSocialSecurityCard
from drivers.recording import Piece, Recorder
from drivers.replay.run import Replayed, replay
from drivers.replay.smart_card import OTHER_VERSION
from drivers.replay.smart_card import replay as play
from drivers.tap import Direction
from kiosk.bench.people import HELPERS
from tests.drivers.card_reader.people import SOCIAL_SECURITY
from tests.drivers.replay.test_replay import recorded, said
from tests.groups import ONE_READER

pytestmark = [pytest.mark.xdist_group(ONE_READER), pytest.mark.usefixtures("card_service")]
HELPER = next(iter(HELPERS.values()))


SERVICE = (SocialSecurityCard(),)
DEMO = (IdentityFile(), SocialSecurityCard())
SOCIAL = partial(VirtualSocialSecurityCard, SOCIAL_SECURITY)


@pytest.mark.parametrize(
    ("program", "fault", "applications", "then"),
    [
        (lambda: IdentityFileCard(HELPER), None, (IdentityFile(),), "ok helper"),
        (lambda: IdentityFileCard(HELPER), CardFault.FOREIGN, (IdentityFile(),), "failed wrong_card"),
        (lambda: IdentityFileCard(HELPER), CardFault.GARBAGE, (IdentityFile(),), "failed unreadable"),
        *((partial(SOCIAL, way), None, SERVICE, "ok social_security") for way in Addressing),
        (SOCIAL, None, DEMO, "ok social_security"),
        (SOCIAL, CardFault.FOREIGN, SERVICE, "failed wrong_card"),
        (SOCIAL, CardFault.GARBAGE, SERVICE, "failed unreadable"),
        (partial(SOCIAL, version="9.00"), None, SERVICE, "failed unsupported_kind"),
        (partial(SOCIAL, locked=True), None, SERVICE, "failed unsupported_kind"),
        (
            lambda: VirtualSocialSecurityCard(replace(SOCIAL_SECURITY, name="")),
            None,
            SERVICE,
            "failed unreadable",
        ),
    ],
    ids=[
        "helper", "helper foreign", "helper damaged", *(f"by {way.value}" for way in Addressing), "demo",
        "foreign", "damaged", "unknown version", "behind a PIN", "no name",
    ],
)  # fmt: skip
def test_a_smart_card_is_played_again(
    tmp_path: Path,
    program: Callable[[], CardProgram],
    fault: CardFault | None,
    applications: tuple[CardApplication, ...],
    then: str,
) -> None:
    outcomes: list[str] = []

    def session(recorder: Recorder) -> None:
        card = VirtualCard(program())
        card.misbehave(fault)
        card.insert()
        reader = PcscReader(applications=applications, tap=recorder.tap("smart_card"))
        try:
            outcomes.append(said(reader.read(10.0, Event())))
        finally:
            reader.close()
            card.remove()

    recording = recorded(tmp_path, session)
    text = (tmp_path / "session.jsonl").read_text()
    assert outcomes == [then]
    for personal in (
        HELPER.name.encode(),
        SOCIAL_SECURITY.number.encode(),
        SOCIAL_SECURITY.name.encode("gbk"),
    ):
        assert personal.hex() not in text
    assert replay(recording) == (Replayed("smart_card", (then,), strange=0, skipped=0),)
    assert (
        recording.pieces[-1].data.decode()
        == then.split(" social", maxsplit=1)[0].split(" helper", maxsplit=1)[0]
    )


@pytest.mark.parametrize("opening", [[], [b"T=0 a_card_of_tomorrow"]])
def test_another_versions_conversation_is_told_and_not_played(opening: list[bytes]) -> None:
    says = [(Direction.TO_DEVICE, b"\x00\xa4\x04\x00"), (Direction.FROM_DEVICE, b"\x90\x00")]
    pieces = [(Direction.LINE, line) for line in opening] + says
    outcomes, script = play(tuple(Piece("smart_card", way, data, 0) for way, data in pieces))
    assert outcomes == [OTHER_VERSION]
    assert script.skipped > 0
