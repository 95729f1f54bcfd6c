from __future__ import annotations

from pathlib import Path

import pytest

from kiosk import surroundings as module
from kiosk.catalogue.load import Catalogue
from tests.kiosk.stand import PENSION, REPORT, Stand


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    monkeypatch.setattr(module, "COUNT_EVERY_S", -1.0)
    return Stand(tmp_path, Catalogue((PENSION, REPORT)))
