"""Runs a probe in a real window on a display of its own, and gives back what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kiosk.bench.display import Size, VirtualDisplay
from tests.screens.panels import PANELS, PROJECT

SMALL = PANELS[-1]


def probe(module: str, *words: str, log: Path) -> dict[str, Any]:
    """`module` writes one line of JSON at its end; `log` is the display's."""
    display = VirtualDisplay(Size(SMALL.width_px, SMALL.height_px), log)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", module, *words],
            cwd=PROJECT,
            env={**os.environ, "DISPLAY": display.name},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        display.close()
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "Traceback" not in ran.stderr, ran.stderr[-3000:]
    told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return told
