"""What each live request does: a short look at the database, a question within its time, a short write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import problems
from central.database import utc_now, writing
from central.departments.line import NOT_BEGUN, Line, NoReply, lines_of
from central.departments.port import (
    Decision,
    Departments,
    Handed,
    MessageQuestion,
    Order,
    OrderQuestion,
    RecordQuestion,
    Records,
)
from central.live import decisions, payments, quota
from central.live.progress import progress
from central.live.sending import RECORD, SendingLimit, masked, mobile_of, text_of
from central.live.turned import no_reply, turned
from central.problems import Turned
from offline_queue.live_wire import (
    DecisionAnswer,
    DecisionRequest,
    LiveCode,
    LiveRequest,
    PaymentOrder,
    PaymentRequest,
    PrefillAnswer,
    PrefillRequest,
    ProgressAnswer,
    ProgressRequest,
    Record,
    SmsAnswer,
    SmsRequest,
)
from offline_queue.seal import PrivateKey

SHARE = 0.8
"""Of the time that the terminal waits, for the department: the rest is the way there and back."""


def department_s(request: LiveRequest) -> float:
    """Seconds that the department gets."""
    return SHARE * request.within_s


class LiveDesk:
    """One a process."""

    def __init__(
        self,
        engine: Engine,
        keys: Mapping[str, PrivateKey],
        departments: Departments,
        quotas: Mapping[str, int],
    ) -> None:
        self._engine = engine
        self._keys = keys
        self._quotas = quotas
        self._lines = lines_of(departments)
        provider = departments.payments
        self._payments = Line("payments", provider) if provider is not None else None
        gateway = departments.messages
        self._messages = Line("messages", gateway) if gateway is not None else None
        self._sending = SendingLimit()

    async def prefill(self, request: PrefillRequest) -> PrefillAnswer | Turned:
        reply = await self._on_record(request, request.records, department_s(request))
        if isinstance(reply, Turned):
            return reply
        return PrefillAnswer(records=_asked_for(reply, request.records))

    async def sms_code(self, request: SmsRequest) -> SmsAnswer | Turned:
        """To the number that the service's department has, never to one that somebody typed."""
        gateway = self._messages
        if gateway is None:
            return turned(LiveCode.NO_DEPARTMENT)
        wait_s = self._sending.take(request.terminal, request.number)
        if wait_s is not None:
            return SmsAnswer(outcome="too_often", retry_after_s=wait_s)
        handed_on = False
        try:
            half_s = department_s(request) / 2
            reply = await self._on_record(request, (RECORD,), half_s)
            if isinstance(reply, Turned):
                return reply
            mobile = mobile_of(reply)
            if mobile is None:
                return SmsAnswer(outcome="no_mobile")
            message = MessageQuestion(mobile, text_of(request.code))
            # Until the gateway says otherwise it may have sent it, also when nobody waits for its word any more.
            handed_on = True
            handed = await gateway.within(lambda: gateway.ask(message, Handed, half_s), half_s)
            if isinstance(handed, NoReply):
                handed_on = not handed.never_left
                return no_reply(handed)
            return SmsAnswer(outcome="sent", mobile=masked(mobile), reference=handed.reference)
        finally:
            if not handed_on:
                self._sending.give_back(request.terminal, request.number)

    async def _on_record(
        self, request: PrefillRequest | SmsRequest, records: tuple[str, ...], deadline_s: float
    ) -> Records | Turned:
        """Ask the service's department about the person, within the day's quota."""
        line = self._lines.get(request.service)
        if line is None:
            return turned(LiveCode.NO_DEPARTMENT)
        now = utc_now()
        refused = await run_in_threadpool(self._admit, request.terminal, request.service, now)
        if refused is not None:
            return refused
        question = RecordQuestion(request.service, request.number, records)
        reply = await line.within(lambda: line.ask(question, Records, deadline_s), deadline_s)
        if isinstance(reply, NoReply):
            if reply.never_left:
                await run_in_threadpool(self._never_left, request.terminal, request.service, now)
            return no_reply(reply)
        return reply

    async def decide(self, request: DecisionRequest) -> DecisionAnswer | Turned:
        """A decision that comes after the deadline moves the case all the same."""
        engine, now = self._engine, utc_now()
        claimed = await run_in_threadpool(
            decisions.claim, engine, self._keys, self._quotas, self._lines.keys(), request, now
        )
        if isinstance(claimed, DecisionAnswer | Turned):
            return claimed
        line, question, deadline_s = self._lines[claimed.service], claimed, department_s(request)

        def job() -> DecisionAnswer | NoReply:
            reply = line.ask(question, Decision, deadline_s)
            if isinstance(reply, NoReply):
                decisions.release(engine, question, now, never_left=reply.never_left)
                return reply
            return decisions.settle(engine, question, reply, utc_now())

        answer = await line.within(job, deadline_s)
        if isinstance(answer, NoReply) and answer.failure in NOT_BEGUN:
            await run_in_threadpool(decisions.release, engine, question, now, never_left=True)
        return no_reply(answer) if isinstance(answer, NoReply) else answer

    async def progress(self, request: ProgressRequest) -> ProgressAnswer | Turned:
        def look() -> ProgressAnswer | None:
            with self._engine.connect() as connection:
                return progress(connection, request.code, utc_now())

        return await run_in_threadpool(look) or problems.NO_SUCH_CASE

    async def payment_order(self, request: PaymentRequest) -> PaymentOrder | Turned:
        line = self._payments
        if line is None:
            return turned(LiveCode.NO_DEPARTMENT)
        begun = await run_in_threadpool(payments.begin, self._engine, request, utc_now())
        if not isinstance(begun, OrderQuestion):
            return begun
        deadline_s = department_s(request)

        def job() -> PaymentOrder | NoReply:
            reply = line.ask(begun, Order, deadline_s)
            return (
                reply
                if isinstance(reply, NoReply)
                else payments.settle(self._engine, request, reply, utc_now())
            )

        answer = await line.within(job, deadline_s)
        return no_reply(answer) if isinstance(answer, NoReply) else answer

    def _admit(self, terminal: str, service: str, now: datetime) -> Turned | None:
        """Count a question, or say when to come again."""
        with writing(self._engine).begin() as connection:
            wait_s = quota.wait_s(connection, self._quotas, service, now)
            if wait_s is not None:
                return turned(LiveCode.QUOTA, wait_s)
            quota.count(connection, terminal, service, now)
        return None

    def _never_left(self, terminal: str, service: str, counted_at: datetime) -> None:
        with writing(self._engine).begin() as connection:
            quota.take_out(connection, terminal, service, counted_at)


def _asked_for(reply: Records, wanted: tuple[str, ...]) -> tuple[Record, ...]:
    """The first of each name that was asked for; what was not asked is not handed on."""
    found: dict[str, Record] = {}
    for one in reply.records:
        if one.name in wanted and one.name not in found:
            found[one.name] = Record(
                name=one.name,
                value=one.value,
                source_zh=one.source_zh,
                source_en=one.source_en,
                as_of=one.as_of.isoformat(timespec="seconds"),
            )
    return tuple(found.values())
