"""The messages of a terminal's inbox: what the centre tells by itself. Shared by both ends, as `wire` is.

A letter has a number in its terminal's inbox, without gaps, and the centre's signature. The terminal asks
for what comes after the last number that it has applied, which also lets the centre drop the rest.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from offline_queue.wire import SCHEMA, Base64, Id, Message, Sha256Hex, Terminal, Time, canonical

INBOX_PATH = "/v1/inbox"
LETTERS_MAX = 50
"""Letters of one answer; the rest follows at once."""
CASES_MAX = 20
"""Cases of one letter, so that a full answer stays far under a megabyte."""
CONTENT_MAX = 16 * 1024
WORDS_MAX = 200

Words = Annotated[str, Field(max_length=WORDS_MAX)]
Text = Annotated[str, Field(max_length=64)]


class CaseNews(Message):
    """Where a case stands now, and what its resident should know; nothing personal."""

    code: Annotated[str, Field(max_length=32)]
    state: Annotated[str, Field(max_length=24)]
    at: Annotated[str, Field(max_length=40, description="RFC 3339 UTC, the centre's time")]
    words_zh: Words = ""
    words_en: Words = ""


class Cases(Message):
    """Cases that moved at the centre."""

    kind: Literal["cases"] = "cases"
    cases: Annotated[tuple[CaseNews, ...], Field(max_length=CASES_MAX)]


class Correction(Message):
    """Staff settled at the centre what could not be taken from this terminal: it need not be sent any more.

    `registered`: the case is there now; `returned`: it is closed and the resident was told why.
    """

    kind: Literal["correction"] = "correction"
    item_id: Annotated[str, Field(max_length=36)]
    item_hash: Annotated[
        Sha256Hex, Field(description="chain hash of the item: only then is its body dropped")
    ]
    outcome: Literal["registered", "returned"]
    news: CaseNews


class Reference(Message):
    """New definitions or settings are published; `path` at the centre, `sha256` of what lies there."""

    kind: Literal["reference"] = "reference"
    subject: Literal["definitions", "configuration"]
    version: Text
    sha256: Sha256Hex
    path: Annotated[str, Field(max_length=200, pattern=r"^/[!-~]*$")]


Content = Cases | Correction | Reference
_CONTENT: TypeAdapter[Content] = TypeAdapter(Annotated[Content, Field(discriminator="kind")])


def read_content(text: str) -> Content | None:
    """None for a kind or a form that this program does not know: a newer centre's word."""
    try:
        return _CONTENT.validate_json(text)
    except ValidationError:
        return None


class Letter(Message):
    """One message with its place. `content`: JSON of a `Content`, as signed."""

    terminal: Terminal
    number: Annotated[int, Field(ge=1, lt=2**53)]
    content: Annotated[str, Field(max_length=CONTENT_MAX)]
    key_id: Id
    signature: Base64

    def signed_bytes(self) -> bytes:
        told = self.model_dump(mode="json", exclude={"signature"})
        return canonical({"purpose": "jiujin.inbox/1", **told})


class InboxRequest(Message):
    """`after`: the last number applied; None when this outbox never had a letter, as after a new disk."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    terminal: Terminal
    after: Annotated[int | None, Field(ge=0, lt=2**53)] = None


class InboxAnswer(Message):
    """Letters in the order of their numbers; `more` when others wait behind them."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    letters: Annotated[tuple[Letter, ...], Field(max_length=LETTERS_MAX)] = ()
    more: bool = False
    centre_time: Time
