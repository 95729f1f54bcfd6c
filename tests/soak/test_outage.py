"""A short form of the outage's replay."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from kiosk.bench.line_trouble import VILLAGE_LINE
from tests.soak.outage import Plan, main, replay


def test_after_an_outage_every_case_arrives_once_and_in_order_over_a_bad_line(tmp_path: Path) -> None:
    report = replay(tmp_path, Plan(cases=250, photos=6, pace=200.0))
    assert report.kept, report
    assert report.photos > 3
    assert report.line_s > report.bytes_up / VILLAGE_LINE.bytes_per_s, (
        "the line was as narrow as it should be"
    )


def test_the_command_tells_it_as_json_with_the_centre_on_postgresql() -> None:
    options = ["--cases", "20", "--photos", "2", "--pace", "500", "--centre", "postgresql", "--json"]
    done = CliRunner().invoke(main, options)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (done.exit_code, told["kept"], told["cases"], told["photos"]) == (0, True, 20, 2)
