"""The four cipher suites of secure messaging: two-key 3DES with Retail-MAC, AES with CMAC."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherAlgorithm

MAC_SIZE = 8


class Suite(Enum):
    """Name, size of a key and of a block in bytes."""

    TDES = ("3DES", 16, 8)
    AES_128 = ("AES-128", 16, 16)
    AES_192 = ("AES-192", 24, 16)
    AES_256 = ("AES-256", 32, 16)

    def __init__(self, label: str, key_size: int, block_size: int) -> None:
        self.label = label
        self.key_size = key_size
        self.block_size = block_size


def pad(data: bytes, block_size: int) -> bytes:
    """ISO/IEC 9797-1 padding method 2: always at least one byte."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block_size)


def unpad(data: bytes) -> bytes:
    """Inverse of `pad`; ValueError when there is no padding."""
    stripped = data.rstrip(b"\0")
    if not stripped.endswith(b"\x80"):
        msg = "no padding"
        raise ValueError(msg)
    return stripped[:-1]


def encrypt(suite: Suite, key: bytes, vector: bytes, data: bytes) -> bytes:
    """CBC without padding; whole blocks only."""
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    return Cipher(_algorithm(suite, key), modes.CBC(vector)).encryptor().update(data)


def decrypt(suite: Suite, key: bytes, vector: bytes, data: bytes) -> bytes:
    """CBC without padding; whole blocks only."""
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    return Cipher(_algorithm(suite, key), modes.CBC(vector)).decryptor().update(data)


def vector(suite: Suite, key: bytes, counter: int) -> bytes:
    """The initialisation vector of a message: zeros for 3DES, the encrypted counter for AES."""
    zeros = bytes(suite.block_size)
    if suite is Suite.TDES:
        return zeros
    return encrypt(suite, key, zeros, counter.to_bytes(suite.block_size, "big"))


def mac(suite: Suite, key: bytes, data: bytes) -> bytes:
    """8 bytes. 3DES pads here (MAC algorithm 3 of ISO/IEC 9797-1), CMAC brings its own padding."""
    if suite is Suite.TDES:
        return _retail_mac(key, pad(data, suite.block_size))
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    machine = CMAC(AES(key))
    machine.update(data)
    return machine.finalize()[:MAC_SIZE]


def message_mac(suite: Suite, key: bytes, data: bytes) -> bytes:
    """The MAC of a secure message: padded to blocks before either algorithm (Doc 9303-11, 9.8.6)."""
    return mac(suite, key, data if suite is Suite.TDES else pad(data, suite.block_size))


def _retail_mac(key: bytes, blocks: bytes) -> bytes:
    first = key[:8]
    chained = bytes(8)
    if len(blocks) > 8:
        chained = encrypt(Suite.TDES, first + first, bytes(8), blocks[:-8])[-8:]
    return encrypt(Suite.TDES, key, chained, blocks[-8:])


def _algorithm(suite: Suite, key: bytes) -> CipherAlgorithm:
    if suite is Suite.TDES:
        from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES

        return TripleDES(key + key[:8])
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    return AES(key)
