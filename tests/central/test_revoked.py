"""Rule F23, the whole way: a stolen terminal is refused, its earlier cases are reviewed, and its coming back is seen."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from click.testing import CliRunner, Result

from central.desk_command import CentreAt
from central.terminal_command import revoke
from kiosk.case import CaseState, new_case_code
from offline_queue import LinkState, Outbox
from offline_queue.export import Heading, write_export
from offline_queue.wire import BATCH_PATH, ClockQuality
from tests.central.station import SERVICE, VERSION, Station, address_in, case_payload, centre, signing_key
from tests.central.test_copied_disk import terminal
from tests.central.test_corrections import state_of
from tests.central.test_imports import run, stick
from tests.central.test_key_rotation import sending
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import TERMINAL, committed, draft

STOLEN_AT = "2026-11-25T10:00:00+08:00"
BEFORE, AFTER = "2026-11-25T01:59:59Z", "2026-11-25T02:00:01Z"


def revoked(database: str, trust: Path, *options: str, terminal: str = TERMINAL) -> Result:
    at = CentreAt(database, trust, production=False)
    given = ["--by", "ops 7", "--why", "stolen at night", "--json", *options]
    return CliRunner().invoke(revoke, [terminal, *given], obj=at)


def take_case(outbox: Outbox, received_at: str) -> str:
    code = new_case_code(TERMINAL)
    header = {"lane": code, "service": SERVICE, "definition_version": VERSION, "received_at": received_at}
    committed(outbox, draft(payload=case_payload(code), **header))
    return code


def test_a_stolen_terminal_from_its_last_case_to_the_drained_disk(
    tmp_path: Path, database: str, trust: Path
) -> None:
    believed = trust / "centre_acknowledgement.pub"
    with (
        terminal(tmp_path / "disk", trust) as outbox,
        centre(database, trust) as running,
        closing(Station(running.url, trust, "0777")) as watcher,
    ):
        registered = take_case(outbox, BEFORE)
        with sending(outbox, running, trust, believed) as sender:
            assert wait_until(lambda: outbox.counters().pending == 0)
            done = revoked(database, trust, "--since", STOLEN_AT)
            assert done.exit_code == 0, done.output
            assert json.loads(done.stdout)["revoked_at"] == "2026-11-25T02:00:00.000Z"
            early, late = take_case(outbox, BEFORE), take_case(outbox, AFTER)
            sender.wake()
            assert wait_until(lambda: sender.status().link_state is LinkState.REVOKED)
            assert outbox.counters().pending == 2, "nothing is dropped"
        assert watcher.metric("jiujin_revoked_terminals_seen") == {"": 1}
        page = watcher.page(f"/ops/terminals/{TERMINAL}")
        for words in ("已吊销的终端又来连接", "127.0.0.1", "ops 7", "stolen at night"):
            assert words in page
        assert "已吊销的又来了" in watcher.page("/ops")
        heading = Heading(terminal=TERMINAL, head=outbox.head(), made_at=AFTER)
        key = signing_key(trust, f"terminal_{TERMINAL}")
        write_export(tmp_path / "stick", heading, outbox.deliveries.unsettled(), key)
        drained = run(database, trust, tmp_path / "stick")
        told = json.loads(drained.stdout)
        assert (told["for_review"], told["verdicts"]) == (True, {"registered": 1, "refused": 1})
        assert wait_until(lambda: state_of(watcher, early) == CaseState.NEEDS_CLERK.value)
        assert state_of(watcher, late) == ""
        assert state_of(watcher, registered) == "registered", "what came before stays"
        assert "吊销之后收的" in watcher.page("/ops/refused")


def test_what_the_centre_has_already_is_a_duplicate_and_an_unsure_clock_is_for_the_clerk(
    tmp_path: Path, trust: Path
) -> None:
    database = address_in(tmp_path)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        sent = station.item(received_at_kiosk=AFTER)
        station.send(sent)
        unsure = station.item(received_at_kiosk=AFTER, clock_quality=ClockQuality.UNSYNCED)
        revoked(database, trust, "--since", STOLEN_AT)
        told = json.loads(run(database, trust, stick(station, tmp_path, sent, unsure)).stdout)
        assert told["verdicts"] == {"registered": 1, "duplicate": 1}


def test_one_that_hammers_is_noted_and_does_not_fill_the_log(tmp_path: Path, trust: Path) -> None:
    database = address_in(tmp_path)
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        assert "terminal.came_back" not in station.page("/ops/terminals/0142")
        revoked(database, trust)
        for _ in range(5):
            assert station.post(BATCH_PATH, station.batch(station.item())).status_code == 403
        page = station.page("/ops/terminals/0142")
        assert page.count("from 127.0.0.1") == 1
        assert "×1" in page


def test_the_command_says_what_is_wrong(tmp_path: Path, trust: Path) -> None:
    database = address_in(tmp_path)
    with centre(database, trust):
        assert revoked(database, trust, terminal="9999").exit_code == 1
        no_zone = revoked(database, trust, "--since", "2026-11-25T10:00:00")
        assert (no_zone.exit_code, "带时区" in no_zone.output) == (2, True)
        personal = revoked(database, trust, "--why", "call 139 1234 5678")
        assert (personal.exit_code, "--why" in personal.output) == (2, True)
        assert "1234" not in personal.output
        assert json.loads(revoked(database, trust).stdout)["ok"] is True
        again = revoked(database, trust)
        assert (again.exit_code, json.loads(again.stdout)["reason"]) == (1, "already")
