"""`main.py` with all the time in the world for the face models: the tests' machine may have much else to do."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

PATIENCE_S = 60.0
PROJECT = Path(__file__).resolve().parents[2]


def run() -> None:
    from drivers.face.verifier import ProcessFaceVerifier

    given = ProcessFaceVerifier.__init__.__kwdefaults__
    assert given is not None
    given["deadline_s"] = PATIENCE_S
    runpy.run_path(str(PROJECT / "main.py"), run_name="__main__")


if __name__ == "__main__":
    sys.path[0] = str(PROJECT)
    run()
