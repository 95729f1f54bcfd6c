"""A finding: one thing that was looked at, how it is, and what a technician does about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from drivers.contract import DeviceState, DeviceStatus
from kiosk.health import CAUSES


class Verdict(StrEnum):
    """`unknown` is no better than `wrong`; `warning` works now and wants somebody soon."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    NOT_FITTED = "not_fitted"


SIGNS = {
    Verdict.FINE: "✓",
    Verdict.WARNING: "!",
    Verdict.WRONG: "✗",
    Verdict.UNKNOWN: "?",
    Verdict.NOT_FITTED: "-",
}
NEEDS_SOMEBODY = frozenset({Verdict.WRONG, Verdict.UNKNOWN})

NAMES: dict[str, tuple[str, str]] = {
    "program": ("终端程序", "terminal program"),
    "settings": ("设置", "settings"),
    "keys": ("密钥", "keys"),
    "card": ("身份证读卡器", "card reader"),
    "helper": ("协理员卡读卡器", "helper's card slot"),
    "csca": ("护照签发国证书", "passport issuers' certificates"),
    "camera": ("摄像头", "camera"),
    "document_camera": ("高拍仪", "document camera"),
    "code_reader": ("扫码", "code reader"),
    "token": ("数字证书令牌", "signing tokens"),
    "face": ("人脸确认", "face check"),
    "liveness": ("本人在场", "presence"),
    "printer": ("回执打印机", "receipt printer"),
    "a4": ("文件打印机", "document printer"),
    "speaker": ("朗读", "reading aloud"),
    "cabinet": ("柜内传感器", "the cabinet's sensors"),
    "touch": ("触摸屏", "touch panel"),
    "keyboard": ("键盘", "keyboard"),
    "staff": ("工作人员", "staff"),
    "centre": ("中心", "centre"),
    "queue": ("待送件", "queue"),
    "disk": ("磁盘", "disk"),
    "clock": ("时间", "clock"),
    "services": ("事项", "services"),
}
"""Subject -> its name for a technician, in the order of the report."""

_NO_WORDS = {"zh": "", "en": ""}
_STATE_WORDS = {
    DeviceState.OPENING: {"zh": "还在启动", "en": "still starting"},
    DeviceState.UNKNOWN: {"zh": "状态不明", "en": "state unknown"},
}
_POWER_CYCLE = {"zh": "断电重启这个设备再看", "en": "power-cycle the device and look again"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` and `action`: language -> words; `detail` is technical, of one language, never personal."""

    subject: str
    verdict: Verdict
    what: Mapping[str, str]
    action: Mapping[str, str]
    cause: str = ""
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        zh, en = name_of(self.subject)
        return {
            "subject": self.subject,
            "name": {"zh": zh, "en": en},
            "verdict": self.verdict.value,
            "cause": self.cause,
            "what": dict(self.what),
            "action": dict(self.action),
            "detail": self.detail,
        }

    def lines(self) -> list[str]:
        """The finding in words: its line, and under it what to do."""
        zh, en = name_of(self.subject)
        said = _both(self.what) or {Verdict.NOT_FITTED: "没有配 / not fitted"}.get(
            self.verdict, "可以用 / works"
        )
        detail = f"  ({self.detail})" if self.detail else ""
        lines = [f" {SIGNS[self.verdict]} {zh} {en}: {said}{detail}"]
        if action := _both(self.action):
            lines.append(f"     → {action}")
        return lines


def name_of(subject: str) -> tuple[str, str]:
    """A subject's name in Chinese and English; one without a name of its own goes by its key."""
    return NAMES.get(subject, (subject, subject))


def of_device(kind: str, status: DeviceStatus) -> list[Finding]:
    """A device's state, and one finding more for each of its warnings."""
    detail = status.detail if status.usable else ""
    warned = [of_cause(kind, warning.value, Verdict.WARNING, detail) for warning in status.warnings]
    if status.usable:
        return warned or [fine(kind, status.detail)]
    verdict = Verdict.UNKNOWN if status.state in _STATE_WORDS else Verdict.WRONG
    if status.cause is not None:
        return [of_cause(kind, status.cause.value, verdict, status.detail), *warned]
    words = _STATE_WORDS.get(status.state, _STATE_WORDS[DeviceState.UNKNOWN])
    return [Finding(kind, Verdict.UNKNOWN, words, _POWER_CYCLE, "device.unknown", status.detail), *warned]


def of_cause(subject: str, cause: str, verdict: Verdict = Verdict.WRONG, detail: str = "") -> Finding:
    """A cause of the health vocabulary with its technician's words."""
    text = CAUSES[cause]
    return Finding(subject, verdict, text.technician, text.action, cause, detail)


def fine(subject: str, detail: str = "") -> Finding:
    return Finding(subject, Verdict.FINE, _NO_WORDS, _NO_WORDS, detail=detail)


def not_fitted(subject: str) -> Finding:
    """kiosk.ini names no such device: nothing is wrong."""
    return Finding(subject, Verdict.NOT_FITTED, _NO_WORDS, _NO_WORDS)


def _both(words: Mapping[str, str]) -> str:
    return " / ".join(filter(None, (words.get("zh", ""), words.get("en", ""))))
