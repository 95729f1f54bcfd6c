"""Outbox, bad network and the real centre: whatever comes in whatever order, nothing is lost and each effect is one."""

from __future__ import annotations

import functools
import tempfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)
from sqlalchemy import Engine, event

from central import inbox
from central.corrections import correct_item
from central.database import as_text, utc_now, writing
from central.inbox import post
from central.server import RunningCentre
from central.settings import CentreSettings
from kiosk.case import CaseState
from offline_queue import Committed, ItemState, ItemSummary, Link, NotCommitted, Outbox, Refused
from offline_queue.collector import Collector
from offline_queue.courier import Courier
from offline_queue.link import Answered
from offline_queue.transactions import CORRECTED, RETURNED, SUPERSEDED
from offline_queue.wire import Batch, Kind, VerdictKind
from tests.central.conftest import make_trust
from tests.central.station import address_in, case_payload, signing_key
from tests.crash.bad_network import FAULTS, FAULTS_OF_LETTERS, LOST, Answer, BadNetwork
from tests.crash.centre import Effects, book
from tests.crash.kills import CORRECTION, Unreadable
from tests.crash.visits import Fate, Visit, centre_keys, half_withdrawn, in_place_of, open_outbox
from tests.offline_queue.terminal import FAST, QUICK, TERMINAL


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


class ModelMachine(BadNetwork, RuleBasedStateMachine):
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
        self.on_the_way = []
        self.closed: dict[str, str] = {}
        """Id to the verdict that it must come to at this terminal."""
        self.unreadable: list[int] = []
        """Numbers of the letters that this program only counts."""
        self.skew = timedelta()
        self.disk_is_full = False
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

    # Chance decides in the visits which of them have a picture, so no bundle may depend on what became of one.

    @rule(target=visits)
    def put(self) -> Visit:
        return self._put(Visit.new())

    @rule(target=visits, earlier=visits)
    def withdraw(self, earlier: Visit) -> Visit:
        later = earlier.withdrawn()
        return self._put(later) if earlier.id in self.committed else later

    @rule(has_a_code=st.booleans(), withdrawn=st.booleans())
    def put_what_the_centre_refuses(self, *, has_a_code: bool, withdrawn: bool) -> None:
        """A time that is none, which somebody can repair, or a lane that is no case code.

        The withdrawal of such a one is refused as well, and waits for nothing.
        """
        new = Visit.refused() if has_a_code else Visit.new()
        visit = self._put(new if has_a_code else replace(new, code=f"NOT-A-CODE-{new.code}"))
        self.refused.add(visit.id)
        if withdrawn and not has_a_code and visit.id in self.committed:
            self._round(self.courier)
            self.refused.add(self._put(visit.withdrawn()).id)

    @rule()
    def a_technician_supersedes_a_refused_one(self) -> None:
        for item in self._repairable():
            visit = self._put(in_place_of(item.id, item.lane))
            if visit.id in self.committed:
                self.closed[item.id] = SUPERSEDED
            return

    @rule()
    def a_technician_gives_a_refused_one_back(self) -> None:
        for item in self._repairable():
            if self.outbox.deliveries.give_back(item.sequence, "给您退回 / given back"):
                self.closed[item.id] = RETURNED
            else:
                assert self.disk_is_full
            return

    @rule()
    def staff_correct_a_refused_one(self) -> None:
        """At the centre; the terminal hears of it by a letter."""
        for item in self._repairable():
            with book(address_in(self.folder)) as engine:
                done = correct_item(engine, TERMINAL, item.id, CORRECTION)
            assert done is CaseState.REGISTERED
            self.closed[item.id] = CORRECTED
            return

    @rule(count=st.integers(1, 3))
    def the_centre_posts_letters_of_a_newer_kind(self, count: int) -> None:
        with book(address_in(self.folder)) as engine, writing(engine).begin() as connection:
            letters: list[Any] = [Unreadable(number) for number in range(count)]
            post(connection, {TERMINAL: letters}, as_text(utc_now()))
            newest = inbox.newest(connection, [TERMINAL])[TERMINAL]
        self.unreadable += range(newest - count + 1, newest + 1)

    @rule(fault=st.sampled_from(FAULTS_OF_LETTERS))
    def fetch(self, fault: str) -> None:
        self.fault = fault
        self.collector.round()
        self.fault = "none"

    @rule(days=st.sampled_from([0, -20_400, -1, -0.01, 0.01, 1, 3_650]))
    def the_clock_jumps(self, days: float) -> None:
        """To 1970 too, as a terminal without a battery starts."""
        self.skew = timedelta(days=days)

    @rule()
    def the_disk_fills(self) -> None:
        """No page more; what SQLite itself says then. A restart finds it free again."""
        self.disk_is_full = True
        self.outbox._owner.ask(lambda connection: connection.execute("pragma max_page_count = 1").fetchone())

    @rule()
    def the_disk_is_freed(self) -> None:
        if self.disk_is_full:
            self.the_terminal_restarts()

    @rule(visit=visits)
    def put_again(self, visit: Visit) -> None:
        if visit.id in self.committed:
            answer = self.outbox.commit(visit.draft())
            assert isinstance(answer, Committed)
            assert answer.already

    @rule(visit=visits)
    def put_other_content_under_the_same_id(self, visit: Visit) -> None:
        if visit.id in self.committed:
            other = replace(visit.draft(), payload=case_payload(visit.code, remark="other"))
            answer = self.outbox.commit(other)
            assert isinstance(answer, NotCommitted)
            assert answer.reason is Refused.CONFLICT

    @rule(fault=st.sampled_from(FAULTS))
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
            sent_again = bool(self.outbox.deliveries.requeue(item.sequence))
            assert sent_again is (item.superseded_by is None)

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
            assert state is not ItemState.CLOSED or item_id in self.closed
        applied = self.outbox.deliveries.inbox_cursor() or 0
        assert self.outbox.deliveries.unread_letters() == sum(number <= applied for number in self.unreadable)
        assert self.effect_counts(effects) <= {1}
        assert effects.out_of_order == 0
        assert half_withdrawn(self.outbox) == 0
        codes = {visit.code for visit in self.committed.values() if visit.kind is Kind.WITHDRAWAL}
        assert {self.committed[id_].code for id_ in effects.erased} <= codes

    @staticmethod
    def effect_counts(effects: Effects) -> set[int]:
        done = Counter(
            {
                what: number
                for what, number in effects.events.items()
                if what[0] in ("case.registered", "case.corrected")
            }
        )
        return {*effects.items.values(), *effects.cases.values(), *done.values()}

    def _second_sender(self) -> None:
        """It takes the same items, and is through before this one is."""
        self._round(self._courier())

    def _dying(self, batch: Batch) -> Answer:
        self.dies.next = True
        before = Effects.read(address_in(self.folder)).items
        answer = self.link.send_batch(batch)
        assert not isinstance(answer, Answered), "the centre did not die"
        assert Effects.read(address_in(self.folder)).items == before
        self.the_centre_restarts()
        return LOST

    def _repairable(self) -> list[ItemSummary]:
        """Refused for a reason that a person can do something about, and untouched so far."""
        fates = {visit.id: visit.fate for visit in self.committed.values()}
        return [
            item
            for item in self.outbox.deliveries.quarantined()
            if fates[item.id] is not Fate.GOOD and item.id not in self.closed
        ]

    def _now(self) -> datetime:
        return utc_now() + self.skew

    def _put(self, visit: Visit) -> Visit:
        """A full disk may refuse it; then it is not among the committed."""
        wanted = visit.draft()
        if visit.fate is Fate.GOOD:
            wanted = replace(wanted, received_at=as_text(self._now()))
        answer = self.outbox.commit(wanted)
        if self.disk_is_full and isinstance(answer, NotCommitted):
            assert answer.reason is Refused.DISK_FULL
            return visit
        assert isinstance(answer, Committed)
        assert not answer.already
        self.committed[visit.id] = visit
        return visit

    def _start_centre(self) -> None:
        self.centre = RunningCentre(CentreSettings(address_in(self.folder), self.trust), self.port)
        self.port = self.centre.port

    def _open(self) -> None:
        self.fault = "none"
        self.disk_is_full = False
        self.outbox: Outbox = open_outbox(self.folder / "queue", self.trust)
        self.link = Link(
            self.centre.url, terminal=TERMINAL, signing_key=signing_key(self.trust, f"terminal_{TERMINAL}"),
            ca_file=self.trust / "ca.pem", timeouts=QUICK, now=self._now,
        )  # fmt: skip
        self.courier = self._courier()
        keys = centre_keys(self.trust)
        self.collector = Collector(self.outbox, self, keys, FAST)  # type: ignore[arg-type] # see ask_inbox

    def _courier(self) -> Courier:
        return Courier(self.outbox, self, centre_keys(self.trust), FAST)  # type: ignore[arg-type] # stands for a link: see send_batch

    def _round(self, courier: Courier) -> None:
        courier.session_until_ns = 0
        courier._holds.clear()
        courier.round()

    def _everything_arrives(self) -> None:
        self.the_disk_is_freed()
        for _round in range(6 * len(self.committed) + 6):
            self._round(self.courier)
        while self.on_the_way:
            self.what_was_late_arrives()
        while self.collector.round():
            pass
        self.nothing_is_lost_and_each_effect_is_one()
        effects = Effects.read(address_in(self.folder))
        assert effects.items.keys() == self.committed.keys() - self.refused
        for item_id, verdict in self.closed.items():
            (item,) = (one for one in self.outbox.find(self.committed[item_id].code) if one.id == item_id)
            assert (item.state, item.verdict) == (ItemState.CLOSED, verdict)
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
