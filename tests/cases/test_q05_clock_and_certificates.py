"""Q05: a board without a battery clock, a certificate that expired while away. As far as the link sees it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from offline_queue.link import LinkState
from tests.offline_queue.authority import DAY, Authority
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import Watched, committed, draft
from tests.offline_queue.village import Village, village


def exchange(place: Village, **validity: object) -> Centre:
    """Put the centre behind another certificate (the wall clock of this machine cannot be moved, dates can)."""
    place.centre.stop()
    place.centre._certified = place.authority.issue("exchanged", **validity)  # type: ignore[arg-type] # two timedeltas
    place.centre.start()
    return place.centre


@pytest.mark.parametrize(
    ("clock_trusted", "validity", "state"),
    [
        (False, {"begins": DAY}, LinkState.CLOCK_WRONG),  # booted in 1970 or 2024
        (False, {"begins": -5 * DAY, "ends": -DAY}, LinkState.CLOCK_WRONG),  # d: two years ahead
        (True, {"begins": -5 * DAY, "ends": -DAY}, LinkState.TLS_EXPIRED),
    ],
)
def test_cases_are_taken_and_go_out_without_a_restart_once_it_is_right(
    tmp_path: Path, clock_trusted: bool, validity: dict[str, object], state: LinkState
) -> None:
    with village(tmp_path) as place:
        exchange(place, **validity)
        link = place.kit.link(place.centre, place.authority.ca_file, clock_trusted=lambda: clock_trusted)
        with Watched(place.outbox, link, place.centre) as watched:
            watched.until(lambda: watched.sender.status().alive, "started")
            wanted = draft()
            committed(place.outbox, wanted)
            watched.sender.wake()
            watched.until(lambda: watched.sender.status().link_state is state, f"named {state}")
            assert place.centre.requests == 0, "verification is never switched off"
            assert link.clock_offset_s == 0.0, "no time is taken from an unverified answer"
            exchange(place)
            watched.sender.wake()
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "goes out")
            assert watched.sender.status().link_state is LinkState.ONLINE


def test_c_pinned_authority_expired_and_is_renewed_on_disk(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        old = Authority(tmp_path, "Expired Authority", expired=True)
        ca_file = tmp_path / "pinned.pem"
        ca_file.write_bytes(old.ca_file.read_bytes())
        place.centre.stop()
        place.centre._certified = old.issue("under_expired")
        place.centre.start()
        link = place.kit.link(place.centre, ca_file)
        committed(place.outbox, draft())
        with Watched(place.outbox, link, place.centre) as watched:
            watched.until(lambda: watched.sender.status().link_state is LinkState.TLS_EXPIRED, "named")
            assert place.outbox.counters().pending == 1
            ca_file.write_bytes(place.authority.ca_file.read_bytes())
            exchange(place)
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "goes out")


@pytest.mark.parametrize("boot", ["1970-01-01T00:00:13+00:00", "2024-02-01T00:00:00+00:00"])
def test_request_signed_in_the_past_loses_nothing(tmp_path: Path, boot: str) -> None:
    """TLS held (long-lived certificate) but the signature is years old: the centre tells the time, the item goes."""
    with village(tmp_path) as place:
        wrong = datetime.fromisoformat(boot) - datetime.now(UTC)
        link = place.kit.link(place.centre, place.authority.ca_file, now=lambda: datetime.now(UTC) + wrong)
        wanted = draft(received_at=boot)
        committed(place.outbox, wanted)
        with Watched(place.outbox, link, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == 1, "goes out")
            assert watched.sender.status().clock_offset_s > 0, "and the wrong clock stays visible"
        assert place.centre.registered["0142", wanted.id].item.received_at_kiosk == boot, (
            "as claimed, not repaired"
        )
