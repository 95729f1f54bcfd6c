"""Shared things of the benchmarks: set-up's folders, a person's card, a slip of a usual case."""

from __future__ import annotations

from pathlib import Path

from drivers.card_reader import framing, simulated_photo
from drivers.card_reader.simulated_module import SimulatedCard
from kiosk.bench.people import PEOPLE

PROJECT = Path(__file__).resolve().parents[2]
SETUP = PROJECT / ".setup"


def a_card() -> SimulatedCard:
    """The card of the bench's first person who has a photo."""
    who = next(person for person in PEOPLE.values() if person.card_face is not None)
    assert who.card_face is not None
    left, top, right, bottom = who.card_face.face
    picture = (SETUP / "faces" / who.card_face.file).read_bytes()
    framed = framing.frame_portrait(picture, (left, top, right - left, bottom - top))
    return SimulatedCard(who.document, simulated_photo.encode(framed))
