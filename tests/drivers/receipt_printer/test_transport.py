from __future__ import annotations

import socket

import pytest

from drivers.contract import Failed, Ok
from drivers.receipt_printer.protocol import RealtimeReply
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.transport import Closed, WireFault, open_transport


def test_replies_come_through_and_the_end_is_told(far_end: SimulatedPrinter) -> None:
    opened = open_transport(far_end.address)
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
    monkeypatch.setattr("drivers.receipt_printer.transport._WRITE_BYTES_PER_S", 1e9)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        opened = open_transport(f"tcp://127.0.0.1:{server.getsockname()[1]}")
        assert isinstance(opened, Ok)
        written = opened.value.write(bytes(8_000_000))
        assert isinstance(written, Failed)
        assert written.reason is WireFault.WRITE_TIMEOUT
        opened.value.close(discard=True)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "usb:1", "127.0.0.1:9100"])
def test_an_address_of_another_kind_is_a_mistake_in_the_settings(address: str) -> None:
    with pytest.raises(ValueError, match="looks like"):
        open_transport(address)
