"""Pinyin by librime with the user dictionary off: it learns nothing and writes nothing typed.

librime is one per process, so only one `Rime` is open at a time. Nothing is ever committed inside
the engine: letters go in, candidates are read, the composition is cleared.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from screens.keyboard.engine import Candidate
from screens.keyboard.rime_library import Context, counted

SCHEMA = "luna_pinyin_simp"
DOWN = 0xFF54
"""X11 keysym: highlights the next candidate."""
MOST = 200
"""Candidates of one question; about 5 ms on two shared cores."""
MOST_SINGLE = 1200
"""Enough for every character of a syllable (the longest list measured has 1,000 entries)."""


class Rime:
    """An open engine, made by `rime_opening.open_rime`. Any thread may ask, one at a time."""

    def __init__(self, library: ctypes.CDLL, closed: Callable[[], None]) -> None:
        self._library = library
        self._closed = closed
        self._lock = threading.Lock()
        self._open = True
        self._session = 0

    def candidates(self, letters: str, *, single: bool = False) -> tuple[Candidate, ...] | None:
        """What `letters` may mean, see `engine.Engine`; None when the engine is closed or gives no session."""
        if not all("a" <= letter <= "z" for letter in letters):
            raise ValueError("letters are a to z")
        with self._lock:
            if not self._ensure_session():
                return None
            if not single:
                return tuple(self._listed(letters, simplified=True, most=MOST))
            # Names keep characters that simplification folds into others (昇, 甯, 於): they follow last.
            found: dict[str, Candidate] = {}
            for simplified in (True, False):
                for candidate in self._listed(letters, simplified=simplified, most=MOST_SINGLE):
                    if len(candidate.text) == 1:
                        found.setdefault(candidate.text, candidate)
            return tuple(found.values())

    def forget(self) -> None:
        """Drop the session with all it holds; the next question gets a new one."""
        with self._lock:
            self._end_session()

    def close(self) -> None:
        """End librime; another `open_rime` may follow."""
        with self._lock:
            if not self._open:
                return
            self._end_session()
            self._open = False
            self._library.RimeFinalize()
        self._closed()

    def _end_session(self) -> None:
        if self._session:
            self._library.RimeDestroySession(self._session)
        self._session = 0

    def _ensure_session(self) -> bool:
        if not self._open:
            return False
        if self._session and self._library.RimeFindSession(self._session):
            return True
        self._session = int(self._library.RimeCreateSession())
        return bool(self._session and self._library.RimeSelectSchema(self._session, SCHEMA.encode()))

    def _listed(self, letters: str, *, simplified: bool, most: int) -> Iterator[Candidate]:
        with self._composing(letters, simplified=simplified):
            for _ in range(most):
                candidate, last = self._highlighted(len(letters))
                if candidate is None:
                    return
                yield candidate
                if last:
                    return
                self._library.RimeProcessKey(self._session, DOWN, 0)

    @contextmanager
    def _composing(self, letters: str, *, simplified: bool) -> Iterator[None]:
        self._library.RimeSetOption(self._session, b"zh_simp", int(simplified))
        try:
            for letter in letters:
                self._library.RimeProcessKey(self._session, ord(letter), 0)
            yield
        finally:
            self._library.RimeClearComposition(self._session)

    def _highlighted(self, typed: int) -> tuple[Candidate | None, bool]:
        """The highlighted candidate, and whether it is the last.

        The preedit shows the candidate's own spelling up to `sel_end` and then the letters that it
        leaves over, as they were typed: so many remain.
        """
        context = Context()
        context.data_size = counted(Context)
        if not self._library.RimeGetContext(self._session, ctypes.byref(context)):
            return None, True
        try:
            menu = context.menu
            if menu.num_candidates == 0:
                return None, True
            index = menu.highlighted_candidate_index
            left = context.composition.length - context.composition.sel_end
            last = bool(menu.is_last_page) and index == menu.num_candidates - 1
            return Candidate(menu.candidates[index].text.decode(), typed - left), last
        finally:
            self._library.RimeFreeContext(ctypes.byref(context))
