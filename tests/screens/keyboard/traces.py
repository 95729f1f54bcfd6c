"""What typing may leave behind, and acts that would leave it. The names are invented."""

from __future__ import annotations

import ctypes
import hashlib
from pathlib import Path

from screens.keyboard.engine import Candidate, EngineState
from screens.keyboard.model import Keyboard
from screens.keyboard.rime import DOWN, Rime

NAMES = {"ouyangxiuying": "欧阳秀英", "zhangguiying": "张桂英", "zhugeruiqi": "诸葛睿琪"}
RETURN = 0xFF0D
SPACE = 0x20


class Ready:
    """An open `Rime` as the keyboard's engine."""

    state = EngineState.READY

    def __init__(self, rime: Rime) -> None:
        self._rime = rime

    def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
        return self._rime.candidates(letters, single=single) or ()

    def forget(self) -> None:
        self._rime.forget()


def tree(folder: Path) -> dict[str, str]:
    """Every file with its time of change and the hash of its content."""
    return {
        str(
            path.relative_to(folder)
        ): f"{path.stat().st_mtime_ns} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        for path in folder.rglob("*")
        if path.is_file()
    }


def traces(folder: Path, typed: list[str]) -> list[str]:
    """Files that hold any of `typed`, in the encodings that a library here may write."""
    needles = [text.encode(encoding) for text in typed for encoding in ("utf-8", "utf-16-le", "gb18030")]
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(needle in path.read_bytes() for needle in needles)
    ]


TYPED = [*NAMES, *NAMES.values()]


def type_names(rime: Rime) -> None:
    """Each name three times, character by character, as a resident would."""
    keyboard = Keyboard("zh", "text", 20, Ready(rime), candidates_width=4000)
    keyboard.press("single")
    for letters, name in list(NAMES.items()) * 3:
        for letter in letters:
            assert keyboard.press(letter)
        for character in name:
            offered = [c.text for c in keyboard.candidates()]
            assert keyboard.choose(offered.index(character)), letters
        assert (keyboard.text, keyboard.composing) == (name, "")
        for _ in name:
            keyboard.press("backspace")


def commit_inside(rime: Rime, letters: str, place: int) -> None:
    """What the keyboard never does: let librime itself commit a candidate, from which it would learn."""
    session = ctypes.c_size_t(rime._session)
    for key in (*map(ord, letters), *[DOWN] * place, SPACE, RETURN):
        rime._library.RimeProcessKey(session, key, 0)
    rime._library.RimeClearComposition(session)
