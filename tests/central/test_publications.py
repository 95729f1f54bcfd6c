"""Publishing (story O3): first a few terminals, then all, and back; over a real line to a real terminal's shelf."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select, update

from central.database import open_database
from central.desk_command import CentreAt
from central.publications import canaries
from central.publish_command import COMMANDS
from central.schema import events, letters, publications
from kiosk import keys
from kiosk.catalogue.publish import sign_definition
from kiosk.catalogue.signature import signature_path
from kiosk.clock import Clock
from kiosk.published import Published
from offline_queue.collector import Collector
from offline_queue.inbox_wire import INBOX_PATH, InboxRequest, Reference
from tests.central.photographed import Terminal, terminal
from tests.central.station import Station, centre
from tests.kiosk.catalogue.made import PENSION, REPORT, raw
from tests.offline_queue.terminal import FAST

CODE = raw(PENSION)["code"]
BY = ("--by", "ops-1")


@dataclass
class Desk:
    """The centre's staff: its commands on this database, definitions to publish."""

    database: str
    trust: Path
    folder: Path

    def run(self, name: str, *words: str) -> dict[str, Any]:
        (command,) = [one for one in COMMANDS if one.name == name]
        at = CentreAt(self.database, self.trust, production=False)
        done = CliRunner().invoke(command, [*words, "--json"], obj=at)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        said: dict[str, Any] = json.loads(done.output)
        assert (done.exit_code == 0) is said["ok"], done.output
        return said

    def definition(self, version: str, name: str = PENSION, **changes: Any) -> str:
        """A signed file with this version; its path."""
        self.folder.mkdir(exist_ok=True)
        file = self.folder / name
        document = {**raw(name), "definition_version": version, **changes}
        file.write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        sign_definition(file, keys.private_key(self.trust / "publisher.key"))
        return str(file)

    def publish(self, version: str, *words: str) -> dict[str, Any]:
        return self.run("publish-definition", self.definition(version), *BY, *words)


@pytest.fixture
def desk(database: str, trust: Path, tmp_path: Path) -> Desk:
    return Desk(database, trust, tmp_path / "desk")


@pytest.fixture
def engine(database: str, station: Station) -> Iterator[Engine]:
    """Of a centre that runs with two terminals."""
    assert station
    made = open_database(database)
    yield made
    made.dispose()


@dataclass
class Booth:
    """A terminal's queue with its shelf; nothing else of it is needed."""

    made: Terminal
    collector: Collector
    shelf: Published
    installed: Path

    def fetch(self) -> bool:
        return self.collector.round()

    def version(self) -> str:
        (found,) = [one for one in self.shelf.load(self.installed).definitions if one.code == CODE]
        return found.definition_version


@contextmanager
def booth(folder: Path, trust: Path, url: str) -> Iterator[Booth]:
    with terminal(folder, trust, url) as made:
        shelf = Published(
            folder / "state", keys.public_key(trust / "publisher.pub"), Clock(folder / "clock.json"), ""
        )
        collector = Collector(made.outbox, made.link, made.courier.centre_keys, FAST, shelf)
        installed = Desk("", trust, folder / "installed")
        installed.definition("1.0.0")
        yield Booth(made, collector, shelf, installed.folder)


def told(engine: Engine) -> dict[str, list[str]]:
    """Terminal -> the versions in its inbox."""
    found: dict[str, list[str]] = {}
    with engine.connect() as connection:
        rows = connection.execute(
            select(letters.c.terminal, letters.c.content).order_by(letters.c.terminal, letters.c.number)
        )
        for name, content in rows:
            found.setdefault(name, []).append(Reference.model_validate_json(content).version)
    return found


def taken(station: Station, version: str, *, refused: str = "") -> None:
    body: dict[str, Any] = {"state": "live"}
    body |= (
        {"not_taken": {"definitions": f"{version} {refused}"}}
        if refused
        else {"published": {"definitions": version}}
    )
    assert station.beat(body).status_code == 200


def test_a_few_get_it_first_and_all_when_those_took_it(
    desk: Desk, engine: Engine, station: Station, other_station: Station
) -> None:
    first = desk.publish("1.1.0")
    assert (first["version"], first["state"], len(first["told"])) == (1, "canary", 1)
    assert told(engine) == {first["told"][0]: ["1"]}
    assert desk.publish("1.2.0")["reason"] == "under_way"
    assert desk.run("spread", "definitions", *BY)["reason"] == "not_taken_yet"
    canary = station if first["told"] == [station.terminal] else other_station
    taken(canary, "1")
    assert desk.run("publications")["publications"][0]["taken"] == 1
    spread = desk.run("spread", "definitions", *BY)
    assert {*spread["told"], canary.terminal} == {"0142", "0777"}
    assert told(engine) == {"0142": ["1"], "0777": ["1"]}
    assert desk.run("spread", "definitions", *BY)["reason"] == "no_canary"
    assert desk.publish("1.1.0")["reason"] == "same"
    with engine.connect() as connection:
        said = connection.execute(
            select(events.c.event, events.c.detail).where(events.c.terminal == "----")
        ).all()
    assert ("publication.begun", "definitions 1 by ops-1") in [tuple(row) for row in said]
    assert ("publication.spread", "definitions 1 by ops-1") in [tuple(row) for row in said]


def test_what_one_of_the_first_refuses_is_not_spread_and_can_be_taken_back(
    desk: Desk, engine: Engine, station: Station, other_station: Station
) -> None:
    desk.publish("1.1.0", "--canary", "100")
    desk.run("spread", "definitions", "--anyway", *BY)
    bad = desk.publish("1.2.0")
    canary = station if bad["told"] == [station.terminal] else other_station
    taken(canary, "2", refused="pension.json: fixture")
    shown = desk.run("publications")
    assert shown["publications"][0]["refused"] == {canary.terminal: "pension.json: fixture"}
    assert desk.run("spread", "definitions", "--anyway", *BY)["reason"] == "refused"
    back = desk.run("roll-back", "definitions", *BY)
    assert (back["version"], back["told"]) == (3, [canary.terminal])
    assert told(engine)[canary.terminal] == ["1", "2", "3"]
    with engine.connect() as connection:
        digests = dict(connection.execute(select(publications.c.version, publications.c.sha256)).all())
    assert digests[3] == digests[1] != digests[2]
    assert desk.run("roll-back", "definitions", *BY)["version"] == 4, "and to what was before the first"
    assert desk.run("roll-back", "configuration", *BY)["reason"] == "nothing"


def _unsigned(file: Path) -> None:
    signature_path(file).unlink()


def _changed(file: Path) -> None:
    file.write_text(file.read_text("utf-8").replace("1.1.0", "1.1.1"), "utf-8")


@pytest.mark.parametrize("spoil", [_unsigned, _changed, lambda file: file.write_text("{", "utf-8")])
def test_what_a_terminal_would_refuse_is_not_published(
    spoil: Callable[[Path], object], desk: Desk, engine: Engine
) -> None:
    file = desk.definition("1.1.0")
    spoil(Path(file))
    said = desk.run("publish-definition", file, *BY)
    assert said["reason"] == "refused"
    assert PENSION in said["files"][0]
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(publications)).scalar_one() == 0


def test_a_configuration_with_a_key_that_is_not_set_from_afar_is_not_published(
    desk: Desk, engine: Engine, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.json"
    file.write_text('{"schema": "jiujin.configuration/1", "settings": {"trust.publisher_key": "x"}}', "utf-8")
    said = desk.run("publish-configuration", str(file), *BY)
    assert "trust.publisher_key" in said["problems"][0]
    file.write_text("no json", "utf-8")
    assert desk.run("publish-configuration", str(file), *BY)["reason"] == "refused"
    assert told(engine) == {}


def test_a_terminal_fetches_what_the_letter_names_and_tells_that_it_counts(
    desk: Desk, engine: Engine, station: Station, trust: Path, tmp_path: Path
) -> None:
    desk.publish("1.1.0", "--canary", "100")
    with booth(tmp_path / "booth", trust, station.url) as here:
        assert here.version() == "1.0.0"
        assert here.fetch()
        assert (here.version(), here.collector.last_error) == ("1.1.0", "")
        assert here.shelf.told() == ({"definitions": "1"}, {})
        assert not here.fetch(), "once"
        # A second service is published: the first stays in the same set.
        desk.run("spread", "definitions", "--anyway", *BY)
        desk.run("publish-definition", desk.definition("2.0.0", REPORT), *BY, "--canary", "100")
        here.fetch()
        offered = {one.code: one.definition_version for one in here.shelf.load(here.installed).definitions}
        assert offered == {CODE: "1.1.0", raw(REPORT)["code"]: "2.0.0"}
        desk.run("roll-back", "definitions", *BY)
        here.fetch()
        assert [one.code for one in here.shelf.load(here.installed).definitions] == [CODE]
    assert engine


def test_a_terminal_that_never_had_a_letter_is_told_once_what_counts_for_all(
    desk: Desk, engine: Engine, trust: Path, tmp_path: Path, station: Station
) -> None:
    desk.publish("1.1.0", "--canary", "100")
    desk.run("spread", "definitions", "--anyway", *BY)
    with booth(tmp_path / "old disk", trust, station.url) as here:
        here.fetch()
        here.fetch()  # tells that the letter is applied, so that the centre drops it
    assert "0142" not in told(engine)
    with booth(tmp_path / "new disk", trust, station.url) as here:
        assert here.version() == "1.0.0"
        assert here.fetch()
        assert here.version() == "1.1.0"
        assert told(engine)["0142"] == ["1"]
    request = InboxRequest(terminal="0142", after=None).model_dump_json(by_alias=True).encode()
    assert [station.post(INBOX_PATH, request).status_code for _ in range(2)] == [200, 200]
    assert told(engine)["0142"] == ["1"], "asked again before it was applied: not told twice"


def test_other_bytes_than_the_letter_names_are_not_put_on_the_shelf(
    desk: Desk, engine: Engine, station: Station, trust: Path, tmp_path: Path
) -> None:
    desk.publish("1.1.0", "--canary", "100")
    with engine.begin() as connection:
        genuine = connection.execute(select(publications.c.content)).scalar_one()
        connection.execute(update(publications).values(content=genuine.replace("1.1.0", "1.1.6")))
    with booth(tmp_path / "booth", trust, station.url) as here:
        here.fetch()
        assert (here.version(), here.shelf.told()) == ("1.0.0", ({}, {}))
        assert "other bytes" in here.collector.last_error
        with engine.begin() as connection:
            connection.execute(update(publications).values(content=genuine))
        assert here.fetch(), "asked again, although no letter is new"
        assert here.version() == "1.1.0"


def test_a_line_that_breaks_between_letter_and_text_costs_a_round(
    desk: Desk, database: str, trust: Path, tmp_path: Path
) -> None:
    with centre(database, trust) as first:
        desk.publish("1.1.0", "--canary", "100")
        with booth(tmp_path / "booth", trust, first.url) as here:
            lost = here.made.link.fetch
            here.collector.link.fetch = lambda path: lost(path.replace("publications", "elsewhere"))  # type: ignore[method-assign]
            here.fetch()
            assert here.made.outbox.deliveries.inbox_cursor() == 1, "the letter is applied"
            assert here.version() == "1.0.0"
            assert here.collector.last_error
    # The terminal and the centre were ended there; both come again.
    with centre(database, trust) as second, booth(tmp_path / "booth", trust, second.url) as here:
        assert here.fetch()
        assert here.version() == "1.1.0"


def test_a_terminal_that_refuses_tells_why_and_the_centre_sees_it(
    desk: Desk, engine: Engine, station: Station, trust: Path, tmp_path: Path
) -> None:
    desk.publish("1.1.0", "--canary", "100")
    with booth(tmp_path / "booth", trust, station.url) as here:
        stranger = keys.public_key(trust / "calibration.pub")
        here.collector.shelf = here.shelf = Published(
            tmp_path / "other", stranger, Clock(tmp_path / "clock2.json"), ""
        )
        here.fetch()
        active, refused = here.shelf.told()
        assert (active, refused) == (
            {},
            {"definitions": "1 pension_confirmation.json: signature.other_publisher"},
        )
        assert station.beat({"state": "live", "not_taken": refused}).status_code == 200
    shown = desk.run("publications")
    assert not shown["ok"]
    assert station.terminal in shown["publications"][0]["refused"]
    assert engine


def test_the_first_ones_are_others_each_time_and_at_least_one() -> None:
    enrolled = [f"{1000 + number}" for number in range(200)]
    drawn = [canaries(enrolled, version, 5.0) for version in (1, 2)]
    assert [len(one) for one in drawn] == [10, 10]
    assert drawn[0] != drawn[1]
    assert canaries(enrolled, 1, 5.0) == drawn[0]
    assert len(canaries(enrolled, 1, 0.01)) == 1
    assert canaries([], 1, 5.0) == []
