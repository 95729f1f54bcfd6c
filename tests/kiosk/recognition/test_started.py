"""What was issued before the program began is refused: reckoned by a clock that nobody sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from drivers.contract import Failed, Ok
from drivers.eid.contract import EidFailure
from drivers.eid.signed import SignedEids
from drivers.eid.simulated import SimulatedIssuer
from kiosk.assembly.proofs import since_now
from kiosk.clock import Clock

NUMBER = "110199194803120016"
RIGHT = datetime(2026, 11, 25, 1, 12, tzinfo=UTC)
UP_S = 60
LONG_S = 110
"""Good for longer than the program runs."""


class Machine:
    """Its battery clock is a year ahead until somebody sets it."""

    def __init__(self) -> None:
        self.wall = RIGHT + timedelta(days=365)
        self.ns = 0


def test_a_clock_that_ran_ahead_at_the_start_and_was_set_right_ends_no_genuine_one(tmp_path: Path) -> None:
    machine, issuer = Machine(), SimulatedIssuer()
    clock = Clock(
        tmp_path / "clock.json",
        wall=lambda: machine.wall,
        monotonic_ns=lambda: machine.ns,
        boot=lambda: "boot",
        time_service=tmp_path / "none",
    )
    by = SignedEids({issuer.name: issuer.public_key}, since_now(clock))
    machine.wall, machine.ns = RIGHT, UP_S * 10**9
    assert clock.confirm(RIGHT)

    def checked(ago_s: int) -> object:
        shown = issuer.show(NUMBER, RIGHT - timedelta(seconds=ago_s), life_s=LONG_S)
        moment = clock.now()
        told = by.check(shown, NUMBER, moment.wall_utc, clock_trusted=clock.trusted())
        return told.reason if isinstance(told, Failed) else type(told)

    assert checked(0) is Ok
    assert checked(UP_S) is Ok
    assert checked(UP_S + 1) is EidFailure.EXPIRED, "the program before this one may have seen it"
