"""A child ends when it is told, when it does not want to, and when its parent is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from kiosk.bench.child import Child
from tests.kiosk.bench.patience import PATIENCE_S, dead, says, until

STUBBORN = "trap '' TERM; sleep 1000 & echo worker $! ready; while :; do sleep 1; done"


def worker_of(log: Path) -> psutil.Process:
    assert says(log, "ready")
    return psutil.Process(int(log.read_text().split()[1]))


def test_an_obedient_child_ends_by_the_first_signal(tmp_path: Path) -> None:
    child = Child(["sleep", "1000"], log=tmp_path / "log", cwd=tmp_path)
    assert child.poll() is None
    assert child.end() == -signal.SIGTERM
    assert child.end() == -signal.SIGTERM
    assert not psutil.pid_exists(child.pid)


def test_a_stubborn_child_is_killed_with_its_group(tmp_path: Path) -> None:
    child = Child(["sh", "-c", STUBBORN], log=tmp_path / "log", cwd=tmp_path)
    worker = worker_of(child.log)
    assert child.end(patience_s=0.2) == -signal.SIGKILL
    assert until(lambda: dead(worker))


def test_what_a_dead_child_leaves_of_its_group_ends_when_it_is_looked_at(tmp_path: Path) -> None:
    child = Child(
        ["sh", "-c", "sleep 1000 & echo worker $! ready; exit 7"], log=tmp_path / "log", cwd=tmp_path
    )
    worker = worker_of(child.log)
    assert until(lambda: child.poll() is not None)
    assert child.poll() == 7
    assert until(lambda: dead(worker))


def test_a_child_has_a_session_of_its_own_so_that_the_keyboard_does_not_reach_it(tmp_path: Path) -> None:
    child = Child(
        [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"],
        log=tmp_path / "log",
        cwd=tmp_path,
    )
    assert says(child.log, "True")
    child.end()


def test_a_command_that_does_not_exist_is_told_in_the_log(tmp_path: Path) -> None:
    child = Child(["no-such-program"], log=tmp_path / "log", cwd=tmp_path)
    assert until(lambda: child.poll() is not None)
    assert child.poll() == 127
    assert "no-such-program" in child.log.read_text()


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from kiosk.bench.child import Child;"
        "folder = Path(sys.argv[1]);"
        "print(Child(['sleep', '1000'], log=folder / 'log', cwd=folder).pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        grandchild = psutil.Process(int(parent.stdout.readline()))
        assert until(lambda: grandchild.name() == "sleep")  # setpriv has done its part
        parent.kill()
        parent.wait(PATIENCE_S)
    assert until(lambda: dead(grandchild))


def test_a_child_that_ends_just_before_it_is_told_to_keeps_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Child(["sh", "-c", "exit 7"], log=tmp_path / "log", cwd=tmp_path)
    looks: list[bool] = []

    def late() -> bool:
        """The first look is taken an instant too early: it has ended by the time the signal is sent."""
        assert until(look)
        looks.append(True)
        return len(looks) > 1

    look = child._has_exited
    monkeypatch.setattr(child, "_has_exited", late)
    assert child.end() == 7


def test_stdout_is_there_only_when_asked_for(tmp_path: Path) -> None:
    child = Child(["echo", "words"], log=tmp_path / "log", cwd=tmp_path, read_stdout=True)
    assert child.stdout.readline() == b"words\n"
    child.end()
    assert child.log.read_bytes() == b""
    other = Child(["true"], log=tmp_path / "log", cwd=tmp_path)
    with pytest.raises(ValueError, match="goes to its log"):
        _ = other.stdout
    other.end()


def test_a_process_that_adopts_orphans_keeps_no_zombies_of_a_group_that_ended(tmp_path: Path) -> None:
    code = (
        "import os, sys; from pathlib import Path; from kiosk.bench.child import Child;"
        "from kiosk.bench.children import children_of;"
        "from kiosk.bench.ending import adopt_orphans, end_leftovers; adopt_orphans();"
        "folder = Path(sys.argv[1]); log = folder / 'log';"
        "child = Child(['sh', '-c', sys.argv[2]], log=log, cwd=folder);"
        "from tests.kiosk.bench.patience import says; assert says(log, 'ready');"
        "child.end(patience_s=0.2); print(len(children_of(os.getpid())), end_leftovers())"
    )
    hidden = f"setsid sleep 1000 & {STUBBORN}"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), hidden],
        capture_output=True,
        timeout=PATIENCE_S,
        check=True,
    )
    assert done.stdout == b"1 1\n"  # only the one with a session of its own
