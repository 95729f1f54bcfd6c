"""What terminals call on the live channel: /v1/live/prefill, decision, progress, payment-orders, sms-codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import door, problems, replays
from central.answering import answered
from central.database import utc_now, writing
from central.door import RawRequest
from central.live.desk import LiveDesk
from central.problems import Turned
from central.settings import CentreSettings
from central.terminal_keys import TerminalKeys
from central.trust import Trust
from offline_queue import live_wire

Q = TypeVar("Q", bound=live_wire.LiveRequest)


def router(settings: CentreSettings, engine: Engine, trust: Trust) -> APIRouter:
    """The routes. Nothing here holds a thread of the intake while a department is waited for."""
    api = APIRouter()
    keys = TerminalKeys(engine)
    desk = LiveDesk(engine, trust.sealing_keys, settings.departments, settings.daily_quotas)

    def read(raw: RawRequest, form: type[Q]) -> Q | Turned:
        admitted = door.admit(raw, keys, utc_now(), settings.clock_window_s)
        if isinstance(admitted, Turned):
            return admitted
        asked = door.read_message(admitted, form, live_wire.REQUEST_BYTES_MAX)
        if isinstance(asked, Turned):
            return asked
        with writing(engine).begin() as connection:
            # What a department told about a person is not told again to whoever plays the question again.
            return asked if replays.first_time(connection, admitted) else problems.REPLAYED

    async def take(
        request: Request, form: type[Q], act: Callable[[Q], Awaitable[BaseModel | Turned]]
    ) -> Response:
        async def told(raw: RawRequest) -> BaseModel | Turned:
            asked = await run_in_threadpool(read, raw, form)
            return asked if isinstance(asked, Turned) else await act(asked)

        return await answered(request, told)

    @api.post(live_wire.PREFILL_PATH)
    async def prefill(request: Request) -> Response:
        return await take(request, live_wire.PrefillRequest, desk.prefill)

    @api.post(live_wire.DECISION_PATH)
    async def decision(request: Request) -> Response:
        return await take(request, live_wire.DecisionRequest, desk.decide)

    @api.post(live_wire.PROGRESS_PATH)
    async def progress(request: Request) -> Response:
        return await take(request, live_wire.ProgressRequest, desk.progress)

    @api.post(live_wire.PAYMENT_PATH)
    async def payment_order(request: Request) -> Response:
        return await take(request, live_wire.PaymentRequest, desk.payment_order)

    @api.post(live_wire.SMS_PATH)
    async def sms_code(request: Request) -> Response:
        return await take(request, live_wire.SmsRequest, desk.sms_code)

    return api
