"""The keyboard as a screen holds it: what is typed, what is offered, which keys there are. Pure.

Nothing here is ever shown by a repr: what is typed is personal.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

from kiosk.locale import Texts, texts_for
from screens.keyboard import layout
from screens.keyboard.composer import Composer
from screens.keyboard.engine import Candidate, Engine, EngineState
from screens.keyboard.layout import Key, KeyKind, Layer, Look, Row
from screens.keyboard.notice import WORDS, Notice
from screens.keyboard.paging import Page, WidthOf, characters, pages

Kind = Literal["text", "number", "code"]
CANDIDATES_WIDTH = 16
"""Characters of a line of candidates beside the two page keys: eight single characters."""


class Keyboard:
    """One field being typed. `version` grows with every change that can be seen.

    `candidates_width` is the line of candidates in the unit of `width_of`: characters, or the window's
    pixels, so that each candidate of a page is really on the screen.

    `max_length` counts characters. `kind` "number" takes digits, and X where `letter_x` allows it;
    "code" takes Latin letters and digits.
    ValueError: `text`, what stands in the field already, is longer than that.
    """

    def __init__(
        self,
        language: str,
        kind: Kind,
        max_length: int,
        engine: Engine,
        *,
        text: str = "",
        letter_x: bool = False,
        candidates_width: float = CANDIDATES_WIDTH,
        width_of: WidthOf = characters,
    ) -> None:
        if len(text) > max_length:
            raise ValueError(f"{len(text)} characters stand where {max_length} may")
        self._t: Texts = texts_for(language)
        self._number = kind == "number"
        self._code = kind == "code"
        self._max_length = max_length
        self._engine = engine
        self._composer = Composer(engine)
        self._letter_x = letter_x
        self._width = candidates_width
        self._width_of = width_of
        self._chinese_first = language == "zh"
        self._engine_state = engine.state
        self._text = text
        self._version = 0
        self._begin()

    def _begin(self) -> None:
        self._layer = Layer.NUMBER_PAD if self._number else Layer.CODE if self._code else Layer.LETTERS
        self._chinese = (
            not self._number
            and not self._code
            and self._chinese_first
            and self._engine.state is not EngineState.UNAVAILABLE
        )
        self._capital = False
        self._page = 0
        self._paged: tuple[tuple[Candidate, ...], tuple[Page, ...]] = ((), ())
        self._notice = Notice.NONE
        self._done = False

    def __repr__(self) -> str:
        return f"Keyboard({self._layer.value}, version={self._version})"

    @property
    def version(self) -> int:
        return self._version

    @property
    def text(self) -> str:
        """What is written."""
        return self._text

    @property
    def max_length(self) -> int:
        """The most characters that may be written."""
        return self._max_length

    @property
    def composing(self) -> str:
        """Letters that are not characters yet."""
        return self._composer.letters

    @property
    def done(self) -> bool:
        """The resident pressed "done"."""
        return self._done

    @property
    def full(self) -> bool:
        """Nothing more fits."""
        return len(self._text) >= self._max_length

    @property
    def layer(self) -> Layer:
        return self._layer

    @property
    def notice(self) -> Notice:
        """What to tell: the last refusal, else the state of pinyin where it matters."""
        if self._notice is not Notice.NONE or self._number or self._code:
            return self._notice
        if self._engine_state is EngineState.UNAVAILABLE:
            return Notice.UNAVAILABLE
        if self._engine_state is EngineState.OPENING and self.composing:
            return Notice.OPENING
        return Notice.FULL if self.full else Notice.NONE

    @property
    def notice_words(self) -> str:
        """The notice as a sentence; empty when there is none."""
        return self._t(WORDS[self.notice]) if self.notice in WORDS else ""

    def rows(self) -> tuple[Row, ...]:
        """The keys of the present layer."""
        unavailable = self._engine_state is EngineState.UNAVAILABLE
        look = Look(
            chinese=self._chinese,
            capital=self._capital,
            single=self._composer.single,
            pinyin_reason=self._t(WORDS[Notice.UNAVAILABLE]) if unavailable else "",
            letter_x=self._letter_x,
        )
        return layout.rows(self._layer, look, self._t)

    def candidates(self) -> tuple[Candidate, ...]:
        """The present page of what the letters may mean; `choose` takes a place in it."""
        return tuple(candidate for _, candidate in self._shown())

    @property
    def has_more(self) -> bool:
        return self._page + 1 < len(self._pages())

    @property
    def has_previous(self) -> bool:
        return self._page > 0

    def more(self) -> bool:
        """Turn to the next page of candidates; False when there is none."""
        return self._turn(1) if self.has_more else False

    def previous(self) -> bool:
        """Turn back a page; False when there is none."""
        return self._turn(-1) if self.has_previous else False

    def choose(self, index: int) -> bool:
        """Write the candidate at `index` of the present page; its letters are consumed."""
        shown = self._shown()
        if not 0 <= index < len(shown):
            return False
        place, candidate = shown[index]
        if not self._fits(candidate.text):
            return self._tell(Notice.FULL)
        self._composer.choose(place)
        return self._write(candidate.text)

    def press(self, key_id: str) -> bool:
        """A key was pressed. False when nothing came of it; a key of another layer is no key."""
        key = next((key for row in self.rows() for key in row.keys if key.id == key_id), None)
        if key is None or not key.enabled:
            return False
        self._done = False
        match key.kind:
            case KeyKind.LETTER:
                return self._letter(key)
            case KeyKind.TEXT:
                return self.insert(key.types)
            case KeyKind.BACKSPACE:
                return self._backspace()
            case KeyKind.SHIFT:
                self._capital = not self._capital
            case KeyKind.SINGLE:
                self._composer.offer_single(only=not self._composer.single)
                self._page = 0
            case KeyKind.LANGUAGE:
                return self._switch_language()
            case KeyKind.LAYER:
                self._layer = Layer(key.types)
            case KeyKind.SPACE:
                return self._space()
            case KeyKind.DONE:
                if self.composing:
                    return self._tell(Notice.CHOOSE_FIRST)
                self._done = True
        return self._changed()

    def insert(self, text: str) -> bool:
        """Write text as it stands, all or nothing: a mark, a digit, a keyboard that was plugged in.

        Control, format and line characters are refused, and in a number what is no digit.
        """
        if self.composing:
            return self._tell(Notice.CHOOSE_FIRST)
        if not text or not all(map(self._allowed, text)):
            return self._tell(Notice.REFUSED)
        return self._write(text) if self._fits(text) else self._tell(Notice.FULL)

    def poll(self) -> bool:
        """Call now and then: True when pinyin has become ready, or has gone, since."""
        if self._engine.state is self._engine_state:
            return False
        self._engine_state = self._engine.state
        self._composer.refresh()
        if self._engine_state is EngineState.UNAVAILABLE and self._chinese:
            self._composer.clear()
            self._chinese = False
        return self._changed()

    def wipe(self) -> None:
        """Drop everything typed, here and in the engine; the keyboard is as new."""
        self._text = ""
        self._composer = Composer(self._engine)
        self._engine.forget()
        self._begin()
        self._version += 1

    def _letter(self, key: Key) -> bool:
        if not self._chinese:
            self._capital = False
            return self.insert(key.types)
        if self.full:
            return self._tell(Notice.FULL)
        if not self._composer.type(key.types):
            return self._tell(Notice.LETTERS_FULL)
        self._page = 0
        return self._changed()

    def _backspace(self) -> bool:
        if self._composer.backspace():
            self._page = 0
        elif self._text:
            self._text = self._text[:-1]
        else:
            return False
        return self._changed()

    def _space(self) -> bool:
        """The first candidate; the letters themselves when they mean nothing; else a space."""
        if not self.composing:
            return self.insert(" ")
        return self.choose(0) if self._composer.candidates else self._keep_letters()

    def _switch_language(self) -> bool:
        """Letters under way stay as letters: whoever switches wanted them."""
        if self.composing and not self._keep_letters():
            return False
        self._chinese = not self._chinese
        self._capital = False
        return self._changed()

    def _keep_letters(self) -> bool:
        letters = self.composing
        if not self._fits(letters):
            return self._tell(Notice.FULL)
        self._composer.clear()
        return self._write(letters)

    def _write(self, text: str) -> bool:
        self._text += text
        self._page = 0
        return self._changed()

    def _fits(self, text: str) -> bool:
        return len(self._text) + len(text) <= self._max_length

    def _allowed(self, character: str) -> bool:
        if self._number:
            return character in "0123456789" or (self._letter_x and character == "X")
        if self._code:
            return character.isascii() and (character.isalnum() or character == " ")
        category = unicodedata.category(character)
        return category[0] != "C" and category not in ("Zl", "Zp")

    def _pages(self) -> tuple[Page, ...]:
        candidates = self._composer.candidates
        if self._paged[0] is not candidates:  # a screen asks several times for each key
            self._paged = candidates, pages(candidates, self._width, self._width_of)
        return self._paged[1]

    def _shown(self) -> Page:
        found = self._pages()
        return found[self._page] if self._page < len(found) else ()

    def _turn(self, by: int) -> bool:
        self._page += by
        return self._changed()

    def _tell(self, notice: Notice) -> bool:
        self._notice = notice
        self._version += 1
        return False

    def _changed(self) -> bool:
        self._notice = Notice.NONE
        self._version += 1
        return True
