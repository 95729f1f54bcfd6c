"""The far end of a PC/SC reader: a smart card that dials in to vpcd's virtual reader.

The card is the TCP client (vpcd listens on one of `PORTS`). Every message is a 2-byte big-endian length
and a payload; a payload of one byte from the reader is a control (0 power off, 1 power on,
2 reset, 4 asks for the ATR, the only one that is answered). Connecting is insertion, closing is
removal. What the card answers is its program's matter.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from enum import StrEnum
from threading import Lock, Thread
from typing import Protocol

from drivers.card_reader import identity_file
from drivers.card_reader.contract import Document

PORTS = (15963, 35963)
"""vpcd's for the first slot; the next slot has the next port. That of a service which `virtual_service` starts:
below the ports that the system hands out (32768 and up), any of which may be taken at its start, or was within
the last minute. And that of Debian's own configuration, if such a service runs.
"""
_ASK_ATR = b"\x04"
_SELECT = 0xA4
_READS = (0xB0, 0xB2)
"""READ BINARY and READ RECORD."""
_OK = bytes.fromhex("9000")
SLOW_ANSWER_S = 0.03
"""A social-security card is asked 36 times: about one second more, a third of what a reader grants."""


class CardProgram(Protocol):
    """What runs on a card."""

    @property
    def atr(self) -> bytes: ...

    def power_up(self) -> None:
        """Power or reset: forget what was selected, opened or proved."""

    def respond(self, apdu: bytes) -> bytes:
        """The answer with its status word."""
        ...


class CardFault(StrEnum):
    """How the card misbehaves from now on, whatever its program."""

    FOREIGN = "foreign"
    """It has other applications, not ours."""
    GARBAGE = "garbage"
    """What is read is rubbish."""
    LEAVE = "leave"
    """It is pulled when something is read."""
    SILENT = "silent"
    """Takes the command to read and never answers."""
    SLOW = "slow"
    """Thinks for `SLOW_ANSWER_S` before each answer."""


class IdentityFileCard:
    """The terminal's own kind of card, see `identity_file`."""

    atr = bytes.fromhex("3B80800101")
    """Direct convention, T=0 and T=1 offered, no historical bytes, right check byte."""

    def __init__(self, document: Document) -> None:
        self._file = identity_file.encode(document)
        self._selected = False

    def power_up(self) -> None:
        self._selected = False

    def respond(self, apdu: bytes) -> bytes:
        if apdu.startswith(bytes.fromhex("00A40400")):
            wanted = apdu[5 : 5 + apdu[4]] if len(apdu) > 4 else b""
            self._selected = wanted == identity_file.AID
            return _OK if self._selected else bytes.fromhex("6A82")
        if not apdu.startswith(bytes.fromhex("00B0")) or len(apdu) != 5:
            return bytes.fromhex("6D00")
        if not self._selected:
            return bytes.fromhex("6985")
        offset, wanted_size = int.from_bytes(apdu[2:4], "big"), apdu[4] or 256
        if offset >= len(self._file):
            return bytes.fromhex("6B00")
        return self._file[offset : offset + wanted_size] + _OK


class VirtualCard:
    """One card for a slot, 0 or 1. `insert` and `remove` may be repeated; the same card keeps its program.

    `before_answer`, when it is set, is called with each command before it is answered. Quicker than any hand:
    see `virtual_service.VirtualSlot`.
    """

    def __init__(self, program: CardProgram, *, slot: int = 0) -> None:
        self._program = program
        self.slot = slot
        self._fault: CardFault | None = None
        self.before_answer: Callable[[bytes], None] | None = None
        self._lock = Lock()
        self._connection: socket.socket | None = None
        self._thread: Thread | None = None

    def misbehave(self, fault: CardFault | None) -> None:
        self._fault = fault

    def insert(self, deadline_s: float = 5.0) -> None:
        """Put the card in; OSError when no vpcd listens."""
        self.remove()
        connection = _connect(self.slot, deadline_s)
        connection.settimeout(None)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connection = connection
        self._thread = Thread(target=self._serve, args=(connection,), name="virtual-card", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card; nothing happens when it is out."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            _hang_up(connection)
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _serve(self, connection: socket.socket) -> None:
        self._program.power_up()
        with connection:
            while (message := _receive(connection)) is not None:
                if len(message) == 1:
                    answer = self._program.atr if message == _ASK_ATR else None
                    if message != _ASK_ATR:
                        self._program.power_up()
                else:
                    if self.before_answer is not None:
                        self.before_answer(message)
                    answer = self._respond(message)
                    if answer is None and self._fault is CardFault.LEAVE:
                        break
                if answer is not None and not _send(connection, answer):
                    break

    def _respond(self, apdu: bytes) -> bytes | None:
        """The answer with its status word, None for no answer at all."""
        instruction = apdu[1]
        if self._fault is CardFault.SLOW:
            time.sleep(SLOW_ANSWER_S)
        if instruction == _SELECT and self._fault is CardFault.FOREIGN:
            return bytes.fromhex("6A82")
        if instruction in _READS and self._fault in (CardFault.LEAVE, CardFault.SILENT):
            return None
        answer = self._program.respond(apdu)
        if instruction in _READS and self._fault is CardFault.GARBAGE:
            return bytes(byte ^ 0xA5 for byte in answer[:-2]) + answer[-2:]
        return answer


def _connect(slot: int, deadline_s: float) -> socket.socket:
    own, packaged = (("127.0.0.1", port + slot) for port in PORTS)
    try:
        return socket.create_connection(own, deadline_s)
    except ConnectionRefusedError:
        return socket.create_connection(packaged, deadline_s)


def _receive(connection: socket.socket) -> bytes | None:
    """One message; None when the reader hung up."""
    header = _receive_exactly(connection, 2)
    return None if header is None else _receive_exactly(connection, int.from_bytes(header, "big"))


def _receive_exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        try:
            # The kernel forgets this after each use; without it every command waits 40 ms for an ACK.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = connection.recv(size - len(data))
        except OSError:
            return None
        if not part:
            return None
        data += part
    return data


def _send(connection: socket.socket, answer: bytes) -> bool:
    try:
        connection.sendall(len(answer).to_bytes(2, "big") + answer)
    except OSError:
        return False
    return True


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # the other end was quicker
        return
