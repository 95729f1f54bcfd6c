"""The staff's screens: the door, the menu, the health. No case, no code, no person is in any of them."""

from __future__ import annotations

import math

from drivers.contract import Ok
from kiosk.doctor.findings import NAMES
from kiosk.health import CAUSES
from kiosk.journey.present.frame import Parts
from kiosk.journey.staffing import PIN_FIELD, TRIABLE
from kiosk.journey.view import (
    Action,
    Block,
    Choices,
    Field,
    FieldKind,
    Fields,
    Line,
    Lines,
    Message,
    Points,
    Style,
    Tone,
)
from kiosk.journey.visit import Visit
from kiosk.journey.world import Backstage, World
from kiosk.locale import Texts
from kiosk.staff.answers import Door, DoorAnswer, StaffAction, StaffFailure
from kiosk.staff.pin import LEAST_DIGITS, MOST_DIGITS

SET_PIN = "python main.py staff set-pin"
LABELS = {
    StaffAction.PAPER_CHANGED: "换好了一卷新纸",
    StaffAction.PRINTS_SEEN: "没打出来的回执和文件，都处理过了",
    StaffAction.TEST_PRINT: "打印一张测试条",
    StaffAction.RESTART_CARD: "重启身份证读卡器",
    StaffAction.RESTART_HELPER: "重启协理员卡读卡器",
    StaffAction.RESTART_CAMERA: "重启摄像头",
    StaffAction.RESTART_DOCUMENT_CAMERA: "重启高拍仪",
    StaffAction.RESTART_CODE_READER: "重启扫码",
    StaffAction.RESTART_TOKEN: "重启数字证书令牌",
    StaffAction.RESTART_FACE: "重启人脸确认",
    StaffAction.OUT_OF_SERVICE: "暂停这台机器的服务",
    StaffAction.INTO_SERVICE: "恢复服务",
    StaffAction.RESTART_PROGRAM: "重启这个程序",
    StaffAction.EXIT: "退出这个程序",
}
"""In the order of the menu."""
FAILURES = {
    StaffFailure.NOT_THERE: "这台机器没有这个设备",
    StaffFailure.DEVICE: "设备没有做成，请看设备状态",
    StaffFailure.UNKNOWN: "不能确定有没有打印出来，请看一下出纸口",
    StaffFailure.DISK: "磁盘写不进去",
    StaffFailure.DEFECT: "程序出错，请看日志",
}
_SET_AGAIN = "请在这台机器上运行：{command}"


def door(visit: Visit, _world: World, t: Texts) -> Parts:
    """Where the PIN is asked for."""
    title = t("工作人员入口")
    if visit.staff.door is None:
        return Parts(title, t("正在核对，请稍等"), busy=True)
    blocks, again = _stands(visit.staff.door, t)
    actions = (Action("look", t("再看一次"), Style.SECONDARY),) if again else ()
    return Parts(title, t("只给工作人员用；办事请按返回"), blocks=blocks, actions=actions)


def _stands(stands: Door, t: Texts) -> tuple[tuple[Block, ...], bool]:
    """What the door says, and whether it is worth looking again."""
    set_pin = Points((t(_SET_AGAIN, command=SET_PIN),), numbered=False)
    pin = Fields(
        (
            Field(
                PIN_FIELD,
                FieldKind.PIN,
                t("PIN 码"),
                hint=t("{least} 到 {most} 位数字", least=LEAST_DIGITS, most=MOST_DIGITS),
                max_length=MOST_DIGITS,
            ),
        )
    )
    words = {
        DoorAnswer.SHUT: "",
        DoorAnswer.OPENED: "",
        DoorAnswer.WRONG: t("PIN 不对，还可以试 {left} 次", left=stands.left),
        DoorAnswer.LOCKED: t(
            "试错太多，锁住了，约 {minutes} 分钟后再试", minutes=math.ceil(stands.locked_s / 60)
        ),
        DoorAnswer.NO_PIN: t("还没有设 PIN，菜单打不开"),
        DoorAnswer.BROKEN: t("PIN 或试错次数读不出来，菜单打不开"),
        DoorAnswer.NOT_COUNTED: t("磁盘写不进去，PIN 没有核对"),
    }[stands.answer]
    message = (Message(words, Tone.TROUBLE),) if words else ()
    if stands.answer in TRIABLE:
        return (*message, pin), False
    more = () if stands.answer is DoorAnswer.LOCKED else (set_pin,)
    return (*message, *more), True


def menu(visit: Visit, world: World, t: Texts) -> Parts:
    """What can be done, and how the last thing went."""
    back = world.backstage
    health = Action("health", t("设备、网络和待送件"), Style.CHOICE, hint=_summary(world, t))
    busy = visit.staff.doing is not None
    actions = tuple(
        Action(
            f"staff:{action.value}",
            t(label),
            Style.CHOICE,
            enabled=not busy,
            reason=t("上一件事还没有做完"),
        )
        for action, label in LABELS.items()
        if action in back.offered and _makes_sense(action, world)
    )
    return Parts(
        t("工作人员菜单"),
        _said(visit, t) if not visit.staff.done else "",
        blocks=(*_result(visit, t), Choices((health, *actions), columns=1 if visit.elder else 2)),
    )


def _makes_sense(action: StaffAction, world: World) -> bool:
    """Out of service is not offered when it is out already."""
    match action:
        case StaffAction.OUT_OF_SERVICE:
            return not world.out_of_service
        case StaffAction.INTO_SERVICE:
            return world.out_of_service
        case _:
            return True


def _said(visit: Visit, t: Texts) -> str:
    doing = visit.staff.doing
    return t("两分钟没人碰会自己关上") if doing is None else f"{t('正在做')}：{t(LABELS[doing])}"


def _result(visit: Visit, t: Texts) -> tuple[Block, ...]:
    if visit.staff.done is None:
        return ()
    action, result = visit.staff.done
    label = t(LABELS[action])
    if isinstance(result, Ok):
        return (Message(f"{label}：{t('做好了')}", Tone.FINE),)
    return (Message(f"{label}：{t(FAILURES[result.reason])}", Tone.TROUBLE),)


def _causes(world: World) -> list[str]:
    back = world.backstage
    of_devices = [cause for device in back.devices.values() for cause in (*device.causes, *device.warnings)]
    return list(dict.fromkeys((*back.causes, *of_devices)))


def _summary(world: World, t: Texts) -> str:
    count = len(_causes(world))
    troubles = t("有 {count} 处要看一下", count=count) if count else t("都正常")
    return f"{troubles} · {t('待送 {count} 件', count=world.backstage.waiting)}"


def health(_visit: Visit, world: World, t: Texts) -> Parts:
    """Every device with its state, what is wrong and what to do; the network; the queue as numbers."""
    back = world.backstage
    devices = tuple(
        Line(_name(kind, t), _joined(found, t) or t("正常"))
        for kind, device in back.devices.items()
        for found in ((*device.causes, *device.warnings),)
    )
    queue = (
        Line(t("网络"), t("网络正常") if world.online else _link(world, t)),
        Line(t("待送件"), _waiting(back, t)),
        Line(t("被中心退回"), t("{count} 件", count=back.refused)),
        Line(t("终端"), f"{world.place.terminal} · {back.version}"),
    )
    others = tuple(_words(cause, t) for cause in back.causes if cause != world.link_cause)
    blocks: list[Block] = [Points(others, numbered=False, title=t("要看一下"))] if others else []
    if devices:
        blocks.append(Lines(devices, t("设备")))
    blocks.append(Lines(queue, t("网络和待送件")))
    return Parts(t("设备、网络和待送件"), blocks=tuple(blocks))


def _waiting(back: Backstage, t: Texts) -> str:
    count, oldest = back.waiting, back.oldest
    hours = int(oldest.hours) if oldest else 0
    if oldest is None or oldest.exact:
        return t("{count} 件，最早的等了 {hours} 小时", count=count, hours=hours)
    return t("{count} 件，最早的至少等了 {hours} 小时，多久说不准", count=count, hours=hours)


def _link(world: World, t: Texts) -> str:
    return _words(world.link_cause, t) if world.link_cause else t("正在连接网络")


def _name(kind: str, t: Texts) -> str:
    return NAMES.get(kind, (kind, kind))[0 if t.language == "zh" else 1]


def _joined(causes: tuple[str, ...], t: Texts) -> str:
    return ("；" if t.language == "zh" else "; ").join(_words(cause, t) for cause in causes)


def _words(cause: str, t: Texts) -> str:
    """What is wrong and what to do."""
    text = CAUSES[cause]
    joint = "，" if t.language == "zh" else ": "
    return f"{text.technician[t.language]}{joint}{text.action[t.language]}"
