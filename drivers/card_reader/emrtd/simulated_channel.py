"""Secure messaging, the chip's end."""

from __future__ import annotations

import hmac

from drivers.card_reader.emrtd import ciphers, tlv
from drivers.card_reader.emrtd.apdu import Command, Reply, with_header
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.secure_messaging import (
    CHECKSUM,
    EXPECTED_LENGTH,
    PADDED,
    PADDING_INDICATOR,
    PLAIN,
    SM_BITS,
    STATUS,
)


class ChipMessaging:
    """Opens protected commands and protects replies with one session's keys."""

    def __init__(self, suite: Suite, secret_keys: tuple[bytes, bytes], counter: int = 0) -> None:
        self.suite = suite
        self._encryption_key, self._mac_key = secret_keys
        self._counter = counter

    def open(self, command: Command) -> Command | None:
        """The command inside; None when its MAC or its form is wrong."""
        self._counter += 1
        try:
            nodes = tlv.read_all(command.data)
            checksum = tlv.require(nodes, CHECKSUM)
        except tlv.Malformed:
            return None
        body = b"".join(node.raw for node in nodes[:-1])
        head = command.header
        signed = ciphers.pad(head, self.suite.block_size) + body if body else head
        if not hmac.compare_digest(checksum, self._mac(signed)):
            return None
        expected = tlv.find(nodes, EXPECTED_LENGTH)
        le = None
        if expected is not None:
            le = int.from_bytes(expected.value, "big") or 1 << 8 * len(expected.value)
        data = b""
        for node in nodes:
            if node.tag in (PADDED, PLAIN):
                cryptogram = node.value[1:] if node.tag == PADDED else node.value
                data = ciphers.unpad(
                    ciphers.decrypt(self.suite, self._encryption_key, self._iv(), cryptogram)
                )
        return with_header(bytes([head[0] & ~SM_BITS, *head[1:]]), data, le)

    def protect(self, reply: Reply, *, odd: bool) -> Reply:
        """The protected reply; odd instructions have their cryptogram without a padding indicator."""
        self._counter += 1
        body = b""
        if reply.data:
            padded = ciphers.pad(reply.data, self.suite.block_size)
            cryptogram = ciphers.encrypt(self.suite, self._encryption_key, self._iv(), padded)
            body = tlv.encode(PLAIN if odd else PADDED, cryptogram if odd else PADDING_INDICATOR + cryptogram)
        body += tlv.encode(STATUS, reply.status.to_bytes(2, "big"))
        return Reply(body + tlv.encode(CHECKSUM, self._mac(body)), reply.status)

    def _iv(self) -> bytes:
        return ciphers.vector(self.suite, self._encryption_key, self._counter)

    def _mac(self, data: bytes) -> bytes:
        counter = self._counter.to_bytes(self.suite.block_size, "big")
        return ciphers.message_mac(self.suite, self._mac_key, counter + data)
