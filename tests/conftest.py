"""What holds for every test."""

from __future__ import annotations

from tests.explained_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]
