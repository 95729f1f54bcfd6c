"""The screens of live questions: records on their way, and how far a case is."""

from __future__ import annotations

from drivers.contract import Failed, Ok
from kiosk.case import CaseState, format_case_code
from kiosk.journey.asking import CODE_FIELD
from kiosk.journey.live import LookUpFailure, Progress
from kiosk.journey.present import returning
from kiosk.journey.present.frame import Parts
from kiosk.journey.view import (
    Action,
    Block,
    Code,
    Field,
    FieldKind,
    Fields,
    Illustration,
    Line,
    Lines,
    Message,
    Style,
    Tone,
)
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.local_time import local_minute
from kiosk.locale import Texts
from kiosk.paper.receipt import STATE_WORDS

CODE_LENGTH_MAX = 24
"""Sixteen signs with the gaps of a slip."""


def prefill(_visit: Visit, _world: World, t: Texts) -> Parts:
    return Parts(
        t("正在带出您登记过的信息"),
        t("最多等 5 秒；没有也不要紧，自己填就行"),
        blocks=(Illustration("document"),),
        actions=(Action("skip", t("不等了，自己填"), Style.SECONDARY),),
        busy=True,
    )


FAILURES = {
    LookUpFailure.NOT_A_CODE: "编号好像没有写全，或有一个字写错了。请照回执再看一下。",
    LookUpFailure.UNKNOWN: "中心没有找到这个编号。刚办的事要等网络送达后才查得到；也请照回执再看一下。",
    LookUpFailure.UNREACHED: "现在连不上中心，查不到。您的事不受影响，请过一会儿再来，或打电话问。",
}


def progress(visit: Visit, world: World, t: Texts) -> Parts:
    """A code is asked for; then where the case is, or why that cannot be said."""
    look_up = visit.look_up
    if isinstance(look_up.result, Ok):
        return _found(look_up.result.value, visit, world, t)
    blocks: list[Block] = []
    if isinstance(look_up.result, Failed):
        blocks.append(Message(t(FAILURES[look_up.result.reason]), Tone.WAITING))
        blocks.append(Lines((Line(t("咨询电话"), world.place.hotline),)))
    withdrawal = returning.offer(visit, world, t)
    if withdrawal:
        blocks.append(Message(t(returning.UNKNOWN_STATE)))
    blocks.insert(
        0,
        Fields(
            (
                Field(
                    CODE_FIELD,
                    FieldKind.CODE,
                    t("回执编号"),
                    value=look_up.code,
                    hint=t("比如 0142 K7QF 93WD XM2A"),
                    max_length=CODE_LENGTH_MAX,
                ),
            )
        ),
    )
    return Parts(
        t("查办件进度"),
        t("正在查，请稍等") if look_up.asking else t("编号在回执上，共 16 位"),
        blocks=tuple(blocks),
        actions=(
            Action(
                "look_up",
                t("查一查"),
                Style.PRIMARY,
                enabled=bool(look_up.code) and not look_up.asking,
                reason=t("正在查，请稍等") if look_up.asking else t("请先写编号"),
            ),
            *withdrawal,
        ),
        busy=look_up.asking,
    )


ROAD = (
    CaseState.RECEIVED,
    CaseState.SYNCED,
    CaseState.REGISTERED,
    CaseState.ACCEPTED,
    CaseState.DECIDED,
    CaseState.COLLECTED,
)
"""The steps of the usual way (domain report, behaviour 17), by the state machine of `kiosk.case`."""
STEP_WORDS = {
    CaseState.RECEIVED: "收件",
    CaseState.SYNCED: "送达中心",
    CaseState.REGISTERED: "中心登记",
    CaseState.ACCEPTED: "部门受理",
    CaseState.DECIDED: "办结",
    CaseState.COLLECTED: "领取",
}
WITHOUT_COLLECTION = ROAD[:-1]


def _found(told: Progress, visit: Visit, world: World, t: Texts) -> Parts:
    index = 1 if visit.language == "en" else 0
    service = world.service(told.service)
    collects = told.state in (CaseState.COLLECTABLE, CaseState.COLLECTED)
    steps = tuple(
        Line(t(STEP_WORDS[step]), local_minute(told.at[step]) if step in told.at else t("还没有到这一步"))
        for step in (ROAD if collects else WITHOUT_COLLECTION)
    )
    blocks: list[Block] = [Code(t("回执编号"), format_case_code(told.code))]
    facts = [Line(t("事项"), service.title[visit.language])] if service is not None else []
    facts.append(Line(t("现在的状态"), t("要再办一次") if told.refused else STATE_WORDS[told.state][index]))
    blocks += [Lines(tuple(facts)), Lines(steps, t("一步一步"))]
    if words := told.words.get(visit.language):
        blocks.insert(1, Message(words, Tone.FINE if told.state is CaseState.DECIDED else Tone.WAITING))
    blocks[1:1] = returning.what_is_lacking(told, visit, t)
    if told.withdrawing:
        blocks.insert(1, Message(t("撤回申请已经收下，送到中心后处理。"), Tone.WAITING))
    if not told.told_at:
        blocks.append(Message(t("现在连不上中心，这是这台机器自己的记录，可能还有新的进展。"), Tone.WAITING))
    return Parts(
        t("查办件进度"),
        t("{time} 的进度", time=local_minute(told.told_at)) if told.told_at else t("这台机器的记录"),
        blocks=tuple(blocks),
        actions=(Action("another", t("再查一件"), Style.SECONDARY), *returning.offer(visit, world, t)),
    )
