"""The results on paper, so that they can stay in the terminal's folder at the office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from drivers.contract import CheckOutcome
from drivers.receipt_printer.contract import Align, Block, Pair, QrCode, Rule, Size, Slip, Text
from kiosk.doctor.findings import name_of
from kiosk.selftest.optional import SAMPLE
from kiosk.selftest.steps import Step

JOB_ID = "SELFTEST"

NAMES: dict[str, tuple[str, str]] = {
    "queue_fsync": ("待送件写盘", "queue to disk"),
    "sync_round_trip": ("中心往返", "round trip to the centre"),
    "face_models": ("人脸模型", "face models"),
    "camera_frames": ("摄像头画面", "camera"),
    "card_read": ("读卡", "card"),
    "print": ("打印", "print"),
}
OUTCOMES: dict[CheckOutcome, tuple[str, str]] = {
    CheckOutcome.PASSED: ("通过", "passed"),
    CheckOutcome.FAILED: ("不通过", "failed"),
    CheckOutcome.NOT_DONE: ("没有做", "not done"),
}
SIGNS = {CheckOutcome.PASSED: "✓", CheckOutcome.FAILED: "✗", CheckOutcome.NOT_DONE: "-"}


def figures(step: Step) -> str:
    """What was measured, with units: `took_ms=12` reads `took 12 ms`."""
    return ", ".join(
        f"{name.rsplit('_', 1)[0].replace('_', ' ')} {value:.0f} {name.rsplit('_', 1)[1]}"
        for name, value in step.measured.items()
    )


def _name(step: str) -> tuple[str, str]:
    """A step's name; a device that was only looked at goes by its own."""
    return NAMES[step] if step in NAMES else name_of(step)


def line_of(step: Step) -> str:
    """One line for the screen."""
    zh, en = _name(step.name)
    said_zh, said_en = OUTCOMES[step.outcome]
    more = "; ".join(filter(None, (figures(step), step.detail)))
    return f" {SIGNS[step.outcome]} {zh} {en}: {said_zh} / {said_en}" + (f"  ({more})" if more else "")


def sheet(terminal: str, station: str, version: str, made_at: datetime, steps: Sequence[Step]) -> Slip:
    """A slip of all steps so far. `made_at` is local time."""
    blocks: list[Block] = [
        Text(station, Size.SMALL, align=Align.CENTRE),
        Text("自检单 Self-test", Size.TITLE, bold=True, align=Align.CENTRE),
        Rule(),
        Pair("终端 Terminal", terminal),
        Pair("版本 Version", version),
        Pair("时间 Time", f"{made_at:%Y-%m-%d %H:%M}"),
        Rule(),
    ]
    for step in steps:
        zh, en = _name(step.name)
        blocks.append(Pair(zh, " ".join(OUTCOMES[step.outcome])))
        blocks.append(Text("; ".join(filter(None, (en, figures(step), step.detail))), Size.SMALL))
    blocks += [
        Rule(),
        QrCode(SAMPLE),
        Text("纸上能看到这一行，打印就是好的。", Size.SMALL),
        Text("㐂䶮𠮷〇 ÀÉ ABC 0123456789", Size.BODY),
    ]
    return Slip(JOB_ID, tuple(blocks))
