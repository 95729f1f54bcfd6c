"""A terminal that must not start leaves nothing running, and demo keys are refused wherever they stand."""

from __future__ import annotations

import contextlib
import shutil
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import psutil
import pytest

from drivers.camera.simulated import SimulatedCamera
from drivers.card_reader.contract import CardFailure, CardRead
from drivers.card_reader.protocol import Command
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.contract import Cause, DeviceState, Failed, Ok
from drivers.document_camera.camera import CameraForDocuments
from kiosk import keys
from kiosk.assembly.devices import key_files, open_devices
from kiosk.assembly.foundation import lay_foundation
from kiosk.assembly.terminal import assemble
from kiosk.bench.configure import village_ini
from kiosk.clock import Clock
from kiosk.journey import events as ev
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.visit import CardProblem
from kiosk.settings import Settings, load_text
from offline_queue.link import LinkState, Unreached
from offline_queue.wire import Batch
from tests.drivers.camera.sights import png, room
from tests.drivers.card_reader.people import CARD
from tests.drivers.waiting import wait_until
from tests.kiosk.journey.visits import visit, world
from tests.offline_queue.authority import DAY, Authority
from tests.offline_queue.simulated import Centre

PROJECT = Path(__file__).resolve().parents[2]
NO_DEVICES = {
    ("card_reader", "kind"): "none",
    ("card_reader", "helper_kind"): "none",
    ("receipt_printer", "address"): "none",
}
FILES = {
    ("trust", "terminal_key"): "terminal_0142.key",
    ("trust", "database_key"): "outbox.key",
    ("trust", "publisher_key"): "publisher.pub",
    ("centre", "authority"): "ca.pem",
    ("centre", "sealing_key"): "centre_sealing.pub",
    ("centre", "acknowledgement_key"): "centre_acknowledgement.pub",
    ("face", "calibration_key"): "calibration.pub",
    ("document_printer", "root"): "document_root.pem",
}


A4 = {("document_printer", "queue"): "a4"}


def settings_of(folder: Path, given: dict[tuple[str, str], str]) -> Settings:
    text = village_ini(PROJECT, {**NO_DEVICES, **given}, folder / "state")
    read, problems = load_text(text, "kiosk.ini", folder)
    assert read is not None, problems
    return read


def test_all_key_files_are_looked_at(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, A4)
    named = {getattr(getattr(settings, section), key).name for section, key in FILES}
    assert {file.name for file in key_files(settings)} == named == set(FILES.values())
    without = {file.name for file in key_files(settings_of(tmp_path, {}))}
    assert named - without == {"document_root.pem"}, "no document printer, no root of documents"


@pytest.mark.parametrize("demo", FILES.values(), ids=[f"{s}.{k}" for s, k in FILES])
def test_one_demo_key_among_real_ones_is_refused_before_anything_is_opened(tmp_path: Path, demo: str) -> None:
    real = tmp_path / "keys"
    real.mkdir()
    given = {("terminal", "demo"): "false", **A4}
    for where, name in FILES.items():
        if name != demo:
            shutil.copy(PROJECT / ".setup" / "trust" / name, real)
            given[where] = str(real / name)
    with pytest.raises(keys.KeyFileError, match=demo):
        assemble(settings_of(tmp_path, given))
    assert not (tmp_path / "state").exists()


def test_a_start_that_fails_at_the_last_device_ends_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object, **_named: object) -> None:
        message = "a defect"
        raise RuntimeError(message)

    monkeypatch.setattr("drivers.receipt_printer.escpos_printer.EscposPrinter.__init__", broken)
    me = psutil.Process()
    children = set(me.children(recursive=True))
    threads = set(threading.enumerate())
    given = {("camera", "source"): "/dev/video99", ("receipt_printer", "address"): "tcp://127.0.0.1:9"}
    with pytest.raises(RuntimeError, match="a defect"):
        assemble(settings_of(tmp_path, given))
    assert wait_until(lambda: not started_since(me, children)), "a child of the camera or the face is left"
    assert wait_until(lambda: not [t.name for t in threading.enumerate() if t not in threads])


@pytest.mark.parametrize(
    ("confirmed", "state"), [(False, LinkState.CLOCK_WRONG), (True, LinkState.TLS_EXPIRED)]
)
def test_a_certificate_is_called_expired_only_by_a_clock_that_somebody_confirmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: LinkState, *, confirmed: bool
) -> None:
    monkeypatch.setattr(Clock, "trusted", lambda _clock: confirmed)
    authority = Authority(tmp_path)
    centre = Centre(authority.issue("expired", begins=-5 * DAY, ends=-DAY))
    given = {
        ("camera", "source"): "/dev/video99",
        ("centre", "url"): centre.url,
        ("centre", "authority"): str(authority.ca_file),
    }
    try:
        with contextlib.ExitStack() as stack:
            base = lay_foundation(settings_of(tmp_path, given), stack)
            stack.callback(base.sender.close)
            empty = Batch(terminal=base.outbox.terminal, head=base.outbox.head(), items=())
            answer = base.link.send_batch(empty)
    finally:
        centre.stop()
    assert isinstance(answer, Unreached)
    assert answer.state is state


def test_a_camera_that_is_an_address_serves_a_demo_and_no_resident(tmp_path: Path) -> None:
    lens = SimulatedCamera(png(room(width=640, height=480)))
    given = {("camera", "source"): lens.address, ("camera", "size"): "640x480"}
    known = {}
    try:
        for demo in ("true", "false"):
            with contextlib.ExitStack() as stack:
                settings = settings_of(tmp_path, {**given, ("terminal", "demo"): demo})
                camera = open_devices(settings, stack).camera
                assert camera is not None
                seen = [camera.probe()]
                while seen[-1].state is DeviceState.OPENING:  # each look waits for the child
                    seen.append(camera.probe())
                known[demo] = (seen[-1].state, seen[-1].cause)
    finally:
        lens.close()
    assert known == {
        "true": (DeviceState.READY, None),
        "false": (DeviceState.FAULT, Cause.CAMERA_REFUSED),
    }
    assert lens.connections == 0


def test_a_document_camera_is_its_own_or_the_one_that_looks_at_residents(tmp_path: Path) -> None:
    looks, desk = "/dev/video98", "/dev/video99"
    for sources, cameras in (({"camera": looks}, 1), ({"camera": looks, "document_camera": desk}, 2)):
        given = {(section, "source"): source for section, source in sources.items()}
        with contextlib.ExitStack() as stack:
            devices = open_devices(settings_of(tmp_path, given), stack)
            assert (devices.camera is not None) + (devices.document_camera is not None) == cameras
    both = {("camera", "source"): looks, ("document_camera", "source"): looks}
    with contextlib.ExitStack() as stack:
        devices = open_devices(settings_of(tmp_path, both), stack)
        assert isinstance(devices.document_camera, CameraForDocuments)
        assert devices.document_camera._camera is devices.camera


def test_tokens_and_codes_are_optional_and_a_code_reader_looks_through_the_camera_named(
    tmp_path: Path,
) -> None:
    sources = {("camera", "source"): "/dev/video98", ("document_camera", "source"): "/dev/video99"}
    with contextlib.ExitStack() as stack:
        devices = open_devices(settings_of(tmp_path, sources), stack)
        assert (devices.token, devices.code_reader, devices.code_camera) == (None, None, None)
    for camera in ("camera", "document_camera"):
        given = {
            **sources,
            ("code_reader", "camera"): camera,
            ("token", "module"): "/nowhere/module.so",
        }
        with contextlib.ExitStack() as stack:
            devices = open_devices(settings_of(tmp_path, given), stack)
            assert {"token", "code_reader"} <= devices.named().keys()
            assert (devices.code_camera is devices.camera) == (camera == "camera")
            assert devices.looks_through()["code_reader"] == camera
    blind = {("code_reader", "camera"): "document_camera"}
    with contextlib.ExitStack() as stack:
        assert open_devices(settings_of(tmp_path, blind), stack).code_reader is None


def started_since(me: psutil.Process, before: set[psutil.Process]) -> list[psutil.Process]:
    """Children that were not there; multiprocessing's own helper stays by design."""
    return [
        child
        for child in me.children(recursive=True)
        if child not in before and "resource_tracker" not in " ".join(child.cmdline())
    ]


def read_once(
    folder: Path, key: str, value: str
) -> tuple[Ok[CardRead] | Failed[CardFailure], SimulatedSdtReader]:
    """A card read by the assembled reader with this setting, and the module that answered, closed."""
    with closing(SimulatedSdtReader()) as module, ExitStack() as stack:
        module.put_card(CARD)
        given = {
            ("card_reader", "kind"): "sdt",
            ("card_reader", "port"): module.path,
            ("card_reader", key): value,
        }
        reader = open_devices(settings_of(folder, given), stack).identity_reader
        assert reader is not None
        return reader.read(15.0, Event()), module


@pytest.mark.parametrize(
    ("sam_id", "problem"),
    [
        ("", None),
        ("05.01-20260101-0000123456-0000007890", None),
        ("05.01-20260101-0000123456-0000007891", CardProblem.TOO_WEAK),
    ],
    ids=["none is named", "this one is named", "another is named"],
)
def test_a_card_counts_by_the_word_of_the_module_that_the_settings_name(
    tmp_path: Path, sam_id: str, problem: CardProblem | None
) -> None:
    """An ordinary card on an ordinary reader is enough for the pension; one on a strange module is not."""
    answered, _module = read_once(tmp_path, "sam_id", sam_id)
    after, _ = step(replace(visit(State.CARD), card=None), ev.CardAnswered(answered), world())
    assert after.card_problem is problem
    assert (after.card is not None) == (problem is None)


@pytest.mark.parametrize(
    ("written", "asked"), [("true", Command.READ_FINGERPRINT), ("false", Command.READ_BASE)]
)
def test_a_reader_that_wants_the_question_with_fingerprints_gets_it(
    tmp_path: Path, written: str, asked: Command
) -> None:
    answered, module = read_once(tmp_path, "with_fingerprint", written)
    assert isinstance(answered, Ok)
    reads = (Command.READ_FINGERPRINT, Command.READ_BASE)
    assert [command for command in reads if module.heard(command)] == [asked]
