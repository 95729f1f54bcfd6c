"""An attachment comes in parts, in one piece in the end, once, and always before its item is registered.

Long because every way to cut, double, bound and sweep an upload is walked with the same booth.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, create_engine, event, func, select

from central import uploads as store
from central.database import utc_now
from central.imports import Imported, import_export
from central.schema import cases, items, upload_parts
from central.server import RunningCentre
from central.settings import CentreSettings
from central.trust import load_trust
from kiosk.bench.fault_proxy import FaultProxy, Mode
from offline_queue import ItemState
from offline_queue.export import Heading, write_export
from offline_queue.seal import attachment_aad, open_sealed
from offline_queue.wire import ATTACHMENT_BYTES_MAX, ATTACHMENT_PATH, Item, Kind, UploadState, VerdictKind
from offline_queue.wire_signature import sign_headers
from tests.central.front import Process
from tests.central.photographed import (
    BIG,
    Terminal,
    beside,
    held,
    photographed,
    picture,
    registered,
    terminal,
    upload_rows,
)
from tests.central.station import Station, centre, signing_key
from tests.crash.visits import Visit
from tests.offline_queue.terminal import committed


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = create_engine(database)
    yield made
    made.dispose()


@pytest.fixture
def booth(tmp_path: Path, trust: Path, running: RunningCentre) -> Iterator[Terminal]:
    with terminal(tmp_path, trust, running.url) as made:
        yield made


def path_of(item: Item, number: int = 1) -> str:
    told = item.attachments[number - 1]
    return ATTACHMENT_PATH.format(terminal=item.terminal, item_id=item.id, sha256=told.sealed_sha256)


def signed(station: Station, method: str, path: str, body: bytes = b"") -> httpx.Response:
    """A request as a terminal signs it."""
    assert station.key is not None
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": "identity"}
    signature = sign_headers(
        method=method, path=path, headers=headers, body=body, key=station.key, key_id=station.terminal,
        created=utc_now(),
    )  # fmt: skip
    return station.client.request(method, path, content=body, headers={**headers, **signature})


def is_opened(engine: Engine, item: Item) -> str:
    """The state of its case."""
    with engine.connect() as connection:
        return str(connection.execute(select(cases.c.state).where(cases.c.code == item.lane)).scalar_one())


def test_a_case_with_photographs_is_registered_with_all_of_them(
    booth: Terminal, engine: Engine, trust: Path
) -> None:
    draft = photographed(BIG, 300)
    item = booth.put(draft)
    booth.send_everything()
    assert registered(engine) == {item.id}
    keys = load_trust(trust, production=False).sealing_keys
    for told, original in zip(item.attachments, draft.attachments, strict=True):
        sealed = held(engine, item, told)
        assert original.content not in sealed
        aad = attachment_aad(
            terminal=item.terminal, item_id=item.id, number=told.number, media_type=told.media_type
        )
        assert open_sealed(sealed, keys, aad) == original.content
    assert is_opened(engine, item) == "registered"
    assert booth.outbox.deliveries.attachment(item.sequence, 1) is None, "the terminal keeps nothing of it"
    assert booth.outbox.verify().whole


def exported(booth: Terminal, trust: Path, file: Path) -> Path:
    outbox = booth.outbox
    write_export(
        file,
        Heading(terminal=outbox.terminal, head=outbox.head(), made_at="2026-11-26T00:00:00Z"),
        outbox.deliveries.unsettled(),
        signing_key(trust, f"terminal_{outbox.terminal}"),
        load=lambda item, told: outbox.deliveries.attachment(item.sequence, told.number),
    )
    return file


@pytest.mark.parametrize("begun", [False, True])
def test_a_stick_brings_the_photographs_with_their_case_even_where_the_line_broke_in_the_middle(
    booth: Terminal, engine: Engine, trust: Path, tmp_path: Path, *, begun: bool
) -> None:
    draft = photographed(3 * BIG, 300)
    item = booth.put(draft)
    while begun and not upload_rows(engine):
        booth.round()
    assert len(held(engine, item, item.attachments[0])) < item.attachments[0].sealed_bytes
    file = exported(booth, trust, tmp_path / "stick")
    assert draft.attachments[0].content not in file.read_bytes()
    loaded = load_trust(trust, production=False)
    for verdict in ("registered", "duplicate"):
        told = import_export(engine, loaded, file)
        assert isinstance(told, Imported)
        assert (told.verdicts, told.fine) == ({verdict: 1}, True)
    for attachment in item.attachments:
        assert hashlib.sha256(held(engine, item, attachment)).hexdigest() == attachment.sealed_sha256
    booth.send_everything()
    assert registered(engine) == {item.id}


def test_a_stick_with_more_photographs_than_may_be_open_is_taken_in_one_go(
    booth: Terminal, engine: Engine, trust: Path, tmp_path: Path
) -> None:
    wanted = {booth.put(photographed(200)).id for _ in range(store.OPEN_MAX + 3)}
    file = exported(booth, trust, tmp_path / "stick")
    told = import_export(engine, load_trust(trust, production=False), file)
    assert isinstance(told, Imported)
    assert told.verdicts == {"registered": len(wanted)}
    assert registered(engine) == wanted


def test_it_comes_in_parts_and_other_cases_go_between_them(booth: Terminal, engine: Engine) -> None:
    item = booth.put(photographed(BIG))
    while not held(engine, item, item.attachments[0]):
        booth.round()
    other = committed(booth.outbox, photographed())
    booth.round()
    assert other.sequence == 2
    assert booth.outbox.counters().acknowledged == 1
    assert registered(engine)
    assert item.id not in registered(engine)
    booth.send_everything()


def test_an_attachment_holds_back_its_own_case_only_and_the_order_within_it(
    booth: Terminal, engine: Engine
) -> None:
    visit = Visit.new()
    first = booth.put(replace(visit.draft(), attachments=(picture(BIG),)))
    evaluation = b'{"schema": "jiujin.evaluation/1", "case_code": "%s", "level": 5}' % visit.code.encode()
    later = committed(
        booth.outbox, replace(visit.withdrawn().draft(), kind=Kind.EVALUATION, payload=evaluation)
    )
    booth.send_everything()
    with engine.connect() as connection:
        order = connection.execute(select(items.c.sequence).order_by(items.c.registered_at, items.c.sequence))
        assert list(order.scalars()) == [first.sequence, later.sequence]


def test_a_line_cut_at_any_byte_goes_on_from_what_the_centre_holds(
    database: str, trust: Path, tmp_path: Path, engine: Engine
) -> None:
    chance = random.Random(1)  # noqa: S311 - repeatable trouble
    process = Process(database, trust)
    with closing(process), FaultProxy(process.port) as proxy:
        with terminal(tmp_path, trust, proxy.url) as booth:
            item = booth.put(photographed(BIG))
            proxy.mode, before = Mode.TRUNCATED, b""
            for _ in range(14):
                proxy.cut_after = chance.randrange(1, 400_000)
                booth.link.close()
                booth.round()
                now = held(engine, item, item.attachments[0])
                assert now.startswith(before), "what is held is never sent again or lost"
                before = now
            proxy.mode = Mode.UP
            booth.send_everything()
        sealed = held(engine, item, item.attachments[0])
        assert hashlib.sha256(sealed).hexdigest() == item.attachments[0].sealed_sha256
        assert registered(engine) == {item.id}


def test_the_centre_is_restarted_in_the_middle(
    database: str, trust: Path, tmp_path: Path, engine: Engine
) -> None:
    with centre(database, trust) as running:
        port = running.port
        with terminal(tmp_path, trust, running.url) as booth:
            item = booth.put(photographed(BIG))
            while not held(engine, item, item.attachments[0]):
                booth.round()
            booth.link.close()
            running.close()
            booth.round()
            assert booth.outbox.counters().pending == 1
            before = held(engine, item, item.attachments[0])
            with closing(RunningCentre(CentreSettings(database, trust), port)):
                booth.send_everything()
                assert held(engine, item, item.attachments[0]).startswith(before)
                booth.link.close()


def test_the_terminal_is_restarted_in_the_middle_and_sends_no_byte_twice(
    running: RunningCentre, trust: Path, tmp_path: Path, engine: Engine
) -> None:
    with terminal(tmp_path, trust, running.url) as booth:
        item = booth.put(photographed(BIG))
        while not held(engine, item, item.attachments[0]):
            booth.round()
    before = held(engine, item, item.attachments[0])
    with terminal(tmp_path, trust, running.url) as again:
        sent = _sent_parts(again)
        again.send_everything()
    assert sum(sent) == item.attachments[0].sealed_bytes - len(before)


def _sent_parts(booth: Terminal) -> list[int]:
    """Filled with the size of each part that is sent from now on."""
    sizes: list[int] = []
    send = booth.link.send_part

    def watched(path: str, offset: int, of_bytes: int, part: bytes) -> Any:
        sizes.append(len(part))
        return send(path, offset, of_bytes, part)

    booth.link.send_part = watched  # type: ignore[method-assign]
    return sizes


def test_two_senders_by_mistake_bring_it_once(
    booth: Terminal, running: RunningCentre, trust: Path, engine: Engine
) -> None:
    item = booth.put(photographed(BIG))
    second = beside(booth.outbox, trust, running.url)
    second.courier.uploader._part_bytes = 100_000
    while booth.outbox.counters().pending:
        booth.round()
        second.round()
    second.link.close()
    sealed = held(engine, item, item.attachments[0])
    assert hashlib.sha256(sealed).hexdigest() == item.attachments[0].sealed_sha256
    assert (registered(engine), upload_rows(engine)) == ({item.id}, 1)


def test_a_part_that_comes_again_changes_nothing(station: Station, booth: Terminal, engine: Engine) -> None:
    item = booth.put(photographed(BIG))
    sealed = booth.outbox.deliveries.attachment(item.sequence, 1)
    assert sealed is not None
    path = f"{path_of(item)}?offset=0&of={len(sealed)}"
    assert signed(station, "PUT", path, sealed[:1000]).status_code == 200
    again = signed(station, "PUT", path, sealed[:1000])
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "1000")
    assert held(engine, item, item.attachments[0]) == sealed[:1000]
    head = signed(station, "HEAD", path_of(item))
    assert (head.status_code, head.headers["Upload-Offset"]) == (200, "1000")


def test_bytes_with_another_digest_are_dropped_in_the_end(
    station: Station, booth: Terminal, engine: Engine
) -> None:
    item = booth.put(photographed(2000))
    size = item.attachments[0].sealed_bytes
    wrong = signed(station, "PUT", f"{path_of(item)}?offset=0&of={size}", bytes(size))
    assert wrong.status_code == 409
    state = UploadState.model_validate_json(wrong.content)
    assert (state.offset, state.fault) == (0, "digest")
    assert upload_rows(engine) == 0
    booth.send_everything()
    assert registered(engine) == {item.id}


def test_an_item_waits_at_the_door_for_its_attachments(
    station: Station, booth: Terminal, engine: Engine
) -> None:
    item = booth.put(photographed(2000))
    [verdict] = station.send(item)
    assert verdict.kind is VerdictKind.LATER
    assert "attachments.missing" in verdict.reason
    assert verdict.acknowledgement is None
    assert registered(engine) == set()
    booth.send_everything()
    [verdict] = station.send(item)
    assert verdict.kind is VerdictKind.DUPLICATE


def test_a_terminal_that_is_told_so_asks_again_and_sends_what_lacks(booth: Terminal, engine: Engine) -> None:
    """As after the centre swept it, or was restored from a backup."""
    item = booth.put(photographed(2000))
    while item.sequence not in booth.courier.uploader.whole:
        booth.round()
    store.sweep(engine, utc_now() + store.KEPT_WITHOUT_ITEM + timedelta(seconds=1))
    assert upload_rows(engine) == 0
    booth.send_everything()
    assert registered(engine) == {item.id}


def test_what_no_item_asks_for_is_swept_and_what_one_has_stays(booth: Terminal, engine: Engine) -> None:
    kept = booth.put(photographed(2000))
    booth.send_everything()
    begun = booth.put(photographed(BIG))
    while not held(engine, begun, begun.attachments[0]):
        booth.round()
    assert store.sweep(engine, utc_now()) == 0
    assert store.sweep(engine, utc_now() + store.KEPT_WITHOUT_ITEM + timedelta(seconds=1)) == 1
    assert held(engine, begun, begun.attachments[0]) == b""
    assert held(engine, kept, kept.attachments[0])


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_sweep_beside_a_part_that_comes_leaves_the_upload_to_it(booth: Terminal, engine: Engine) -> None:
    """SQLite has one writer at a time: there nothing goes beside."""
    begun = booth.put(photographed(BIG))
    while not held(engine, begun, begun.attachments[0]):
        booth.round()
    key = store.key_of(begun.terminal, begun.id, begun.attachments[0].sealed_sha256)
    assert key is not None
    late, so_far = utc_now() + store.KEPT_WITHOUT_ITEM + timedelta(days=1), store.state(engine, key).offset
    beside, swept = create_engine(engine.url), list[int]()

    def sweep(*_: object) -> None:
        swept.append(store.sweep(beside, late))

    event.listen(engine, "after_cursor_execute", sweep, once=True)
    of_bytes = begun.attachments[0].sealed_bytes
    answer = store.take(engine, key, begun.terminal, so_far, of_bytes, b"more", late)
    beside.dispose()
    assert swept == [0]
    assert answer == UploadState(offset=so_far + len(b"more"), whole=False)


def test_sizes_and_numbers_are_bounded(
    station: Station, booth: Terminal, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "OPEN_MAX", 3)
    item = booth.put(photographed(10))
    path = path_of(item)
    answers = {
        query: signed(station, "PUT", f"{path}?{query}", body).status_code
        for query, body in {
            f"offset=0&of={ATTACHMENT_BYTES_MAX + 1}": b"x",
            "offset=0&of=2097152": bytes(1024 * 1024 + 1),
            "offset=0&of=0": b"x",
            "offset=9&of=9": b"x",
            "offset=0&of=9": b"",
            "offset=-1&of=9": b"x",
            "of=9": b"x",
        }.items()
    }
    assert list(answers.values()) == [413, 413, 413, 422, 422, 422, 422]
    stranger = path.replace(item.terminal, "0999", 1)
    assert signed(station, "PUT", f"{stranger}?offset=0&of=9", b"x").status_code == 422
    assert signed(station, "GET", path.replace(item.id, "no-item")).status_code == 422
    for number in range(store.OPEN_MAX):
        named = path.replace(item.attachments[0].sealed_sha256, f"{number:064x}")
        assert signed(station, "PUT", f"{named}?offset=0&of=9", b"x").status_code == 200
    full = signed(station, "PUT", f"{path}?offset=0&of=9", b"x")
    assert (full.status_code, full.headers["Retry-After"]) == (429, "600")
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(upload_parts)).scalar_one() == 3


def test_a_terminal_with_too_many_open_attachments_still_sends_its_other_cases(
    booth: Terminal, station: Station, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "OPEN_MAX", 1)
    waiting = booth.put(photographed(10))
    left = path_of(waiting).replace(waiting.attachments[0].sealed_sha256, "0" * 64)
    assert signed(station, "PUT", f"{left}?offset=0&of=9", b"x").status_code == 200
    booth.courier.round()
    booth.courier.round()
    assert "uploads.too_many" in booth.courier.last_error
    plain = [booth.put(photographed()).id for _ in range(3)]
    while booth.courier.round():  # as the sender does: at once, no wait of the whole session
        pass
    assert registered(engine) == set(plain)
    monkeypatch.setattr(store, "OPEN_MAX", 2)
    booth.send_everything()
    assert registered(engine) == {waiting.id, *plain}


def test_everything_old_is_swept_at_once(
    booth: Terminal, station: Station, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SWEPT_AT_ONCE", 2)
    item = booth.put(photographed(10))
    for number in range(5):
        named = path_of(item).replace(item.attachments[0].sealed_sha256, f"{number:064x}")
        assert signed(station, "PUT", f"{named}?offset=0&of=9", b"x").status_code == 200
    late = utc_now() + store.KEPT_WITHOUT_ITEM + timedelta(seconds=1)
    assert store.sweep(engine, late) == 5
    assert upload_rows(engine) == 0


def test_an_attachment_that_is_half_there_registers_no_item(
    booth: Terminal, station: Station, engine: Engine
) -> None:
    item = booth.put(photographed(BIG))
    while not held(engine, item, item.attachments[0]):
        booth.round()
    [verdict] = station.send(item)
    assert verdict.kind is VerdictKind.LATER
    assert registered(engine) == set()


def test_a_part_that_claims_another_size_is_not_taken(
    booth: Terminal, station: Station, engine: Engine
) -> None:
    item = booth.put(photographed(2000))
    sealed = booth.outbox.deliveries.attachment(item.sequence, 1)
    assert sealed is not None
    assert signed(station, "PUT", f"{path_of(item)}?offset=0&of={len(sealed)}", sealed[:9]).status_code == 200
    other = signed(station, "PUT", f"{path_of(item)}?offset=9&of={len(sealed) + 1}", sealed[9:20])
    assert other.status_code == 422
    assert held(engine, item, item.attachments[0]) == sealed[:9]


def test_whole_uploads_that_no_item_asked_for_count_too(
    station: Station, booth: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "OPEN_MAX", 3)
    item = booth.put(photographed(10))
    told = item.attachments[0].sealed_sha256
    parts = [bytes([number]) for number in range(4)]
    paths = [path_of(item).replace(told, hashlib.sha256(part).hexdigest()) for part in parts]
    answers = [
        signed(station, "PUT", f"{path}?offset=0&of=1", part).status_code
        for path, part in zip(paths, parts, strict=True)
    ]
    assert answers == [200, 200, 200, 429]


def test_nobody_uploads_without_a_signature_over_every_byte_and_its_place(
    station: Station, booth: Terminal, engine: Engine
) -> None:
    item = booth.put(photographed(2000))
    path = f"{path_of(item)}?offset=0&of=2000"
    assert station.client.put(path, content=b"x").status_code == 401
    assert station.key is not None
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": "identity"}
    headers |= sign_headers(
        method="PUT", path=path, headers=headers, body=b"genuine", key=station.key, key_id=station.terminal,
        created=utc_now(),
    )  # fmt: skip
    changed = station.client.put(path, content=b"altered", headers=headers)
    moved = station.client.put(path.replace("of=2000", "of=2001"), content=b"genuine", headers=headers)
    assert (changed.status_code, moved.status_code, upload_rows(engine)) == (401, 401, 0)


def test_damage_on_the_disk_is_never_sent(booth: Terminal, engine: Engine) -> None:
    item = booth.put(photographed(2000))

    def spoil(connection: Any) -> None:
        connection.execute("drop trigger attachment_is_immutable")
        connection.execute("update attachment set sealed = zeroblob(length(sealed))")

    booth.outbox._owner.ask(spoil)
    while booth.outbox.counters().pending:
        booth.round()
    [summary] = booth.outbox.find(item.lane)
    assert (summary.state, summary.verdict) == (ItemState.QUARANTINED, "damaged")
    assert (registered(engine), upload_rows(engine)) == (set(), 0)
