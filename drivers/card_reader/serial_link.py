"""A serial port whose every failure is one value.

After an unplug pyserial raises SerialException from `read`, OSError from `in_waiting` and
termios.error (which is neither) from `reset_input_buffer`; all of them mean "lost".
"""

from __future__ import annotations

import errno
import grp
import termios
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

import serial

from drivers.contract import Failed, Ok

T = TypeVar("T")

_SLICE_S = 0.05
_WRITE_TIMEOUT_S = 1.0


class LinkFailure(StrEnum):
    """Why there is no link."""

    ABSENT = "absent"
    DENIED = "denied"
    HELD = "held"
    LOST = "lost"


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
    """8N1, opened exclusively, by path: a symlink that moves is followed at the next open."""

    def __init__(self, path: str, baud_rate: int) -> None:
        self._path = path
        self._baud_rate = baud_rate
        self._port: serial.Serial | None = None

    @property
    def is_open(self) -> bool:
        return self._port is not None

    def open(self) -> Failed[LinkFailure] | None:
        """Open the port if it is not open; None when it is."""
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

    def close(self) -> None:
        """Close the port; a port that is gone counts as closed."""
        port, self._port = self._port, None
        if port is None:
            return
        try:
            port.close()
        except (OSError, termios.error):
            # Nothing is left to release: the kernel drops the descriptor of a vanished device.
            return

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        """Throw away what came unasked, then send; a write that stalls for 1 s counts as lost."""

        def send(port: serial.Serial) -> None:
            port.reset_input_buffer()
            port.write(data)

        done = self._guard(send)
        return done if isinstance(done, Failed) else None

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        """What arrives within 50 ms; empty when nothing does."""
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
