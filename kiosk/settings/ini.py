"""Reads an ini file line by line, so that every complaint can name its line."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.settings.model import Problem

COMMENT_SIGNS = ("#", ";")


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` with its place."""

    section: str
    key: str
    value: str
    line: int


def parse(text: str, file: str) -> tuple[list[Entry], list[Problem]]:
    """Entries and complaints. A byte order mark and Windows line ends are fine."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    section = ""
    for number, raw in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith(COMMENT_SIGNS):
            continue
        if line.startswith("["):
            if not line.endswith("]"):
                problems.append(
                    Problem(
                        file,
                        number,
                        line,
                        "方括号没有合上，应像 [screen]",
                        "the bracket is not closed, write [screen]",
                    )
                )
                continue
            section = line[1:-1].strip()
            continue
        key, equals, value = line.partition("=")
        key = key.strip()
        if not equals or not key:
            problems.append(
                Problem(file, number, key, "缺少等号，应写成 键 = 值", "no equals sign, write key = value")
            )
            continue
        if not section:
            problems.append(
                Problem(file, number, key, "前面还没有小节，如 [terminal]", "stands before any [section]")
            )
            continue
        if (section, key) in seen:
            first = seen[section, key]
            problems.append(
                Problem(
                    file,
                    number,
                    f"{section}.{key}",
                    f"第 {first} 行已经写过",
                    f"was given in line {first} already",
                )
            )
            continue
        seen[section, key] = number
        entries.append(Entry(section, key, value.strip(), number))
    return entries, problems
