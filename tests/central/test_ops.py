"""What an operator sees."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from central.database import as_text, open_database, utc_now, writing
from central.health_report import HealthReport, read_report
from central.ops.words import age, cause, local_time
from central.problems import wrong_field
from central.schema import heartbeats, terminals
from kiosk.health import CAUSES, DeviceHealth, report
from offline_queue.wire import Kind
from tests.central.station import SERVICE, Station, centre

HEALTHY: dict[str, Any] = {
    "schema": "jiujin.health/1", "state": "live", "causes": [],
    "services": {SERVICE: {"ready": True, "causes": []}},
    "queue": {"pending": 0, "quarantined": 0, "oldest_at": None}, "link": "online", "version": "0.1.0",
    "clock_quality": "synced", "sent_at": "2026-11-25T08:00:00Z",
}  # fmt: skip


def test_a_terminal_is_first_installed_then_what_it_says(station: Station) -> None:
    assert "已登记，未上线" in station.page("/ops/terminals/0142")
    assert station.beat(HEALTHY).status_code == 200
    assert station.metric("jiujin_terminals")['{state="live"}'] == 1
    faulty = {
        **HEALTHY,
        "state": "degraded",
        "causes": ["printer.paper_out"],
        "services": {SERVICE: {"ready": False, "causes": ["printer.paper_out"]}},
        "queue": {"pending": 3, "quarantined": 1, "oldest_at": "2026-11-25T01:00:00Z"},
    }
    assert station.beat(faulty).status_code == 200
    page = station.page("/ops/terminals/0142")
    text = CAUSES["printer.paper_out"]
    assert text.technician["zh"] in page
    assert text.action["zh"] in page
    assert text.technician["en"] in page
    assert "部分可用" in station.page("/ops")
    assert station.metric("jiujin_queue_pending") == {"": 3}
    assert station.metric("jiujin_queue_quarantined") == {"": 1}
    assert station.metric("jiujin_queue_oldest_seconds")[""] > 0


def test_a_terminal_on_which_everything_is_wrong_at_once_is_heard() -> None:
    """What `kiosk.health` writes at its largest fits into what the centre reads."""
    devices = {"card": DeviceHealth(usable=False, warnings=tuple(CAUSES)), "a4": DeviceHealth(usable=False)}
    body = report(
        devices=devices,
        services={SERVICE: tuple(CAUSES)},
        general=CAUSES,
        queue={"pending": 2, "quarantined": 1, "oldest_at": "1970-01-01T00:00:05Z"},
        slips={"unknown": 1, "failed": 0},
        documents={"unknown": 0, "failed": 2},
        receipts={"printed": 1, "unknown": 2, "taken_in": 3},
        link="online",
        version="0.1.0",
        clock_quality="unsynced",
        sent_at="1970-01-01T08:00:00Z",
    )
    read = read_report(body)
    assert isinstance(read, HealthReport)
    kept = read.as_stored()
    assert {name: kept[name] for name in body if name not in ("queue", "sent_at")} == {
        name: value for name, value in body.items() if name not in ("queue", "sent_at")
    }


def test_an_unknown_device_is_named_with_its_kind(station: Station) -> None:
    station.beat({**HEALTHY, "causes": ["device.unknown"], "unknown_devices": ["a4", "card"]})
    assert "device.unknown a4 card" in station.page("/ops/terminals/0142")
    station.beat({**HEALTHY, "causes": ["device.unknown"]})
    assert "设备状态不明" in station.page("/ops/terminals/0142"), "an older terminal names none"


@pytest.mark.parametrize(("waited_h", "alarms"), [(23, (0, 0)), (25, (1, 0)), (73, (1, 1))])
def test_a_case_that_waits_over_a_day_or_three_is_an_alarm_though_its_terminal_is_silent(
    station: Station, waited_h: int, alarms: tuple[int, int]
) -> None:
    oldest = as_text(utc_now() - timedelta(hours=waited_h))
    station.beat({**HEALTHY, "queue": {"pending": 1, "quarantined": 0, "oldest_at": oldest}})
    told = station.metric("jiujin_terminals_unsent")
    assert (told['{over_hours="24"}'], told['{over_hours="72"}']) == alarms


@pytest.mark.parametrize("claimed", ["1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", None])
def test_the_waiting_is_reckoned_by_the_centres_clock_and_a_bound_is_told_as_one(
    station: Station, claimed: str | None
) -> None:
    queue = {"pending": 1, "quarantined": 0, "oldest_at": claimed}
    station.beat({**HEALTHY, "queue": {**queue, "oldest_waited_s": 90_000, "oldest_known": False}})
    told = station.metric("jiujin_terminals_unsent")
    assert (told['{over_hours="24"}'], told['{over_hours="72"}']) == (1, 0)
    assert 90_000 <= station.metric("jiujin_queue_oldest_seconds")[""] < 93_600
    assert "at least, not known exactly" in station.page("/ops/terminals/0142")
    station.beat({**HEALTHY, "queue": {**queue, "oldest_waited_s": 90_000, "oldest_known": True}})
    assert "at least, not known exactly" not in station.page("/ops/terminals/0142")


def test_what_the_printers_owe_is_shown_and_what_was_not_told_is_not_nought(station: Station) -> None:
    def owed(name: str) -> list[str]:
        page = station.page("/ops/terminals/0142")
        fact = page[page.index(name) :]
        return re.findall(r"(\?|\d+)(?:</span>)? <span class=\"pair\">", fact[: fact.index("</dd>")])

    station.beat(HEALTHY)
    assert owed("回执要处理") == owed("文件要处理") == ["?", "?"]
    told = {"slips": {"unknown": 2, "failed": 0}, "documents": {"failed": 1}}
    station.beat({**HEALTHY, **told})
    assert owed("回执要处理") == ["0", "2"]
    assert owed("文件要处理") == ["1", "?"]


def test_what_was_taken_in_and_printed_stand_beside_each_other_and_a_slip_without_a_case_is_an_alarm(
    station: Station,
) -> None:
    def fact() -> str:
        page = station.page("/ops/terminals/0142")
        told = page[page.index("收件与回执") :]
        return told[: told.index("</dd>")]

    def numbers() -> list[str]:
        return re.findall(r"(\?|\d+)(?:</span>)? <span class=\"pair\">", fact())

    station.beat(HEALTHY)
    assert numbers() == ["?", "?", "?"], "a terminal of before tells none"
    station.beat({**HEALTHY, "receipts": {"printed": 7, "unknown": 1, "taken_in": 9, "of_next_year": [1]}})
    assert numbers() == ["9", "7", "1"]
    assert "alarm" not in fact(), "cases without a slip are usual: the printer was out"
    station.beat({**HEALTHY, "receipts": {"printed": 10, "taken_in": 9}, "causes": ["slips.without_case"]})
    assert numbers() == ["9", "10", "?"]
    assert 'class="alarm"' in fact()
    words = CAUSES["slips.without_case"]
    page = station.page("/ops/terminals/0142")
    assert all(text[lang] in page for text in (words.technician, words.action) for lang in ("zh", "en"))


@pytest.mark.parametrize("wrong", [-1, 2**31, "9", 1.5, True])
def test_a_count_of_slips_that_is_none_is_turned_away_by_its_name(wrong: object) -> None:
    assert read_report({"receipts": {"printed": wrong}}) == wrong_field("receipts")


def test_a_count_has_the_age_of_the_word_it_came_with_and_not_of_the_last_case(
    station: Station, database: str
) -> None:
    def as_of(path: str) -> str:
        page = station.page(path)
        (line,) = re.findall(r'<p class="asof">(.*?)</p>', page)
        return str(line)

    station.beat({**HEALTHY, "slips": {"unknown": 1, "failed": 0}})
    assert " 秒前" in as_of("/ops/terminals/0142") or " 分钟前" in as_of("/ops/terminals/0142")
    engine = open_database(database)
    with writing(engine).begin() as connection:
        connection.execute(update(heartbeats).values(heard_at=as_text(utc_now() - timedelta(hours=3))))
    engine.dispose()
    station.send(station.item())
    for sums in ("/ops", "/ops/cases"):
        assert " 3 小时前" in as_of(sums)
    assert "，3 小时前" in as_of("/ops/terminals/0142")
    assert "told by the terminal 3 h ago" in as_of("/ops/terminals/0142")


def test_a_silent_terminal_is_unknown_and_never_fine(database: str, trust: Path) -> None:
    with centre(database, trust, heartbeat_interval_s=0.01) as running:
        station = Station(running.url, trust)
        station.beat(HEALTHY)
        deadline = time.monotonic() + 20
        while station.metric("jiujin_terminals")['{state="unknown"}'] != 1:
            assert time.monotonic() < deadline
        assert station.metric("jiujin_terminals")['{state="live"}'] == 0
        assert "情况不明" in station.page("/ops?state=unknown")
        assert "可以" not in station.page("/ops/terminals/0142")
        station.close()


def test_o1_seven_faults_among_five_hundred_are_found(database: str, trust: Path) -> None:
    engine = open_database(database)
    now = as_text(utc_now())
    faults = dict(zip(range(7), sorted(CAUSES)[:7], strict=True))
    with writing(engine).begin() as connection:
        for number in range(500):
            name = f"{1000 + number}"
            connection.execute(
                insert(terminals).values(
                    terminal=name, name=f"站点 {number}", public_key=b"k" * 32, enrolled_at=now, seen_at=now
                )
            )
            bad = number in faults
            body = {**HEALTHY, "state": "degraded", "causes": [faults[number]]} if bad else HEALTHY
            row = {"terminal": name, "state": body["state"], "sent_at": now, "heard_at": now, "body": body}
            connection.execute(insert(heartbeats).values(row))
    engine.dispose()
    with centre(database, trust) as running:
        station = Station(running.url, trust)
        page = station.page("/ops?state=degraded")
        listed = re.findall(r'<b class="mono">(\d{4})</b>', page)
        assert listed == [f"{1000 + number}" for number in range(7)]
        assert all(CAUSES[code].technician["zh"] in page for code in faults.values())
        assert station.page("/ops").count('<b class="mono">') == 200  # a page has an end
        assert "<b>502</b>" in page  # and counts all
        station.close()


def test_cases_are_listed_found_and_filtered(station: Station) -> None:
    one, other, early = (
        station.item(),
        station.item(service="110199-HJ-02"),
        station.item(received_at_kiosk="早"),
    )
    station.send(one, other, early)
    page = station.page("/ops/cases")
    spaced = " ".join(one.lane[i : i + 4] for i in range(0, 16, 4))
    assert spaced in page
    assert "2026-11-25 16:00:00" in page  # +08:00
    assert spaced not in station.page("/ops/cases?state=withdrawn")
    assert spaced in station.page(f"/ops/cases?state=registered&service={SERVICE}&terminal=0142")
    station.send(station.item(Kind.WITHDRAWAL, one.lane))
    trail = station.page(f"/ops/cases?code={spaced.lower()}")
    assert trail.index("中心已登记") < trail.index("已按申请撤回")
    assert "收件时间无法识别" in station.page("/ops/refused")
    assert "密封内容无法使用" in station.page(f"/ops/cases/{other.lane}")  # its payload names another service
    assert "没有这个编号" in station.page("/ops/cases?code=NOTACODE")
    assert station.client.get("/ops/cases/NOTACODE").status_code == 404
    assert station.client.get("/ops/terminals/9999").status_code == 404


def test_an_older_heartbeat_does_not_replace_a_newer_one(station: Station) -> None:
    station.beat(HEALTHY)
    station.clock_offset = timedelta(seconds=-100)
    station.beat({**HEALTHY, "state": "out_of_service"})
    assert station.metric("jiujin_terminals")['{state="live"}'] == 1


def test_a_heartbeat_with_missing_keys_is_shown_as_unknown_not_as_zero(station: Station) -> None:
    assert station.beat({}).status_code == 200
    assert station.metric("jiujin_terminals")['{state="unknown"}'] == 1
    assert "not told" in station.page("/ops/terminals/0142")


WRONG: list[tuple[str, object]] = [
    ("state", "splendid"), ("queue", {"pending": "many"}), ("queue", {"pending": True}), ("causes", 7),
    ("services", []), ("queue", {"oldest_at": "2026-11-25T01:00:00"}), ("unknown_devices", 7),
    ("queue", {"oldest_at": "9999-12-31T23:59:59-14:00"}), ("queue", {"oldest_waited_s": -1}),
    ("queue", {"oldest_waited_s": 2**40}), ("queue", {"oldest_waited_s": True}), ("queue", {"oldest_known": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_heartbeat_with_a_wrong_value_leaves_the_last_good_one(
    station: Station, field: str, value: object
) -> None:
    assert station.beat(HEALTHY).status_code == 200
    answer = station.beat({**HEALTHY, "state": "degraded", field: value})
    assert answer.status_code == 422
    assert field in answer.json()["message_zh"]
    assert station.metric("jiujin_terminals")['{state="live"}'] == 1


def test_words() -> None:
    assert cause("no.such") == (("no.such", "no.such"), ("查看终端日志", "see the terminal's log"))
    assert local_time("9999-12-31T23:59:59Z") == "9999-12-31T23:59:59Z"
    assert local_time("") == "—"
    now = utc_now()
    assert age(now.isoformat(), now) == ("0 秒", "0 s")
    assert age("2020-01-01", now)[0] == "2020-01-01"
