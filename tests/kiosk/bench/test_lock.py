"""One demo in one folder, whichever way the former one ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiosk.bench.lock import AlreadyRunningError, DemoLock
from tests.kiosk.bench.patience import PATIENCE_S


def test_the_second_one_is_told_of_the_first_and_the_third_gets_in(tmp_path: Path) -> None:
    first = DemoLock(tmp_path / "new" / "demo.lock")
    with pytest.raises(AlreadyRunningError) as early:
        DemoLock(tmp_path / "new" / "demo.lock")
    assert early.value.note == f"pid {os.getpid()}"
    first.note("pid 1, http://127.0.0.1:8642/")
    with pytest.raises(AlreadyRunningError) as late:
        DemoLock(tmp_path / "new" / "demo.lock")
    assert late.value.note == "pid 1, http://127.0.0.1:8642/"
    first.close()
    DemoLock(tmp_path / "new" / "demo.lock").close()


def test_a_killed_demo_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "demo.lock"
    code = (
        "import sys, time; from pathlib import Path; from kiosk.bench.lock import DemoLock;"
        "lock = DemoLock(Path(sys.argv[1])); print('held', flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError):
            DemoLock(path)
        holder.kill()
        holder.wait(PATIENCE_S)
    DemoLock(path).close()
