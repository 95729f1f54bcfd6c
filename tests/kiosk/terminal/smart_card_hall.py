"""A terminal whose reader is PC/SC, and a service that a social-security card is good enough for."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kiosk import keys
from kiosk.journey import events as ev
from kiosk.journey.states import State
from kiosk.journey.view import action
from tests.drivers.waiting import wait_until
from tests.kiosk.catalogue.made import SHIPPED, put
from tests.kiosk.terminal.hall import NO_CAMERA, TRUST, Hall, hall
from tests.kiosk.terminal.test_third_definition import third

UMBRELLA = "110199-TS-04"
PERSON = "zhou"


def umbrella() -> dict[str, Any]:
    """Who borrows an umbrella shows a card, and a copied one will do (`card_assurance` low)."""
    steps = ["notice", "identify", "form", "review", "submit", "result", "print", "take_card", "evaluate"]
    return {
        **third(),
        "code": UMBRELLA,
        "flow": steps,
        "devices_required": ["card"],
        "evidence": {"level": 1, "card_assurance": "low"},
    }


@contextlib.contextmanager
def smart_card_hall(folder: Path) -> Iterator[Hall]:
    directory = folder / "definitions"
    shutil.copytree(SHIPPED, directory)
    put(directory, umbrella(), "umbrella.json", keys.private_key(TRUST / "publisher.key"))
    settings = {**NO_CAMERA, ("catalogue", "directory"): str(directory)}
    with hall(folder, settings=settings, card_kind="pcsc") as made:
        assert wait_until(lambda: made.terminal.devices.named()["card"].status().usable)
        yield made


def to_the_card(stand: Hall, service: str = UMBRELLA) -> None:
    stand.press("begin", f"service:{service}", "next")
    if service != UMBRELLA:
        stand.press("other_way")
    stand.play(wait_state="card")


def put_until_it_is_read(stand: Hall) -> None:
    """As a resident would: when it is not read, take the card and put it again."""
    while stand.view.state is State.CARD:
        if action(stand.view, "try_card") is not None:
            stand.terminal.send(ev.Pressed("try_card"))
            stand.wait(lambda view: action(view, "try_card") is None, "another try")
        stand.village.put_card(PERSON)
        wait_until(lambda: stand.view.state is not State.CARD or bool(action(stand.view, "try_card")), 10.0)
        if stand.view.state is State.CARD:
            stand.village.take_card()


def causes(stand: Hall) -> set[str]:
    """What the heartbeat says of the card reader."""
    return {cause for cause in stand.terminal.surroundings.heartbeat()["causes"] if cause.startswith("card.")}
