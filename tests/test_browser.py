"""The browser of the tests ends with its block, however that ends."""

from __future__ import annotations

import psutil
import pytest

from tests.browser import browser, faint_texts


def misfortune(processes: list[psutil.Process]) -> None:
    """Kill the browser's driver, so that it can end nothing itself, and fail in the middle of the block."""
    with browser() as driver:
        driver.get("data:text/html,<p style='color: %23777'>faint</p><p>clear</p>")
        assert [text.split()[1] for text in faint_texts(driver)] == ["faint"]
        started = psutil.Process(driver.service.process.pid)
        processes += [started, *started.children(recursive=True)]
        started.kill()
        message = "on purpose"
        raise KeyError(message)


def test_nothing_of_the_browser_is_left_after_an_error_and_a_kill() -> None:
    processes: list[psutil.Process] = []
    with pytest.raises(KeyError, match="on purpose"):
        misfortune(processes)
    assert len(processes) > 2
    assert [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
