"""What the keyboard may have to say."""

from __future__ import annotations

from enum import StrEnum


class Notice(StrEnum):
    """What the keyboard has to say, if anything."""

    NONE = "none"
    FULL = "full"
    LETTERS_FULL = "letters_full"
    CHOOSE_FIRST = "choose_first"
    REFUSED = "refused"
    OPENING = "opening"
    UNAVAILABLE = "unavailable"


WORDS: dict[Notice, str] = {
    Notice.FULL: "已经写满，写不下了",
    Notice.LETTERS_FULL: "拼音太长，请先选字",
    Notice.CHOOSE_FIRST: "请先选好字，再继续",
    Notice.REFUSED: "这里不能填这个字符",
    Notice.OPENING: "拼音正在准备，请稍等",
    Notice.UNAVAILABLE: "这台机器现在不能打拼音，可以用字母和数字，或请工作人员帮忙",
}
"""The sentence of a notice, as a key of the translations."""
