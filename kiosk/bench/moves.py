"""What can be done on the bench, in words, and the doing of it: one move at a time, refused with a reason."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kiosk.bench.children import HOW
from kiosk.bench.faults import UNPLUGGED
from kiosk.bench.people import HELPERS, PEOPLE, SIGHTS
from kiosk.bench.village import STRAIGHT, Village


@dataclass(frozen=True, slots=True)
class Choice:
    """One button. `tone` is how it looks when pressed: "" as it should be, "amber", "brick" out of order."""

    value: str
    zh: str
    en: str
    tone: str = ""
    note: str = ""


NETWORKS = (
    Choice("up", "网络正常", "Up"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("half_open", "接通了，不回话", "Connects, then silence", "amber"),
    Choice("answer_lost", "送到了，回话丢失", "Arrives, answers are lost", "amber"),
    Choice("down", "断网", "Torn", "brick"),
)
PAPERS = (
    Choice("ok", "有纸", "Paper"),
    Choice("low", "纸快完", "Low", "amber"),
    Choice("out", "没有纸", "Out", "brick"),
)
READERS = (
    Choice("ok", "正常", "Works"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("noise", "线上有杂音", "Noise on the line", "amber"),
    Choice("false_head", "应答前有假的帧头", "A false head before each answer", "amber"),
    Choice("pull_card", "读到一半拿走卡", "Card leaves while it is read", "amber"),
    Choice("other_speed", "改成了别的波特率", "Set to another baud rate", "amber"),
    Choice("stays_at_other_speed", "波特率不对，改不回来", "Keeps another baud rate", "amber"),
    Choice("another_module", "换了一台（安全模块不同）", "Another one (other SAM)", "amber"),
    Choice("late", "寻卡的应答总是晚到", "Answers about cards come too late", "brick"),
    Choice("damaged", "应答总是坏的", "Every answer damaged", "brick"),
    Choice("truncated", "应答总是不完整", "Every answer cut off", "brick"),
    Choice("lost_mid_answer", "应答到一半断开", "Line drops mid-answer", "brick"),
    Choice("silent", "不应答", "Silent", "brick"),
    Choice("sam_error", "安全模块自检失败", "SAM self-test failed", "brick"),
    Choice("unauthorised", "安全模块未授权", "SAM not authorised", "brick"),
    Choice("unplugged", "拔掉", "Unplugged", "brick"),
)
PRINTERS = (
    Choice("ok", "正常", "Works"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("cover", "盖子开着", "Cover open", "brick"),
    Choice("cutter", "切刀卡住", "Cutter jammed", "brick"),
    Choice("cutter_fails", "切不断纸", "Cut fails", "brick"),
    Choice("error", "报错", "Unrecoverable error", "brick"),
    Choice("hot", "打印头太热", "Print head hot", "brick"),
    Choice("feeding", "按着进纸键", "Feed button pressed", "brick"),
    Choice("waiting", "等人按进纸键", "Waits for its feed button", "brick"),
    Choice("silent", "不应答", "Silent", "brick"),
    Choice("garbage", "应答是乱码", "Answers garbage", "brick"),
    Choice("stops_reading", "打到一半不再接收", "Takes no more mid-job", "brick"),
    Choice("out_mid_job", "打到一半没纸", "Out of paper mid-job", "brick"),
    Choice("no_process_id", "打完了不报作业号", "Never says that a job is done", "brick"),
    Choice("dies_mid_job", "打到一半断开", "Line drops mid-job", "brick"),
    Choice("unplugged", "拔掉", "Unplugged", "brick"),
)
SMART_CARDS = (
    Choice("ok", "正常", "Works"),
    Choice("slow", "卡很慢", "Slow card", "amber"),
    Choice("foreign", "卡里没有社保应用", "Not our kind of card", "amber"),
    Choice("leave", "读到一半拔卡", "Pulled mid-read", "amber"),
    Choice("reset", "别的程序总在复位卡", "Reset by a program", "amber"),
    Choice("garbage", "卡的应答是乱码", "Answers garbage", "brick"),
    Choice("silent", "卡不应答", "Card is silent", "brick"),
    Choice("transaction", "别的程序占着卡不放", "Held by a program", "brick"),
    Choice("exclusive", "别的程序独占卡", "Taken by a program", "brick"),
    Choice("unplugged", "拔掉读卡器", "Unplugged", "brick"),
)
LENSES = (
    Choice("ok", "正常", "Works"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("freeze", "不来画面", "No new picture", "brick"),
    Choice("repeat", "总是同一幅", "Always the same", "brick"),
    Choice("black", "全黑", "Black", "brick"),
    Choice("green", "全绿", "Green", "brick"),
    Choice("half_green", "下半绿", "Lower half green", "brick"),
    Choice("left_over", "下半是旧画面", "Lower half is old", "brick"),
    Choice("wrong_size", "尺寸不对", "Wrong size", "brick"),
    Choice("truncated", "画面残缺", "Cut-off pictures", "brick"),
    Choice("garbage", "不是画面", "Garbage", "brick"),
    Choice("vanish", "连得上没画面", "Connects, no picture", "brick"),
    Choice("unplugged", "拔掉", "Unplugged", "brick"),
)
A4_PRINTERS = (
    Choice("ok", "正常", "Works"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("no-paper", "没有纸", "No paper", "brick"),
    Choice("jam", "卡纸", "Jam", "brick"),
    Choice("jam-after-a-page", "出一页后卡纸", "Jam after a page", "brick"),
    Choice("abort", "中途放弃", "Gives up", "brick"),
    Choice("nothing", "说打完了，没出纸", "Says done, prints nothing", "brick"),
    Choice("silent", "不应答", "Silent", "brick"),
    Choice("garbage", "应答是乱码", "Answers garbage", "brick"),
    Choice("unplugged", "拔掉", "Unplugged", "brick"),
)
CABINETS = (
    Choice("ok", "正常", "In order"),
    Choice("door_open", "柜门开着", "Door open", "amber"),
    Choice("too_hot", "太热", "Too hot", "amber"),
    Choice("too_cold", "太冷", "Too cold", "amber"),
    Choice("on_battery", "停电，用电池", "On battery", "amber"),
    Choice("battery_low", "电池快没电", "Battery low", "brick"),
    Choice("unreadable", "传感器读不出", "Sensor unreadable", "brick"),
)
SERVICES = (Choice("up", "运行", "Runs"), Choice("down", "停了", "Stopped", "brick"))
REGISTERS = (
    Choice("ok", "都正常", "In order"),
    Choice("lost", "这张卡已挂失", "The card is listed as lost", "amber"),
    Choice("out_of_scope", "不在领取范围", "The person is not in scope", "amber"),
    Choice("no_authority", "代办人没有登记", "The agent is not on record", "amber"),
    Choice("slow", "很慢", "Slow", "amber"),
    Choice("silent", "不应答", "Silent", "brick"),
    Choice("error", "报错", "Errors", "brick"),
    Choice("garbage", "应答是乱码", "Answers garbage", "brick"),
    Choice("endless", "应答没完没了", "Answers without end", "brick"),
    Choice("over_quota", "说问得太多", "Says too many questions", "brick"),
    Choice("down", "连不上", "Cannot be reached", "brick"),
)
CHILDREN = (
    Choice("camera", "摄像头", "Camera"),
    Choice("face", "人脸模型", "Face models"),
    Choice("card_reader", "读卡器（USB、智能卡）", "Card readers (USB, PC/SC)"),
    Choice("document_camera", "高拍仪", "Document camera"),
    Choice("receipt_printer", "回执打印机（USB）", "Receipt printer (USB)"),
    Choice("document_printer", "A4 打印", "A4 printing"),
)
"""Device families that may have a child process; a terminal has those of its devices."""
REPLUGS = (Choice("camera", "摄像头", "Camera"), Choice("reader", "身份证读卡器", "Card reader"))
CARDS = tuple(Choice(key, p.document.name, p.note_en, note=p.note_zh) for key, p in PEOPLE.items())
HELPER_CARDS = tuple(Choice(key, h.name, "Helper", note=h.authority) for key, h in HELPERS.items())
FACES = tuple(Choice(key, s.words_zh, s.words_en) for key, s in SIGHTS.items())
MOVEMENTS = (
    Choice(STRAIGHT, "正对镜头", "Straight"),
    Choice("turn_left", "转向左", "Turns left"),
    Choice("turn_right", "转向右", "Turns right"),
    Choice("look_up", "抬头", "Looks up"),
    Choice("look_down", "低头", "Looks down"),
    Choice("tilt_left", "歪向左肩", "Leans left"),
    Choice("tilt_right", "歪向右肩", "Leans right"),
    Choice("closer", "靠近", "Closer"),
    Choice("back", "退后", "Back"),
)
OFFERED = {
    "card": CARDS,
    "helper": HELPER_CARDS,
    "face": FACES,
    "movement": MOVEMENTS,
    "network": NETWORKS,
    "paper": PAPERS,
    "reader": READERS,
    "smart_card": SMART_CARDS,
    "printer": PRINTERS,
    "lens": LENSES,
    "service": SERVICES,
    "a4": A4_PRINTERS,
    "print_service": SERVICES,
    "cabinet": CABINETS,
    "registers": REGISTERS,
    "replug": REPLUGS,
    **dict.fromkeys(HOW, CHILDREN),
}
"""Move -> its choices; an empty value takes a card away."""
TAKEN_AWAY = ("card", "helper")
ONCE = ("replug", *HOW)
"""Moves that happen and are over: nothing holds, and what they did heals by itself."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a move was not made, for who stands at the bench. `unknown`: there is no such move."""

    zh: str
    en: str
    unknown: bool = False


class Moves:
    """Moves a village. Requests come from many threads, a village stands in one place: one at a time."""

    def __init__(self, village: Village) -> None:
        self._village = village
        # One thread that stays: what a move starts (a printer) ends with the thread that started it.
        self._hands = ThreadPoolExecutor(1, thread_name_prefix="bench-hands")

    def state(self) -> dict[str, str | int]:
        """Move -> the value that holds now, and how many slips have been cut; nothing holds of `ONCE`."""
        village = self._village
        return {
            "card": village.card,
            "helper": village.helper,
            "face": village.sight,
            **village.now,
            "slips": len(village.printer.receipts),
        }

    def make(self, what: str, value: str) -> Refused | None:
        """Make a move; None when it was made. What the village's devices raise becomes a reason."""
        away = not value and what in TAKEN_AWAY
        if what not in OFFERED or not (away or value in {one.value for one in OFFERED[what]}):
            return Refused("没有这个动作。", "There is no such move.", unknown=True)
        if (refused := self.lacks(what) or self._not_now(what, value)) is not None:
            return refused
        try:
            return self._hands.submit(self._do, what, value).result()
        except FileNotFoundError as error:
            name = Path(error.filename or "").name
            return Refused(
                f"缺少演示用的文件 {name}。请运行 deploy/setup.sh，再试一次。",
                f"The demo's file {name} is missing. Run deploy/setup.sh, then try again.",
            )
        except (OSError, ValueError, RuntimeError) as error:
            return Refused(f"没有做成：{error}", f"It could not be done: {error}")

    def lacks(self, what: str) -> Refused | None:
        """What this machine lacks for a move, and what to do; None when its far end stands here."""
        if what in ("a4", "print_service") and not self._village.a4:
            return Refused(
                "这里没有 A4 打印机：打印服务没有运行。请运行 deploy/setup.sh，它会安装 cups 和 cups-ipp-utils。",
                "There is no A4 printer here: the print service does not run. Run deploy/setup.sh, "
                "which installs cups and cups-ipp-utils.",
            )
        if what == "registers" and not self._village.registers:
            return Refused("这里的中心没有接登记簿。", "The centre here has no registers.")
        smart_cards = self._village.smart_cards is not None
        if what == "smart_card" and not smart_cards:
            return Refused(
                "这里的读卡器读身份证，不是智能卡读卡器。用 --card-reader pcsc 启动才有。",
                "The reader here is for identity cards. Start with --card-reader pcsc for a smart-card reader.",
            )
        if what == "reader" and smart_cards:
            return Refused(
                "这里是智能卡读卡器，没有身份证读卡器。",
                "The reader here is for smart cards; there is none for identity cards.",
            )
        slot = {"helper": self._village.helper_slot, "service": self._village.card_service}
        if not slot.get(what, True):
            return Refused(
                "智能卡服务没有运行，插不了协理员卡。请运行 deploy/setup.sh，它会安装 pcscd 和 vsmartcard-vpcd。",
                "The smart-card service does not run: there is no slot for a helper's card. "
                "Run deploy/setup.sh, which installs pcscd and vsmartcard-vpcd.",
            )
        return None

    def _not_now(self, what: str, value: str) -> Refused | None:
        """Moves that need the smart-card service or its reader, while that is away."""
        village = self._village
        card_in = bool(value) and (what == "helper" or (what == "card" and village.smart_cards is not None))
        if village.now["service"] == "down" and (card_in or what == "smart_card"):
            return Refused(
                "智能卡服务停了，先让它运行。", "The smart-card service is stopped: start it first."
            )
        if card_in and village.now["smart_card"] == "unplugged":
            return Refused("读卡器拔掉了，先插上。", "The reader is unplugged: plug it in first.")
        return None

    def close(self) -> None:
        """No more moves; what one of them started ends here."""
        self._hands.shutdown()

    def _do(self, what: str, value: str) -> Refused | None:
        village = self._village
        match what:
            case "card":
                village.put_card(value) if value else village.take_card()
            case "helper":
                village.put_helper_card(value) if value else village.take_helper_card()
            case "face":
                village.show_face(value)
            case "movement":
                village.move_head("" if value == STRAIGHT else value)
            case "replug":
                return self._replug(value)
            case _ if what in HOW:
                return self._strike(what, value)
            case _:
                village.set(what, value)
        return None

    def _replug(self, value: str) -> Refused | None:
        if (lacking := self.lacks(value)) is not None:
            return lacking
        if self._village.now["lens" if value == "camera" else value] == UNPLUGGED:
            return Refused("它已经拔掉了，先选“正常”插上。", "It is unplugged: plug it in first, by “Works”.")
        self._village.replug(value)
        return None

    def _strike(self, what: str, family: str) -> Refused | None:
        if self._village.strike(what, family):
            return None
        (name,) = [one for one in CHILDREN if one.value == family]
        return Refused(
            f"终端现在没有“{name.zh}”的子进程：没有接这种设备，或者它正在启动。",
            f"The terminal has no child process for “{name.en}” now: it has no such device, or it is just starting.",
        )
