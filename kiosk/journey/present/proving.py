"""SMS code, e-ID on a phone, a clerk who looks: in plain words that blame nobody."""

from __future__ import annotations

from drivers.clerk_line.contract import ClerkFailure
from drivers.eid.contract import EidFailure
from kiosk.catalogue.consent import CLERK_VERSION, notices
from kiosk.catalogue.model import Method
from kiosk.journey.present.frame import Parts
from kiosk.journey.proof import CODE_DIGITS, CODES_MAX, CodeFailure, QrFailure
from kiosk.journey.proving import CODE_FIELD, works
from kiosk.journey.view import (
    Action,
    Field,
    FieldKind,
    Fields,
    Illustration,
    Message,
    Points,
    Preview,
    Style,
    Tone,
)
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import Texts

CODE_WORDS: dict[CodeFailure, str] = {
    CodeFailure.OFFLINE: "现在连不上中心，验证码发不出去。请换一种办法，一样有效。",
    CodeFailure.NO_MOBILE: "部门那里没有登记您的手机号，验证码没有地方发。请换一种办法，一样有效。",
    CodeFailure.TOO_OFTEN: "刚刚已经发过验证码，为了不打扰手机的主人，要过一会儿才能再发。也可以换一种办法。",
    CodeFailure.NOT_SENT: "验证码没有发出去，不是您的问题。可以再发一次，也可以换一种办法。",
    CodeFailure.EXPIRED: "这个验证码已经过了时间。可以再发一次，也可以换一种办法。",
    CodeFailure.USED_UP: "这个验证码不能再用了。可以再发一次，也可以换一种办法。",
}
QR_WORDS: dict[QrFailure | EidFailure, str] = {
    QrFailure.NO_CODE: "没有看到电子身份的二维码。请把手机屏幕调亮，平放在镜头下再试一次。",
    QrFailure.NO_CAMERA: "扫码的镜头暂时不能用，不是您的问题。",
    EidFailure.NOT_AN_EID: "这不是电子身份的二维码。请在手机上打开电子身份，再试一次。",
    EidFailure.UNKNOWN_ISSUER: "这台机器还不认识这种电子身份。请换一种办法，一样有效。",
    EidFailure.EXPIRED: "这个二维码已经过了时间。请在手机上刷新，再试一次。",
    EidFailure.NOT_YET: "手机和这台机器的时间对不上。请换一种办法，一样有效。",
    EidFailure.SHOWN_BEFORE: "这个二维码已经用过一次。请在手机上刷新，再试一次。",
    EidFailure.ANOTHER_PERSON: "手机上的电子身份和这张身份证不是同一个号码。请用本人的手机，或换一种办法。",
    EidFailure.CLOCK: "这台机器的时间还没有核对，暂时不能用二维码。请换一种办法，一样有效。",
}
CLERK_WORDS: dict[ClerkFailure, str] = {
    ClerkFailure.NO_PICTURE: "照片没有拍成，没有传出去任何内容。",
    ClerkFailure.UNREACHED: "现在连不上坐席，不是您的问题。",
    ClerkFailure.UNTRUSTED: "坐席那边的线路没有核对上，照片没有传出去。",
    ClerkFailure.NOBODY_FREE: "坐席都在忙。可以过一会儿再试，也可以换一种办法。",
    ClerkFailure.TIMED_OUT: "坐席没有及时答复，照片已经撤回。",
    ClerkFailure.UNREADABLE: "没有听懂坐席的答复，不是您的问题。",
    ClerkFailure.CANCELLED: "已经撤回。",
}


def _other(t: Texts, style: Style = Style.SECONDARY) -> Action:
    return Action("other_way", t("换一种办法"), style)


def sms(visit: Visit, world: World, t: Texts) -> Parts:
    code = visit.code
    title = t("短信验证码")
    again = Action(
        "send_again",
        t("再发一次"),
        Style.SECONDARY,
        enabled=code.may_send and world.online,
        reason=t("要联网才能发") if not world.online else t("这次不能再发了"),
    )
    if code.asking:
        sending = Message(t("正在发到登记的手机上"), Tone.WAITING)
        return Parts(title, t("请稍等"), blocks=(sending,), actions=(_other(t),), busy=True)
    if code.sent is None:
        words = t(CODE_WORDS[code.failure or CodeFailure.NOT_SENT])
        actions = (again, _other(t)) if code.codes < CODES_MAX and code.may_send else (_other(t),)
        return Parts(title, t("没有做错什么"), blocks=(Message(words, Tone.WAITING),), actions=actions)
    wrong = t("和短信里的不一样，还可以试 {count} 次", count=code.left) if code.wrong else ""
    field = Field(
        CODE_FIELD,
        FieldKind.NUMBER,
        t("请输入短信里的 6 位数字"),
        hint=t("5 分钟内有效，最多试 3 次"),
        error=wrong,
        max_length=CODE_DIGITS,
    )
    sent = Message(t("已发到 {mobile}，是部门登记的手机", mobile=code.sent.mobile))
    return Parts(
        title, t("不要把验证码告诉别人"), blocks=(sent, Fields((field,))), actions=(again, _other(t))
    )


def qr(visit: Visit, world: World, t: Texts) -> Parts:
    title = t("手机上的电子身份")
    picture = Illustration("phone", t("请打开手机上的电子身份二维码，平放在扫码镜头下"))
    if visit.qr.looking:
        light = Message(t("扫码的镜头开着，只看二维码，不看人"), Tone.CALM)
        return Parts(title, t("请把二维码给镜头看"), blocks=(picture, light), actions=(_other(t),), busy=True)
    words = Message(t(QR_WORDS[visit.qr.failure or QrFailure.NO_CODE]), Tone.WAITING)
    again = Action(
        "try_qr",
        t("再试一次"),
        Style.EQUAL,
        enabled=works(Method.QR, visit, world),
        reason=t("扫码暂时不能用"),
    )
    actions = (again, _other(t, Style.EQUAL))
    return Parts(title, t("没有做错什么"), blocks=(words, picture), actions=actions)


def clerk_consent(visit: Visit, world: World, t: Texts) -> Parts:
    """As before the face: two equal buttons, nothing ticked."""
    notice = notices()[CLERK_VERSION]
    return Parts(
        t("可以请远程坐席看一看吗？"),
        t("可以同意，也可以换别的办法"),
        blocks=(Points(notice.sentences(visit.language, world.place.responsible_body)),),
        actions=(
            Action(
                "agree",
                t("同意拍一张"),
                Style.EQUAL,
                enabled=works(Method.CLERK, visit, world),
                reason=t("坐席暂时不能用"),
            ),
            _other(t, Style.EQUAL),
        ),
    )


def clerk(visit: Visit, world: World, t: Texts) -> Parts:
    title = t("请坐席看一看")
    if visit.clerk.looking:
        return Parts(
            title, t("请看镜头，拍一张"), blocks=(Preview(t("请看镜头")),), actions=(_other(t),), busy=True
        )
    if visit.clerk.asking:
        waits = Message(t("照片已交给坐席，看完就删除。换一种办法就马上撤回。"), Tone.WAITING)
        return Parts(
            title, t("请稍等"), blocks=(waits, Illustration("helper")), actions=(_other(t),), busy=True
        )
    words = Message(t(CLERK_WORDS[visit.clerk.failure or ClerkFailure.UNREACHED]), Tone.WAITING)
    again = Action(
        "try_clerk",
        t("再试一次"),
        Style.EQUAL,
        enabled=works(Method.CLERK, visit, world),
        reason=t("坐席暂时不能用"),
    )
    return Parts(title, t("没有做错什么"), blocks=(words,), actions=(again, _other(t, Style.EQUAL)))
