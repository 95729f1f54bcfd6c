"""A terminal that starts without a device greys the services that need it, says why, and does the rest."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kiosk.health import CAUSES
from kiosk.journey.view import View, action
from tests.drivers.waiting import wait_until
from tests.kiosk.catalogue.made import REPORT as REPORT_FILE
from tests.kiosk.catalogue.made import put, raw
from tests.kiosk.terminal.hall import Hall, hall, unused_port

KINDS = ("card", "camera", "face", "printer", "speaker", "none")
"""`none`: a service that needs no device is open whatever is missing."""
Setting = dict[tuple[str, str], str]
SPEAKS: Setting = {("speech", "command"): "true"}


def nobody() -> str:
    return f"127.0.0.1:{unused_port()}"


def code_of(kind: str) -> str:
    return f"110199-{kind.upper()}-01"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """One service for each kind of device, that needs this device alone."""
    made = tmp_path / "definitions"
    made.mkdir()
    key = Ed25519PrivateKey.generate()
    for kind in KINDS:
        document = raw(REPORT_FILE) | {
            "code": code_of(kind),
            "devices_required": [] if kind == "none" else [kind],
        }
        put(made, json.loads(json.dumps(document)), f"{kind}.json", key)
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "publisher.pub").write_bytes(pem)
    return made


@contextlib.contextmanager
def started(directory: Path, given: Setting) -> Iterator[Hall]:
    settings = {
        ("catalogue", "directory"): str(directory),
        ("trust", "publisher_key"): str(directory.parent / "publisher.pub"),
        **SPEAKS,
        **given,
    }
    with hall(directory.parent, settings=settings) as made:
        yield made


ALL_MISSING = {
    "card": "card.absent",
    "camera": "camera.absent",
    "face": "camera.absent",
    "printer": "printer.offline",
    "speaker": "speaker.absent",
}
MISSING: dict[str, tuple[Setting, dict[str, str]]] = {
    "nothing": ({}, {}),
    "no reader": ({("card_reader", "kind"): "none"}, {"card": "card.absent"}),
    "reader not plugged in": ({("card_reader", "port"): "/dev/serial/by-id/none"}, {"card": "card.absent"}),
    "no camera": (
        {("camera", "source"): "", ("code_reader", "camera"): "camera"},
        {"camera": "camera.absent", "face": "camera.absent"},
    ),
    "camera not plugged in": (
        {("camera", "source"): "/dev/video99"},
        {"camera": "camera.absent", "face": "camera.absent"},
    ),
    "no face models": ({("face", "models"): "/nowhere"}, {"face": "face.model_missing"}),
    "no printer": ({("receipt_printer", "address"): "none"}, {"printer": "printer.offline"}),
    "printer switched off": (
        {("receipt_printer", "address"): f"tcp://{nobody()}"},
        {"printer": "printer.offline"},
    ),
    "no loudspeaker": ({("speech", "command"): ""}, {"speaker": "speaker.absent"}),
    "no sensor at its place": ({("sensors", "door"): "/nowhere/value"}, {}),
    "nothing is fitted": (
        {
            ("card_reader", "kind"): "none",
            ("card_reader", "helper_kind"): "none",
            ("camera", "source"): "",
            ("receipt_printer", "address"): "none",
            ("speech", "command"): "",
        },
        ALL_MISSING,
    ),
    "nothing is plugged in": (
        {
            ("card_reader", "port"): "/dev/serial/by-id/none",
            ("camera", "source"): "/dev/video99",
            ("face", "models"): "/nowhere",
            ("receipt_printer", "address"): f"tcp://{nobody()}",
            ("speech", "command"): "no-such-program",
        },
        ALL_MISSING | {"face": "face.model_missing"},
    ),
    "no speech program": ({("speech", "command"): "no-such-program"}, {"speaker": "speaker.absent"}),
}


def greyed(kind: str, reason: str) -> Callable[[View], bool]:
    def is_so(view: View) -> bool:
        tile = action(view, f"service:{code_of(kind)}")
        return tile is not None and (tile.enabled, tile.reason) == (False, reason)

    return is_so


@pytest.mark.parametrize(("given", "missing"), MISSING.values(), ids=MISSING)
def test_only_what_needs_it_is_grey_and_says_why_in_both_languages(
    directory: Path, given: Setting, missing: dict[str, str]
) -> None:
    with started(directory, given) as running:
        running.press("begin")
        for kind in KINDS:
            if kind not in missing:
                running.play(wait_enabled=f"service:{code_of(kind)}")
        for kind, cause in missing.items():
            # An absent device may say for a moment that it is opening.
            running.wait(greyed(kind, CAUSES[cause].resident["zh"]), f"{kind} grey for {cause}")
        running.press("language")
        for kind, cause in missing.items():
            tile = running.offered(f"service:{code_of(kind)}")
            assert (tile.enabled, tile.reason) == (False, CAUSES[cause].resident["en"])
        ready = {
            code: state["ready"]
            for code, state in running.terminal.surroundings.heartbeat()["services"].items()
        }
        assert ready == {code_of(kind): kind not in missing for kind in KINDS}


def test_what_no_service_here_asks_for_is_missed_as_well_and_the_rest_goes_on(directory: Path) -> None:
    """Named in kiosk.ini, and none of it there: no print service, no USB printer, no card in any slot."""
    named: Setting = {
        ("card_reader", "kind"): "pcsc",
        ("card_reader", "reader_name"): "no such reader",
        ("camera", "source"): "",
        ("receipt_printer", "address"): "usb:0fe6:811e:nobody",
        ("document_printer", "queue"): "jiujin",
        ("document_printer", "server"): str(directory / "no-cupsd.sock"),
        ("document_camera", "source"): "/dev/video98",
        ("sensors", "door"): "/nowhere/value",
        ("screen", "touch_panel"): "no such panel",
        ("token", "module"): "/nowhere/module.so",
        ("code_reader", "camera"): "document_camera",
    }
    told = {
        "a4.service_lost",
        "printer.offline",
        "document_camera.unavailable",
        "cabinet.sensor_unreadable",
        "touch_panel.absent",
        "token.module_missing",
    }
    with started(directory, named) as running:

        def causes() -> set[str]:
            return set(running.terminal.surroundings.heartbeat()["causes"])

        assert wait_until(lambda: told <= causes()), told - causes()

        def of_code_reader() -> tuple[str, ...]:
            return running.terminal.surroundings.world().backstage.devices["code_reader"].causes

        # It is asked about by a turn of its own: the camera may have been told before it.
        assert wait_until(lambda: of_code_reader() == ("document_camera.unavailable",)), of_code_reader()
        # The machine's own smart-card service may run or not: without one, that is what is told.
        assert wait_until(lambda: bool({"card.absent", "card.service_lost"} & causes())), causes()
        running.press("begin")
        running.play(wait_enabled=f"service:{code_of('none')}")
        assert not running.offered(f"service:{code_of('card')}").enabled
