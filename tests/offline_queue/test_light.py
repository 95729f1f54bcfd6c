"""The centre shares messages, signatures and seals without taking a database or an HTTP client along."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["inbox_wire", "live_wire", "wire", "wire_signature", "seal"])
def test_shared_modules_load_nothing_heavy(module: str) -> None:
    program = (
        f"import sys, offline_queue.{module}\n"
        "heavy = {'sqlcipher3', 'sqlite3', 'httpx', 'kiosk', 'drivers', 'central', 'kivy'} & set(sys.modules)\n"
        "print(*sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
