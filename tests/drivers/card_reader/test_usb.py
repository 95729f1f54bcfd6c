"""USB readers: pyusb against a simulated bus, in this process and in the child of a real terminal."""

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import usb.core

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.link import LinkFailure
from drivers.card_reader.links import link_to
from drivers.card_reader.protocol import Command, Reply, request
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated_usb import SimulatedUsbReader, UsbNature
from drivers.card_reader.simulated_usb_backend import SimulatedUsbBackend, simulated_port
from drivers.card_reader.usb_address import UsbAddress, parse
from drivers.card_reader.usb_link import UsbLink
from drivers.card_reader.usb_port import UsbPort
from drivers.contract import Cause, DeviceState, Failed, Ok
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.rigs.sdt import SdtUsbRig
from tests.drivers.waiting import wait_until

ALWAYS = 1_000_000
ANY = parse("usb:")
TWO_PIPES = UsbNature()
ONE_PIPE = UsbNature(vendor=0x0483, product=0x5652, endpoints=(0x01, 0x82))


@pytest.fixture
def rig() -> Iterator[SdtUsbRig]:
    rig = SdtUsbRig()
    yield rig
    rig.close()


@pytest.fixture
def reader(rig: SdtUsbRig) -> Iterator[SdtReader]:
    reader = rig.driver()
    yield reader
    reader.close()


def test_a_killed_child_is_a_lost_reader_that_comes_back(rig: SdtUsbRig, reader: SdtReader) -> None:
    assert wait_until(lambda: reader.probe().usable)
    killed = child_of(reader)
    os.kill(killed, signal.SIGKILL)
    assert wait_until(lambda: reader.probe().cause is Cause.CARD_LOST or child_of(reader) != killed)
    assert wait_until(lambda: reader.probe().usable)
    rig.put()
    assert isinstance(reader.read(10.0, NEVER), Ok)


def test_a_reader_that_was_restarted_is_opened_again(rig: SdtUsbRig, reader: SdtReader) -> None:
    assert wait_until(lambda: reader.probe().usable)
    reader.restart()
    assert not reader.status().usable
    assert wait_until(lambda: reader.probe().usable)
    rig.put()
    assert isinstance(reader.read(10.0, NEVER), Ok)


def child_of(reader: SdtReader) -> int:
    link: Any = reader._module._link  # a kill comes from outside, and needs the pid
    return int(link._worker.pid or 0)


def test_a_call_that_never_returns_ends_at_its_deadline() -> None:
    module = SimulatedUsbReader(UsbNature(hangs=True))
    link = UsbLink(ANY, simulated_port, (module.path,))

    def overran() -> bool:
        failed = link.open(0.4)
        assert isinstance(failed, Failed)
        assert failed.reason is LinkFailure.LOST
        return "timed_out" in failed.detail

    try:
        assert wait_until(overran), "first its process starts"
        assert not link.is_open
    finally:
        link.end()
        module.close()


@contextmanager
def plugged(nature: UsbNature = TWO_PIPES) -> Iterator[tuple[SimulatedUsbReader, SimulatedUsbBackend]]:
    module = SimulatedUsbReader(nature)
    try:
        yield module, SimulatedUsbBackend(module.path)
    finally:
        module.close()


def answer(port: UsbPort) -> bytes:
    """What comes until the line is quiet."""
    whole = b""
    while chunk := port.read():
        assert isinstance(chunk, Ok)
        if not chunk.value:
            return whole
        whole += chunk.value
    raise AssertionError


@pytest.mark.parametrize("nature", [UsbNature(), ONE_PIPE, UsbNature(configured=False)])
def test_endpoints_come_from_the_descriptors(nature: UsbNature) -> None:
    with plugged(nature) as (module, backend):
        port = UsbPort(ANY, backend)
        assert port.open() is None
        assert port.write(request(Command.STATUS)) is None
        assert answer(port) == Reply(0, 0x90, b"").to_frame()
        assert module.heard(Command.STATUS) == 1
        port.close()


def test_an_answer_that_nobody_waited_for_is_gone_before_the_next_request() -> None:
    with plugged() as (module, backend):
        port = UsbPort(ANY, backend)
        assert port.open() is None
        module.send(Reply(0, 0x9F, bytes(4)).to_frame())
        assert port.write(request(Command.STATUS)) is None
        assert answer(port) == Reply(0, 0x90, b"").to_frame()
        port.close()


def test_the_kernels_driver_lets_go() -> None:
    with plugged(UsbNature(kernel_driver=True)) as (_, backend):
        port = UsbPort(ANY, backend)
        assert port.open() is None
        assert backend.detached == 1
        port.close()


@pytest.mark.parametrize(
    ("nature", "failure", "words"),
    [
        (UsbNature(denied=True), LinkFailure.DENIED, "udev"),
        (UsbNature(held=True), LinkFailure.HELD, "held"),
        (UsbNature(vendor=0x1234), LinkFailure.ABSENT, "absent"),
        (UsbNature(endpoints=(0x81,)), LinkFailure.ABSENT, "endpoints"),
    ],
)
def test_why_it_does_not_open(nature: UsbNature, failure: LinkFailure, words: str) -> None:
    with plugged(nature) as (_, backend):
        failed = UsbPort(ANY, backend).open()
        assert isinstance(failed, Failed)
        assert failed.reason is failure
        assert words in failed.detail


def test_without_libusb_it_is_absent_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(**_asked: object) -> None:
        raise usb.core.NoBackendError("No backend available")

    monkeypatch.setattr("usb.core.find", none)
    failed = UsbPort(ANY).open()
    assert isinstance(failed, Failed)
    assert failed.reason is LinkFailure.ABSENT
    assert "libusb" in failed.detail


def test_the_real_library_in_its_child_finds_no_such_device() -> None:
    link = link_to("usb:FFFF:FFFF", 115200)
    failed = link.open(10.0)
    assert isinstance(failed, Failed)
    assert failed.reason is LinkFailure.ABSENT
    link.end()


@pytest.mark.parametrize("number", [errno.EIO, errno.EPIPE, errno.ENODEV, errno.EOVERFLOW])
def test_any_error_in_use_is_a_lost_line(number: int) -> None:
    with plugged() as (module, backend):
        port = UsbPort(ANY, backend)
        assert port.open() is None
        module.fail_next(number)
        failed = port.read()
        assert isinstance(failed, Failed)
        assert failed.reason is LinkFailure.LOST
        assert str(number) in failed.detail
        assert isinstance(port.read(), Failed)
        assert port.open() is None
        assert port.write(request(Command.STATUS)) is None
        assert answer(port) == Reply(0, 0x90, b"").to_frame()
        port.close()


@pytest.mark.parametrize("taken", [0, 3, None])
def test_a_write_that_stalls_is_a_lost_line(monkeypatch: pytest.MonkeyPatch, taken: int | None) -> None:
    def stall(*_given: object) -> int:
        if taken is None:
            raise usb.core.USBTimeoutError("Operation timed out", errno=errno.ETIMEDOUT)
        return taken

    with plugged() as (_, backend):
        port = UsbPort(ANY, backend)
        assert port.open() is None
        monkeypatch.setattr(backend, "bulk_write", stall)
        failed = port.write(request(Command.STATUS))
        assert isinstance(failed, Failed)
        assert failed.reason is LinkFailure.LOST
        again = port.write(request(Command.STATUS))
        assert isinstance(again, Failed)
        assert "not open" in again.detail


def test_a_reader_is_found_by_its_serial_number() -> None:
    with plugged() as (_, backend):
        assert UsbPort(parse("usb:0400:C35A:SIM0001"), backend).open() is None
        failed = UsbPort(parse("usb:0400:C35A:SIM0002"), backend).open()
        assert isinstance(failed, Failed)
        assert failed.reason is LinkFailure.ABSENT
    with plugged(UsbNature(denied=True)) as (_, backend):
        failed = UsbPort(parse("usb:0400:C35A:SIM0001"), backend).open()
        assert isinstance(failed, Failed)
        assert failed.reason is LinkFailure.DENIED


def test_a_reader_without_permission_is_a_fault_once_udev_had_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("drivers.card_reader.sam.UDEV_PATIENCE_S", 0.0)
    module = SimulatedUsbReader(UsbNature(denied=True))
    reader = SdtReader(UsbLink(ANY, simulated_port, (module.path,)))
    outcome = reader.read(3.0, NEVER)
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.READER_LOST
    assert (reader.status().state, reader.status().cause) == (DeviceState.FAULT, Cause.CARD_DENIED)
    reader.close()
    module.close()


def test_how_kiosk_ini_names_a_reader() -> None:
    assert ANY.ids == ((0x0400, 0xC35A), (0x0483, 0x5652))
    assert parse("usb:0483:5652:AB12") == UsbAddress("usb:0483:5652:AB12", ((0x0483, 0x5652),), "AB12")
    assert isinstance(link_to("/dev/serial/by-id/reader", 9600), SerialLink)
    link = link_to("usb:0400:c35a", 115200)
    assert isinstance(link, UsbLink)
    assert link.name == "usb:0400:c35a"
    link.end()


@pytest.mark.parametrize(
    "text", ["usb", "usb:0400", "usb:400:C35A", "usb:0400:C35G", "usb:0400:C35A:", "usb:0400:C35A:a b"]
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="usb:VID:PID"):
        parse(text)
