from __future__ import annotations

import socket

import pytest

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import (
    Address,
    AddressFault,
    Flow,
    SerialAddress,
    TcpAddress,
    UsbAddress,
    parse_address,
)
from drivers.receipt_printer.protocol import RealtimeReply
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.transport import Closed, WireFault
from tests.drivers.receipt_printer.slips import open_wire


def test_replies_come_through_and_the_end_is_told(far_end: SimulatedPrinter) -> None:
    opened = open_wire(far_end.address)
    assert isinstance(opened, Ok)
    transport = opened.value
    assert transport.next_reply(0) is None
    assert transport.write(b"\x10\x04\x01") == Ok(None)
    assert transport.next_reply(5) == RealtimeReply(0x12)
    far_end.close()
    assert transport.next_reply(5) == Closed()
    transport.close(discard=False)


def test_a_peer_that_never_reads_ends_the_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.receipt_printer.transport._WRITE_BASE_S", 0.3)
    monkeypatch.setattr("drivers.receipt_printer.port_tcp.TcpPort.bytes_per_s", 1e9)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened = open_wire(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        assert isinstance(opened, Ok)
        written = opened.value.write(bytes(8_000_000))
        assert isinstance(written, Failed)
        assert written.reason is WireFault.WRITE_TIMEOUT
        opened.value.close(discard=True)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("tcp://printer.example:9100", TcpAddress("printer.example", 9100)),
        ("tcp://127.0.0.1:65535", TcpAddress("127.0.0.1", 65535)),
        ("tcp://[::1]:9100", TcpAddress("::1", 9100)),
        (
            "serial:/dev/serial/by-id/usb-a_b",
            SerialAddress("/dev/serial/by-id/usb-a_b", 115200, Flow.XON_XOFF),
        ),
        ("serial:/dev/ttyS0?baud=9600&flow=rtscts", SerialAddress("/dev/ttyS0", 9600, Flow.RTS_CTS)),
        ("usb:", UsbAddress()),
        ("usb:04b8:0E15", UsbAddress(0x04B8, 0x0E15)),
        ("usb:04b8:0e15:J7-1:2", UsbAddress(0x04B8, 0x0E15, "J7-1:2")),
    ],
)
def test_an_address_is_read(text: str, address: Address) -> None:
    assert parse_address(text) == Ok(address)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("127.0.0.1:9100", AddressFault.KIND),
        ("", AddressFault.KIND),
        ("tcp://127.0.0.1", AddressFault.TCP),
        ("tcp:127.0.0.1:9100", AddressFault.TCP),
        ("tcp://127.0.0.1:0", AddressFault.PORT),
        ("tcp://127.0.0.1:65536", AddressFault.PORT),
        ("serial:ttyS0", AddressFault.SERIAL_PATH),
        ("serial:/dev/ttyS0?speed=9600", AddressFault.SERIAL_OPTION),
        ("serial:/dev/ttyS0?baud=9600&baud=19200", AddressFault.SERIAL_OPTION),
        ("serial:/dev/ttyS0?baud=9601", AddressFault.BAUD_RATE),
        ("serial:/dev/ttyS0?baud=", AddressFault.BAUD_RATE),
        ("serial:/dev/ttyS0?flow=dtr", AddressFault.FLOW),
        ("usb:1", AddressFault.USB),
        ("usb:04b8:0e15:", AddressFault.USB),
    ],
)
def test_an_address_that_cannot_be_used_says_why(text: str, fault: AddressFault) -> None:
    assert parse_address(text) == Failed(fault)
