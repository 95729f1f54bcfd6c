"""Definitions that tests bend: the shipped ones as JSON, and a directory of signed files."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.catalogue import load as loading
from kiosk.catalogue.load import Catalogue, load_catalogue
from kiosk.catalogue.model import Definition
from kiosk.catalogue.signature import sign, signature_path

SHIPPED = Path(loading.__file__).parent / "definitions"
PENSION, REPORT = "pension_confirmation.json", "problem_report.json"
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@cache
def _text(name: str) -> str:
    return (SHIPPED / name).read_text("utf-8")


def raw(name: str = PENSION) -> dict[str, Any]:
    """A fresh copy of a shipped definition."""
    return copy.deepcopy(json.loads(_text(name)))


@cache
def definition(name: str = PENSION) -> Definition:
    found = loading.read(SHIPPED / name)
    assert isinstance(found, Definition), found
    return found


def put(directory: Path, document: Any, name: str = "one.json", key: Ed25519PrivateKey | None = KEY) -> Path:
    """Write the document, signed unless `key` is None."""
    file = directory / name
    file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
    if key is not None:
        signature_path(file).write_bytes(sign(document, key))
    return file


def loaded(directory: Path) -> Catalogue:
    return load_catalogue(directory, KEY.public_key(), NOW)


def reason(directory: Path, document: Any) -> str:
    """Why this document alone, well signed, is not offered; empty when it is."""
    put(directory, document)
    rejected = loaded(directory).rejected
    assert len(rejected) <= 1
    for rejection in rejected:
        assert rejection.message_zh
        assert rejection.message_en
    return rejected[0].reason if rejected else ""
