"""An SDT reader on USB, in a child process. Untested on hardware: simulated at pyusb's backend.

Each transfer has its own time-out, but libusb's open and claim have none, and a cancelled transfer
waits for the kernel: on a sick bus any of them may never return, and native code may crash. So
every request has a deadline here, and a child that misses it is killed: the reader is then lost,
and found again like one that was unplugged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from drivers.card_reader.link import LinkFailure
from drivers.card_reader.usb_address import UsbAddress
from drivers.contract import Failed, Ok
from drivers.worker import Worker, WorkerFailure

_START_S: Final = 3.0
_OPEN_S: Final = 6.0
"""The kernel gives a control transfer 5 s."""
_SHORTEST_OPEN_S: Final = 0.2
"""A child is not killed for a deadline that leaves no time to open anything."""
_REQUEST_S: Final = 1.5
"""Longer than the longest time-out of a transfer, 1 s for a write."""


class UsbLink:
    """See `Link`. A cable has no speed to agree on."""

    speeds = ()
    speed = 0

    def __init__(
        self,
        address: UsbAddress,
        port: str | Callable[..., object] = "drivers.card_reader.usb_port:UsbPort",
        arguments: tuple[Any, ...] = (),
        *,
        request_s: float = _REQUEST_S,
    ) -> None:
        """`port` with `(address, *arguments)` makes the `UsbPort` in the child."""
        self._address = address
        self._request_s = request_s
        self._worker = Worker(port, (address, *arguments))
        self.is_open = False

    @property
    def name(self) -> str:
        return self._address.text

    def open(self, deadline_s: float, /) -> Failed[LinkFailure] | None:
        if self.is_open:
            return None
        if not self._worker.wait_ready(min(_START_S, deadline_s)):
            return Failed(LinkFailure.LOST, f"{self.name}: its process does not start ({self._why()})")
        failed: Failed[LinkFailure] | None = self._ask(
            "open", deadline_s=min(_OPEN_S, max(_SHORTEST_OPEN_S, deadline_s))
        )
        self.is_open = failed is None
        return failed

    def set_speed(self, bits_per_second: int) -> Failed[LinkFailure] | None:
        msg = f"{self.name} has no speed {bits_per_second}"
        raise ValueError(msg)

    def write(self, data: bytes) -> Failed[LinkFailure] | None:
        failed: Failed[LinkFailure] | None = self._ask("write", data, deadline_s=self._request_s)
        self.is_open = failed is None
        return failed

    def read(self) -> Ok[bytes] | Failed[LinkFailure]:
        got: Ok[bytes] | Failed[LinkFailure] = self._ask("read", deadline_s=self._request_s)
        self.is_open = isinstance(got, Ok)
        return got

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            # a child that cannot even close is killed by its deadline, which closes everything
            self._ask("close", deadline_s=self._request_s)

    def end(self) -> None:
        self.close()
        self._worker.close()

    def _ask(self, method: str, *arguments: Any, deadline_s: float) -> Any:
        """What the port answers, or `Failed`. A new child knows of no open device, and says so."""
        match self._worker.call(method, *arguments, deadline_s=deadline_s):
            case Ok(answer):
                return answer
            case Failed(WorkerFailure() as reason, detail):
                return Failed(LinkFailure.LOST, f"{self.name}: its process {reason.value} {detail}".rstrip())

    def _why(self) -> str:
        return self._worker.last_failure or "no answer"
