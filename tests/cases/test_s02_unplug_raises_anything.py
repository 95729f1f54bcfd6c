"""S02: an unplugged port raises whatever it likes; it is one thing, and the port is opened again."""

from __future__ import annotations

import errno
import termios
from collections.abc import Callable, Iterator

import pytest
import serial

from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated_module import SimulatedCard, SimulatedModule
from drivers.contract import Cause, DeviceState, Ok
from tests.drivers.card_reader.people import PHOTO, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER

PATH = "/dev/serial/by-id/no-such-reader"
HALF = bytes.fromhex("aaaaaa96690508000090010004004b6dd58b3275")
"""The first 20 bytes of somebody else's card."""
LOSSES = [
    ("read", OSError(errno.EIO, "Input/output error")),
    ("in_waiting", OSError(errno.EIO, "Input/output error")),
    ("reset_input_buffer", termios.error(errno.EIO, "Input/output error")),
    ("write", serial.SerialTimeoutException("Write timeout")),
    ("read", serial.SerialException("device reports readiness to read but returned no data")),
    ("read", TypeError("an integer is required (got type NoneType)")),
]


class Line(SimulatedModule):
    """A module whose answers lie in a buffer until the port takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def send(self, data: bytes) -> None:
        self.waiting += data

    def unplug(self) -> None:
        raise NotImplementedError


class Port:
    """What pyserial gives, until the call that raises."""

    def __init__(self, line: Line, fails_in: str, error: Exception | None) -> None:
        self._line = line
        self._fails_in = fails_in
        self._error = error
        self._gave_half = False
        self.is_open = True

    def _may_fail(self, call: str) -> None:
        if self._error is not None and call == self._fails_in:
            self.is_open = False  # its descriptor is gone
            raise self._error

    @property
    def in_waiting(self) -> int:
        self._may_fail("in_waiting")
        return len(self._line.waiting)

    def reset_input_buffer(self) -> None:
        self._may_fail("reset_input_buffer")
        self._line.waiting.clear()

    def write(self, data: bytes) -> None:
        self._may_fail("write")
        self._line.hear(data)

    def read(self, size: int) -> bytes:
        if self._fails_in == "read" and not self._gave_half:
            self._gave_half = True
            return HALF
        self._may_fail("read")
        taken = bytes(self._line.waiting[:size])
        del self._line.waiting[:size]
        return taken

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def line() -> Line:
    return Line()


def openings(monkeypatch: pytest.MonkeyPatch, *outcomes: Callable[[], Port]) -> Iterator[int]:
    """pyserial's constructor gives these one after the other, and the last one again and again."""
    opened: list[int] = []

    def open_next(*_given: object, **_named: object) -> Port:
        opened.append(1)
        return outcomes[min(len(opened), len(outcomes)) - 1]()

    monkeypatch.setattr(serial, "Serial", open_next)
    while True:
        yield len(opened)


def refuse(error: OSError) -> Callable[[], Port]:
    def opening() -> Port:
        raise error

    return opening


ABSENT = refuse(FileNotFoundError(errno.ENOENT, "No such file"))
FORBIDDEN = refuse(PermissionError(errno.EACCES, "Permission denied"))


@pytest.mark.parametrize(("call", "error"), LOSSES, ids=lambda value: str(value)[:18])
def test_whatever_it_raises_the_reader_is_down_and_comes_back(
    monkeypatch: pytest.MonkeyPatch, line: Line, call: str, error: Exception
) -> None:
    counted = openings(
        monkeypatch,
        lambda: Port(line, call, error),
        *[ABSENT] * 20,
        *[FORBIDDEN] * 2,
        lambda: Port(line, "", None),
    )
    next(counted)
    reader = SdtReader(SerialLink(PATH), poll_s=0.001, short_timeout_s=0.2)
    for opening in range(1, 24):
        status = reader.probe()
        assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.CARD_LOST)
        assert next(counted) == opening
    assert reader.probe().state is DeviceState.READY
    assert reader.status().cause is None
    line.put_card(SimulatedCard(RESIDENT, PHOTO))
    outcome = reader.read(5.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.document == RESIDENT
    reader.close()


def test_a_permission_that_stays_away_is_named_with_the_group(
    monkeypatch: pytest.MonkeyPatch, line: Line
) -> None:
    counted = openings(monkeypatch, FORBIDDEN, FORBIDDEN, ABSENT, FORBIDDEN, lambda: Port(line, "", None))
    next(counted)
    now_s = [1000.0]
    monkeypatch.setattr("drivers.card_reader.sam.monotonic", lambda: now_s[0])
    reader = SdtReader(SerialLink(PATH), poll_s=0.001)
    assert reader.probe().state is DeviceState.OPENING
    now_s[0] += 31.0
    status = reader.probe()
    assert (status.state, status.cause) == (DeviceState.FAULT, Cause.CARD_DENIED)
    assert "group dialout" in status.detail
    assert not reader.probe().usable
    # it was away meanwhile: patience begins anew, and the first cause stays
    assert reader.probe().cause is Cause.CARD_DENIED
    assert reader.probe().cause is None
    reader.close()
