"""Coming back with a slip: words that say what will happen and promise no more than that (rule F6)."""

from __future__ import annotations

from drivers.contract import Ok
from kiosk.case import AFTER_ACCEPTANCE, CaseState, format_case_code
from kiosk.journey import forms
from kiosk.journey.live import Progress
from kiosk.journey.present.frame import Parts
from kiosk.journey.returning import to_file_again, withdrawable
from kiosk.journey.view import Action, Block, Code, Line, Lines, Message, Points, Style, Tone
from kiosk.journey.visit import Errand, Visit
from kiosk.journey.world import World
from kiosk.locale import Texts
from kiosk.paper.receipt import STATE_WORDS

UNKNOWN_STATE = "现在不知道它办到哪一步了。也可以先申请撤回：部门还没有开始办，就会撤回。"


def offer(visit: Visit, world: World, t: Texts) -> tuple[Action, ...]:
    """The buttons under a case that was looked up: what may still be done with it here."""
    return (*_again(visit, world, t), *_withdrawal(visit, world, t))


def _again(visit: Visit, world: World, t: Texts) -> tuple[Action, ...]:
    definition = to_file_again(visit.look_up, world)
    if definition is None:
        return ()
    why_not = world.not_ready.get(definition.code, {}).get(visit.language, "")
    return (Action("again", t("补好再交"), Style.PRIMARY, enabled=not why_not, reason=why_not),)


def _withdrawal(visit: Visit, world: World, t: Texts) -> tuple[Action, ...]:
    if world.withdrawal is None or withdrawable(visit.look_up, world) is None:
        return ()
    why_not = world.why_no_withdrawal.get(visit.language, "")
    return (Action("to_withdraw", t("不办了，撤回"), Style.SECONDARY, enabled=not why_not, reason=why_not),)


def what_is_lacking(told: Progress, visit: Visit, t: Texts) -> tuple[Block, ...]:
    """Why the centre did not take what was sent, in its own words."""
    if not told.refused:
        return ()
    words = told.refused_words.get(visit.language)
    said = (Lines((Line(t("中心的说明"), words),)),) if words else ()
    return (
        Message(t("送去的内容中心没有收下，要请您再办一次。编号和先到的时间都不变。"), Tone.WAITING),
        *said,
    )


def why_again(visit: Visit, t: Texts) -> tuple[Block, ...]:
    """Above the notice of a service that is gone through once more."""
    if visit.errand is not Errand.AGAIN or not isinstance(visit.look_up.result, Ok):
        return ()
    told = visit.look_up.result.value
    asked = told.words.get(visit.language) or t("请照着再办一次，中心会换用新的内容。")
    return (
        Code(t("补到这个编号，编号不变"), format_case_code(visit.case_code)),
        Message(asked, Tone.WAITING),
    )


def withdraw(visit: Visit, world: World, t: Texts) -> Parts:
    """Two equal buttons: neither is the one to press (as for the consent, rule D10)."""
    index = 1 if visit.language == "en" else 0
    told = visit.look_up.result.value if isinstance(visit.look_up.result, Ok) else None
    facts = list(forms.identity_lines(visit, t))
    if title := visit.about_title.get(visit.language):
        facts.insert(0, Line(t("事项"), title))
    if told is not None:
        facts.append(Line(t("现在的状态"), STATE_WORDS[told.state][index]))
    what_follows = [
        t("中心会核对是不是本人。不是本人办的，不会撤回。"),
        t("部门还没有开始办的，撤回后就不再办；已经开始办的，会照常办。"),
        t("撤回以后不能恢复，要办就重新办一次。"),
    ]
    blocks: list[Block] = [
        Code(t("要撤回的编号"), format_case_code(visit.case_code)),
        Points(tuple(what_follows), title=t("撤回以后会怎样")),
        Lines(tuple(facts)),
    ]
    if not world.online:
        blocks.insert(1, Message(t("现在没有网络。申请会先存好，网络恢复后送到中心再处理。"), Tone.WAITING))
    return Parts(
        t("要撤回这件事吗？"),
        t("两个按钮任选一个"),
        blocks=tuple(blocks),
        actions=(
            Action("withdraw", t("撤回"), Style.EQUAL),
            Action("keep", t("不撤回，照常办"), Style.EQUAL),
        ),
    )


def is_too_late(visit: Visit) -> bool:
    """The department had begun when the withdrawal came."""
    return visit.case_state in AFTER_ACCEPTANCE


def title(visit: Visit) -> str:
    """Of the screen after the commit, by what the centre said of the case."""
    if is_too_late(visit):
        return "没有撤回"
    known = {CaseState.RECEIVED: "撤回申请已收下", CaseState.WITHDRAWN: "已经撤回"}
    return known.get(visit.case_state, "撤回申请已送到中心")
