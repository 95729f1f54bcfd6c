"""Words of the pages: Chinese first, English beside. Times are shown at +08:00 (rule F1)."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import kiosk.catalogue
from central.database import as_text
from central.form import TEXTS, Reason
from central.log import EVENT_TEXTS, Event
from central.rounds import Standing
from kiosk.catalogue.load import Rejection, read
from kiosk.health import CAUSES

CHINA_TIME = ZoneInfo("Asia/Shanghai")
Pair = tuple[str, str]

TERMINAL_STATES: dict[str, Pair] = {
    "live": ("正常", "Live"),
    "degraded": ("部分可用", "Degraded"),
    "out_of_service": ("停用", "Out of service"),
    "unknown": ("情况不明", "Unknown"),
    "installed": ("已登记，未上线", "Installed, not live"),
    "revoked": ("已吊销", "Revoked"),
}

CASE_STATES: dict[str, Pair] = {
    "received": ("已收件", "Received"),
    "synced": ("已送达", "Synced"),
    "registered": ("中心已登记", "Registered"),
    "accepted": ("已受理", "Accepted"),
    "needs_correction": ("待补正", "Needs correction"),
    "not_accepted": ("不予受理", "Not accepted"),
    "in_process": ("办理中", "In process"),
    "decided": ("已办结", "Decided"),
    "collectable": ("可领取", "Collectable"),
    "collected": ("已领取", "Collected"),
    "withdrawn": ("已撤回", "Withdrawn"),
    "duplicate_suspected": ("疑似重复", "Duplicate suspected"),
    "needs_clerk": ("待人工核实", "Needs a clerk"),
}

KINDS: dict[str, Pair] = {
    "case": ("办件", "Case"),
    "withdrawal": ("撤回", "Withdrawal"),
    "evaluation": ("评价", "Evaluation"),
}

VERDICTS: dict[str, Pair] = {
    "refused": ("已退回", "Refused"),
    "conflict": ("内容冲突", "Conflict"),
    "later": ("稍后再送", "Later"),
}

LINKS: dict[str, Pair] = {
    "online": ("正常", "Online"),
    "offline": ("中断", "Offline"),
    "slow": ("很慢", "Slow"),
    "busy": ("中心忙", "The centre is busy"),
    "unknown": ("不明", "Unknown"),
    "tls_untrusted": ("中心证书不可信", "The centre's certificate is not trusted"),
    "tls_name": ("中心证书名称不符", "The centre's certificate has another name"),
    "tls_expired": ("中心证书已过期", "The centre's certificate has expired"),
    "clock_wrong": ("时钟不准，连不上", "Not connected, the clock is wrong"),
    "unauthorised": ("中心不认它的签名", "The centre does not know its signature"),
    "revoked": ("已吊销，中心不收", "Revoked, the centre takes nothing"),
    "acknowledgement_invalid": ("中心回执签名不符", "The centre's acknowledgement does not verify"),
}
"""What a terminal says of its link (`LinkState`); a newer terminal's word is shown as it comes."""

ALSO_TOLD: dict[str, Pair] = {
    "device_name": ("设备名称", "Device name"),
    "site": ("地点", "Site"),
    "ip": ("网络地址", "Network address"),
    "last_error": ("最近的错误", "Last error"),
    "note": ("备注", "Note"),
}
"""The texts of a heartbeat that are shown as they came."""

CLOCKS: dict[str, Pair] = {
    "synced": ("已校准", "Synced"),
    "unsynced": ("未校准，时间待核", "Not synced, times unverified"),
    "jumped": ("跳变过，时间待核", "Jumped, times unverified"),
}

THREADS: dict[str, Pair] = {
    "opening": ("拆封登记、定期清理", "Opening cases, clearing what is over"),
    "rechecks": ("再问登记簿", "Asking registers again"),
    "notices": ("告知被代办的本人", "Telling persons for whom somebody acted"),
}

FARES: dict[str, Pair] = {
    "off": ("本中心不需要", "Not needed here"),
    "well": ("正常", "Well"),
    "failing": ("失败，会自己再试", "Failing, tries again by itself"),
    "silent": ("没有动静，可能卡住了", "Begins nothing, may be stuck"),
    "ended": ("自己停了", "Has ended by itself"),
}

THREAD_ACTIONS: dict[str, Pair] = {
    "failing": (
        "看中心的日志，查数据库；收下的办件都在，不会丢",
        "see the centre's log and its database; what was taken in is kept",
    ),
    "silent": (
        "重启中心进程；收下的办件都在，不会丢",
        "restart the centre's process; what was taken in is kept",
    ),
    "ended": (
        "重启中心进程；收下的办件都在，不会丢",
        "restart the centre's process; what was taken in is kept",
    ),
}

FARES_BADGES = {"off": "", "well": "live", "failing": "bad", "silent": "bad", "ended": "bad"}
"""How the pages paint it."""

CHAIN_CAUSES: dict[str, tuple[Pair, Pair]] = {
    "terminal.came_back": (
        EVENT_TEXTS[Event.TERMINAL_CAME_BACK],
        (
            "记下网络地址，通知保卫和网络管理员去找机器",
            "note the network address, let security and the network's keepers find the machine",
        ),
    ),
    "chain.fork": (
        EVENT_TEXTS[Event.CHAIN_FORK],
        ("停用两台，现场核对机号和磁盘", "stop both, compare machine and disk on site"),
    ),
    "chain.gap": (
        EVENT_TEXTS[Event.CHAIN_GAP],
        ("等终端补送；一天后仍缺则导出其队列", "wait for it; after a day export the terminal's queue"),
    ),
    "manifest.missing": (
        EVENT_TEXTS[Event.MANIFEST_MISSING],
        (
            "恢复更近的备份；恢复不了的按终端的编号逐件找居民补办",
            "restore a later backup; what stays missing is taken up with its resident, by the terminal's list",
        ),
    ),
    "manifest.differing": (
        EVENT_TEXTS[Event.MANIFEST_DIFFERING],
        ("停用终端，现场核对磁盘", "stop the terminal, compare its disk on site"),
    ),
}
"""What the centre itself sees; all other causes come from `kiosk.health`."""


def cause(code: str) -> tuple[Pair, Pair]:
    """What is wrong and what to do; a code that nobody knows is shown as it is."""
    if code in CHAIN_CAUSES:
        return CHAIN_CAUSES[code]
    text = CAUSES.get(code)
    if text is None:
        return (code, code), ("查看终端日志", "see the terminal's log")
    return (text.technician["zh"], text.technician["en"]), (text.action["zh"], text.action["en"])


def trouble(standing: Standing) -> Pair:
    """What is wrong with a thread, since when, and what to do."""
    (work_zh, work_en), (fares_zh, fares_en) = THREADS[standing.name], FARES[standing.fares]
    (do_zh, do_en), last = THREAD_ACTIONS[standing.fares], standing.last
    since = local_time(as_text(standing.since) if standing.since else None)
    what = f"（{last.kind} {last.place}）" if last else ""
    return (
        f"本中心的后台工作“{work_zh}”从 {since} 起：{fares_zh}{what}。{do_zh}。",
        f"{work_en}, since {since}: {fares_en.lower()}; {do_en}.",
    )


def event(code: str) -> Pair:
    return EVENT_TEXTS[Event(code)] if code in set(Event) else (code, code)


def reason(code: str) -> Pair:
    if code not in set(Reason):
        return code, code
    zh, en = TEXTS[Reason(code)].split(" / ")
    return zh, en


def pair(words: dict[str, Pair], key: str) -> Pair:
    return words.get(key, (key, key))


@cache
def _titles() -> dict[str, Pair]:
    found: dict[str, Pair] = {}
    for file in sorted((Path(kiosk.catalogue.__file__).parent / "definitions").glob("*.json")):
        definition = read(file)
        if not isinstance(definition, Rejection):
            title = dict(definition.title)
            found[definition.code] = (title.get("zh", definition.code), title.get("en", definition.code))
    return found


def service(code: str) -> Pair:
    """The title of a service that this centre publishes, else its code."""
    return _titles().get(code, (code, code))


def local_time(text: str | None) -> str:
    """`2026-11-25 16:03:12`, at +08:00; an unreadable claim is shown as it came."""
    if not text:
        return "—"
    try:
        return datetime.fromisoformat(text).astimezone(CHINA_TIME).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):
        return text


def age(text: str | None, now: datetime) -> Pair:
    """How long ago, in the largest whole unit."""
    if not text:
        return "—", ""
    try:
        seconds = max(0, int((now - datetime.fromisoformat(text)).total_seconds()))
    except (ValueError, TypeError):
        return text, ""
    for unit_s, zh, en in ((86400, "天", "d"), (3600, "小时", "h"), (60, "分钟", "min")):
        if seconds >= unit_s:
            return f"{seconds // unit_s} {zh}", f"{seconds // unit_s} {en}"
    return f"{seconds} 秒", f"{seconds} s"
