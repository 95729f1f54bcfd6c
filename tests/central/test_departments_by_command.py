"""A centre learns by its command which department answers for a service: over a real wire, over TLS in production."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from central import command
from central.command import EXIT_NOT_CONFIGURED, serve_command
from central.departments.over_http import HttpDepartment
from central.departments.simulated import ALLOWANCE
from central.settings import CentreSettings
from kiosk.bench.centre import Centre
from kiosk.bench.far_end import FarEnd
from kiosk.bench.gateway import SimulatedGateway
from kiosk.case import new_case_code
from offline_queue.wire import Item
from tests.central.conftest import PROJECT
from tests.central.noticed import BY_CHILD
from tests.central.station import NUMBER, SERVICE, Station, case_payload
from tests.drivers.waiting import wait_until

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"
MOBILE = "13800138000"
"""No simulated department draws it for the person of these tests."""


class Office(FarEnd):
    """A department that has everybody's number and decides nothing."""

    kind = "records"

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        super().__init__()

    def reply(self, path: str, question: dict[str, Any]) -> dict[str, Any] | None:
        if path != "office":
            return None
        with self.lock:
            self.asked.append(question)
        if question.get("question") != "records":
            return {"kind": "turned_down"}
        source = {"source_zh": "县社会保险中心", "source_en": "County office"}
        record = {"name": "mobile", "value": MOBILE, **source, "as_of": "2026-03-01T09:00:00+08:00"}
        return {"kind": "records", "records": [record]}


@pytest.fixture
def office() -> Iterator[Office]:
    with closing(Office()) as made:
        yield made


@pytest.fixture
def told_settings(monkeypatch: pytest.MonkeyPatch) -> list[CentreSettings]:
    """What the command would serve with."""
    told: list[CentreSettings] = []
    monkeypatch.setattr(command, "serve", lambda settings, *_more: told.append(settings))
    return told


def acted(station: Station) -> Item:
    code = new_case_code(station.terminal)
    item = station.item(code=code, payload=case_payload(code, agent=BY_CHILD))
    station.send(item)
    return item


def test_a_department_of_the_command_knows_the_number_to_which_a_notice_goes(
    tmp_path: Path, trust: Path, office: Office
) -> None:
    log = tmp_path / "log"
    with closing(SimulatedGateway()) as gateway:
        options = (
            "--department", SERVICE, office.address("office"), "--catalogue", str(DEFINITIONS),
            *gateway.options(), "--recheck-again", "1",
        )  # fmt: skip
        with (
            closing(Centre(PROJECT, tmp_path / "c.sqlite", trust, log, *options)) as running,
            closing(Station(running.url, trust)) as station,
        ):
            item = acted(station)
            assert wait_until(lambda: len(gateway.messages) == 1)
            assert gateway.messages[0].mobile == MOBILE
            assert wait_until(lambda: "已给本人登记的手机发了短信" in station.page(f"/ops/cases/{item.lane}"))
            office.set("down")
            later = acted(station)
            assert wait_until(lambda: "还没有告知本人" in station.page(f"/ops/cases/{later.lane}"))
            office.set("ok")
            assert wait_until(lambda: len(gateway.messages) == 2)
    (first, *_more) = office.asked
    assert first["service"] == SERVICE
    assert first["number"] == NUMBER
    assert NUMBER not in log.read_text("utf-8")
    assert MOBILE not in log.read_text("utf-8")


def test_in_production_a_department_is_attached_over_tls_and_none_is_invented(
    trust: Path, told_settings: list[CentreSettings]
) -> None:
    far = "https://office.example.invalid/jiujin"
    services = [(SERVICE, far), (ALLOWANCE, far), ("110199-SB-01", "https://other.example.invalid/")]
    assert serve_command("sqlite://", trust, production=True, services=services) == 0
    (settings,) = told_settings
    attached = settings.departments.by_service
    assert set(attached) == {service for service, _far in services}
    assert all(isinstance(one, HttpDepartment) for one in attached.values())
    assert attached[SERVICE] is attached[ALLOWANCE], "one address is one department"
    assert attached[SERVICE] is not attached["110199-SB-01"]
    assert (settings.departments.payments, settings.departments.messages) == (None, None)


def test_without_the_option_nobody_answers(trust: Path, told_settings: list[CentreSettings]) -> None:
    assert serve_command("sqlite://", trust) == 0
    assert told_settings[0].departments.by_service == {}


@pytest.mark.parametrize(
    ("services", "catalogue", "said"),
    [
        ([(SERVICE, "http://127.0.0.1:1/office")], None, ("正式环境只能用 https", f"--department {SERVICE}")),
        ([(SERVICE, "office.example.invalid")], None, (f"--department {SERVICE}", "https://地址")),
        ([("x" * 65, "https://a.invalid/")], None, ("名称最多 64 字",)),
        ([(SERVICE, "https://a.invalid/"), (SERVICE, "https://b.invalid/")], None, ("写了两次", SERVICE)),
        ([("110199-YL-10", "https://a.invalid/")], DEFINITIONS, ("没有这个事项", "110199-YL-10", SERVICE)),
    ],
)
def test_what_cannot_be_attached_is_named_and_nothing_is_served(
    trust: Path,
    told_settings: list[CentreSettings],
    capsys: pytest.CaptureFixture[str],
    services: list[tuple[str, str]],
    catalogue: Path | None,
    said: tuple[str, ...],
) -> None:
    code = serve_command("sqlite://", trust, production=True, services=services, catalogue=catalogue)
    assert code == EXIT_NOT_CONFIGURED
    assert told_settings == []
    error = capsys.readouterr().err
    assert all(words in error for words in said), error
