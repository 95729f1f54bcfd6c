"""Small files: one of more than 400 lines says at its top why it is not split."""

from __future__ import annotations

import ast
from pathlib import Path

from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parent.parent
ROOMS = ("central", "deploy", "drivers", "kiosk", "offline_queue", "screens", "tests")
LINES_MAX = 400
REASON = "Long because "
"""How a line of the module's docstring begins that gives the reason; some words follow."""


def long_without_reason(files: list[Path]) -> list[str]:
    return [file.name for file in files if _line_count(file) > LINES_MAX and not _gives_reason(file)]


def _line_count(file: Path) -> int:
    return len(file.read_text("utf-8").splitlines())


def _gives_reason(file: Path) -> bool:
    said = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return any(
        line.startswith(REASON) and len(line.removeprefix(REASON).split()) >= 3 for line in said.splitlines()
    )


def test_no_file_is_long_without_a_reason() -> None:
    files = [PROJECT / "main.py", *(file for room in ROOMS for file in (PROJECT / room).rglob("*.py"))]
    assert len(files) > 400, "the rooms were found"
    assert long_without_reason(files) == []


def test_a_long_file_is_found_unless_its_docstring_gives_a_reason(tmp_path: Path) -> None:
    tops = {
        "short_enough.py": ('"""One."""', LINES_MAX),
        "too_long.py": ('"""One."""', LINES_MAX + 1),
        "no_docstring.py": ("x = 1", LINES_MAX + 1),
        "no_words.py": ('"""One.\n\nLong because it is.\n"""', LINES_MAX + 1),
        "in_a_comment.py": ("# Long because it is one table.", LINES_MAX + 1),
        "with_a_reason.py": ('"""One.\n\nLong because it is one table of the standard.\n"""', LINES_MAX + 1),
    }
    for name, (top, lines) in tops.items():
        content = top.split("\n")
        (tmp_path / name).write_text("\n".join(content + ["pass"] * (lines - len(content))), "utf-8")
    found = long_without_reason(sorted(tmp_path.iterdir()))
    assert found == ["in_a_comment.py", "no_docstring.py", "no_words.py", "too_long.py"]


def test_a_generated_example_has_no_bound_in_time() -> None:
    """Timings are never asserted, and hypothesis would by itself: 0.2 s for one, which a busy machine makes of 1 ms."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
