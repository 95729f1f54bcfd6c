"""A serial port whose every failure is one value.

After an unplug pyserial raises SerialException from `read`, OSError from `in_waiting` and
termios.error (which is neither) from `reset_input_buffer`; all of them mean "lost".
"""

from __future__ import annotations

import errno
import grp
import termios
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import serial

from drivers.card_reader.link import LinkFailure
from drivers.card_reader.protocol import SPEEDS
from drivers.contract import Failed, Ok

T = TypeVar("T")

_SLICE_S = 0.05
_WRITE_TIMEOUT_S = 1.0


_BY_ERRNO = {
    errno.ENOENT: LinkFailure.ABSENT,
    errno.ENODEV: LinkFailure.ABSENT,
    errno.ENXIO: LinkFailure.ABSENT,
    errno.EACCES: LinkFailure.DENIED,
    errno.EPERM: LinkFailure.DENIED,
    errno.EAGAIN: LinkFailure.HELD,
    errno.EBUSY: LinkFailure.HELD,
}


class SerialLink:
    """8N1, opened exclusively, by path: a symlink that moves is followed at the next open. See `Link`."""

    speeds = SPEEDS

    def __init__(self, path: str, baud_rate: int = SPEEDS[0]) -> None:
        self._path = path
        self._baud_rate = baud_rate
        self._port: serial.Serial | None = None

    @property
    def name(self) -> str:
        return self._path

    @property
    def speed(self) -> int:
        return self._baud_rate

    @property
    def is_open(self) -> bool:
        return self._port is not None

    def open(self, _deadline_s: float = 0.0, /) -> Failed[LinkFailure] | None:
        if self._port is not None:
            return None
        try:
            self._port = serial.Serial(
                self._path,
                self._baud_rate,
                timeout=_SLICE_S,
                write_timeout=_WRITE_TIMEOUT_S,
                exclusive=True,
            )
        except (OSError, termios.error) as error:
            failure = _BY_ERRNO.get(_errno(error) or 0, LinkFailure.LOST)
            return Failed(failure, self._explain(failure, error))
        return None

    def set_speed(self, bits_per_second: int) -> Failed[LinkFailure] | None:
        self._baud_rate = bits_per_second

        def switch(port: serial.Serial) -> None:
            port.flush()  # what is still to be sent goes at the old speed
            port.baudrate = bits_per_second
            port.reset_input_buffer()

        done = self._guard(switch)
        return done if isinstance(done, Failed) else None

    def end(self) -> None:
        self.close()

    def close(self) -> None:
        port, self._port = self._port, None
        if port is None:
            return
        try:
            port.close()
        except (OSError, termios.error):
            # Nothing is left to release: the kernel drops the descriptor of a vanished device.
            return

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        def send(port: serial.Serial) -> None:
            port.reset_input_buffer()
            port.write(data)

        done = self._guard(send)
        return done if isinstance(done, Failed) else None

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        return self._guard(lambda port: port.read(port.in_waiting or 1))

    def _guard(self, call: Callable[[serial.Serial], T]) -> Ok[T] | Failed[LinkFailure]:
        port = self._port
        if port is None:
            return Failed(LinkFailure.LOST, "the port is not open")
        try:
            return Ok(call(port))
        except (OSError, termios.error) as error:  # SerialException is an OSError
            self.close()
            return Failed(LinkFailure.LOST, self._explain(LinkFailure.LOST, error))
        except TypeError as error:
            # pyserial hands os.read a None when its descriptor went away under the call
            if port.is_open:
                raise
            self.close()
            return Failed(LinkFailure.LOST, self._explain(LinkFailure.LOST, error))

    def _explain(self, failure: LinkFailure, error: Exception) -> str:
        text = f"{self._path}: {failure.value} ({type(error).__name__} {_errno(error)})"
        if failure is LinkFailure.DENIED:
            text += f"; the terminal's user must be in group {_owning_group(self._path)}"
        return text


def _errno(error: Exception) -> int | None:
    """termios.error keeps its number in args, and pyserial sometimes nests it in a text."""
    number = getattr(error, "errno", None)
    if number is None and error.args and isinstance(error.args[0], int):
        number = error.args[0]
    return number


def _owning_group(path: str) -> str:
    try:
        return grp.getgrgid(Path(path).stat().st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
