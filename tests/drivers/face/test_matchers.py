"""The second model's library is kept from reporting to its maker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from drivers.face.matchers import ONNX_MODEL
from tests.drivers.face.portraits import MODELS, needed

PROJECT = Path(__file__).resolve().parents[3]
LOAD = f"""
from pathlib import Path
from drivers.face.matchers import OnnxMatcher
OnnxMatcher(Path({str(MODELS / ONNX_MODEL)!r}))
"""


def test_loading_the_second_model_leaves_no_file_anywhere(tmp_path: Path) -> None:
    """Unless it is told not to, the library keeps a device number and a store of events to send."""
    needed(MODELS / ONNX_MODEL)
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY", "CI"):
        environment.pop(name, None)  # each would keep the library still, or its files elsewhere
    subprocess.run([sys.executable, "-c", LOAD], cwd=PROJECT, env=environment, check=True)
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == []
