"""A test that is skipped, or expected to fail, says why in `explained_skips.txt`; else it has failed.

The hooks turn the report itself, so pytest's own summary and exit code tell it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("explained_skips.txt")
NO_REASON = frozenset({"", "unconditional skip"})
"""What pytest gives for `skip` without a reason."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of the list."""

    file: str
    reason: str
    why: str


def explained(path: Path) -> tuple[Explained, ...]:
    """The lines of the list; ValueError with the line's number for one that does not say all three."""
    lines: list[Explained] = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 3 or not all(parts):
            message = f"{path.name}:{number}: write file | reason | why it is accepted"
            raise ValueError(message)
        lines.append(Explained(*parts))
    return tuple(lines)


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    expected_failure = getattr(report, "wasxfail", None)
    if expected_failure is not None:
        return str(expected_failure).removeprefix("reason: ")
    given = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return given.removeprefix("Skipped: ").removeprefix("Skipped").strip()


def _judged(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make an unexplained skip a failure that says what to do."""
    if not report.skipped:
        return
    file, reason = report.nodeid.split("::", 1)[0], _reason(report)
    if any((line.file, line.reason) == (file, reason) for line in explained(LIST)):
        return
    report.outcome = "failed"
    what = "gives no reason" if reason in NO_REASON else f"its reason is not in {LIST.name}: {reason}"
    report.longrepr = f"{report.nodeid} was not run to its end and {what}"
    if isinstance(report, pytest.TestReport) and hasattr(report, "wasxfail"):
        del report.wasxfail


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Outermost, so that expected failures have been told from others already."""
    report = yield
    _judged(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole module can be skipped, too."""
    report = yield
    _judged(report)
    return report
