"""Outbox, bad network and the real centre: whatever comes in whatever order, nothing is lost and each effect is one."""

from __future__ import annotations

import functools
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, event

from central.server import RunningCentre
from central.settings import CentreSettings
from central.trust import load_trust
from offline_queue import Committed, ItemState, Link, NotCommitted, Outbox, Refused
from offline_queue.courier import Courier
from offline_queue.link import Answered, Rejected
from offline_queue.link_state import LinkState, Unreached
from offline_queue.wire import Batch, Kind, UploadState, VerdictKind
from tests.central.conftest import make_trust
from tests.central.station import address_in, case_payload, signing_key
from tests.crash.centre import Effects
from tests.crash.visits import Visit, half_withdrawn, open_outbox
from tests.offline_queue.terminal import FAST, QUICK, TERMINAL

FAULTS = st.sampled_from(["none", "answer lost", "cut", "late", "duplicated", "second sender", "centre dies"])
LOST = Unreached(LinkState.OFFLINE, "the line")
Answer = Answered | Rejected | Unreached


@functools.cache
def _trust() -> Path:
    """Made once: the keys are no part of what is tried."""
    return make_trust(Path(tempfile.mkdtemp(prefix="trust-")))


class DiesBeforeCommit:
    """Once: the centre's next transaction does everything but its commit."""

    def __init__(self) -> None:
        self.next = False
        event.listen(Engine, "commit", self)

    def __call__(self, _connection: Any) -> None:
        if self.next:
            self.next = False
            message = "the centre died"
            raise RuntimeError(message)

    def close(self) -> None:
        event.remove(Engine, "commit", self)


class ModelMachine(RuleBasedStateMachine):
    visits: Bundle[Visit] = Bundle("visits")

    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.trust = _trust()
        self.dies = DiesBeforeCommit()
        self.port = 0
        self.committed: dict[str, Visit] = {}
        self.refused: set[str] = set()
        self.on_the_way: list[Batch] = []
        self._start_centre()
        self._open()

    def teardown(self) -> None:
        if not hasattr(self, "outbox"):
            return
        try:
            self._everything_arrives()
        finally:
            self.outbox.close()
            self.link.close()
            self.centre.close()
            self.dies.close()
            self.place.cleanup()

    @rule(target=visits)
    def put(self) -> Visit:
        return self._put(Visit.new())

    @rule(target=visits, earlier=visits)
    def withdraw(self, earlier: Visit) -> Visit:
        return self._put(earlier.withdrawn())

    @rule(withdrawn=st.booleans())
    def put_what_the_centre_refuses(self, *, withdrawn: bool) -> None:
        """A lane that is no case code; its withdrawal is refused as well, and waits for nothing."""
        new = Visit.new()
        visit = self._put(replace(new, code=f"NOT-A-CODE-{new.code}"))
        self.refused.add(visit.id)
        if withdrawn:
            self._round(self.courier)
            self.refused.add(self._put(visit.withdrawn()).id)

    @rule(visit=visits)
    def put_again(self, visit: Visit) -> None:
        answer = self.outbox.commit(visit.draft())
        assert isinstance(answer, Committed)
        assert answer.already

    @rule(visit=visits)
    def put_other_content_under_the_same_id(self, visit: Visit) -> None:
        other = replace(visit.draft(), payload=case_payload(visit.code, remark="other"))
        answer = self.outbox.commit(other)
        assert isinstance(answer, NotCommitted)
        assert answer.reason is Refused.CONFLICT

    @rule(fault=FAULTS)
    def send(self, fault: str) -> None:
        self.fault = fault
        self._round(self.courier)
        self.fault = "none"

    @rule()
    def what_was_late_arrives(self) -> None:
        if self.on_the_way:
            self.link.send_batch(self.on_the_way.pop(0))

    @rule()
    def the_centre_is_told_other_content_under_a_known_id(self) -> None:
        """As another program with this terminal's key would: the first stays."""
        items = self.outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=1 << 20)
        if not items or items[0].id in self.refused:
            return
        first = self.link.send_batch(Batch(terminal=TERMINAL, head=self.outbox.head(), items=items))
        other = items[0].model_copy(update={"service": "110199-XX-99"})
        answer = self.link.send_batch(Batch(terminal=TERMINAL, head=self.outbox.head(), items=(other,)))
        assert isinstance(first, Answered)
        assert isinstance(answer, Answered)
        assert answer.answer.verdicts[0].kind is VerdictKind.CONFLICT

    @rule()
    def the_centre_restarts(self) -> None:
        self.link.close()  # or the centre waits for an open connection until its patience ends
        self.centre.close()
        self._start_centre()

    @rule()
    def the_terminal_restarts(self) -> None:
        self.outbox.close()
        self.link.close()
        self._open()

    @rule()
    def a_technician_sends_what_is_in_quarantine_again(self) -> None:
        for item in self.outbox.deliveries.quarantined():
            assert self.outbox.deliveries.requeue(item.sequence)

    @invariant()
    def nothing_is_lost_and_each_effect_is_one(self) -> None:
        if not hasattr(self, "outbox"):
            return
        states = {
            item.id: item.state
            for code in {visit.code for visit in self.committed.values()}
            for item in self.outbox.find(code)
        }
        assert states.keys() == self.committed.keys()
        effects = Effects.read(address_in(self.folder))
        assert set(effects.items) <= self.committed.keys() - self.refused
        for item_id, state in states.items():
            assert state is not ItemState.ACKNOWLEDGED or item_id in effects.items
            assert state is not ItemState.QUARANTINED or item_id in self.refused
        assert self.effect_counts(effects) <= {1}
        assert effects.out_of_order == 0
        assert half_withdrawn(self.outbox) == 0
        codes = {visit.code for visit in self.committed.values() if visit.kind is Kind.WITHDRAWAL}
        assert {self.committed[id_].code for id_ in effects.erased} <= codes

    @staticmethod
    def effect_counts(effects: Effects) -> set[int]:
        done = Counter(
            {what: number for what, number in effects.events.items() if what[0] == "case.registered"}
        )
        return {*effects.items.values(), *effects.cases.values(), *done.values()}

    def send_batch(self, batch: Batch) -> Answer:
        """The network, as the courier's link."""
        fault, self.fault = self.fault, "none"
        match fault:
            case "cut":
                return LOST
            case "late":
                self.on_the_way.append(batch)
                return LOST
            case "answer lost":
                self.link.send_batch(batch)
                return LOST
            case "duplicated":
                self.link.send_batch(batch)
            case "second sender":
                self._round(self._courier())  # takes the same items, and is through before this one is
            case "centre dies":
                return self._dying(batch)
        return self.link.send_batch(batch)

    def upload_state(self, path: str) -> UploadState | Rejected | Unreached:
        return self.link.upload_state(path)

    def send_part(
        self, path: str, offset: int, of_bytes: int, part: bytes
    ) -> UploadState | Rejected | Unreached:
        """A part meets with the fault that is meant for the round; half of it may have come another time."""
        fault, self.fault = self.fault, "none"
        if fault == "cut":
            return LOST
        half = part[: len(part) // 2]
        answer = self.link.send_part(path, offset, of_bytes, half if fault == "late" else part)
        return answer if fault == "none" else LOST

    def _dying(self, batch: Batch) -> Answer:
        self.dies.next = True
        before = Effects.read(address_in(self.folder)).items
        answer = self.link.send_batch(batch)
        assert not isinstance(answer, Answered), "the centre did not die"
        assert Effects.read(address_in(self.folder)).items == before
        self.the_centre_restarts()
        return LOST

    def _put(self, visit: Visit) -> Visit:
        answer = self.outbox.commit(visit.draft())
        assert isinstance(answer, Committed)
        assert not answer.already
        self.committed[visit.id] = visit
        return visit

    def _start_centre(self) -> None:
        self.centre = RunningCentre(CentreSettings(address_in(self.folder), self.trust), self.port)
        self.port = self.centre.port

    def _open(self) -> None:
        self.fault = "none"
        self.outbox: Outbox = open_outbox(self.folder / "queue", self.trust)
        self.link = Link(
            self.centre.url, terminal=TERMINAL, signing_key=signing_key(self.trust, f"terminal_{TERMINAL}"),
            ca_file=self.trust / "ca.pem", timeouts=QUICK,
        )  # fmt: skip
        self.courier = self._courier()

    def _courier(self) -> Courier:
        trust = load_trust(self.trust, production=False)
        keys = {trust.acknowledgement_key_id: trust.acknowledgement_key.public_key()}
        return Courier(self.outbox, self, keys, FAST)  # type: ignore[arg-type] # stands for a link: see send_batch

    def _round(self, courier: Courier) -> None:
        courier.session_until_ns = 0
        courier._holds.clear()
        courier.round()

    def _everything_arrives(self) -> None:
        for _round in range(6 * len(self.committed) + 6):
            self._round(self.courier)
        while self.on_the_way:
            self.what_was_late_arrives()
        self.nothing_is_lost_and_each_effect_is_one()
        effects = Effects.read(address_in(self.folder))
        assert effects.items.keys() == self.committed.keys() - self.refused
        withdrawn = {
            visit.code
            for visit in self.committed.values()
            if visit.kind is Kind.WITHDRAWAL and visit.id not in self.refused
        }
        assert all(effects.states[code] == "withdrawn" for code in withdrawn)
        assert self.outbox.verify().whole


TestModel = ModelMachine.TestCase
TestModel.settings = settings(
    max_examples=8, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
