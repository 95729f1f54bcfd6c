"""The files of a damaged database stay together whatever is cut, and none of them lies here for ever."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from offline_queue import aside
from offline_queue.aside import Note
from offline_queue.link import Link
from offline_queue.records import ItemState, Settlement
from offline_queue.store import Outbox
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import FAST, TerminalKit, Watched, committed, draft

IN_DATABASE, IN_LOG = 6, 5
ITEMS = IN_DATABASE + IN_LOG
NOW = datetime(2026, 11, 26, tzinfo=UTC)
DAYS = FAST.salvaged_days
CUTS = 9
"""More than there are steps in any of the renamings; a test says so."""


class CutError(BaseException):
    """The power, in place of the next step."""


@contextmanager
def cut_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Nothing is done from this step on (0 is the first); told is how many were done."""
    done = 0
    real = {"rename": Path.rename, "unlink": Path.unlink, "flush": aside._flush}

    def counted(name: str) -> Callable[..., object]:
        def stepped(*given: object, **named: object) -> object:
            nonlocal done
            if done >= step:
                raise CutError
            done += 1
            return real[name](*given, **named)  # type: ignore[operator]

        return stepped

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", counted("rename"))
        patched.setattr(Path, "unlink", counted("unlink"))
        patched.setattr(aside, "_flush", counted("flush"))
        yield lambda: done


@pytest.fixture
def with_log(kit: TerminalKit) -> dict[str, bytes]:
    """A terminal that was killed: the last items are in the log alone. The files' bytes."""
    outbox = kit.open()
    for number in range(1, IN_DATABASE + 1):
        committed(outbox, draft(lane=f"LANE{number}"))
    outbox.close()
    outbox = kit.open()
    for number in range(IN_DATABASE + 1, ITEMS + 1):
        committed(outbox, draft(lane=f"LANE{number}"))
    files = [kit.directory / f"outbox.db{suffix}" for suffix in ("", "-wal", "-shm")]
    kept = {file.name: file.read_bytes() for file in files}
    outbox.close()
    for name, content in kept.items():
        (kit.directory / name).write_bytes(content)
    assert len(kept["outbox.db-wal"]) > 1024
    return kept


@pytest.mark.parametrize("again", range(CUTS))
@pytest.mark.parametrize("step", range(CUTS))
def test_a_cut_anywhere_loses_no_log_and_leaves_none_to_the_new_database(
    kit: TerminalKit, with_log: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, step: int, again: int
) -> None:
    """Cut while it is set aside, and cut once more while that is finished at the next start."""
    with cut_before(step, monkeypatch) as done:
        try:
            aside.set_aside(kit.directory / "outbox.db")
        except CutError:
            pass
        else:
            assert done() < CUTS, "every step was cut once"
    if step == 0:
        assert (kit.directory / "outbox.db").exists()
        aside.set_aside(kit.directory / "outbox.db")
    with cut_before(again, monkeypatch), suppress(CutError):
        aside.complete(kit.directory)
    outbox = kit.open()
    [damaged] = aside.damaged(kit.directory)
    assert damaged.read_bytes() == with_log["outbox.db"]
    assert damaged.with_name(damaged.name + "-wal").read_bytes() == with_log["outbox.db-wal"]
    assert aside.logs_alone(kit.directory) == []
    assert committed(outbox, draft(lane="NEW")).sequence == ITEMS + 1, "the numbers go on after the log's"
    [told] = outbox.salvage()
    assert (told.recovered, told.lost, told.highest) == (ITEMS, 0, ITEMS)
    assert outbox.verify().whole
    outbox.close()


@pytest.mark.parametrize("step", range(CUTS))
def test_a_cut_while_it_is_put_away_is_finished_too(
    kit: TerminalKit, with_log: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    aside.set_aside(kit.directory / "outbox.db")
    outbox = kit.open()
    with cut_before(step, monkeypatch) as done:
        try:
            outbox.salvage()
        except CutError:
            pass
        else:
            assert done() < CUTS, "every step was cut once"
    outbox.close()
    outbox = kit.open()
    outbox.salvage()
    [away] = aside.salvaged(kit.directory)
    assert (aside.damaged(kit.directory), aside.logs_alone(kit.directory)) == ([], [])
    assert away.with_name(away.name + "-wal").read_bytes() == with_log["outbox.db-wal"]
    assert aside.note_of(away) == Note(whole=True, highest=ITEMS)
    assert outbox.counters().pending == ITEMS
    outbox.close()


def test_a_damaged_header_takes_its_log_along(kit: TerminalKit, with_log: dict[str, bytes]) -> None:
    """SQLite cannot empty the log of a file that is no database: it is still there when it is set aside."""
    rubbish = b"not a database at all" * 400
    (kit.directory / "outbox.db").write_bytes(rubbish)
    (kit.directory / "outbox.db-wal").write_bytes(with_log["outbox.db-wal"][:40])
    outbox = kit.open()
    [damaged] = aside.damaged(kit.directory)
    assert damaged.read_bytes() == rubbish
    assert outbox.counters().pending == 0
    outbox.close()


def test_a_log_without_any_database_is_kept_and_never_read_into_the_new_one(
    kit: TerminalKit, with_log: dict[str, bytes]
) -> None:
    (kit.directory / "outbox.db").unlink()
    outbox = kit.open()
    assert outbox.counters().sequence == 0
    [alone] = aside.logs_alone(kit.directory)
    assert alone.read_bytes() == with_log["outbox.db-wal"]
    [told] = outbox.set_aside()
    assert (told.file, told.state, told.items) == (alone.name, "log_alone", None)
    outbox.close()
    kit.open().close()
    assert aside.logs_alone(kit.directory) == [alone]


@pytest.mark.usefixtures("with_log")
def test_two_of_them_keep_their_order_though_the_clock_goes_back(
    kit: TerminalKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        moment = datetime(2099, 1, 1, tzinfo=UTC)

        @classmethod
        def now(cls, _zone: object = None) -> datetime:  # type: ignore[override]
            return cls.moment

    monkeypatch.setattr(aside, "datetime", Clock)
    made = []
    for year in (2099, 1970, 1970, 2098):
        Clock.moment = datetime(year, 1, 1, tzinfo=UTC)
        kit.open().close()
        made.append(aside.set_aside(kit.directory / "outbox.db"))
    assert aside.damaged(kit.directory) == made


# Retention


def settle(outbox: Outbox, *numbers: int, state: ItemState = ItemState.ACKNOWLEDGED) -> None:
    outbox.deliveries.settle([Settlement(number, state, "said") for number in numbers])


@pytest.fixture
def salvaged(kit: TerminalKit, with_log: dict[str, bytes]) -> Iterator[Outbox]:
    """All of it was found again and waits; the old file lies here."""
    assert with_log
    aside.set_aside(kit.directory / "outbox.db")
    outbox = kit.open()
    outbox.salvage()
    yield outbox
    outbox.close()


def test_it_goes_when_the_last_of_its_items_is_settled_and_not_before(
    salvaged: Outbox, kit: TerminalKit, caplog: pytest.LogCaptureFixture
) -> None:
    [away] = aside.salvaged(kit.directory)
    assert salvaged.sweep_set_aside(NOW, DAYS) == ()
    settle(salvaged, *range(2, ITEMS + 1))
    committed(salvaged, draft(lane="NEW"))
    assert salvaged.sweep_set_aside(NOW, DAYS) == ()
    settle(salvaged, 1, state=ItemState.QUARANTINED)
    assert salvaged.sweep_set_aside(NOW, DAYS) == (), "a refused one is not settled"
    settle(salvaged, 1)
    with caplog.at_level(logging.WARNING):
        assert salvaged.sweep_set_aside(NOW, DAYS) == (away.name,)
    assert away.name in caplog.text
    assert list(kit.directory.glob("outbox.salvaged-*")) == [], "the log and the note too"
    assert salvaged.counters().pending == 1


def test_one_of_which_something_was_lost_goes_after_the_days_by_the_centres_clock(
    salvaged: Outbox, kit: TerminalKit
) -> None:
    [away] = aside.salvaged(kit.directory)
    aside._write_note(away, Note(whole=False, highest=ITEMS))
    settle(salvaged, *range(1, ITEMS + 1))
    assert salvaged.sweep_set_aside(NOW, DAYS) == ()
    almost = NOW + timedelta(days=DAYS, seconds=-1)
    assert salvaged.sweep_set_aside(almost, DAYS) == ()
    assert salvaged.sweep_set_aside(NOW - timedelta(days=9000), DAYS) == (), "a clock that goes back keeps it"
    assert salvaged.sweep_set_aside(almost + timedelta(seconds=1), DAYS) == (away.name,)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "whole=True",
        "whole=True\nhighest=x\nsince=\n",
        "whole=True\nhighest=1\nsince=2020-01-01\n",
        "a\nb",
        "\xff",
    ],
)
def test_without_a_readable_note_only_the_days_count_from_now(
    salvaged: Outbox, kit: TerminalKit, note: str
) -> None:
    [away] = aside.salvaged(kit.directory)
    away.with_suffix(".note").write_bytes(note.encode("latin-1"))
    settle(salvaged, *range(1, ITEMS + 1))
    assert salvaged.sweep_set_aside(NOW, DAYS) == ()
    assert aside.note_of(away) == Note(since=NOW)
    assert salvaged.sweep_set_aside(NOW + timedelta(days=DAYS), DAYS) == (away.name,)


def test_what_nobody_salvaged_is_never_deleted_and_health_goes_on_to_say_it(
    kit: TerminalKit, with_log: dict[str, bytes]
) -> None:
    assert with_log
    damaged = aside.set_aside(kit.directory / "outbox.db")
    outbox = kit.open()
    for years in (0, 1, 100):
        assert outbox.sweep_set_aside(NOW + timedelta(days=366 * years), DAYS) == ()
    assert damaged.exists()
    assert damaged.name in outbox.counters().opened_fresh_because
    outbox.close()


def test_a_removal_that_is_cut_is_done_again(
    salvaged: Outbox, kit: TerminalKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(salvaged, *range(1, ITEMS + 1))
    [away] = aside.salvaged(kit.directory)
    for step in range(5):
        with cut_before(step, monkeypatch), pytest.raises(CutError):
            aside.remove(away)
        assert away.exists()
    aside.remove(away)
    assert list(kit.directory.glob("outbox.salvaged-*")) == []


def test_a_disk_that_refuses_keeps_it_for_the_next_time(
    salvaged: Outbox, kit: TerminalKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(salvaged, *range(1, ITEMS + 1))

    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(30, "read-only")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refuse)
        assert salvaged.sweep_set_aside(NOW, DAYS) == ()
    assert len(salvaged.sweep_set_aside(NOW, DAYS)) == 1
    assert aside.salvaged(kit.directory) == []


def test_the_sender_sweeps_with_the_rest_by_the_centres_clock(
    salvaged: Outbox, kit: TerminalKit, link: Link, centre: Centre
) -> None:
    with Watched(salvaged, link, centre) as watched:
        watched.until(lambda: salvaged.counters().pending == 0, "all sent")
    with Watched(salvaged, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: aside.salvaged(kit.directory) == [], "the file to go")


def test_what_lies_there_is_told(salvaged: Outbox, kit: TerminalKit) -> None:
    [told] = salvaged.set_aside()
    assert (told.state, told.items, told.unsettled, told.only_here, told.since) == (
        "salvaged",
        ITEMS,
        ITEMS,
        0,
        None,
    )
    assert told.size_bytes > 1024
    settle(salvaged, 1)
    salvaged.sweep_set_aside(NOW, DAYS)
    [told] = salvaged.set_aside()
    assert (told.unsettled, told.since) == (ITEMS - 1, NOW.isoformat())
    salvaged.remove_set_aside(told)
    assert (salvaged.set_aside(), aside.salvaged(kit.directory)) == ((), [])
