"""Secure messaging, the terminal's end (Doc 9303-11, section 9.8).

A reply's MAC is verified before anything in it is decrypted or believed, its status word included.
"""

from __future__ import annotations

import hmac

from drivers.card_reader.emrtd import ciphers, tlv
from drivers.card_reader.emrtd.apdu import SHORT_LC, SHORT_LE, Command, Reply, with_header
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.outcome import EmrtdFailure, Refusal
from drivers.contract import Failed, Ok

PADDED = 0x87
"""Cryptogram with a padding indicator (even instructions)."""
PLAIN = 0x85
"""Cryptogram alone (odd instructions)."""
EXPECTED_LENGTH = 0x97
STATUS = 0x99
CHECKSUM = 0x8E
PADDING_INDICATOR = b"\x01"
SM_BITS = 0x0C
LARGEST_OVERHEAD = 4 + 1 + 16 + 4 + 10 + 4
"""Bytes that a protected reply has beyond its data: object header, indicator, padding, status, MAC;
and the header of tag 53 around what an odd READ BINARY gives."""


class SecureMessaging:
    """The keys of one session and its send sequence counter."""

    def __init__(self, suite: Suite, secret_keys: tuple[bytes, bytes], counter: int = 0) -> None:
        self.suite = suite
        self._encryption_key, self._mac_key = secret_keys
        self._counter = counter

    def protect(self, command: Command) -> Command:
        """The protected command, one step of the counter on."""
        self._count()
        head = bytes([command.cla | SM_BITS, *command.header[1:]])
        body = b""
        if command.data:
            cryptogram = ciphers.encrypt(
                self.suite,
                self._encryption_key,
                ciphers.vector(self.suite, self._encryption_key, self._counter),
                ciphers.pad(command.data, self.suite.block_size),
            )
            odd = command.ins & 1
            body += tlv.encode(
                PLAIN if odd else PADDED, cryptogram if odd else PADDING_INDICATOR + cryptogram
            )
        if command.le is not None:
            size = 2 if command.extended else 1
            body += tlv.encode(EXPECTED_LENGTH, (command.le & (1 << 8 * size) - 1).to_bytes(size, "big"))
        padded_head = ciphers.pad(head, self.suite.block_size)
        # without data objects the padded header alone is authenticated
        checksum = self._mac(padded_head + body) if body else self._mac(head)
        body += tlv.encode(CHECKSUM, checksum)
        extended = command.extended or len(body) > SHORT_LC
        return with_header(head, body, 0x10000 if extended else SHORT_LE)

    def open(self, reply: Reply) -> Ok[Reply] | Refusal:
        """The reply inside; every failure here ends the session."""
        self._count()
        if not reply.data:
            return _broken(f"an unprotected answer, {reply.status:04X}")
        try:
            nodes = tlv.read_all(reply.data)
        except tlv.Malformed as error:
            return _broken(str(error))
        if [node.tag for node in nodes] not in (
            [STATUS, CHECKSUM],
            [PADDED, STATUS, CHECKSUM],
            [PLAIN, STATUS, CHECKSUM],
        ):
            return _broken("not the objects of a protected answer")
        signed = b"".join(node.raw for node in nodes[:-1])
        if not hmac.compare_digest(nodes[-1].value, self._mac(signed)):
            return _broken("wrong MAC")
        status = nodes[-2].value
        if len(status) != 2 or int.from_bytes(status, "big") != reply.status:
            return _broken("two different status words")
        return self._decrypt(nodes[0], reply.status) if len(nodes) == 3 else Ok(Reply(b"", reply.status))

    def _decrypt(self, node: tlv.Node, status: int) -> Ok[Reply] | Refusal:
        cryptogram = node.value
        if node.tag == PADDED:
            if not cryptogram.startswith(PADDING_INDICATOR):
                return _broken("an unknown padding")
            cryptogram = cryptogram[1:]
        if not cryptogram or len(cryptogram) % self.suite.block_size:
            return _broken("not whole blocks")
        iv = ciphers.vector(self.suite, self._encryption_key, self._counter)
        try:
            data = ciphers.unpad(ciphers.decrypt(self.suite, self._encryption_key, iv, cryptogram))
        except ValueError as error:
            return _broken(str(error))
        return Ok(Reply(data, status))

    def _mac(self, data: bytes) -> bytes:
        counter = self._counter.to_bytes(self.suite.block_size, "big")
        return ciphers.message_mac(self.suite, self._mac_key, counter + data)

    def _count(self) -> None:
        self._counter = (self._counter + 1) % (1 << 8 * self.suite.block_size)


def _broken(detail: str) -> Refusal:
    return Failed(EmrtdFailure.CHANNEL_BROKEN, detail)
