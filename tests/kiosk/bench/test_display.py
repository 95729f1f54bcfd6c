"""A display that answers, one that does not, and Xvfb started and ended."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from kiosk.bench.display import NoDisplayError, Size, VirtualDisplay, size_of


def test_a_virtual_display_answers_with_its_size_and_is_gone_after_the_end(tmp_path: Path) -> None:
    display = VirtualDisplay(Size(640, 700), tmp_path / "xvfb.log")
    assert size_of(display.name) == Size(640, 700)
    server = psutil.Process(display.pid)
    assert server.name() == "Xvfb"
    assert not [one for one in server.net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    display.close()
    assert size_of(display.name) is None
    assert not psutil.pid_exists(display.pid)
    display.close()


def test_two_displays_do_not_meet(display: VirtualDisplay, tmp_path: Path) -> None:
    other = VirtualDisplay(Size(640, 640), tmp_path / "other.log")
    assert other.name != display.name
    other.close()
    assert size_of(display.name) == Size(800, 600)


def test_a_server_that_refuses_to_start_is_told_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(NoDisplayError, match=r"xvfb\.log"):
        VirtualDisplay(Size(0, 0), tmp_path / "xvfb.log")
    assert (tmp_path / "xvfb.log").read_text()


@pytest.mark.parametrize(
    ("screen", "held"),
    [
        (Size(1080, 1920), True),
        (Size(1920, 1080), False),
        (Size(1080, 1919), False),
        (Size(1079, 4000), False),
    ],
)
def test_a_panel_fits_in_both_directions_or_not(screen: Size, held: bool) -> None:
    assert screen.holds(Size(1080, 1920)) is held
