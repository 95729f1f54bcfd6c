"""What is said beside the live picture: one request at a time, what helps, never what is wrong with whom."""

from __future__ import annotations

from drivers.face.contract import Guidance
from drivers.face.liveness.contract import Prompt

FACE_WORDS: dict[Guidance | None, str] = {
    None: "很好，请保持",
    Guidance.NO_FACE: "请看镜头",
    Guidance.ONE_PERSON: "镜头前请只留一个人",
    Guidance.COME_CLOSER: "请靠近一点",
    Guidance.MOVE_BACK: "请退后一点",
    Guidance.TO_THE_MIDDLE: "请站到画面中间",
    Guidance.TOO_DARK: "光线有点暗，请朝向亮处",
    Guidance.BACK_LIGHT: "背后太亮，请换个方向",
    Guidance.TOO_BRIGHT: "光线太强，请稍微侧一点",
    Guidance.SIDE_LIGHT: "一边暗，请转向亮处",
    Guidance.DARK_GLASSES: "请先摘下墨镜",
    Guidance.FACE_COVERED: "请先摘下口罩或围巾",
    Guidance.HOLD_STILL: "请稍微停一下",
    Guidance.LOOK_HERE: "请正对镜头",
    Guidance.HEAD_LEVEL: "请把头放正一点",
    Guidance.GLARE: "眼镜反光，请先摘下",
    # Not "open your eyes": the model takes narrow eyes for shut ones.
    Guidance.EYES_HERE: "眼睛请看镜头",
}
PROMPT_WORDS: dict[Prompt, str] = {
    Prompt.TURN_LEFT: "请把头慢慢转向左边",
    Prompt.TURN_RIGHT: "请把头慢慢转向右边",
    Prompt.LOOK_UP: "请慢慢抬一下头",
    Prompt.LOOK_DOWN: "请慢慢低一下头",
    Prompt.TILT_LEFT: "请把头歪向左肩一点",
    Prompt.TILT_RIGHT: "请把头歪向右肩一点",
    Prompt.CLOSER: "请往前靠近一点",
    Prompt.BACK: "请往后退一点",
}
"""Left and right are the resident's, as in the mirror of the screen."""
POINTING = "不方便也没关系，请按“用别的办法”，一样有效。"
"""For who cannot do what is asked: glasses or a veil that stay on, eyes that do not find the camera."""
