"""What holds for every test."""

from __future__ import annotations

import os

import pytest

from tests.explained_skips import pytest_make_collect_report, pytest_runtest_makereport
from tests.groups import refuse_two_groups
from tests.quick import quick_folder

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


def pytest_configure() -> None:
    # Read when the first test asks for `tmp_path`; whoever sets it, or --basetemp, has chosen.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_folder()))
