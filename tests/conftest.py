"""What holds for every test."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from tests.explained_skips import pytest_make_collect_report, pytest_runtest_makereport
from tests.groups import long_ones_first, refuse_two_groups
from tests.quick import quick_folder

# An example may take as long as it takes: by default one of 0.2 s fails, and a machine that stands still makes it so.
settings.register_profile("any machine", deadline=None, suppress_health_check=(HealthCheck.too_slow,))
settings.load_profile("any machine")

__all__ = ["pytest_make_collect_report", "pytest_runtest_makereport"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--hardware",
        action="append",
        default=[],
        metavar="FAMILY:ADDRESS",
        help="run the drivers' contract on a real device: sdt:/dev/ttyUSB0, pcsc:NAME, printer:tcp://..., "
        "camera:usb:VENDOR:PRODUCT:SERIAL, document-camera:usb:..., a4:QUEUE, token:MODULE.so, "
        "sensors:door=FILE,temperature=FILE, touch:NAME (docs/drivers.md)",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    refuse_two_groups(items)
    long_ones_first(items)


def pytest_collection_finish() -> None:
    """What the modules and the thousands of items are stays to the end: no collection need look through it again."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    # Read when the first test asks for `tmp_path`; whoever sets it, or --basetemp, has chosen.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_folder()))
