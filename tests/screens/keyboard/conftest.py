from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.contract import Ok
from screens.keyboard.rime import Rime
from screens.keyboard.rime_opening import open_rime


@pytest.fixture(scope="module")
def rime_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rime")


@pytest.fixture(scope="module")
def rime(rime_folder: Path) -> Iterator[Rime]:
    """The real librime of this machine; one per process, so a module that opens it lets it go."""
    opened = open_rime(rime_folder)
    assert isinstance(opened, Ok), opened
    yield opened.value
    opened.value.close()
