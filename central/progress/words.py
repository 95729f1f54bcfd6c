"""What each state means to a resident, and what to do now: Chinese first, then English, plain."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.case import CaseState

Pair = tuple[str, str]
_NOTHING_TO_DO: Pair = (
    "不用再交一次，过几天再查。",
    "You need not hand it in again. Please look again in a few days.",
)
_STAFF_LOOK: Pair = (
    "工作人员正在看，不用再交一次。结果会写在这里。",
    "Staff are looking at it; you need not hand it in again. The result will stand here.",
)
_ASK: Pair = (
    "请带身份证和回执到窗口，或打回执上的电话问原因。",
    "Please bring your identity card and slip to the counter, or call the number on the slip.",
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """`tone`: how it looks, "jade" done or on its way, "amber" something is asked of the resident, "grey" over."""

    title: Pair
    now: Pair
    tone: str = "jade"


S = CaseState
MEANINGS: dict[CaseState, Meaning] = {
    S.SYNCED: Meaning(
        ("已送达中心", "It has reached the centre"),
        ("正在登记，请过几分钟再查。", "It is being registered. Please look again in a few minutes."),
    ),
    S.REGISTERED: Meaning(("中心已登记", "Registered at the centre"), _NOTHING_TO_DO),
    S.ACCEPTED: Meaning(("已受理", "Accepted"), _NOTHING_TO_DO),
    S.IN_PROCESS: Meaning(("正在办理", "Being processed"), _NOTHING_TO_DO),
    S.DECIDED: Meaning(
        ("已办结", "Decided"),
        ("要领取的材料，可以领取时会写在这里。", "If there is something to collect, it will be told here."),
    ),
    S.COLLECTABLE: Meaning(
        ("可以领取了", "Ready to collect"),
        ("请带身份证和回执到窗口领取。", "Please bring your identity card and slip to the counter."),
        "amber",
    ),
    S.COLLECTED: Meaning(("已领取", "Collected"), ("这件事办完了。", "This is finished."), "grey"),
    S.NEEDS_CORRECTION: Meaning(
        ("需要补充材料", "Something has to be added"),
        (
            "请带身份证和回执到窗口，会一次告诉您要补什么。",
            "Please bring your identity card and slip to the counter; all that is missing is told at once.",
        ),
        "amber",
    ),
    S.NOT_ACCEPTED: Meaning(("没有受理", "Not accepted"), _ASK, "amber"),
    S.WITHDRAWN: Meaning(
        ("已撤回", "Withdrawn"),
        ("这件不再往下办。要办可以重新申请。", "It is not taken any further. You can apply anew."),
        "grey",
    ),
    S.DUPLICATE_SUSPECTED: Meaning(("可能和另一件重复", "It may be the same as another case"), _STAFF_LOOK),
    S.NEEDS_CLERK: Meaning(("工作人员正在核实", "Staff are checking it"), _STAFF_LOOK),
}
"""Of every state that a case can have at the centre."""

NOT_HERE = Meaning(
    ("中心还没有这件", "The centre does not have it yet"),
    (
        "刚办的件可能还在终端里等网络，回执有效，请明天再查。也请对照回执再看一遍编号。",
        "A new case may still wait in its terminal; the slip is valid. Look again tomorrow, and compare the code.",
    ),
    "amber",
)
NO_CODE = Meaning(
    ("请再看一次编号", "Please look at the code once more"),
    (
        "编号有16位，四位一组，印在回执上方。里面没有 0、O、1、I、L（前四位除外）。",
        "The code has 16 signs in groups of four, at the top of the slip. It has no 0, O, 1, I or L but in the first four.",
    ),
    "amber",
)
