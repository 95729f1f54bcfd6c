"""From the commit on: the words here promise only what is true."""

from __future__ import annotations

from drivers.contract import Cause, Outcome
from kiosk.case import CaseState, format_case_code
from kiosk.catalogue.model import StepType
from kiosk.identity import mask_name
from kiosk.journey.finishing import may_print_again
from kiosk.journey.present import returning
from kiosk.journey.present.frame import Parts
from kiosk.journey.view import Action, Choices, Code, Illustration, Line, Lines, Message, Style, Tone
from kiosk.journey.visit import Errand, Visit
from kiosk.journey.world import World
from kiosk.local_time import local_minute
from kiosk.locale import Texts
from kiosk.paper.receipt import about_of, state_words


def submitting(_visit: Visit, _world: World, t: Texts) -> Parts:
    return Parts(t("正在保存"), t("请稍等，不要离开"), blocks=(Illustration("document"),), busy=True)


def not_stored(_visit: Visit, world: World, t: Texts) -> Parts:
    return Parts(
        t("没有存上"),
        t("什么都没有提交，填写的内容还在"),
        blocks=(
            Message(t("这台机器的存储暂时用不了。可以再试一次，或到窗口办理。"), Tone.TROUBLE),
            Lines((Line(t("咨询电话"), world.place.hotline), Line(t("终端"), world.place.terminal))),
        ),
        actions=(
            Action("retry", t("再试一次"), Style.PRIMARY),
            Action("finish", t("结束办理"), Style.SECONDARY),
        ),
    )


PRINT_WORDS: dict[Cause | None, str] = {
    Cause.PRINTER_PAPER_OUT: "打印机没有纸了，回执没有打印。",
    Cause.PRINTER_PAPER_SHORT: "打印机的纸不够了，回执没有打印。",
    Cause.PRINTER_COVER: "打印机的盖子没有盖好，回执没有打印。",
    Cause.PRINTER_HOT: "打印机太热，正在降温，回执没有打印。",
    None: "打印机暂时不能用，回执没有打印。",
}


def _waits_for_department(visit: Visit, world: World) -> bool:
    """Stored, and the slip waits for what the department says."""
    return world.online and visit.decides_at_once and visit.printed is None and not visit.printing


def _paper(visit: Visit, world: World, t: Texts) -> Message:
    if _waits_for_department(visit, world):
        return Message(t("正在等部门当场答复，最多 10 秒。没等到也不影响，会接着办。"), Tone.WAITING)
    if visit.printed is None:
        return Message(t("回执正在打印，请在下方出纸口取走。"), Tone.WAITING)
    kept = t("已收件，不受影响。请记下或拍下上面的编号。")
    match visit.printed.outcome:
        case Outcome.DONE:
            return Message(t("回执已经打印，请在下方出纸口取走。"), Tone.FINE)
        case Outcome.FAILED:
            cause = visit.printed.cause if visit.printed.cause in PRINT_WORDS else None
            return Message(f"{t(PRINT_WORDS[cause])}{kept}", Tone.TROUBLE)
        case Outcome.UNKNOWN:
            return Message(f"{t('不能确定回执有没有打印出来，请看一下出纸口。')}{kept}", Tone.TROUBLE)


TITLES = {
    CaseState.ACCEPTED: "部门已经受理",
    CaseState.DECIDED: "已经办结",
    CaseState.NEEDS_CORRECTION: "已收件，还要补一点材料",
}
"""Only the centre's word leads past 已收件 (rule D32)."""


def result(visit: Visit, world: World, t: Texts) -> Parts:
    service = visit.service
    at_centre = visit.case_state is not CaseState.RECEIVED
    index = 1 if visit.language == "en" else 0
    withdraws = visit.errand is Errand.WITHDRAW
    about = about_of(visit)
    lines = [Line(t("事项"), about[visit.language])] if about else []
    if visit.applicant is not None:
        lines.append(Line(t("姓名"), mask_name(visit.applicant.document.name)))
    if visit.principal is not None and visit.card is not None:
        lines.append(Line(t("代办人"), mask_name(visit.card.document.name)))
    if visit.stored is not None:
        lines.append(Line(t("收件时间"), local_minute(visit.stored.received_at)))
    if visit.stored is not None and visit.stored.erased:
        lines.append(Line(t("没有送出的内容"), t("已从这台机器清除")))
    lines += [
        Line(t("现在的状态"), state_words(visit)[index]),
        Line(t("咨询电话"), service.hotline),
    ]
    actions = []
    if may_print_again(visit):
        actions.append(Action("print_again", t("再打印一次"), Style.SECONDARY))
    actions.append(
        Action(
            "finish",
            t("完成，取走身份证") if visit.card is not None else t("完成"),
            Style.PRIMARY,
            enabled=visit.printed is not None and not visit.printing,
            reason=t("回执马上就好"),
        )
    )
    code = Code(t("回执编号（凭它可查进度）"), format_case_code(visit.case_code))
    paper = _paper(visit, world, t)
    # Without paper the code is all that a resident takes along: what to do about it stands right under it.
    rest = (paper, Lines(tuple(lines))) if paper.tone is Tone.TROUBLE else (Lines(tuple(lines)), paper)
    said = visit.decision_words.get(visit.language) or t("已送达中心")
    if _waits_for_department(visit, world):
        said, at_centre = t("已经存好，正在送达中心"), True
    return Parts(
        t(returning.title(visit) if withdraws else TITLES.get(visit.case_state, "已收件")),
        said if at_centre else service.offline.text[visit.language],
        mark="" if withdraws and returning.is_too_late(visit) else "tick",
        blocks=(code, *rest),
        actions=tuple(actions),
    )


def take_card(_visit: Visit, world: World, t: Texts) -> Parts:
    actions: tuple[Action, ...] = ()
    if not world.removal_is_seen:
        actions = (Action("card_taken", t("已经拿好了"), Style.PRIMARY),)
    return Parts(
        t("请拿好身份证"),
        t("别忘了回执和随身物品"),
        blocks=(Illustration("card", t("身份证在感应区"), Tone.WAITING),),
        actions=actions,
    )


LEVELS: tuple[tuple[int, str], ...] = (
    (5, "非常满意"),
    (4, "满意"),
    (3, "基本满意"),
    (2, "不满意"),
    (1, "非常不满意"),
)


def evaluate(_visit: Visit, _world: World, t: Texts) -> Parts:
    """Voluntary, no default, skipping is as large as any level (rule D34)."""
    return Parts(
        t("这次办得怎么样？"),
        t("自愿评价，工作人员看不到是谁评的"),
        blocks=(
            Choices(
                tuple(
                    Action(f"level:{level}", t(words), Style.CHOICE, icon=f"face-{level}")
                    for level, words in LEVELS
                )
            ),
        ),
        actions=(Action("skip", t("不评价，直接结束"), Style.SECONDARY),),
    )


def ended(visit: Visit, _world: World, t: Texts) -> Parts:
    if visit.stored is not None:
        title = t("办好了，请慢走")
    elif visit.ended_because == "kept":
        title = t("没有撤回，照常办理")
    elif visit.ended_because == "idle":
        title = t("时间到了，已经结束")
    else:
        title = t("已经结束")
    picture = Illustration("tick", "", Tone.FINE)
    if _card_may_lie_there(visit):
        picture = Illustration("card", t("请拿好身份证"), Tone.WAITING)
    return Parts(
        title,
        t("您的信息已从这台机器上清除"),
        mark="tick",
        blocks=(picture,),
        actions=(Action("begin", t("回到开始"), Style.SECONDARY),),
    )


def _card_may_lie_there(visit: Visit) -> bool:
    """A card was read and the visit ended before the screen that asks to take it."""
    if visit.card is None or visit.definition is None:
        return False
    flow = visit.definition.flow
    return StepType.TAKE_CARD not in flow or visit.step <= flow.index(StepType.TAKE_CARD)
