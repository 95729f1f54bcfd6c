"""Steps between the tables of two releases that carry something over, forward and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from central.database import MIGRATIONS, open_database, writing
from tests.central.station import address_in
from tests.postgres import Cluster

BEFORE = "0013"
CASE = (
    "insert into cases (terminal, code, service, state, received_at_kiosk, clock_quality)"
    " values ('0142', :code, 's', :state, 't', 'synced')"
)
DECISION = (
    "insert into decisions (terminal, item_id, code, asked_at, decided_at, words_zh, words_en)"
    " values ('0142', :code, :code, 'a', :at, '已确认', 'Confirmed')"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield address_in(tmp_path)
        return
    server: Cluster = request.getfixturevalue("postgres")
    with server.database() as name:
        yield server.address(name)


def test_a_departments_words_become_the_cases_words_and_may_go_back(address: str) -> None:
    engine = open_database(address)
    configuration = Config()
    configuration.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine).begin() as connection:
        configuration.attributes["connection"] = connection
        command.downgrade(configuration, BEFORE)
        for code, state in (("A", "decided"), ("B", "withdrawn"), ("C", "needs_clerk")):
            connection.execute(text(CASE), {"code": code, "state": state})
        for code, at in (("A", "t"), ("B", "t"), ("C", None)):
            connection.execute(text(DECISION), {"code": code, "at": at})
    engine.dispose()
    engine = open_database(address)
    with engine.connect() as connection:
        found = connection.execute(text("select code, words_zh, words_en from cases order by code")).all()
    engine.dispose()
    assert [tuple(row) for row in found] == [("A", "已确认", "Confirmed"), ("B", "", ""), ("C", "", "")]
