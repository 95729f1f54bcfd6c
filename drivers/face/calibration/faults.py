"""Why a calibration does not count, and what a technician does about it."""

from __future__ import annotations

from enum import StrEnum


class CalibrationFault(StrEnum):
    """Each of them is assist mode: nobody is accepted by a score."""

    MISSING = "missing"
    UNSIGNED = "unsigned"
    UNREADABLE = "unreadable"
    WRONG_KEY = "wrong_key"
    SIGNATURE = "signature"
    SCHEMA = "schema"
    CONTENT = "content"
    ENDED = "ended"
    UNPROVEN = "unproven"
    TARGET = "target"
    MODELS = "models"
    PIPELINE = "pipeline"
    CARD_CLASS = "card_class"


_ANEW = ("用 face calibrate 重新校准", "calibrate anew: face calibrate")
_SIGN = ("请保管校准钥匙的人重新签名，或在 kiosk.ini 写对 calibration_key",
         "have it signed by who holds the calibration key, or name the right calibration_key in kiosk.ini")  # fmt: skip

WORDS: dict[CalibrationFault, tuple[tuple[str, str], tuple[str, str]]] = {
    CalibrationFault.MISSING: (
        ("文件读不出", "the file cannot be read"),
        ("在 kiosk.ini 写对文件，或用 face calibrate 做一份", "name the file in kiosk.ini, or make one: face calibrate"),
    ),
    CalibrationFault.UNSIGNED: (
        ("旁边没有签名文件（.sig）", "no signature file (.sig) lies beside it"),
        ("把 .sig 一起拷来", "copy the .sig file along"),
    ),
    CalibrationFault.UNREADABLE: (("不是能读的校准文件", "is no calibration that can be read"),
                                  ("重新拷一份", "copy it again")),
    CalibrationFault.WRONG_KEY: (
        ("公钥文件不对", "the public key's file is not right"),
        ("在 kiosk.ini 写对 calibration_key（Ed25519 公钥，PEM）",
         "name the right calibration_key in kiosk.ini (Ed25519 public key, PEM)"),
    ),
    CalibrationFault.SIGNATURE: (("签名不符：签名后改过，或别人签的",
                                  "the signature does not fit: changed after signing, or signed by another"), _SIGN),
    CalibrationFault.SCHEMA: (("版本不认识", "of a version that this program does not read"), _ANEW),
    CalibrationFault.CONTENT: (("内容不对", "the content is not right"), _ANEW),
    CalibrationFault.ENDED: (("过期了", "its time is over"), _ANEW),
    CalibrationFault.UNPROVEN: (
        ("数据太少，没有证明目标，只能用于演示", "its data were too few to show its target: for the demo only"),
        ("用更多的人重新校准，或把 --target-fmr 写大些，最大 1e-3",
         "calibrate with more people, or for a larger --target-fmr, 1e-3 at most"),
    ),
    CalibrationFault.TARGET: (
        ("目标太松，只能用于演示", "its target is too lax: for the demo only"),
        ("用 face calibrate 重新校准，--target-fmr 最大 1e-3", "calibrate anew: face calibrate --target-fmr, 1e-3 at most"),
    ),
    CalibrationFault.MODELS: (("是为别的模型做的", "made for other models"),
                              ("装回那些模型，或用 face calibrate 重新校准",
                               "put those models back, or calibrate anew: face calibrate")),
    CalibrationFault.PIPELINE: (("是为别的程序版本做的", "made for another way from picture to face"), _ANEW),
    CalibrationFault.CARD_CLASS: (("没有这种证件照片的限值", "without limits for this kind of card photo"),
                                  ("用 face calibrate --card-class 加上这种照片",
                                   "calibrate for that kind of photo: face calibrate --card-class")),
}  # fmt: skip
"""Fault -> what is wrong and what to do, each in Chinese and English."""


def in_words(fault: CalibrationFault, detail: str) -> str:
    """Technical words of one language, for a device's detail."""
    (_, what), (_, action) = WORDS[fault]
    return f"{fault.value}, {detail}: {what}; {action}"
