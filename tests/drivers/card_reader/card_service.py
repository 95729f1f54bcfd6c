"""The card service as a fixture, for every test module that imports it."""

import contextlib
import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Ok


@contextlib.contextmanager
def our_turn() -> Iterator[None]:
    """One machine has one card service: test runs side by side take turns."""
    with (Path(tempfile.gettempdir()) / "jiujin-virtual-card-service.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def running_service() -> Iterator[VirtualService]:
    """A pcscd with a virtual reader."""
    with our_turn():
        service = VirtualService()
        started = service.start()
        assert isinstance(started, Ok), started
        yield service
        service.stop()


OTHER_NAME = "New Virtual PCD"
"""Of a reader that was plugged in elsewhere: what the settings have of its name is in it."""


@pytest.fixture
def card_service() -> Iterator[VirtualService]:
    with running_service() as service:
        yield service
