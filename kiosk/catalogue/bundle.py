"""Definitions on their way from the centre: the files of one publication with their signatures, as one text.

A publication holds every definition that is published, not only the new one: so a terminal takes a whole set or
none, and going back is one more set.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kiosk.catalogue.signature import signature_path
from kiosk.durable import write_durably

FILES_MAX = 100


class SignedFile(BaseModel):
    """A definition's file and its signature file, word for word."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,80}\.json$")]
    text: Annotated[str, Field(max_length=64 * 1024)]
    signature: Annotated[str, Field(max_length=4096)]

    @classmethod
    def read(cls, file: Path) -> Self:
        """OSError when one of the two is not there; ValueError when they are no such files."""
        return cls(
            name=file.name.lower(),
            text=file.read_text("utf-8"),
            signature=signature_path(file).read_text("utf-8"),
        )


class Bundle(BaseModel):
    """All definitions of one publication."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Annotated[Literal["jiujin.definitions/1"], Field(alias="schema")] = "jiujin.definitions/1"
    files: Annotated[tuple[SignedFile, ...], Field(max_length=FILES_MAX)]

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if len({file.name for file in self.files}) != len(self.files):
            message = "two files have one name"
            raise ValueError(message)
        return self

    def to_text(self) -> str:
        return self.model_dump_json(by_alias=True)


def read_bundle(text: str) -> Bundle | None:
    """None for what is no bundle."""
    try:
        return Bundle.model_validate_json(text)
    except ValidationError:
        return None


def unpack(bundle: Bundle, folder: Path) -> None:
    """Write the files so that they stay. OSError when the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in bundle.files:
        write_durably(folder / file.name, file.text.encode())
        write_durably(signature_path(folder / file.name), file.signature.encode())
