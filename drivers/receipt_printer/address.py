"""Where a receipt printer is: `tcp://host:port`, `serial:/path?baud=N&flow=F`, `usb:` or `usb:VID:PID[:serial]`.

Pure and light: the settings check an address with it, and the driver opens one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from drivers.contract import Failed, Ok

BAUD_RATES: Final = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
"""What receipt printers with a serial port offer."""

_DEFAULT_BAUD: Final = 115200
_TCP = re.compile(r"(?P<host>[^\s:/?#\[\]]+|\[[0-9a-fA-F:.]+\]):(?P<port>\d+)/?")
_USB = re.compile(r"(?P<vendor>[0-9a-fA-F]{4}):(?P<product>[0-9a-fA-F]{4})(:(?P<serial>[\x21-\x7e]+))?")


class Flow(StrEnum):
    """How a serial printer says "wait": by XOFF and XON, or by the line RTS/CTS."""

    XON_XOFF = "xonxoff"
    RTS_CTS = "rtscts"


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A raw port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port by its path; a path under /dev/serial/by-id survives another USB socket."""

    path: str
    baud_rate: int = _DEFAULT_BAUD
    flow: Flow = Flow.XON_XOFF


@dataclass(frozen=True, slots=True)
class UsbAddress:
    """A device with an interface of the USB printer class; None means any."""

    vendor: int | None = None
    product: int | None = None
    serial: str | None = None


Address = TcpAddress | SerialAddress | UsbAddress


class AddressFault(StrEnum):
    """What is wrong with an address."""

    KIND = "kind"
    TCP = "tcp"
    PORT = "port"
    SERIAL_PATH = "serial_path"
    SERIAL_OPTION = "serial_option"
    BAUD_RATE = "baud_rate"
    FLOW = "flow"
    USB = "usb"


def parse_address(text: str) -> Ok[Address] | Failed[AddressFault]:
    """The address, or what is wrong with it."""
    scheme, colon, rest = text.partition(":")
    match scheme, colon:
        case "tcp", ":":
            return _tcp(rest)
        case "serial", ":":
            return _serial(rest)
        case "usb", ":":
            return _usb(rest)
        case _:
            return Failed(AddressFault.KIND)


def _tcp(rest: str) -> Ok[Address] | Failed[AddressFault]:
    found = _TCP.fullmatch(rest.removeprefix("//")) if rest.startswith("//") else None
    if found is None:
        return Failed(AddressFault.TCP)
    port = int(found["port"])
    if not 1 <= port <= 65535:
        return Failed(AddressFault.PORT)
    return Ok(TcpAddress(found["host"].strip("[]"), port))


def _serial(rest: str) -> Ok[Address] | Failed[AddressFault]:
    path, _, options = rest.partition("?")
    if not path.startswith("/"):
        return Failed(AddressFault.SERIAL_PATH)
    given = dict(parse_qsl(options, keep_blank_values=True))
    if set(given) - {"baud", "flow"} or len(given) != len([part for part in options.split("&") if part]):
        return Failed(AddressFault.SERIAL_OPTION)
    baud, flow = given.get("baud", str(_DEFAULT_BAUD)), given.get("flow", Flow.XON_XOFF.value)
    if not baud.isdecimal() or int(baud) not in BAUD_RATES:
        return Failed(AddressFault.BAUD_RATE)
    if flow not in set(Flow):
        return Failed(AddressFault.FLOW)
    return Ok(SerialAddress(path, int(baud), Flow(flow)))


def _usb(rest: str) -> Ok[Address] | Failed[AddressFault]:
    if not rest:
        return Ok(UsbAddress())
    found = _USB.fullmatch(rest)
    if found is None:
        return Failed(AddressFault.USB)
    return Ok(UsbAddress(int(found["vendor"], 16), int(found["product"], 16), found["serial"]))
