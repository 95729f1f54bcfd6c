"""What every driver promises (design 6), each proved on the far end of its wire, or on a real device.

With `--hardware FAMILY:ADDRESS` (several times, if wished) the same tests run on what is plugged in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psutil
import pytest

from drivers.contract import Device, DeviceState, DeviceStatus
from tests.drivers.rigs.cabinet import CabinetRig
from tests.drivers.rigs.camera import CameraRig
from tests.drivers.rigs.code_reader import CodeReaderRig
from tests.drivers.rigs.document_camera import DocumentCameraRig
from tests.drivers.rigs.document_printer import DocumentPrinterRig
from tests.drivers.rigs.face import FaceRig
from tests.drivers.rigs.hardware import HardwareRig, cannot_do
from tests.drivers.rigs.pcsc import PcscRig
from tests.drivers.rigs.printer import PrinterRig, TcpPrinterRig, UsbPrinterRig
from tests.drivers.rigs.rig import Rig, Verb
from tests.drivers.rigs.sdt import SdtRig, SdtUsbRig
from tests.drivers.rigs.token import TokenRig
from tests.drivers.rigs.touch_panel import TouchPanelRig
from tests.drivers.waiting import PATIENCE_S, wait_until
from tests.groups import ONE_READER

RIGS: dict[str, type[Rig]] = {
    "sdt": SdtRig,
    "sdt-usb": SdtUsbRig,
    "pcsc": PcscRig,
    "printer-serial": PrinterRig,
    "printer-tcp": TcpPrinterRig,
    "printer-usb": UsbPrinterRig,
    "a4": DocumentPrinterRig,
    "camera": CameraRig,
    "document-camera": DocumentCameraRig,
    "face": FaceRig,
    "token": TokenRig,
    "code-reader": CodeReaderRig,
    "cabinet": CabinetRig,
    "touch-panel": TouchPanelRig,
}
"""Here a driver joins."""

F = TypeVar("F", bound=Callable[..., Any])


def needs(*verbs: Verb) -> Callable[[F], F]:
    """The test is for rigs that can do this; the others have said why not."""

    def mark(test: F) -> F:
        test.verbs = verbs  # type: ignore[attr-defined]
        return test

    return mark


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "rig" not in metafunc.fixturenames:
        return
    verbs = set(getattr(metafunc.function, "verbs", ()))
    hardware: list[str] = metafunc.config.getoption("--hardware")
    params = [
        pytest.param(lambda address=address: HardwareRig(address), id=address, marks=pytest.mark.hardware)
        for address in hardware
        if not verbs & cannot_do(address)
    ]
    if not hardware:
        params = [
            pytest.param(rig, id=name, marks=pytest.mark.xdist_group(ONE_READER) if name == "pcsc" else ())
            for name, rig in RIGS.items()
            if not verbs & set(rig.cannot)
        ]
    metafunc.parametrize("rig", params, indirect=True)


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    made: Rig = request.param()
    yield made
    made.heal()
    made.close()


@pytest.fixture
def device(rig: Rig) -> Iterator[Device]:
    """Known to work before anything is done to it."""
    made = rig.driver()
    try:
        assert wait_until(lambda: made.probe().usable), made.status()
        yield made
    finally:
        made.close()


class Operation:
    """A long operation in a thread of its own."""

    def __init__(self, rig: Rig, device: Device) -> None:
        self._outcome: list[bool] = []
        self._thread = threading.Thread(
            target=lambda: self._outcome.append(rig.operate(device, long=True)), daemon=True
        )
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def done(self) -> bool:
        """Its outcome; fails when it never ends, or ended by a defect."""
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "the operation never ends"
        [outcome] = self._outcome
        return outcome


def works_again(rig: Rig, device: Device) -> None:
    assert wait_until(lambda: device.probe().usable), device.status()
    assert rig.operate(device)
    assert device.status().usable
    assert device.status().cause is None


def is_told(status: DeviceStatus) -> bool:
    """Not usable, and why."""
    return not status.usable and status.cause is not None


def test_a_healthy_device_works_and_says_so(rig: Rig, device: Device) -> None:
    works_again(rig, device)


@needs(Verb.UNPLUG, Verb.PLUG)
def test_absent_at_the_start_is_told_and_found_when_it_comes(rig: Rig) -> None:
    rig.unplug()
    device = rig.driver()
    try:
        assert not device.status().usable
        assert wait_until(lambda: is_told(device.probe())), device.status()
        assert not rig.operate(device)
        assert is_told(device.status())
        rig.plug()
        works_again(rig, device)
    finally:
        device.close()


@needs(Verb.UNPLUG, Verb.PLUG)
def test_unplugged_in_the_middle_is_never_done_and_comes_back(rig: Rig, device: Device) -> None:
    operation = Operation(rig, device)
    assert rig.wait_busy()
    rig.unplug()
    assert not operation.done()
    assert wait_until(lambda: is_told(device.probe())), device.status()
    rig.heal()
    rig.plug()
    works_again(rig, device)


@needs(Verb.UNPLUG, Verb.PLUG)
def test_the_first_cause_is_kept_while_nothing_changes(rig: Rig, device: Device) -> None:
    rig.unplug()
    assert wait_until(lambda: is_told(device.probe())), device.status()
    first = device.status().cause
    for _ in range(4):
        assert device.probe().cause is first
    rig.plug()
    works_again(rig, device)


@needs(Verb.REPLUG_ELSEWHERE)
def test_plugged_in_elsewhere_is_found(rig: Rig, device: Device) -> None:
    rig.replug_elsewhere()
    works_again(rig, device)


@needs(Verb.RESTART_SERVICE)
def test_what_it_leans_on_dies_while_idle_and_it_comes_back(rig: Rig, device: Device) -> None:
    rig.restart_service()
    works_again(rig, device)


@needs(Verb.RESTART_SERVICE)
def test_what_it_leans_on_dies_in_the_middle_and_nothing_is_called_done(rig: Rig, device: Device) -> None:
    operation = Operation(rig, device)
    assert rig.wait_busy()
    rig.restart_service()
    assert not operation.done()
    works_again(rig, device)


@needs(Verb.GARBLE)
def test_garbage_is_never_a_result(rig: Rig, device: Device) -> None:
    rig.garble()
    assert not rig.operate(device)
    rig.heal()
    works_again(rig, device)


@needs(Verb.SLOW)
def test_a_slow_device_ends_one_way_or_the_other_and_is_none_the_worse(rig: Rig, device: Device) -> None:
    rig.slow()
    done = rig.operate(device)
    assert device.status().usable or not done
    rig.heal()
    works_again(rig, device)


@needs(Verb.SILENCE)
def test_silence_is_never_a_result_and_never_fine(rig: Rig, device: Device) -> None:
    rig.silence()
    assert not rig.operate(device)
    assert is_told(device.status()) or not rig.silent_is_silent
    rig.heal()
    works_again(rig, device)


@needs(Verb.SILENCE)
def test_a_status_is_had_while_an_operation_hangs(rig: Rig, device: Device) -> None:
    operation = Operation(rig, device)
    assert rig.wait_busy()
    device.probe()
    assert operation.running, "a look waits for nobody who uses the device"
    rig.silence()
    asked = 0
    while operation.running and asked < 50:
        device.status()
        asked += 1
    assert asked == 50, "each was answered before the operation had ended"
    operation.done()


def test_closing_ends_what_goes_on_and_may_be_done_twice(rig: Rig, device: Device) -> None:
    operation = Operation(rig, device)
    assert rig.wait_busy()
    device.close()
    device.close()
    operation.done()


def test_after_closing_it_is_not_fine(rig: Rig) -> None:
    device = rig.driver()
    assert wait_until(lambda: device.probe().usable)
    device.close()
    assert not device.status().usable
    assert device.status().state is DeviceState.UNKNOWN
    assert not device.probe().usable


def test_a_life_leaves_no_thread_no_descriptor_and_no_process(rig: Rig) -> None:
    this = psutil.Process()

    def life() -> None:
        device = rig.driver()
        assert wait_until(lambda: device.probe().usable)
        assert rig.operate(device)
        device.close()

    life()  # what the libraries keep for themselves
    with same_after(lambda: (this.num_fds(), this.num_threads(), len(this.children(recursive=True)))):
        life()


@contextmanager
def same_after(count: Callable[[], tuple[int, ...]]) -> Iterator[None]:
    settled = count()
    assert wait_until(lambda: count() <= settled)
    before = count()
    yield
    assert wait_until(lambda: all(now <= then for now, then in zip(count(), before, strict=True))), (
        before,
        count(),
    )


@pytest.mark.parametrize("kind", [*RIGS.values(), HardwareRig], ids=lambda kind: kind.__name__)
def test_each_verb_is_done_or_explained(kind: type[Rig]) -> None:
    done = {verb for verb in Verb if getattr(kind, verb.value) is not getattr(Rig, verb.value)}
    assert done | set(kind.cannot) == set(Verb)
    assert all(kind.cannot.values())
