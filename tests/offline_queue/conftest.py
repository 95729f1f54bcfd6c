from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from offline_queue.link import Link
from offline_queue.store import Outbox
from tests.offline_queue.authority import Authority
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def centre(authority: Authority) -> Iterator[Centre]:
    made = Centre(authority.issue("centre"))
    yield made
    made.stop()


@pytest.fixture
def kit(tmp_path: Path) -> TerminalKit:
    return TerminalKit(tmp_path / "queue")


@pytest.fixture
def outbox(kit: TerminalKit) -> Iterator[Outbox]:
    opened = kit.open()
    yield opened
    opened.close()


@pytest.fixture
def link(kit: TerminalKit, centre: Centre, authority: Authority) -> Iterator[Link]:
    made = kit.link(centre, authority.ca_file)
    yield made
    made.close()
