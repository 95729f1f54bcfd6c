"""Which devices these are: model, firmware and serial number, for an order of spare parts or a maker's question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from drivers.contract import Nameplate
from kiosk.doctor.findings import NAMES, name_of

HAVE_ONE = frozenset({"card", "helper", "camera", "document_camera", "printer", "a4", "touch"})
"""The kinds of things that a maker sold; the others are files and programs of this machine."""
WORDS = {
    "model": ("型号", "model"),
    "firmware": ("固件", "firmware"),
    "serial": ("序列号", "serial number"),
}
UNKNOWN = "unknown"
UNKNOWN_ZH = "不明"


@dataclass(frozen=True, slots=True)
class DeviceNamed:
    """A device that kiosk.ini names, and what it says that it is."""

    subject: str
    nameplate: Nameplate

    def to_json(self) -> dict[str, Any]:
        zh, en = name_of(self.subject)
        return {"subject": self.subject, "name": {"zh": zh, "en": en}} | {
            word: self._said(word) or UNKNOWN for word in WORDS
        }

    def line(self) -> str:
        zh, en = name_of(self.subject)
        told = (
            f"{word_zh} {word_en} {self._said(word) or f'{UNKNOWN_ZH} {UNKNOWN}'}"
            for word, (word_zh, word_en) in WORDS.items()
        )
        return f"   {zh} {en}: {', '.join(told)}"

    def _said(self, word: str) -> str:
        said: str = getattr(self.nameplate, word)
        return said


def named(kinds: Iterable[str], told: Mapping[str, Nameplate]) -> list[DeviceNamed]:
    """Of each kind that has a nameplate, in the order of the report; what nobody could read is unknown."""
    fitted = set(kinds) & HAVE_ONE
    return [DeviceNamed(kind, told.get(kind, Nameplate())) for kind in NAMES if kind in fitted]
