"""Consent, card, face and the other ways, in plain words that blame nobody."""

from __future__ import annotations

from dataclasses import replace

from drivers.contract import Outcome
from drivers.face.contract import FaceFailure, Guidance
from drivers.receipt_printer.contract import PrintReport
from kiosk.catalogue.model import Method
from kiosk.identity import mask_name, mask_number
from kiosk.journey.consenting import face_notice
from kiosk.journey.moves import is_a_way, is_of_age, is_old_enough, may_agree
from kiosk.journey.present.face_words import FACE_WORDS, POINTING, PROMPT_WORDS
from kiosk.journey.present.frame import Parts
from kiosk.journey.proving import works
from kiosk.journey.view import (
    Action,
    Block,
    Choices,
    Illustration,
    Line,
    Lines,
    Message,
    Points,
    Preview,
    Style,
    Tone,
)
from kiosk.journey.visit import CardProblem, Visit
from kiosk.journey.world import World
from kiosk.locale import Texts


def consent(visit: Visit, world: World, t: Texts) -> Parts:
    """Two equal buttons, nothing ticked, no colour that steers (rule D10)."""
    face = Action(
        "face",
        t("用人脸确认"),
        Style.EQUAL,
        hint=t("现在就在这里比一比"),
        enabled=world.face_ready and may_agree(visit, world),
        reason=_why_no_face(visit, world, t),
    )
    other = _other_button(visit, world, t)
    return Parts(
        t("怎样确认是您本人？"),
        t("两种办法一样有效，任选一种"),
        blocks=(Points(face_notice(visit).sentences(visit.language, world.place.responsible_body)),),
        actions=(face, other),
    )


NO_LOOK_LEFT = "这次试的次数用完了"
CARD_RESTS_BRIEFLY = "这张证件试的次数用完了"
NO_PHOTO = "证件上没有照片可以比"
UNDER_AGE_BRIEFLY = "未满 14 岁不用人脸确认"
AGE_UNKNOWN = "年龄算不准，这次不用人脸确认"


def _why_no_face(visit: Visit, world: World, t: Texts) -> str:
    """First what the resident or the terminal's staff cannot change by waiting."""
    if visit.card is not None and visit.card.photo is None:
        return t(NO_PHOTO)
    if visit.card is not None and not is_old_enough(visit, world):
        return t(UNDER_AGE_BRIEFLY if _why_not_old_enough(visit, world) == UNDER_AGE else AGE_UNKNOWN)
    if visit.face.card_rests:
        return t(CARD_RESTS_BRIEFLY)
    if visit.face.used_up:
        return t(NO_LOOK_LEFT)
    return world.why_no_face.get(visit.language) or t("人脸确认暂时不能用")


CARD_WORDS: dict[CardProblem, str] = {
    CardProblem.MOVED: "身份证移开得早了一点，没有读完。请放平，听到“滴”一声再拿开。",
    CardProblem.WRONG: "这张卡不是身份证。请换成您的身份证。",
    CardProblem.UNSUPPORTED: "这台机器还不能读这种证件。请到窗口办理，您的证件没有问题。",
    CardProblem.UNREADABLE: "没有读出来。请把身份证拿起来，再放一次。",
    CardProblem.NOT_AUTHENTIC: "读卡器没能核验这张证件。请再放一次，或到窗口请工作人员看一下。",
    CardProblem.EXPIRED: "这张证件已过有效期。请换新的证件，或到窗口办理。",
    CardProblem.NOT_YET_VALID: "这张证件还没到启用日期。请用现在有效的证件，或到窗口办理。",
    CardProblem.READER: "读卡器暂时没有反应，正在重新连接。没有记录任何内容。",
    CardProblem.NOT_HELPER: "这张不是协理员卡。请协理员放上自己的工作卡。",
    CardProblem.VALIDITY_UNREADABLE: "证件上的有效期读不出来。请再放一次，或到窗口请工作人员看一下。",
    CardProblem.SAME_PERSON: "这还是您自己的证件。请先拿走，换上要替他办的那个人的身份证。",
    CardProblem.TOO_WEAK: "这张卡在这台机器上办不了这件事，卡没有问题。请放身份证；放的就是身份证，请到窗口办理。",
}


def _card_blocks(visit: Visit, caption: str, t: Texts) -> tuple[Illustration | Message, ...]:
    picture = Illustration("card", caption)
    if visit.card_problem is None:
        return (picture,)
    return (Message(t(CARD_WORDS[visit.card_problem]), Tone.WAITING), picture)


def card(visit: Visit, _world: World, t: Texts) -> Parts:
    problem = visit.card_problem
    waiting = problem in (None, CardProblem.MOVED)
    actions: tuple[Action, ...] = (Action("window", t("没带身份证，怎么办"), Style.SECONDARY),)
    if not waiting:
        actions = (
            Action("try_card", t("再放一次"), Style.PRIMARY),
            Action("window", t("到窗口办理"), Style.SECONDARY),
        )
    return Parts(
        t("请把身份证放在感应区"),
        t("放平，听到“滴”一声再拿开"),
        blocks=_card_blocks(visit, t("感应区在屏幕下方"), t),
        actions=actions,
        busy=waiting,
    )


ACTED_ENOUGH = "用同一张身份证替别人办，这里一天最多收 {count} 件，已经收满。还要办，请到窗口，或过一天再来。给自己办不受影响。"
"""Whoever holds the card need not be who filed them."""


def agent(visit: Visit, world: World, t: Texts) -> Parts:
    """For whom: one question, and nothing that steers."""
    asked = visit.service.agent
    grounds = asked.grounds if asked is not None else ()
    of_age, enough = is_of_age(visit, world), visit.acted_enough
    myself = Action("for_myself", t("给自己办"), Style.CHOICE, hint=t("用刚才这张身份证"), icon="card")
    others = [
        Action(
            f"for_another:{ground.value}",
            t("替别人办：{ground}", ground=ground.label[visit.language]),
            Style.CHOICE,
            hint=t("还要放上那个人的身份证"),
            icon="helper",
            enabled=of_age and not enough,
            reason=t("满 18 周岁才能替别人办") if not of_age else t("一天的件数满了，请到窗口办理"),
        )
        for ground in grounds
    ]
    full: tuple[Message, ...] = ()
    if asked is not None and enough:
        full = (Message(t(ACTED_ENOUGH, count=asked.cases_per_day), Tone.CALM),)
    return Parts(
        t("是给谁办？"),
        t("替别人办，要两张身份证，办了会告诉本人"),
        blocks=(*full, Choices((myself, *others))),
        actions=(Action("window", t("到窗口办理"), Style.SECONDARY),) if full else (),
    )


def principal(visit: Visit, _world: World, t: Texts) -> Parts:
    waiting = visit.card_problem in (None, CardProblem.MOVED)
    actions: tuple[Action, ...] = () if waiting else (Action("try_card", t("再放一次"), Style.PRIMARY),)
    return Parts(
        t("请放上那个人的身份证"),
        t("先拿走您自己的，再放他的"),
        blocks=_card_blocks(visit, t("感应区在屏幕下方"), t),
        actions=actions,
        busy=waiting,
    )


def face(visit: Visit, world: World, t: Texts) -> Parts:
    other = _other_button(visit, world, t)
    if visit.face.waiting:
        return Parts(
            t("请稍等，正在准备"),
            t("不是您的问题，也不算次数"),
            blocks=(Message(world.why_no_face.get(visit.language) or t("马上就好"), Tone.WAITING),),
            actions=(other,),
            busy=True,
        )
    if visit.face.looking and visit.face.prompt is not None:
        return Parts(
            t("请做一个小动作"),
            t("做完再看回镜头就好"),
            blocks=_mirror(visit, t),
            actions=(
                Action("other_movement", t("换一个动作"), Style.EQUAL),
                replace(other, label=t("做不了，用别的办法")),
            ),
            busy=True,
        )
    if visit.face.looking:
        return Parts(
            t("请看镜头"),
            t("只在这台机器里比，比完马上删除"),
            blocks=_mirror(visit, t),
            actions=(other,),
            busy=True,
        )
    if visit.face.stalled:
        title, subtitle = t("机器没来得及比"), t("不是您的问题，也不算次数")
        words = t("请再试一次，也可以换一种办法，一样有效。")
    elif visit.face.failure is FaceFailure.MOVEMENT_NOT_SEEN:
        title, subtitle = t("没有看清刚才的动作"), t("慢一点、大一点会更容易，不要紧")
        words = t("可以再试 {count} 次，也可以换一种办法，一样有效。", count=visit.face.left)
    elif isinstance(visit.face.failure, Guidance):
        title, subtitle = t("还没有看清"), t(FACE_WORDS[visit.face.failure])
        words = t("可以再试 {count} 次，也可以换一种办法，一样有效。", count=visit.face.left)
    else:
        title, subtitle = t("这次没有对上"), t("照片用久了常会这样，不要紧")
        words = t("可以再试 {count} 次，也可以换一种办法，一样有效。", count=visit.face.left)
    return Parts(
        title,
        subtitle,
        blocks=(
            Message(words),
            Illustration("face", t("摘下帽子和口罩，站到亮一点的地方会更容易")),
        ),
        actions=(
            Action(
                "try_face",
                t("再试一次"),
                Style.EQUAL,
                enabled=world.face_ready,
                reason=world.why_no_face.get(visit.language) or t("人脸确认暂时不能用"),
            ),
            other,
        ),
    )


def _mirror(visit: Visit, t: Texts) -> tuple[Block, ...]:
    """The live picture with one request; who cannot follow it is pointed to the button beside it."""
    prompt, guidance = visit.face.prompt, visit.face.guidance
    live = Preview(
        t(FACE_WORDS[guidance] if prompt is None or guidance is not None else PROMPT_WORDS[prompt])
    )
    return (live, Message(t(POINTING))) if visit.face.pointing else (live,)


WAY_NAMES: dict[Method, str] = {
    Method.HELPER: "协理员",
    Method.SMS: "短信",
    Method.QR: "电子身份",
    Method.CLERK: "坐席",
}
"""In one breath, under the button that leads to them; in this order."""
NAMED_MAX = 2
"""So many beside the window: the button stays as the one beside it."""


def _other_button(visit: Visit, world: World, t: Texts) -> Action:
    """As large as the face's, on every screen that asks for a face."""
    names = [t(name) for method, name in WAY_NAMES.items() if is_a_way(method, visit, world)]
    more = " …" if len(names) > NAMED_MAX else ""
    hint = " · ".join((*names[:NAMED_MAX], t("窗口"))) + more
    return Action("other_way", t("用别的办法"), Style.EQUAL, hint=hint)


def _ways(visit: Visit, world: World, t: Texts) -> tuple[Action, ...]:
    """What this service allows and this village offers; the window always."""
    found = {
        Method.HELPER: Action(
            "helper",
            t("请协理员帮忙确认"),
            Style.CHOICE,
            hint=t("协理员放上工作卡，当面看一看就行"),
            icon="helper",
            enabled=world.helper_ready,
            reason=t("协理员卡的读卡器没有接上"),
        ),
        Method.SMS: Action(
            "sms",
            t("短信验证码"),
            Style.CHOICE,
            hint=t("发到部门登记的手机，要联网"),
            icon="phone",
            enabled=works(Method.SMS, visit, world),
            reason=t("已经发过两次") if world.online else t("要联网才能用，现在没有网络"),
        ),
        Method.QR: Action(
            "qr",
            t("手机上的电子身份"),
            Style.CHOICE,
            hint=t("给扫码镜头看一下二维码"),
            icon="qr",
            enabled=works(Method.QR, visit, world),
            reason=t("扫码暂时不能用"),
        ),
        Method.CLERK: Action(
            "clerk",
            t("请远程坐席看一看"),
            Style.CHOICE,
            hint=t("拍一张照片，由工作人员来看"),
            icon="helper",
            enabled=works(Method.CLERK, visit, world),
            reason=t("这次没有看准") if visit.clerk.word else t("坐席暂时不能用"),
        ),
    }
    window = Action("window", t("到窗口办理"), Style.CHOICE, hint=t("工作人员会接着帮您办"), icon="window")
    return (*(one for method, one in found.items() if is_a_way(method, visit, world)), window)


UNDER_AGE = "未满 14 岁不用人脸确认。请监护人一起来，用下面的办法办。"
NO_BIRTH_DATE = "证件上的出生日期没有读出来，这次不用人脸确认。下面的办法一样有效。"
NO_TIME = "机器的时间没有核对，算不准年龄。未满 14 岁不用人脸确认，请监护人一起来；下面的办法都可以用。"


def _why_not_old_enough(visit: Visit, world: World) -> str:
    """Nobody is called a child whose age this terminal cannot tell."""
    if visit.card is None or visit.card.document.birth_date is None:
        return NO_BIRTH_DATE
    return UNDER_AGE if world.not_before is None else NO_TIME


CARD_RESTS = "在这台机器上，这张证件的人脸确认试的次数用完了，过一天可以再用。下面的办法一样有效。"
"""Whoever holds the card need not be who tried."""


def other_way(visit: Visit, world: World, t: Texts) -> Parts:
    subtitle = t("任选一种，一样有效")
    blocks: list[Message | Choices] = []
    if visit.face.card_rests:
        blocks.append(Message(t(CARD_RESTS)))
    elif visit.face.left == 0 and visit.face.compared:
        subtitle = t("照片用久了常会对不上，这很平常")
    elif visit.card is not None and not is_old_enough(visit, world):
        blocks.append(Message(t(_why_not_old_enough(visit, world))))
    blocks.append(Choices(_ways(visit, world, t)))
    return Parts(t("换一种办法确认"), subtitle, blocks=tuple(blocks))


def helper(visit: Visit, _world: World, t: Texts) -> Parts:
    waiting = visit.card_problem in (None, CardProblem.MOVED)
    actions: tuple[Action, ...] = (Action("other_way", t("换一种办法"), Style.SECONDARY),)
    if not waiting:
        actions = (Action("try_card", t("再放一次"), Style.PRIMARY), *actions)
    return Parts(
        t("请协理员放上工作卡"),
        t("工作卡插在右侧的卡槽里"),
        blocks=_card_blocks(visit, t("您的身份证请先拿在手里"), t),
        actions=actions,
        busy=waiting,
    )


def helper_check(visit: Visit, _world: World, t: Texts) -> Parts:
    lines = []
    if visit.helper is not None:
        lines.append(Line(t("协理员"), mask_name(visit.helper.document.name)))
    if visit.card is not None:
        lines.append(Line(t("办事人"), mask_name(visit.card.document.name)))
        lines.append(Line(t("证件号码"), mask_number(visit.card.document.number)))
    return Parts(
        t("请协理员当面看一看"),
        t("看本人和手里的身份证是不是同一个人"),
        blocks=(Lines(tuple(lines)), Illustration("helper")),
        actions=(
            Action("confirm", t("是同一个人"), Style.EQUAL),
            Action("not_same", t("看不准，换一种办法"), Style.EQUAL),
        ),
    )


def _window_slip(visit: Visit, t: Texts) -> Illustration | Message:
    if visit.window_printing:
        return Message(t("正在打印"), Tone.WAITING)
    match visit.window_slip:
        case None:
            return Illustration("window")
        case PrintReport(Outcome.DONE):
            return Message(t("纸条打好了，在出纸口，请带好"), Tone.FINE)
        case _:
            return Message(t("纸条没有打好，请记下上面的内容"), Tone.WAITING)


def _why_no_slip(visit: Visit, t: Texts) -> str:
    if visit.window_printing:
        return t("正在打印")
    return t("已经打过了") if visit.window_slip else t("打印机暂时不能用")


def window(visit: Visit, world: World, t: Texts) -> Parts:
    return Parts(
        t("到窗口办理"),
        t("没有提交任何内容，按“知道了”全部清除"),
        blocks=(
            Lines(
                (
                    Line(t("去哪里"), world.place.station),
                    Line(t("带什么"), t("身份证")),
                    Line(t("办什么"), visit.service.title[visit.language]),
                    Line(t("咨询电话"), world.place.hotline),
                )
            ),
            _window_slip(visit, t),
        ),
        actions=(
            Action("finish", t("知道了"), Style.PRIMARY),
            Action(
                "print_slip",
                t("打一张带走"),
                Style.SECONDARY,
                enabled=world.printer_ready and not visit.window_printing and visit.window_slip is None,
                reason=_why_no_slip(visit, t),
            ),
        ),
    )
