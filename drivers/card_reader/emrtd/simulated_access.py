"""Access protocols and chip authentication, the chip's end."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from drivers.card_reader.emrtd import ciphers, curves, keys, tlv
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.keys import MrzKey, Password
from drivers.card_reader.emrtd.pace import DYNAMIC_DATA, PaceInfo, nonce_key, token
from drivers.card_reader.emrtd.simulated_channel import ChipMessaging

_NONCE: Final = 8


class Refused(Exception):  # noqa: N818  # the chip's way to a status word
    """The chip says no."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


class ChipBac:
    """One run of basic access control, from the challenge on."""

    def __init__(self, key: MrzKey, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random
        self._key = key
        self.challenge = random(_NONCE)

    def authenticate(self, token_bytes: bytes) -> tuple[bytes, ChipMessaging]:
        """The terminal's cryptogram -> the chip's and the session; `Refused` with 6300."""
        suite = Suite.TDES
        seed = self._key.secret[:16]
        encryption_key = keys.derive(suite, seed, keys.ENCRYPTION)
        mac_key = keys.derive(suite, seed, keys.MAC)
        cryptogram, checksum = token_bytes[:32], token_bytes[32:]
        if checksum != ciphers.mac(suite, mac_key, cryptogram):
            raise Refused(0x6300)
        opened = ciphers.decrypt(suite, encryption_key, bytes(8), cryptogram)
        nonce, challenge, terminals = opened[:8], opened[8:16], opened[16:]
        if challenge != self.challenge:
            raise Refused(0x6300)
        own = self._random(16)
        answer = ciphers.encrypt(suite, encryption_key, bytes(8), self.challenge + nonce + own)
        shared = bytes(a ^ b for a, b in zip(own, terminals, strict=True))
        pair = (keys.derive(suite, shared, keys.ENCRYPTION), keys.derive(suite, shared, keys.MAC))
        counter = int.from_bytes(self.challenge[4:] + nonce[4:], "big")
        return answer + ciphers.mac(suite, mac_key, answer), ChipMessaging(suite, pair, counter)


class ChipPace:
    """One run of PACE with generic mapping, step by step."""

    def __init__(
        self,
        info: PaceInfo,
        password: Password,
        nonce: bytes | None = None,
        scalar: Callable[[curves.Curve], int] = curves.private_scalar,
    ) -> None:
        self._info = info
        self._curve = curves.STANDARD[info.parameters]
        self._password = password
        self._nonce = secrets.token_bytes(16) if nonce is None else nonce
        self._scalar = scalar
        self._generator: curves.Point = None
        self._public = (b"", b"")
        self._keys: tuple[bytes, bytes] | None = None
        self.session: ChipMessaging | None = None

    def step(self, data: bytes) -> bytes:
        """One GENERAL AUTHENTICATE's data -> the answer's."""
        nodes = tlv.read_all(tlv.read_only(data, DYNAMIC_DATA))
        if not nodes:
            tag, value = 0x80, self._encrypted_nonce()
        else:
            match nodes[0].tag:
                case 0x81:
                    tag, value = 0x82, self._map(nodes[0].value)
                case 0x83:
                    tag, value = 0x84, self._agree(nodes[0].value)
                case 0x85:
                    tag, value = 0x86, self._confirm(nodes[0].value)
                case _:
                    raise Refused(0x6A80)
        return tlv.encode(DYNAMIC_DATA, tlv.encode(tag, value))

    def _encrypted_nonce(self) -> bytes:
        suite = self._info.suite
        return ciphers.encrypt(suite, nonce_key(suite, self._password), bytes(suite.block_size), self._nonce)

    def _map(self, terminals: bytes) -> bytes:
        secret = self._scalar(self._curve)
        shared = curves.multiply(curves.decode(self._curve, terminals), secret)
        self._generator = self._curve.generator * int.from_bytes(self._nonce, "big") + shared
        return curves.encode(self._curve.generator * secret)

    def _agree(self, terminals: bytes) -> bytes:
        if self._generator is None:
            raise Refused(0x6985)
        secret = self._scalar(self._curve)
        own = curves.encode(self._generator * secret)
        agreed = curves.x_bytes(self._curve, curves.multiply(curves.decode(self._curve, terminals), secret))
        suite = self._info.suite
        self._keys = (keys.derive(suite, agreed, keys.ENCRYPTION), keys.derive(suite, agreed, keys.MAC))
        self._public = (terminals, own)
        return own

    def _confirm(self, terminals_token: bytes) -> bytes:
        if self._keys is None:
            raise Refused(0x6985)
        suite, (terminals, own) = self._info.suite, self._public
        if terminals_token != token(suite, self._keys[1], self._info.identifier, own):
            raise Refused(0x6300)
        self.session = ChipMessaging(suite, self._keys)
        return token(suite, self._keys[1], self._info.identifier, terminals)


def chip_authentication(curve: curves.Curve, secret: int, suite: Suite, terminals: bytes) -> ChipMessaging:
    """The session that follows from the terminal's ephemeral key and the chip's static one."""
    agreed = curves.x_bytes(curve, curves.multiply(curves.decode(curve, terminals), secret))
    return ChipMessaging(
        suite, (keys.derive(suite, agreed, keys.ENCRYPTION), keys.derive(suite, agreed, keys.MAC))
    )
