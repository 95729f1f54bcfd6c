"""Any order of commits, repeats, lost answers, refusals, forged words and restarts keeps the promises."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from offline_queue import wire
from offline_queue.courier import Courier
from offline_queue.link import Link
from offline_queue.records import ItemState
from offline_queue.store import Committed, Draft, NotCommitted, Outbox, Refused
from tests.offline_queue.authority import Authority
from tests.offline_queue.simulated import LOSE_ANSWER, Centre, Status
from tests.offline_queue.terminal import FAST, TerminalKit, draft

LANES = st.sampled_from(["A", "B", "C"])
FAULTS = st.sampled_from(
    [
        None,
        LOSE_ANSWER,
        Status(503),
        Status(401),
        Status(403),
        Status(500),
        Status(422),
        Status(200, body=b"{"),
    ]
)


class QueueMachine(RuleBasedStateMachine):
    drafts: Bundle[Draft] = Bundle("drafts")
    refused: Bundle[str] = Bundle("refused")

    @initialize()
    def begin(self) -> None:
        self.place = tempfile.TemporaryDirectory()
        root = Path(self.place.name)
        authority = Authority(root)
        self.centre = Centre(authority.issue("centre"))
        self.kit = TerminalKit(root / "queue")
        self.link: Link = self.kit.link(self.centre, authority.ca_file)
        self.committed: dict[str, Committed] = {}
        self.wanted: dict[str, Draft] = {}
        self._open()

    def teardown(self) -> None:
        if not hasattr(self, "outbox"):
            return
        try:
            self._heal_and_drain()
        finally:
            self.outbox.close()
            self.link.close()
            self.centre.stop()
            self.place.cleanup()

    @rule(target=drafts, lane=LANES, kind=st.sampled_from(wire.Kind), size=st.integers(0, 3000))
    def commit(self, lane: str, kind: wire.Kind, size: int) -> Draft:
        wanted = draft(lane=lane, kind=kind, payload=bytes(size))
        answer = self.outbox.commit(wanted)
        assert isinstance(answer, Committed)
        assert not answer.already
        assert answer.sequence == len(self.committed) + 1
        self.committed[wanted.id], self.wanted[wanted.id] = answer, wanted
        return wanted

    @rule(wanted=drafts)
    def commit_again(self, wanted: Draft) -> None:
        first = self.committed[wanted.id]
        assert self.outbox.commit(wanted) == Committed(first.sequence, first.item_hash, already=True)

    @rule(wanted=drafts)
    def commit_other_content(self, wanted: Draft) -> None:
        answer = self.outbox.commit(draft(id=wanted.id, lane=wanted.lane, kind=wanted.kind, payload=b"other"))
        assert isinstance(answer, NotCommitted)
        assert answer.reason is Refused.CONFLICT

    @rule(
        target=refused,
        wanted=drafts,
        kind=st.sampled_from([wire.VerdictKind.REFUSED, wire.VerdictKind.LATER]),
    )
    def centre_will_not_have(self, wanted: Draft, kind: wire.VerdictKind) -> str:
        self.centre.verdicts[wanted.id] = wire.Verdict(item_id=wanted.id, kind=kind, reason="因故")
        return wanted.id

    @rule(item_id=consumes(refused))
    def centre_changes_its_mind(self, item_id: str) -> None:
        self.centre.verdicts.pop(item_id, None)

    @rule(fault=FAULTS, forged=st.booleans())
    def send(self, fault: Status | str | None, forged: bool) -> None:
        if fault is not None:
            self.centre.faults.append(fault)
        if forged:
            self.centre.acknowledge = lambda genuine: genuine.model_copy(update={"item_hash": "1" * 64})
        acknowledged = self.outbox.counters().acknowledged
        self._round()
        self.centre.acknowledge = lambda genuine: genuine
        self.centre.faults.clear()
        if fault is not None or forged:
            assert self.outbox.counters().acknowledged == acknowledged

    @rule()
    def restart(self) -> None:
        self.outbox.close()
        self._open()

    @rule()
    def repair(self) -> None:
        for summary in self.outbox.deliveries.quarantined():
            assert self.outbox.deliveries.requeue(summary.sequence)

    @invariant()
    def nothing_is_lost_or_doubled_and_the_counters_are_true(self) -> None:
        if not hasattr(self, "outbox"):
            return
        states: dict[str, ItemState] = {}
        for lane in "ABC":
            states |= {summary.id: summary.state for summary in self.outbox.find(lane)}
        assert states.keys() == self.committed.keys()
        counters = self.outbox.counters()
        tally = [list(states.values()).count(state) for state in ItemState]
        assert tally == [counters.pending, counters.quarantined, counters.acknowledged, 0]
        assert (counters.pending_bytes == 0) == (counters.pending == 0)
        registered = set(self.centre.ids)
        assert len(self.centre.order) == len(registered)
        for item_id, state in states.items():
            if state is ItemState.ACKNOWLEDGED:
                assert item_id in registered
        assert self.outbox.verify().whole
        assert self.centre.broken_heads == 0

    def _open(self) -> None:
        self.outbox: Outbox = self.kit.open()
        self.courier = Courier(
            self.outbox, self.link, {self.centre.key_id: self.centre.key.public_key()}, FAST
        )

    def _round(self) -> None:
        self.courier.session_until_ns = 0
        self.courier._holds.clear()
        self.courier.round()

    def _heal_and_drain(self) -> None:
        """Whatever happened: once the centre is well, everything arrives, and each case in its order."""
        self.centre.verdicts.clear()
        self.repair()
        for _round in range(4 * len(self.committed) + 4):
            self._round()
        assert self.outbox.counters().acknowledged == len(self.committed)
        assert len(self.centre.order) == len(self.committed)
        for lane in "ABC":
            arrived = [item_id for item_id in self.centre.order if self.wanted[item_id].lane == lane]
            assert arrived == [summary.id for summary in self.outbox.find(lane)]


TestQueueMachine = QueueMachine.TestCase
TestQueueMachine.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
