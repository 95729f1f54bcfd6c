"""What the resident should do when a sheet or a code could not be taken."""

from __future__ import annotations

from drivers.code_reader.contract import CodeFailure
from drivers.document_camera.contract import DocumentFailure

_NOT_NOW = "现在拍不了，请稍等，或请工作人员帮忙"

DOCUMENT_WORDS: dict[DocumentFailure, str] = {
    DocumentFailure.NO_SHEET: "没有看到纸，请把它平放在深色的垫子上",
    DocumentFailure.PARTLY_OUTSIDE: "纸没有放全，请把四个角都放进画面里",
    DocumentFailure.COVERED: "有东西压住了纸边，请把手拿开",
    DocumentFailure.TOO_SMALL: "离得太远，请把纸放近一点",
    DocumentFailure.WRONG_SHAPE: "形状不对，请一次只放一页，摊平",
    DocumentFailure.TOO_DARK: "光线太暗，请不要挡住灯",
    DocumentFailure.GLARE: "纸上有反光，请稍微转一转，或把它压平",
    DocumentFailure.BLURRED: "拍得不清楚，请放平，不要动",
    DocumentFailure.EMPTY: "这一面看不到字，请翻过来试试",
    DocumentFailure.MALFORMED: "这张图片打不开，请换一张",
    DocumentFailure.TOO_LARGE: "图片太大了，请少拍几页",
    DocumentFailure.TOO_MANY_PAGES: "页数太多了，请分几次办理",
    DocumentFailure.NO_PICTURE: _NOT_NOW,
    DocumentFailure.TIMED_OUT: _NOT_NOW,
}

CODE_WORDS: dict[CodeFailure, str] = {
    CodeFailure.NO_CODE: "没有看到码，请把它对着镜头，放平",
    CodeFailure.SEVERAL: "看到了几个码，请只留一个",
    CodeFailure.NOT_TEXT: "这个码不是这里用的",
    CodeFailure.CONTROL_CHARACTERS: "这个码不是这里用的",
    CodeFailure.TOO_LONG: "这个码不是这里用的",
    CodeFailure.CHECK_FAILED: "这个码没有看清，或不是这里用的，请再放一次",
    CodeFailure.NO_PICTURE: _NOT_NOW,
    CodeFailure.TIMED_OUT: _NOT_NOW,
    CodeFailure.CANCELLED: "已经停止",
}
