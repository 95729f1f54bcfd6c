"""Writes the kiosk.ini of a village: the project's own file with the simulated addresses put in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kiosk.settings.ini import parse
from kiosk.settings.model import Section, Settings


def village_ini(project: Path, given: Mapping[tuple[str, str], str], state: Path) -> str:
    """The text of an ini file with absolute paths, so that it may stand anywhere."""
    text = (project / "kiosk.ini").read_text("utf-8-sig")
    entries, _ = parse(text, "kiosk.ini")
    values = {(e.section, e.key): e.value for e in entries}
    for section_name, section in Settings.model_fields.items():
        kind = section.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            for key, field in kind.model_fields.items():
                if field.annotation is Path:
                    relative = values.get((section_name, key), str(field.default))
                    values[section_name, key] = str(project / relative)
    values |= {("terminal", "state"): str(state), ("terminal", "demo"): "true", **given}
    lines: list[str] = []
    for section_name in dict.fromkeys(name for name, _ in values):
        lines.append(f"[{section_name}]")
        lines += [f"{key} = {value}" for (name, key), value in values.items() if name == section_name]
        lines.append("")
    return "\n".join(lines)
