"""Whatever a cut or a worn chip did to the files of an outbox: it opens, works, and gives back what is whole.

Found by `make crash` with an outbox that does not flush: pages of zeros, from which a start-up died.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
import sqlcipher3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offline_queue import aside, wire
from offline_queue.inbox_wire import CaseNews, Cases, Letter, Reference
from offline_queue.records import Attached, ItemState, Settlement
from offline_queue.room import PAGE_BYTES
from offline_queue.store import Outbox
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft
from tests.quick import quick_folder

ITEMS, UNLISTED = 90, 12
"""So many are settled, refused, withdrawn, or wait; and so many have no index row yet when the files are taken."""
HOW = ("flip", "bytes", "zero", "ones", "cut", "swap", "other")
DATABASE, LOG = "outbox.db", "outbox.db-wal"


@dataclass(frozen=True)
class Before:
    """The files of an outbox in the middle of its life, and what waited in it."""

    kit: TerminalKit
    """Its folder is gone: its keys are meant."""
    files: dict[str, bytes]
    waited: dict[str, tuple[wire.Item, dict[int, bytes]]]


@cache
def before() -> Before:
    with TemporaryDirectory(dir=quick_folder()) as place:
        kit = TerminalKit(Path(place) / "queue")
        with closing(kit.open()) as outbox:
            return Before(kit, *_lived(outbox, kit.directory))


def _lived(
    outbox: Outbox, directory: Path
) -> tuple[dict[str, bytes], dict[str, tuple[wire.Item, dict[int, bytes]]]]:
    for number in range(1, ITEMS + 1):
        attached = (Attached("image/jpeg", bytes([number]) * 9000),) if number % 9 == 0 else ()
        committed(outbox, draft(lane=f"LANE{number}", payload=bytes(range(200)) * 9, attachments=attached))
    outbox.deliveries.settle(
        [
            Settlement(n, ItemState.ACKNOWLEDGED, "registered", registered_at="2026-03-02T01:00:00Z")
            for n in range(1, 30)
        ]
    )
    outbox.deliveries.settle([Settlement(n, ItemState.QUARANTINED, "refused", "字") for n in range(30, 34)])
    committed(outbox, draft(lane="LANE40", kind=wire.Kind.WITHDRAWAL))
    news = CaseNews(code="LANE2", state="closed", at="2026-03-02T01:00:00Z", words_zh="好", words_en="good")
    told = Reference(subject="definitions", version="7", sha256="a" * 64, path="/v1/definitions")
    contents = [Cases(cases=(news,)).model_dump_json(), told.model_dump_json()]
    letters = [
        Letter(terminal=TERMINAL, number=number, content=content, key_id="", signature=b"")
        for number, content in enumerate(contents, 1)
    ]
    assert outbox.deliveries.apply_letters(letters)
    for number in range(UNLISTED):
        committed(outbox, draft(lane=f"NEW{number}", payload=b"new" * 100))
    waited = {item.id: (item, _attachments(outbox, item)) for item in outbox.deliveries.unsettled()}
    assert len(waited) == ITEMS - 29 + 1 + UNLISTED
    return {name: (directory / name).read_bytes() for name in (DATABASE, LOG)}, waited


def _attachments(outbox: Outbox, item: wire.Item) -> dict[int, bytes]:
    return {
        told.number: outbox.deliveries.attachment(item.sequence, told.number) or b"" for told in item.enclosed
    }


def hurt(content: bytes, how: str, chance: Random) -> bytes:
    """One page of it, or the rest of it, is not what it was."""
    data = bytearray(content)
    pages = max(1, len(data) // PAGE_BYTES)
    # Every other time near the beginning, where the file says what it is and the small tables lie.
    start = chance.randrange(min(pages, 24) if chance.random() < 0.5 else pages) * PAGE_BYTES
    page = slice(start, min(start + PAGE_BYTES, len(data)))
    at = chance.randrange(page.start, page.stop)
    match how:
        case "flip":
            data[at] ^= 1 << chance.randrange(8)
        case "bytes":
            for _ in range(chance.randrange(1, 40)):
                data[chance.randrange(page.start, page.stop)] = chance.choice((0, 1, 127, 128, 255))
        case "zero":
            whole = chance.random() < 0.5
            data[page if whole else slice(at, page.stop)] = bytes(page.stop - (page.start if whole else at))
        case "ones":
            data[page] = b"\xff" * (page.stop - page.start)
        case "cut":
            del data[at if chance.random() < 0.5 else page.start :]
        case "swap":
            other = chance.randrange(pages) * PAGE_BYTES
            there = data[other : other + PAGE_BYTES]
            data[other : other + PAGE_BYTES], data[page] = data[page], there
        case "other":
            data[page] = chance.randbytes(page.stop - page.start)
    return bytes(data)


def use(outbox: Outbox) -> tuple[wire.Item, ...]:
    """All that a terminal does with it; what it sends."""
    outbox.counters()
    head = outbox.head()
    added = committed(outbox, draft(lane="AFTER", payload=b"after"))
    assert added.sequence == head.sequence + 1
    assert [item.sequence for item in outbox.find("AFTER")] == [added.sequence]
    outbox.find("LANE2")
    outbox.deliveries.news("LANE2")
    outbox.deliveries.quarantined()
    outbox.deliveries.inbox_cursor()
    outbox.deliveries.unread_letters()
    outbox.deliveries.references()
    outbox.deliveries.reconciliation()
    outbox.deliveries.manifest(outbox.head())
    outbox.verify()
    outbox.set_aside()
    outbox.salvage()
    outbox.set_aside()
    batch = outbox.deliveries.next_batch(held_lanes=(), items_max=999, bytes_max=10**7, whole=range(10**4))
    assert added.sequence in [item.sequence for item in batch]
    return batch


def settle(outbox: Outbox, batch: tuple[wire.Item, ...]) -> None:
    outbox.deliveries.note_attempt([item.sequence for item in batch])
    at = "2026-03-02T01:00:00Z"
    assert outbox.deliveries.settle(
        [Settlement(one.sequence, ItemState.ACKNOWLEDGED, "registered", registered_at=at) for one in batch]
    )
    assert outbox.deliveries.forget("2026-03-01T01:00:00Z")


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    wounds=st.lists(
        st.tuples(st.sampled_from((DATABASE, DATABASE, LOG)), st.sampled_from(HOW)), min_size=1, max_size=3
    ),
    log_too=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_damaged_anyhow_it_opens_and_works_and_sends_only_what_was_there(
    wounds: list[tuple[str, str]], log_too: bool, seed: int
) -> None:
    lived, chance = before(), Random(seed)  # noqa: S311 - repeatable
    files = dict(lived.files) if log_too else {DATABASE: lived.files[DATABASE]}
    for name, how in wounds:
        if files.get(name):
            files[name] = hurt(files[name], how, chance)
    with TemporaryDirectory(dir=quick_folder()) as place:
        kit = replace(lived.kit, directory=Path(place))
        for name, content in files.items():
            (kit.directory / name).write_bytes(content)
        with closing(kit.open()) as outbox:
            was_fresh = bool(outbox.counters().opened_fresh_because)
            batch = use(outbox)
            for item in batch:
                if item.id in lived.waited and item.sealed:
                    whole, attachments = lived.waited[item.id]
                    assert item == whole, "word for word"
                    assert not was_fresh or _attachments(outbox, item) == attachments
            settle(outbox, batch)
        with closing(kit.open()) as outbox:
            assert not aside.damaged(kit.directory), "what was opened once is opened again"
            committed(outbox, draft(lane="AGAIN"))


@pytest.mark.parametrize("table", ["ledger", "inbox", "reconciliation"])
def test_a_page_of_zeros_under_a_single_row_costs_no_item(kit: TerminalKit, table: str) -> None:
    lived = before()
    mine = replace(lived.kit, directory=kit.directory)
    kit.directory.mkdir()
    for name, content in lived.files.items():
        (kit.directory / name).write_bytes(content)
    with closing(sqlcipher3.connect(str(kit.directory / DATABASE))) as raw:
        raw.execute("pragma wal_checkpoint(truncate)").fetchall()
        (page,) = raw.execute("select rootpage from sqlite_schema where name = ?", (table,)).fetchone()
    data = bytearray((kit.directory / DATABASE).read_bytes())
    data[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = bytes(PAGE_BYTES)
    (kit.directory / DATABASE).write_bytes(bytes(data))
    with closing(mine.open()) as outbox:
        [told] = outbox.salvage()
        assert (told.recovered, told.highest) == (len(lived.waited), ITEMS + 1 + UNLISTED)
        found = {item.id: item.sealed for item in outbox.deliveries.unsettled()}
        assert found == {id_: item.sealed for id_, (item, _) in lived.waited.items()}
        assert committed(outbox, draft()).sequence == told.highest + 1


@pytest.mark.parametrize(
    "nonsense",
    [
        "head_hash = char(0) || char(0)", f"head_hash = '{'g' * 64}'", "sequence = 9223372036854775806",
        "sequence = -1", "anchor_sequence = 9223372036854775806", "anchor_hash = ''", "pending = -4",
        "head_hash = cast(x'ff' as text)",
    ],
)  # fmt: skip
def test_a_ledger_that_says_nonsense_is_no_end_to_go_on_from(kit: TerminalKit, nonsense: str) -> None:
    lived = before()
    mine = replace(lived.kit, directory=kit.directory)
    kit.directory.mkdir()
    for name, content in lived.files.items():
        (kit.directory / name).write_bytes(content)
    with closing(sqlcipher3.connect(str(kit.directory / DATABASE))) as raw:
        raw.execute(f"update ledger set {nonsense}")  # noqa: S608 - constants
        raw.commit()
    with closing(mine.open()) as outbox:
        assert outbox.counters().opened_fresh_because
        assert outbox.head().sequence == ITEMS + 1 + UNLISTED
        [told] = outbox.salvage()
        assert (told.recovered, told.lost) == (len(lived.waited), 0)
