"""A short run of `make crash`, and that it would notice."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from tests.central.conftest import make_trust
from tests.crash.__main__ import main
from tests.crash.centre import Database, Effects
from tests.crash.kills import kill_often
from tests.crash.power_cut import Disk, Step, cut_power
from tests.crash.sabotage import Sabotage
from tests.crash.visits import Visit, half_withdrawn, open_outbox
from tests.offline_queue.terminal import committed


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_again_and_again_nothing_is_lost_and_nothing_doubled(
    tmp_path: Path, database: Database
) -> None:
    killed = kill_often(tmp_path, 16, seed=7, centre_every=7, database=database)
    assert killed.kills.total() == 16
    assert killed.centre_kills == 2
    assert killed.promised > 16
    assert killed.letters >= 36
    assert killed.proved, killed


def test_the_command_tells_it_as_json() -> None:
    options = ["--kills", "3", "--cuts", "3", "--centre", "sqlite", "--seed", "7", "--json"]
    done = CliRunner().invoke(main, options)
    told = json.loads(done.stdout.splitlines()[-1])
    kills = told["killed"]["sqlite"]["kills"]
    assert (done.exit_code, told["proved"], told["seed"], sum(kills.values())) == (0, True, 7, 3)


def test_a_centre_that_takes_a_part_for_the_whole_is_found_out(tmp_path: Path) -> None:
    """One of `--sabotage`, which needs no lucky instant; the others are found by longer runs."""
    killed = kill_often(tmp_path, 8, seed=7, sabotage=Sabotage.PART_IS_WHOLE)
    assert killed.damaged > 0


def test_whatever_was_not_flushed_the_promised_cases_are_there_after_a_power_cut(tmp_path: Path) -> None:
    cut = cut_power(tmp_path, 60, seed=7)
    assert cut.promises > 1000
    assert cut.letters > 100
    assert cut.proved, cut


@pytest.mark.parametrize("synchronous", ["off", "normal"])
def test_an_outbox_that_does_not_flush_is_found_out(tmp_path: Path, synchronous: str) -> None:
    cut = cut_power(tmp_path, 30, seed=7, synchronous=synchronous)
    assert cut.lost > 0
    assert cut.letters_wrong > 0


def test_half_a_withdrawal_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a kill between two transactions would leave it."""
    with closing(open_outbox(tmp_path / "queue", make_trust(tmp_path / "trust"))) as outbox:
        whole, half = Visit.new(), Visit.new()
        for visit in (whole, whole.withdrawn(), half):
            committed(outbox, visit.draft())
        assert half_withdrawn(outbox) == 0
        monkeypatch.setattr("offline_queue.intake.erase_withdrawn", lambda *_: 0)
        committed(outbox, half.withdrawn().draft())
        assert half_withdrawn(outbox) == 1


def test_a_lost_a_doubled_and_a_late_effect_are_counted() -> None:
    good = Effects(
        items=Counter(["a", "b"]),
        cases=Counter(["A"]),
        order=[("A", "case", 1, "a"), ("A", "withdrawal", 2, "b")],
        events=Counter([("case.registered", "A"), ("case.withdrawn", "A")]),
        states={},
    )
    assert (good.doubled, good.out_of_order) == (0, 0)
    turned = Effects(
        good.items, good.cases, good.order[::-1], good.events + Counter([("case.withdrawn", "A")]), {}
    )
    assert (turned.doubled, turned.out_of_order) == (1, 1)


def test_the_simulated_disk_keeps_what_was_flushed_and_only_that() -> None:
    disk = Disk()
    for step in (Step("W", "f", 0, b"kept"), Step("S", "f", 0, b""), Step("W", "f", 2, b"gone" * 300)):
        disk.take(step)
    left = [disk.cut(Random(seed))["f"] for seed in range(40)]  # noqa: S311 - not a secret
    assert all(content[:2] == b"ke" for content in left)
    assert {len(content) for content in left} >= {4, 1202}, "missing, and whole"
    assert any(4 < len(content) < 1202 for content in left), "torn"
