"""Reads a directory of definitions. What cannot be trusted or used is left out with its reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kiosk.catalogue.lint import lint
from kiosk.catalogue.model import Definition, Document, Status
from kiosk.catalogue.shape import Finding, shape
from kiosk.catalogue.signature import SignatureState, check_signature, content_hash, signature_path
from kiosk.catalogue.strict_json import NotStrictJsonError, parse


@dataclass(frozen=True, slots=True)
class Rejection:
    """A file that is not offered, and why."""

    file: str
    reason: str
    message_zh: str
    message_en: str


WITHHELD = frozenset({"status", "dates", "region", "code.twice"})
"""Reasons that are no fault of the file: it is not for now, not for here, or served by a newer one."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The services that may be offered now, in the order of their file names."""

    definitions: tuple[Definition, ...]
    rejected: tuple[Rejection, ...] = ()

    @property
    def faulty(self) -> tuple[Rejection, ...]:
        """What somebody must mend."""
        return tuple(rejection for rejection in self.rejected if rejection.reason not in WITHHELD)


_SIGNATURE_WORDS: dict[SignatureState, tuple[str, str]] = {
    SignatureState.UNREADABLE: (
        "签名文件读不出来，请重新签名",
        "the signature file cannot be read: sign it again",
    ),
    SignatureState.OTHER_PUBLISHER: (
        "签名的不是这台终端信任的发布者",
        "signed by a publisher whom this terminal does not trust",
    ),
    SignatureState.CONTENT_CHANGED: ("签名之后内容被改过", "the content was changed after it was signed"),
    SignatureState.FORGED: ("签名是假的", "the signature is false"),
}


def load_catalogue(
    directory: Path | Sequence[Path], publisher: Ed25519PublicKey, now: datetime, region: str = ""
) -> Catalogue:
    """Every `*.json` of the directory (or of several, one after the other) that is signed, sound, in force and for here; one bad file stops
    no other.

    Of two files with one code the higher version serves. `now` is aware. `region`: the terminal's
    own division code, which begins with one of the definition's; empty takes all.
    """
    sound: list[tuple[Path, Definition]] = []
    rejected: list[Rejection] = []
    directories = (directory,) if isinstance(directory, Path) else directory
    for file in (file for one in directories for file in sorted(one.glob("*.json"))):
        found = _load(file, publisher, now, region)
        if isinstance(found, Rejection):
            rejected.append(found)
        else:
            sound.append((file, found))
    best: dict[str, Definition] = {}
    for _, definition in sound:
        known = best.get(definition.code)
        if known is None or definition.version_key > known.version_key:
            best[definition.code] = definition
    for file, definition in sound:
        if best[definition.code] is not definition:
            zh = f"编码 {definition.code} 已由另一个文件提供"
            en = f"the code {definition.code} is served by another file"
            rejected.append(Rejection(file.name, "code.twice", zh, en))
    return Catalogue(tuple(d for _, d in sound if best[d.code] is d), tuple(rejected))


def read(file: Path) -> Definition | Rejection:
    """The definition in the file, checked in everything but its signature and dates."""
    raw = _parsed(file)
    return raw if isinstance(raw, Rejection) else _judged(file, raw)


def _parsed(file: Path) -> Any | Rejection:
    try:
        return parse(file.read_bytes())
    except NotStrictJsonError as error:
        return Rejection(file.name, "not_json", error.zh, error.en)
    except OSError as error:
        en = f"the file cannot be read ({error.strerror})"
        return Rejection(file.name, "unreadable", "文件读不出来", en)


def _judged(file: Path, raw: Any) -> Definition | Rejection:
    document = shape(raw)
    if not isinstance(document, Document):
        return _because(file, document)
    definition = Definition(**_fields(document), content_hash=content_hash(raw))
    findings = lint(definition)
    return _because(file, findings) if findings else definition


def _because(file: Path, findings: Iterable[Finding]) -> Rejection:
    found = tuple(findings)
    zh = "；".join(f"{f.path}：{f.message_zh}" for f in found)
    en = "; ".join(f"{f.path}: {f.message_en}" for f in found)
    return Rejection(file.name, found[0].code, zh, en)


def _fields(document: Document) -> dict[str, Any]:
    return {info.alias or name: getattr(document, name) for name, info in Document.model_fields.items()}


def read_signed(file: Path, publisher: Ed25519PublicKey) -> Definition | Rejection:
    """The definition in the file, signed and sound. Trust first: what nobody known has signed is not looked at any further."""
    raw = _parsed(file)
    if isinstance(raw, Rejection):
        return raw
    try:
        signature = signature_path(file).read_bytes()
    except OSError:
        return Rejection(
            file.name, "unsigned", "没有签名，请用 catalogue sign 签名", "not signed: use catalogue sign"
        )
    state = check_signature(raw, signature, publisher)
    if state is not SignatureState.GOOD:
        return Rejection(file.name, f"signature.{state.value}", *_SIGNATURE_WORDS[state])
    return _judged(file, raw)


def code_of(text: str) -> str:
    """The code of a definition that was judged before, from its text."""
    return str(parse(text.encode())["code"])


def _load(file: Path, publisher: Ed25519PublicKey, now: datetime, region: str) -> Definition | Rejection:
    found = read_signed(file, publisher)
    if isinstance(found, Rejection):
        return found
    if found.status not in (Status.PILOT, Status.LIVE):
        zh, en = f"状态是 {found.status}，不提供", f"its status is {found.status}"
        return Rejection(file.name, "status", zh, en)
    if not found.effective_at(now):
        return Rejection(file.name, "dates", "不在有效期内", "not in force today")
    if region and not region.startswith(found.regions):
        return Rejection(file.name, "region", "不是这个地区的事项", "not for this region")
    return found
