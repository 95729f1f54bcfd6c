"""The centre's word that one document may be printed once, here; and the record that it was used.

A file of JSON: `{"authorisation": {...}, "signature": {"key_id", "sha256", "signature"}}`, where the
signature is the centre's (Ed25519) over `PURPOSE` with the canonical JSON of `authorisation`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from drivers.contract import Failed, Ok, Outcome
from drivers.line_log import LineLog
from kiosk.case import parse_case_code
from kiosk.catalogue.signature import SignatureState, check_signature, sign
from kiosk.catalogue.strict_json import NotStrictJsonError, parse
from kiosk.documents.refusal import Refusal

PURPOSE = b"jiujin.document/1\n"
_NOT_BEGUN = "not begun"


class Authorisation(BaseModel):
    """`sha256` is that of the PDF's bytes. Nothing in it names a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Annotated[Literal["jiujin.document/1"], Field(alias="schema")]
    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    case_code: str
    terminal: Annotated[str, Field(pattern=r"^[0-9A-Z]{4}$")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    copies: Literal[1]
    expires_at: AwareDatetime


def signed(content: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The file, as the centre makes it."""
    return json.dumps(
        {"authorisation": content, "signature": json.loads(sign(content, key, PURPOSE))}, indent=1
    ).encode()


def check(
    data: bytes, pdf: bytes, keys: Collection[Ed25519PublicKey], terminal: str, now: datetime
) -> Ok[Authorisation] | Failed[Refusal]:
    """Whether these bytes allow this document on this terminal at this moment, used or not."""
    unreadable = Failed(Refusal.AUTHORISATION_UNREADABLE)
    try:
        file = parse(data)
    except NotStrictJsonError:
        return unreadable
    if not isinstance(file, dict) or set(file) != {"authorisation", "signature"}:
        return unreadable
    content, signature = file["authorisation"], json.dumps(file["signature"]).encode()
    states = [check_signature(content, signature, key, PURPOSE) for key in keys]
    if SignatureState.GOOD not in states:  # before the content is believed in anything
        return Failed(Refusal.AUTHORISATION_FORGED, states[0].value if states else "")
    try:
        found = Authorisation.model_validate(content)
    except ValidationError as error:
        return Failed(Refusal.AUTHORISATION_UNREADABLE, ".".join(map(str, error.errors()[0]["loc"])))
    if parse_case_code(found.case_code) != found.case_code:
        return Failed(Refusal.AUTHORISATION_UNREADABLE, "case_code")
    if found.terminal != terminal:
        return Failed(Refusal.AUTHORISATION_ELSEWHERE, found.terminal)
    if now >= found.expires_at:
        return Failed(Refusal.AUTHORISATION_EXPIRED, found.expires_at.isoformat())
    if hashlib.sha256(pdf).hexdigest() != found.sha256:
        return Failed(Refusal.OTHER_DOCUMENT)
    return Ok(found)


class Ledger:
    """Which authorisations were used: lines of about 100 bytes, never removed; the last one counts.

    Safe between processes: a technician's command and the terminal cannot both use one. A line torn
    by a power cut is no use: nothing is printed before its line is whole on the disk.
    """

    def __init__(self, path: Path) -> None:
        self._log = LineLog(path)

    def spend(self, authorisation: Authorisation) -> Ok[None] | Failed[Refusal]:
        """Record the use on the disk, or say why it must not be used."""
        try:
            with self._log.locked():
                if self.is_spent(authorisation):
                    return Failed(Refusal.AUTHORISATION_USED)
                self._log.append(_use(authorisation, "printing"))
        except OSError as error:
            return Failed(Refusal.NOT_RECORDED, error.strerror or "")
        return Ok(None)

    def settle(self, authorisation: Authorisation, outcome: Outcome | None) -> Ok[None] | Failed[Refusal]:
        """Note how it ended: it stays used whatever that was. None: nothing was begun, so it is unused again."""
        try:
            with self._log.locked():
                self._log.append(_use(authorisation, outcome.value if outcome else _NOT_BEGUN))
        except OSError as error:
            return Failed(Refusal.NOT_RECORDED, error.strerror or "")
        return Ok(None)

    def is_spent(self, authorisation: Authorisation) -> bool:
        """Only to refuse early: `spend` decides. OSError when the ledger cannot be read."""
        states = [line.get("state") for line in self._log.read() if line.get("id") == authorisation.id]
        return bool(states) and states[-1] != _NOT_BEGUN


def _use(authorisation: Authorisation, state: str) -> dict[str, str]:
    return {"id": authorisation.id, "case": authorisation.case_code, "state": state}
