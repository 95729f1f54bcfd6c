"""A short form of the outage's replay."""

from __future__ import annotations

from pathlib import Path

from kiosk.bench.fault_proxy import Line
from tests.soak.outage import replay


def test_after_an_outage_every_case_arrives_once_and_in_order_over_a_bad_line(tmp_path: Path) -> None:
    report = replay(tmp_path, 250, 200.0, Line())
    assert report.kept, report
    assert report.line_s > report.bytes_up / 8000, "the line was as narrow as it should be"
