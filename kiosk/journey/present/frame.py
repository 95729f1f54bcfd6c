"""What is the same on every screen: top bar, bottom bar, progress, dialogs."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.health import CAUSES
from kiosk.journey.moves import SCREEN_OF
from kiosk.journey.states import State
from kiosk.journey.table import NO_RETURN
from kiosk.journey.view import Action, Block, Dialog, Style, Tone, TopBar
from kiosk.journey.visit import DialogKind, Visit
from kiosk.journey.world import World
from kiosk.local_time import CHINA_TIME
from kiosk.locale import Texts


@dataclass(frozen=True, slots=True)
class Parts:
    """What differs from screen to screen."""

    title: str
    subtitle: str = ""
    blocks: tuple[Block, ...] = ()
    actions: tuple[Action, ...] = ()
    mark: str = ""
    busy: bool = False


def top_bar(world: World, t: Texts) -> TopBar:
    if world.online:
        link, tone = t("网络正常"), Tone.FINE
    elif world.link_cause:
        link, tone = CAUSES[world.link_cause].resident[t.language], Tone.WAITING
    else:
        link, tone = t("正在连接网络"), Tone.WAITING
    return TopBar(
        product=t("就近政务服务"),
        station=f"{world.place.station} · {t('终端')} {world.place.terminal}",
        link_text=link,
        link_tone=tone,
        time_text=f"{world.now.astimezone(CHINA_TIME):%H:%M}",
    )


def bar(visit: Visit, world: World, t: Texts) -> tuple[Action, ...]:
    """Back, help, large type, read aloud, language, leave: always in this order."""
    if visit.state is State.HOME:
        first = Action("back", t("返回"), Style.BAR, icon="back", enabled=False, reason=t("已经是首页"))
    else:
        first = Action(
            "back",
            t("返回"),
            Style.BAR,
            icon="back",
            enabled=visit.state not in NO_RETURN,
            reason=t("这一步不能返回"),
        )
    return (
        first,
        Action("help", t("求助"), Style.BAR, icon="help"),
        Action(
            "elder",
            t("小字") if visit.elder else t("大字"),
            Style.BAR,
            icon="text-size",
            selected=visit.elder,
        ),
        Action(
            "speak",
            t("朗读"),
            Style.BAR,
            icon="speaker",
            enabled=world.speech_ready,
            reason=t("这台机器没有喇叭"),
        ),
        Action("language", "English" if visit.language == "zh" else "中文", Style.BAR, icon="globe"),
        Action(
            "cancel",
            t("结束"),
            Style.BAR,
            icon="leave",
            enabled=visit.state not in (State.ATTRACT, State.SUBMITTING, State.ENDED)
            and not _slip_is_owed(visit),
            reason=t("这一步不能结束"),
        ),
    )


def _slip_is_owed(visit: Visit) -> bool:
    """Stored, but the slip is not on its way yet: whoever left now would go without it. It takes seconds."""
    return visit.state is State.RESULT and visit.printed is None and not visit.printing


def progress(visit: Visit) -> tuple[int, int] | None:
    """The step of how many, counted over the screens that wait for the resident."""
    if visit.definition is None or visit.state in NO_RETURN | {State.HOME, State.WINDOW}:
        return None
    waits = [
        i
        for i, step in enumerate(visit.definition.flow)
        if step in SCREEN_OF and SCREEN_OF[step] not in NO_RETURN | {State.PREFILL}
    ]
    done = sum(1 for i in waits if i <= visit.step)
    return (done, len(waits)) if done else None


def dialog(visit: Visit, world: World, t: Texts) -> Dialog | None:
    match visit.dialog:
        case None:
            return None
        case DialogKind.CANCEL:
            return Dialog(
                t("要结束办理吗？"),
                t("还没有提交，填写的内容会全部清除。"),
                (
                    Action("stay", t("继续办理"), Style.PRIMARY),
                    Action("leave", t("结束并清除"), Style.SECONDARY),
                ),
            )
        case DialogKind.IDLE:
            return Dialog(
                t("您还在吗？"),
                t("为保护您的信息，{seconds} 秒后自动结束。", seconds=visit.idle_left_s),
                (
                    Action("stay", t("我还在，继续"), Style.PRIMARY),
                    Action("leave", t("结束办理"), Style.SECONDARY),
                ),
                countdown_s=visit.idle_left_s,
            )
        case DialogKind.HELP:
            return Dialog(
                t("需要帮忙？"),
                t(
                    "可以请{station}的协理员帮忙，或拨打 {hotline}。终端号 {terminal}。",
                    station=world.place.station,
                    hotline=world.place.hotline,
                    terminal=world.place.terminal,
                ),
                (Action("close", t("知道了"), Style.PRIMARY),),
            )
        case DialogKind.SURE:
            return Dialog(
                t("真的要这样做吗？"),
                t("屏幕会先关掉。现在没有人在办事。"),
                (
                    Action("close", t("不做"), Style.PRIMARY),
                    Action("sure", t("确定"), Style.SECONDARY),
                ),
            )
