"""Reads a directory of definitions. What cannot be trusted or used is left out with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from kiosk.catalogue.lint import lint
from kiosk.catalogue.model import Definition, Document, Status
from kiosk.catalogue.signature import content_hash, is_signed, signature_path


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that is not offered, and why."""

    file: str
    reason: str
    message_zh: str
    message_en: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The services that may be offered now, in the order of their file names."""

    definitions: tuple[Definition, ...]
    rejected: tuple[Rejection, ...] = ()


def load_catalogue(directory: Path, publisher: Ed25519PublicKey, now: datetime) -> Catalogue:
    """Every `*.json` of the directory that is signed, sound and in force; one bad file stops no other."""
    definitions: dict[str, Definition] = {}
    rejected: list[Rejection] = []
    for file in sorted(directory.glob("*.json")):
        found = _load(file, publisher, now)
        if isinstance(found, Rejection):
            rejected.append(found)
        elif found.code in definitions:
            rejected.append(
                Rejection(
                    file.name,
                    "code.twice",
                    f"编码 {found.code} 已有别的文件用了",
                    f"the code {found.code} is taken by another file",
                )
            )
        else:
            definitions[found.code] = found
    return Catalogue(tuple(definitions.values()), tuple(rejected))


def read(file: Path) -> Definition | Rejection:
    """The definition in the file, checked in everything but its signature and dates."""
    try:
        raw = json.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        line = f" line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        return Rejection(file.name, "not_json", f"不是 JSON{line}", f"not JSON{line}")
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return Rejection(file.name, "schema", f"{where}：{first['msg']}", f"{where}: {first['msg']}")
    definition = Definition(**_fields(document), content_hash=content_hash(raw))
    findings = lint(definition)
    if findings:
        return Rejection(
            file.name,
            findings[0].code,
            "；".join(f"{f.path}：{f.message_zh}" for f in findings),
            "; ".join(f"{f.path}: {f.message_en}" for f in findings),
        )
    return definition


def _fields(document: Document) -> dict[str, Any]:
    return {info.alias or name: getattr(document, name) for name, info in Document.model_fields.items()}


def _load(file: Path, publisher: Ed25519PublicKey, now: datetime) -> Definition | Rejection:
    signature = signature_path(file)
    if not signature.is_file():
        return Rejection(
            file.name, "unsigned", "没有签名，请用 catalogue sign 签名", "not signed: use catalogue sign"
        )
    found = read(file)
    if isinstance(found, Rejection):
        return found
    if not is_signed(json.loads(file.read_text("utf-8")), signature.read_bytes(), publisher):
        return Rejection(
            file.name,
            "signature",
            "签名对不上，内容可能被改过",
            "the signature does not fit: the content was changed or another publisher signed",
        )
    if found.status not in (Status.PILOT, Status.LIVE):
        return Rejection(
            file.name, "status", f"状态是 {found.status}，不提供", f"its status is {found.status}"
        )
    if not found.effective_at(now):
        return Rejection(file.name, "dates", "不在有效期内", "not in force today")
    return found
