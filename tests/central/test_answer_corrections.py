"""Rule F10: a clerk corrects an answer beside the case; nothing sealed changes, nothing personal stands in the clear."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from central.answer_corrections import NotChanged, corrected
from central.case_command import correct_answer
from central.contents import newest_case
from central.database import open_database, utc_now
from central.desk_command import CentreAt
from central.retention import Retention, sweep
from central.schema import corrections, events, items
from central.trust import load_trust
from kiosk.case import CasePayload, new_case_code
from kiosk.catalogue.load import read
from kiosk.catalogue.model import Definition
from offline_queue.wire import Item, Kind
from tests.central.conftest import PROJECT
from tests.central.station import Station, case_payload, centre
from tests.central.test_corrections import state_of
from tests.central.test_inbox import told

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"
MOBILE = "13912345678"


class Desk:
    """A centre with the published definitions, a terminal, and the clerk's command."""

    def __init__(self, database: str, trust: Path, station: Station) -> None:
        self.database, self.trust, self.station = database, trust, station
        found = read(DEFINITIONS / "pension_confirmation.json")
        assert isinstance(found, Definition)
        self.pension = found

    def filed(self, **changes: object) -> Item:
        """Filed without the village where the person lives: it needs correction."""
        code = new_case_code(self.station.terminal)
        payload = CasePayload.model_validate_json(case_payload(code, service=self.pension.code))
        filed = {
            "definition_version": self.pension.definition_version,
            "definition_hash": self.pension.content_hash,
            "answers": {"lives_at_card_address": "no"},
            **changes,
        }
        body = payload.model_copy(update=filed).model_dump_json(by_alias=True).encode()
        version = self.pension.definition_version
        item = self.station.item(
            code=code, payload=body, service=self.pension.code, definition_version=version
        )
        self.station.send(item)
        return item

    def correct(self, code: str, field: str, value: str, catalogue: Path | None = DEFINITIONS) -> Result:
        at = CentreAt(self.database, self.trust, production=False, catalogue=catalogue)
        given = ["--field", field, "--value-from", "-", "--by", "clerk 12", "--why", "told at the counter"]
        return CliRunner().invoke(correct_answer, [code, *given, "--json"], input=value, obj=at)

    def refused(self, code: str, field: str, value: str, **given: Path | None) -> str:
        done = self.correct(code, field, value, **given)
        assert done.exit_code == 1, done.output
        return str(json.loads(done.stdout)["reason"])


@pytest.fixture
def desk(database: str, trust: Path) -> Iterator[Desk]:
    with ExitStack() as stack:
        running = stack.enter_context(centre(database, trust, catalogue=DEFINITIONS))
        yield Desk(database, trust, stack.enter_context(closing(Station(running.url, trust))))


def test_a_corrected_answer_lets_the_case_go_on_and_the_resident_reads_which(desk: Desk) -> None:
    item = desk.filed()
    assert state_of(desk.station, item.lane) == "needs_correction"
    done = desk.correct(item.lane, "living_village", "110199001002\n")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"ok": True, "state": "registered"})
    words = told(desk.station)[item.lane]
    assert (words.state, "现在住在哪个村" in words.words_zh) == ("registered", True)
    page = desk.station.client.post("/case", data={"code": item.lane}).text
    assert "工作人员更正了「现在住在哪个村？」这一项" in page
    trail = desk.station.page(f"/ops/cases/{item.lane}")
    for part in ("living_village by clerk 12: told at the counter", "工作人员更正了一项内容"):
        assert part in trail
    assert "110199001002" not in trail
    assert desk.refused(item.lane, "living_village", "110199001002") == NotChanged.SAME


def test_the_sealed_case_stays_as_it_came_and_whoever_decides_reads_both(desk: Desk) -> None:
    item = desk.filed(answers={"lives_at_card_address": "yes"})
    assert desk.correct(item.lane, "mobile", MOBILE).exit_code == 0
    known = load_trust(desk.trust, production=False)
    engine = open_database(desk.database)
    with engine.connect() as connection:
        sealed = connection.execute(select(items.c.sealed).where(items.c.item_id == item.id)).scalar_one()
        content = newest_case(connection, known.sealing_keys, {item.lane})[item.lane]
        now = corrected(connection, known.sealing_keys, content)
        rows = connection.execute(select(corrections)).all()
        lines = connection.execute(select(events.c.detail)).scalars().all()
    assert sealed == item.sealed
    assert content.answers == {"lives_at_card_address": "yes"}
    assert now == {"lives_at_card_address": "yes", "mobile": MOBILE}
    assert MOBILE.encode() not in b"".join(row.sealed for row in rows)
    assert not any(MOBILE in line for line in lines)
    sweep(engine, utc_now(), Retention(case=-1))
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(corrections)).scalar_one() == 0
    engine.dispose()


def test_what_must_not_be_corrected_is_refused(desk: Desk) -> None:
    item = desk.filed()
    for field in ("number", "name", "person", "nothing_like_it"):
        assert desk.refused(item.lane, field, "x") == NotChanged.FIELD
    assert desk.refused(item.lane, "living_village", "a village on the moon") == "answers"
    assert desk.refused(item.lane, "living_village", "110199001002", catalogue=None) == NotChanged.DEFINITION
    signed = desk.filed(assurance="L3")
    assert desk.refused(signed.lane, "living_village", "110199001002") == NotChanged.SIGNED
    assert desk.refused(new_case_code("0142"), "mobile", MOBILE) == NotChanged.UNKNOWN
    assert desk.refused("no code", "mobile", MOBILE) == NotChanged.UNKNOWN
    desk.station.send(desk.station.item(Kind.WITHDRAWAL, item.lane))
    assert desk.refused(item.lane, "living_village", "110199001002") == NotChanged.STATE
    broken = desk.station.item(payload=b"not a case")
    desk.station.send(broken)
    assert desk.refused(broken.lane, "mobile", MOBILE) == NotChanged.CONTENT
    assert state_of(desk.station, item.lane) == "withdrawn"
