"""What the centre may set at a terminal: a short list. Everything else is decided where the terminal stands.

Nothing of it opens a device, names a file or a key, or loosens a check. Values are text, as in kiosk.ini, and are
judged by the same types and bounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.settings import Problem, Settings, typed
from kiosk.settings.ini import Entry
from kiosk.settings.model import ScreenSection, Section, TerminalSection

FROM_AFAR = frozenset(
    {
        "terminal.station", "terminal.responsible_body", "terminal.hotline", "screen.idle_warn_s",
        "screen.idle_countdown_s",
    }
)  # fmt: skip


_SECTIONS: Mapping[str, type[Section]] = {"terminal": TerminalSection, "screen": ScreenSection}


class Configuration(BaseModel):
    """One publication: `section.key` -> value as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: Annotated[Literal["jiujin.configuration/1"], Field(alias="schema")]
    settings: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=len(FROM_AFAR))]


def read_configuration(text: str) -> Configuration | None:
    """None for what has not this form."""
    try:
        return Configuration.model_validate_json(text)
    except ValidationError:
        return None


def problems_of(values: Mapping[str, str], file: str = "configuration") -> tuple[Problem, ...]:
    """What is wrong; empty when every value may be set from afar and is good."""
    found = []
    for line, (name, value) in enumerate(sorted(values.items()), 1):
        if name not in FROM_AFAR:
            known = ", ".join(sorted(FROM_AFAR))
            zh, en = f"不能由中心设置；可以的有 {known}", f"cannot be set by the centre; these can: {known}"
            found.append(Problem(file, line, name, zh, en))
            continue
        _, problem = _typed(name, value, line, file)
        if problem is not None:
            found.append(problem)
    return tuple(found)


def over(settings: Settings, values: Mapping[str, str]) -> Settings:
    """The settings with these values in place of the file's; they have no problems."""
    sections: dict[str, Section] = {}
    for name, value in values.items():
        section, key = name.split(".")
        read, _ = _typed(name, value, 0, "")
        former = sections.get(section, getattr(settings, section))
        sections[section] = former.model_copy(update={key: read})
    return settings.model_copy(update=sections)


def _typed(name: str, value: str, line: int, file: str) -> tuple[Any, Problem | None]:
    section, key = name.split(".")
    return typed(_SECTIONS[section], Entry(section, key, value, line), Path(), file)
