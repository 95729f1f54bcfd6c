"""Where a case goes: sealed, stored, sent, and put into words for its slip."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.receipt_printer.contract import Slip
from kiosk.business import business_of
from kiosk.case import CaseState, EvaluationPayload
from kiosk.clock import Clock, Moment
from kiosk.filing import filer_of, files_of, payload_of, withdrawal_of
from kiosk.journey import events as ev
from kiosk.journey.visit import Errand, Visit
from kiosk.journey.world import Place
from kiosk.local_time import CHINA_TIME
from kiosk.paper.receipt import receipt
from kiosk.paper.window_slip import window_slip
from offline_queue import new_item_id
from offline_queue.link import LinkState
from offline_queue.records import Committed, Draft, NotCommitted, Priority, Refused, StoreError
from offline_queue.sender import Sender
from offline_queue.store import Outbox
from offline_queue.wire import ClockQuality, Kind

log = logging.getLogger(__name__)
QUEUE_FULL = "queue.full"


class CaseOffice:
    """Implements `journey.hands.Office` on the outbox and its sender."""

    def __init__(
        self,
        outbox: Outbox,
        sender: Sender,
        clock: Clock,
        place: Place,
        signing_key: Ed25519PrivateKey,
        progress: Callable[[str], None] = lambda _step: None,
        on_slip: Callable[[Slip], None] = lambda _slip: None,
    ) -> None:
        self._outbox = outbox
        self._sender = sender
        self._clock = clock
        self.place = place
        self._key = signing_key
        self._progress = progress
        self._on_slip = on_slip

    def store(self, visit: Visit) -> ev.Stored | ev.NotStored:
        """Commit the case, or what else the resident came for; only a `Stored` may be promised to the resident."""
        self._progress("submitting")
        now = self._clock.now()
        withdraws = visit.errand is Errand.WITHDRAW
        made = (withdrawal_of if withdraws else payload_of)(
            visit, received_at=_stamp(now), clock_quality=now.quality
        )
        body = made.model_dump_json(by_alias=True).encode()
        match self._commit(visit.item_id, visit, Kind.WITHDRAWAL if withdraws else Kind.CASE, body, now):
            case Committed(sequence=sequence, erased=erased):
                self._sender.wake()
                return ev.Stored(visit.case_code, sequence, _stamp(now), erased=bool(erased))
            case NotCommitted(reason=Refused.CONFLICT):
                return self._stored_before(visit)
            case NotCommitted():
                return ev.NotStored(QUEUE_FULL)

    def same_waits(self, visit: Visit) -> bool:
        """Whether a case about the same (rule F5) waits here; no when the terminal cannot tell, as after a restart."""
        business = self._business(visit, self._clock.now())
        if business is None:
            return False
        try:
            return self._outbox.duplicate_waits(business)
        except StoreError:
            log.error("whether the same case waits could not be asked")
            return False

    def _business(self, visit: Visit, now: Moment) -> str | None:
        case = payload_of(visit, received_at=_stamp(now), clock_quality=now.quality)
        return business_of(visit.service, case, now.wall_utc)

    def _stored_before(self, visit: Visit) -> ev.Stored | ev.NotStored:
        """The id is this visit's own, so an earlier try was stored although its answer was lost.

        Another "not stored" would send the resident to do it a second time elsewhere.
        """
        for item in self._outbox.find(visit.case_code):
            if item.id == visit.item_id:
                self._sender.wake()
                return ev.Stored(visit.case_code, item.sequence, item.received_at)
        if visit.supersedes:
            # What it was to replace was settled meanwhile: it follows in the lane like any other.
            return self.store(replace(visit, supersedes=""))
        return ev.NotStored(QUEUE_FULL)

    def await_centre(self, case_code: str, timeout_s: float) -> tuple[CaseState | None, str | None]:
        """The centre's word if it comes in time. Offline nobody is made to wait."""
        if self._sender.status().link_state not in (LinkState.ONLINE, LinkState.UNKNOWN):
            return None, None
        settled = self._sender.wait_settled(case_code, timeout_s)
        if settled is None or not settled.case_state:
            return None, None
        try:
            return CaseState(settled.case_state), settled.registered_at
        except ValueError:
            # A newer centre's word. The case is there; the slip says what this terminal is sure of.
            log.error("the centre named a state that this terminal does not know")
            return None, None

    def evaluate(self, visit: Visit) -> None:
        """Queue the evaluation. It follows its case in the same lane."""
        payload = EvaluationPayload(case_code=visit.case_code, level=visit.level)
        body = payload.model_dump_json(by_alias=True).encode()
        stored = self._commit(new_item_id(), visit, Kind.EVALUATION, body, self._clock.now())
        if isinstance(stored, NotCommitted):
            log.error("an evaluation could not be stored: %s", stored.reason.value)
        self._sender.wake()

    def window_slip(self, visit: Visit) -> Slip:
        """Where to go and what for; by the terminal's clock."""
        return window_slip(visit, self.place, self._clock.now().wall_utc.astimezone(CHINA_TIME))

    def slip(self, visit: Visit, *, copy: bool) -> Slip:
        now = self._clock.now()
        stored_at = datetime.fromisoformat(visit.stored.received_at) if visit.stored else now.wall_utc
        made = receipt(
            visit,
            self.place,
            sign=self._key.sign,
            local_time=stored_at.astimezone(CHINA_TIME),
            clock_quality=now.quality,
            copy=copy,
        )
        self._on_slip(made)
        self._progress("printing")
        return made

    def _commit(
        self, item_id: str, visit: Visit, kind: Kind, payload: bytes, now: Moment
    ) -> Committed | NotCommitted:
        draft = Draft(
            id=item_id,
            lane=visit.case_code,
            kind=kind,
            service=visit.about if kind is Kind.WITHDRAWAL else visit.service.code,
            definition_version="" if kind is Kind.WITHDRAWAL else visit.service.definition_version,
            payload=payload,
            received_at=_stamp(now),
            clock_quality=ClockQuality(now.quality),
            boot_id=now.boot_id,
            monotonic_ns=now.monotonic_ns,
            priority=_priority(kind, visit),
            attachments=files_of(visit) if kind is Kind.CASE else (),
            supersedes=visit.supersedes or None if kind is Kind.CASE else None,
            person=filer_of(visit),
            business=self._business(visit, now) if kind is Kind.CASE else None,
        )
        try:
            return self._outbox.commit(draft, on_step=self._progress)
        except StoreError:
            # Nothing was promised: the resident is told so, and the answers are still on the screen.
            return NotCommitted(Refused.CLOSED)


def _priority(kind: Kind, visit: Visit) -> Priority | None:
    """A case whose time is set by law goes before others; whatever else has the class of its kind."""
    return Priority.STATUTORY if kind is Kind.CASE and visit.service.legal_limit.amount else None


def _stamp(moment: Moment) -> str:
    """RFC 3339 in UTC; the same for the sealed case, its header and its slip."""
    return moment.wall_utc.isoformat(timespec="seconds").replace("+00:00", "Z")
