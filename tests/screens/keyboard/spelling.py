"""A tiny engine for tests of the keyboard alone: what it knows is written here."""

from __future__ import annotations

from collections.abc import Mapping

from screens.keyboard.engine import Candidate, EngineState

KNOWN: Mapping[str, str] = {
    "ouyang": "欧阳",
    "ou": "欧偶藕呕鸥殴",
    "yang": "杨阳羊",
    "xiu": "秀修休",
    "ying": "英应",
    "luanma": "乱码乱码乱码乱码乱码乱码",
}


class Spelling:
    """Knows `KNOWN`: an entry as long as its syllables is a word, another a list of characters."""

    def __init__(self, state: EngineState = EngineState.READY) -> None:
        self.state = state
        self.asked = 0
        self.forgotten = 0

    def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
        self.asked += 1
        if self.state is not EngineState.READY:
            return ()
        out = []
        for spelling in sorted(KNOWN, key=len, reverse=True):
            if letters.startswith(spelling):
                word = spelling in ("ouyang", "luanma")
                texts = [KNOWN[spelling]] if word else list(KNOWN[spelling])
                out += [Candidate(text, len(spelling)) for text in texts if not (single and word)]
        return tuple(out)

    def forget(self) -> None:
        self.forgotten += 1
