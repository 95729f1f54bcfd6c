"""I01 and I03: a rare name and a validity without end, from the chip through filing to the centre and back."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select

from central.ops.table import csv_lines
from central.schema import items
from drivers.card_reader import layout
from drivers.contract import Ok
from kiosk.case import CasePayload, new_case_code
from kiosk.filing import payload_of
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from offline_queue.seal import item_aad, open_sealed
from offline_queue.sealing_keys import read_private
from offline_queue.wire import Item, VerdictKind
from tests.cases.blocks import RESIDENT, block
from tests.central.conftest import trust
from tests.central.station import Station, address_in, centre
from tests.kiosk.journey.visits import card, visit
from tests.kiosk.paper.test_receipt import slip, text

__all__ = ["trust"]

RARE = "钱\U0002cb4a"


def filed(fields: dict[int, str]) -> Visit:
    """A finished visit with the card of these fields."""
    decoded = layout.decode(block({**RESIDENT, **fields}))
    assert isinstance(decoded, Ok)
    return replace(
        visit(State.RESULT), case_code=new_case_code("0142"), card=replace(card(), document=decoded.value)
    )


def at_the_centre(folder: Path, trust: Path, done: Visit) -> CasePayload:
    """What the office opens after the case was filed, sealed, sent and registered."""
    payload = payload_of(done, received_at="2026-11-25T08:00:00Z", clock_quality="synced")
    with centre(folder, trust) as running:
        station = Station(running.url, trust)
        item = station.item(code=done.case_code, payload=payload.model_dump_json(by_alias=True).encode())
        (verdict,) = station.send(item)
        assert verdict.kind is VerdictKind.REGISTERED, verdict
        export = station.page("/ops/export/cases.csv")
        station.close()
    assert done.case_code in export
    engine = create_engine(address_in(folder))
    with engine.connect() as connection:
        sealed = connection.execute(select(items.c.sealed)).scalar_one()
    engine.dispose()
    opened = open_sealed(sealed, private_keys(trust), aad(item))
    assert isinstance(opened, bytes)
    return CasePayload.model_validate_json(opened)


def private_keys(trust: Path) -> dict[str, Any]:
    key = read_private((trust / "centre_sealing.key").read_bytes())
    assert key is not None
    return dict([key])


def aad(item: Item) -> bytes:
    return item_aad(
        terminal=item.terminal,
        item_id=item.id,
        lane=item.lane,
        kind=item.kind,
        service=item.service,
        definition_version=item.definition_version,
    )


def test_a_rare_name_is_two_characters_at_the_centre_and_in_a_table(tmp_path: Path, trust: Path) -> None:
    person = at_the_centre(tmp_path, trust, filed({0: RARE})).person
    assert person is not None
    assert [ord(character) for character in person.name] == [0x94B1, 0x2CB4A]
    assert person.name_complete
    table = "".join(csv_lines(["name"], [[person.name]]))
    raw = table.encode("utf-8").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(raw, newline=""))) == [["name"], [RARE]]


@pytest.mark.parametrize("end", ["长期", "99991231"])
def test_a_validity_without_end_is_no_date_anywhere(tmp_path: Path, trust: Path, end: str) -> None:
    done = filed({204: end.ljust(8)})
    person = at_the_centre(tmp_path, trust, done).person
    assert person is not None
    assert (person.validity, person.valid_to) == ("long_term", None)
    printed = text(slip(done))
    assert "姓名 测*" in printed
    assert "9999" not in printed
