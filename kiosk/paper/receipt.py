"""The slip of a case. Its title follows from the case's state, never from an author's choice."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from drivers.receipt_printer.contract import Align, Block, Pair, QrCode, Rule, Size, Slip, Text
from kiosk.case import AFTER_ACCEPTANCE, CaseState, format_case_code
from kiosk.identity import mask_name
from kiosk.journey.visit import Errand, Visit
from kiosk.journey.world import Place

TITLE_OF: dict[CaseState, tuple[str, str]] = {
    CaseState.RECEIVED: ("收件回执", "Receipt: we have it"),
    CaseState.SYNCED: ("收件回执", "Receipt: we have it"),
    CaseState.REGISTERED: ("收件回执", "Receipt: we have it"),
    CaseState.ACCEPTED: ("受理通知", "Notice of acceptance"),
    CaseState.NEEDS_CORRECTION: ("补正告知", "Notice: please add"),
    CaseState.DECIDED: ("办结通知", "Notice of decision"),
    CaseState.COLLECTABLE: ("取件凭条", "Collection slip"),
}
"""Rule D32. Only the centre's word leads past 收件回执."""

STATE_WORDS: dict[CaseState, tuple[str, str]] = {
    CaseState.RECEIVED: ("已收件，等待送达中心", "Received, waiting to be sent"),
    CaseState.SYNCED: ("已送达中心，等待登记", "Sent, waiting to be registered"),
    CaseState.REGISTERED: ("已送达中心并登记", "Sent and registered at the centre"),
    CaseState.ACCEPTED: ("部门已经受理", "Accepted by the department"),
    CaseState.NEEDS_CORRECTION: ("需要补充材料", "Something has to be added"),
    CaseState.NOT_ACCEPTED: ("部门没有受理，请到窗口问一问", "Not accepted, please ask at the counter"),
    CaseState.IN_PROCESS: ("部门正在办理", "The department is at work on it"),
    CaseState.DECIDED: ("已经办结", "Decided"),
    CaseState.COLLECTABLE: ("已经办好，可以领取", "Ready to be collected"),
    CaseState.COLLECTED: ("已经领取", "Collected"),
    CaseState.WITHDRAWN: ("已经撤回", "Withdrawn"),
    CaseState.DRAFT: ("还没有提交", "Not handed in yet"),
    CaseState.EXPIRED_DRAFT: ("没有提交，已经清除", "Not handed in, and cleared"),
    CaseState.DUPLICATE_SUSPECTED: ("中心已登记，正在核对是否重复", "Registered, being checked for a double"),
    CaseState.NEEDS_CLERK: ("中心已登记，由工作人员核对", "Registered, a clerk will check it"),
}

WITHDRAWAL_TITLE = ("撤回申请回执", "Receipt: we have your request to withdraw")
WITHDRAWN_TITLE = ("撤回通知", "Notice: withdrawn")
WITHDRAWAL_WORDS: dict[CaseState, tuple[str, str]] = {
    CaseState.RECEIVED: ("撤回申请已收下，等待处理", "Request to withdraw received, to be dealt with"),
    CaseState.WITHDRAWN: ("已经撤回", "Withdrawn"),
    CaseState.NEEDS_CLERK: (
        "撤回申请已送到，由工作人员核对",
        "The request has arrived, a clerk will check it",
    ),
    CaseState.NOT_ACCEPTED: ("这件事没有办下去，不用撤回", "The case had ended already"),
    **dict.fromkeys(
        AFTER_ACCEPTANCE, ("没有撤回，部门已经在办，照常办理", "Not withdrawn: the department has begun")
    ),
}
"""What a case's state means for who asked to withdraw it; any other: the request is at the centre."""
AT_THE_CENTRE = ("撤回申请已送到中心", "The request is at the centre")


PERSON_TOLD = (
    "请把回执给本人看。中心会告诉本人：部门有登记的手机就发短信，没有就由工作人员转告。",
    "Show this to the person. The centre tells them too: by a message to the phone on record, else by staff.",
)
"""`central.notices` does it."""
COMPLETES = ("补交，编号不变", "Completes the case of this code")


def state_words(visit: Visit) -> tuple[str, str]:
    """Of what the resident came for, Chinese and English."""
    if visit.errand is Errand.WITHDRAW:
        return WITHDRAWAL_WORDS.get(visit.case_state, AT_THE_CENTRE)
    return STATE_WORDS[visit.case_state]


def about_of(visit: Visit) -> Mapping[str, str]:
    """Language -> the title of the service that the case is about; empty when it is not known here."""
    return visit.about_title if visit.errand is Errand.WITHDRAW else visit.service.title


def _titles(visit: Visit) -> tuple[str, str]:
    if visit.errand is Errand.WITHDRAW:
        return WITHDRAWN_TITLE if visit.case_state is CaseState.WITHDRAWN else WITHDRAWAL_TITLE
    return TITLE_OF.get(visit.case_state, TITLE_OF[CaseState.RECEIVED])


FORBIDDEN_BEFORE_ACCEPTANCE = ("受理", "通过", "生效", "成功办理")
"""Rule F6: words that promise an effect have no place on a receipt."""


def qr_text(code: str, service: str, received_at: str, sign: Callable[[bytes], bytes]) -> str:
    """Case code, digest and the terminal's whole Ed25519 signature; nothing of the person."""
    digest = hashlib.sha256(f"{code}|{service}|{received_at}".encode()).hexdigest()[:32]
    signature = sign(f"jiujin.slip/1|{code}|{digest}".encode())
    return f"JIUJIN1:{code}:{digest}:{base64.urlsafe_b64encode(signature).decode('ascii').rstrip('=')}"


def receipt(
    visit: Visit,
    place: Place,
    *,
    sign: Callable[[bytes], bytes],
    local_time: datetime,
    clock_quality: str,
    copy: bool,
) -> Slip:
    """The slip for the visit's case, Chinese first, English beside it for who reads English."""
    if visit.stored is None:
        message = "no slip without a stored case"
        raise ValueError(message)
    definition = visit.service
    english = visit.language == "en"
    index = 1 if english else 0
    title_zh, title_en = _titles(visit)
    state_zh, state_en = state_words(visit)
    about = about_of(visit)

    def label(zh: str, en: str) -> str:
        return f"{zh} {en}" if english else zh

    blocks: list[Block] = [
        Text(place.station, Size.SMALL, align=Align.CENTRE),
        Text(title_zh + ("（补打）" if copy else ""), Size.TITLE, bold=True, align=Align.CENTRE),
    ]
    if english:
        blocks.append(Text(title_en + (" (copy)" if copy else ""), Size.SMALL, align=Align.CENTRE))
    if visit.errand is Errand.AGAIN:
        blocks.append(Text(label(*COMPLETES), Size.SMALL, align=Align.CENTRE))
    blocks += [
        Rule(),
        Text(label("回执编号", "Case code"), Size.SMALL),
        Text(format_case_code(visit.case_code), Size.LARGE, bold=True),
        Rule(),
    ]
    if about:
        blocks.append(Pair(label("事项", "Service"), about["zh"]))
        if english:
            blocks.append(Pair("", about["en"]))
    if visit.applicant is not None:
        blocks.append(Pair(label("姓名", "Name"), mask_name(visit.applicant.document.name)))
    blocks += _acted_for(visit, english=english)
    if visit.helper is not None and visit.helper_confirmed:
        blocks.append(Pair(label("协理员", "Helper"), mask_name(visit.helper.document.name)))
    blocks += [
        Pair(label("收件时间", "Received"), f"{local_time:%Y-%m-%d %H:%M}"),
        Pair(label("现在的状态", "Status"), f"{state_zh} {state_en}" if english else state_zh),
        Pair(label("终端", "Terminal"), place.terminal),
        Pair(label("咨询电话", "Hotline"), place.hotline),
    ]
    if clock_quality != "synced":
        blocks.append(
            Text(
                ("时间以本机为准，待中心核对。", "Time by this terminal, to be verified.")[index], Size.SMALL
            )
        )
    blocks.append(Rule())
    if visit.case_state is CaseState.RECEIVED:
        # Only a case that still waits here may speak of the network.
        words = definition.offline.text
        blocks.append(Text(words["zh"], Size.SMALL))
        if english:
            blocks.append(Text(words["en"], Size.SMALL))
    elif visit.decision_words:
        blocks.append(Text(visit.decision_words["zh"], Size.SMALL))
        if english:
            blocks.append(Text(visit.decision_words["en"], Size.SMALL))
    elif visit.errand is not Errand.WITHDRAW:
        blocks.append(Pair(label("承诺时限", "Promised"), definition.promised_limit.text[visit.language]))
    if visit.principal is not None:
        blocks.append(Text(PERSON_TOLD[0], Size.SMALL))
        if english:
            blocks.append(Text(PERSON_TOLD[1], Size.SMALL))
    blocks += [
        QrCode(qr_text(visit.case_code, definition.code, visit.stored.received_at, sign)),
        Text(
            ("凭回执编号可查进度，请妥善保管。", "Keep this slip: ask about your case with the code.")[index],
            Size.SMALL,
            align=Align.CENTRE,
        ),
    ]
    return Slip(visit.case_code, tuple(blocks), counted_as=visit.item_id)


def _acted_for(visit: Visit, *, english: bool) -> list[Block]:
    """Who stood there for the person of the case, and on what ground; empty where nobody did."""
    if visit.principal is None or visit.card is None:
        return []
    agent, why = ("代办人 Acted for by", "理由 Because") if english else ("代办人", "理由")
    blocks: list[Block] = [Pair(agent, mask_name(visit.card.document.name))]
    grounds = visit.service.agent.grounds if visit.service.agent is not None else ()
    for said in (one.label for one in grounds if one.value == visit.ground):
        blocks.append(Pair(why, said["zh"]))
        if english:
            blocks.append(Pair("", said["en"]))
    return blocks


def lines_of(slip: Slip) -> list[str]:
    """The slip's words, one line a block: what a rehearsal compares and a test reads."""
    lines: list[str] = []
    for block in slip.blocks:
        match block:
            case Text(text):
                lines.append(text)
            case Pair(label, value):
                lines.append(f"{label} {value}".strip())
            case QrCode(data):
                lines.append(f"[QR] {data}")
            case Rule():
                pass
    return lines
