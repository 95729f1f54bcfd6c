"""A small county on a real centre: a terminal of each state, cases on their way. All of it invented."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from central.database import as_text, open_database, utc_now, writing
from central.schema import heartbeats, terminals
from kiosk.case import CasePayload, EvaluationPayload, new_case_code
from offline_queue.wire import ClockQuality, Item, Kind
from tests.central.conftest import add_terminal
from tests.central.station import SERVICE, VERSION, Station, address_in, centre

REPORT = "110199-SB-01"
SILENT_H = 5
FINE, DEGRADED, STOPPED, SILENT, NEW, REVOKED = "0142", "0205", "0318", "0407", "0560", "0093"
HOSTILE = "0666"
"""Not in the county unless a test names it."""
NAMES = {
    DEGRADED: "三里村便民服务站",
    STOPPED: "清河镇便民服务中心",
    SILENT: "上湾村党群服务中心",
    "0431": "石桥街道办事处大厅",
}


@dataclass(frozen=True, slots=True)
class County:
    """`codes` in the order in which the centre took them; the first is withdrawn."""

    url: str
    codes: tuple[str, ...]


def told(
    state: str, *causes: str, pending: int = 0, quarantined: int = 0, waiting_h: float = 0
) -> dict[str, Any]:
    """A heartbeat's body; `waiting_h` is how long the oldest case has been waiting."""
    now = utc_now()
    stopped = [cause for cause in causes if not cause.startswith("printer.paper_low")]
    return {
        "schema": "jiujin.health/1",
        "state": state,
        "causes": list(causes),
        "services": {
            SERVICE: {"ready": not stopped, "causes": stopped},
            REPORT: {
                "ready": state != "out_of_service",
                "causes": stopped if state == "out_of_service" else [],
            },
        },
        "queue": {
            "pending": pending,
            "quarantined": quarantined,
            "oldest_at": as_text(now - timedelta(hours=waiting_h)) if waiting_h else None,
        },
        "link": "online",
        "version": "0.1.0",
        "clock_quality": "synced",
        "sent_at": as_text(now),
    }


def report(station: Station, *, minutes_ago: int, quality: ClockQuality = ClockQuality.SYNCED) -> Item:
    """A problem report without a name."""
    code, at = new_case_code(station.terminal), as_text(utc_now() - timedelta(minutes=minutes_ago))
    payload = CasePayload(
        case_code=code, service=REPORT, definition_version=VERSION, definition_hash="0" * 64, assurance="L0",
        person=None, answers={"remark": "路口积水"}, received_at_kiosk=at, clock_quality=quality.value,
    )  # fmt: skip
    body = payload.model_dump_json(by_alias=True).encode()
    return station.item(code=code, payload=body, service=REPORT, received_at_kiosk=at, clock_quality=quality)


def pension(station: Station, *, minutes_ago: int) -> Item:
    return station.item(received_at_kiosk=as_text(utc_now() - timedelta(minutes=minutes_ago)))


@contextmanager
def county(folder: Path, trust: Path, names: dict[str, str] | None = None) -> Iterator[County]:
    """The county while the block lasts; `names` adds terminals or names them otherwise."""
    for terminal, name in {**NAMES, **(names or {})}.items():
        add_terminal(trust, terminal, name)
    with centre(folder, trust, find_person=True) as running:
        stations = {name: Station(running.url, trust, name) for name in (FINE, *NAMES)}
        codes = _cases(stations)
        _heartbeats(stations)
        for station in stations.values():
            station.close()
        _time_passes(folder)
        yield County(running.url, codes)


def _cases(stations: dict[str, Station]) -> tuple[str, ...]:
    fine, degraded = stations[FINE], stations[DEGRADED]
    first = pension(fine, minutes_ago=190)
    fine.send(first, report(fine, minutes_ago=170))
    fine.send(fine.item(Kind.WITHDRAWAL, first.lane))
    rated = pension(fine, minutes_ago=64)
    fine.send(rated)
    fine.send(
        fine.item(
            Kind.EVALUATION,
            rated.lane,
            EvaluationPayload(case_code=rated.lane, level=5).model_dump_json(by_alias=True).encode(),
        )
    )
    kept = report(degraded, minutes_ago=300, quality=ClockQuality.UNSYNCED)
    lost = pension(degraded, minutes_ago=280)  # never sent: a gap in the chain
    degraded.send(kept, pension(degraded, minutes_ago=120), report(degraded, minutes_ago=35))
    degraded.send(
        degraded.item(service="110199-HJ-02", received_at_kiosk="yesterday"),
        degraded.item(received_at_kiosk="yesterday"),
    )
    silent = pension(stations[SILENT], minutes_ago=60 * SILENT_H)
    stations[SILENT].send(silent)
    late = pension(stations["0431"], minutes_ago=12)
    stations["0431"].send(late, report(stations["0431"], minutes_ago=4))
    assert lost.lane not in (kept.lane, late.lane)
    return first.lane, rated.lane, kept.lane, silent.lane, late.lane


def _heartbeats(stations: dict[str, Station]) -> None:
    bodies = {
        FINE: told("live"),
        "0431": told("live", "printer.paper_low"),
        DEGRADED: told(
            "degraded", "printer.paper_out", "camera.dark", pending=3, quarantined=2, waiting_h=26
        ),
        STOPPED: told("out_of_service", "card.sam_error", pending=1, waiting_h=2.2),
        SILENT: told("live", pending=4, waiting_h=SILENT_H + 1),
    }
    for name, body in bodies.items():
        answer = stations[name].beat(body)
        assert answer.status_code == 200, answer.text


def _time_passes(folder: Path) -> None:
    """What only time or staff can do: a terminal falls silent, one was never switched on, one is revoked."""
    engine, now = open_database(address_in(folder)), as_text(utc_now())
    long_ago = as_text(utc_now() - timedelta(hours=SILENT_H))
    new = {"public_key": bytes(32), "enrolled_at": now}
    with writing(engine).begin() as connection:
        for table, column in ((heartbeats, "heard_at"), (terminals, "seen_at")):
            quiet = update(table).where(table.c.terminal == SILENT).values({column: long_ago})
            connection.execute(quiet)
        connection.execute(insert(terminals).values(terminal=NEW, name="双井社区服务站", **new))
        connection.execute(
            insert(terminals).values(terminal=REVOKED, name="旧机（已换下）", revoked_at=now, **new)
        )
    engine.dispose()
