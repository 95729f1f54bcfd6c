"""How a terminal fetches what a letter refers to (`inbox_wire.Reference`). Shared by both ends, as `wire` is.

One answer, of bounded size: what is too large for it is not published. The letter is signed and names the digest, so
whoever holds the text in between cannot change it.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from pydantic import Field

from offline_queue.wire import Message

PUBLICATION_PATH = "/v1/publications/{sha256}"
CONTENT_MAX = 400 * 1024
"""Characters; some fifty definitions. With JSON's escapes an answer stays under a megabyte."""


class PublicationAnswer(Message):
    """What lies at the address. Opaque here: the program that asked judges it."""

    content: Annotated[str, Field(max_length=CONTENT_MAX)]

    @property
    def sha256(self) -> str:
        return digest_of(self.content)


def digest_of(content: str) -> str:
    """As a letter names it."""
    return hashlib.sha256(content.encode()).hexdigest()
