"""An issuer of electronic identities and the phone that shows them; its key is made anew each time."""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.eid import protocol

LIFE_S = 60


class SimulatedIssuer:
    """`show` is what the app on the phone of this number's holder shows at that moment."""

    def __init__(self, name: str = "demo-issuer") -> None:
        self.name = name
        self._key = Ed25519PrivateKey.generate()

    @property
    def public_key(self) -> Ed25519PublicKey:
        return self._key.public_key()

    def write_key(self, folder: Path) -> None:
        """Where the terminal looks for its issuers."""
        pem = self.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (folder / f"{self.name}.pub").write_bytes(pem)

    def show(self, number: str, now: datetime, *, life_s: int = LIFE_S, token_id: str = "") -> str:
        token_id = token_id or secrets.token_hex(16)
        issued_s = int(now.timestamp())
        holder = protocol.holder_of(token_id, number)
        message = protocol.message_of(
            protocol.Claims(self.name, token_id, issued_s, issued_s + life_s, holder)
        )
        return protocol.text_of(message, self._key.sign(message))
