"""The form of a definition: pages with controls, in the shape of JSON Forms."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kiosk.catalogue.words import Words

SCOPE_PREFIX = "#/properties/"


class Widget(StrEnum):
    """How a question is asked (a closed set)."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    CHOICE = "choice"


class MaskRule(StrEnum):
    """How a field is shown to bystanders. Without a word everything is masked; logs drop all."""

    NONE = "none"
    ALL = "all"
    NAME = "name"
    NUMBER = "number"
    MOBILE = "mobile"


class UiPart(BaseModel):
    """Strict and immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Option(UiPart):
    """One choice: what is stored and what is read."""

    value: Annotated[str, Field(min_length=1, max_length=64)]
    label: Words


class Rule(UiPart):
    """Show or hide by a condition. While the condition is unknown, SHOW hides and HIDE shows."""

    effect: Literal["SHOW", "HIDE"]
    condition: Any


class Control(UiPart):
    """One question. `scope` points into `data_schema`: `#/properties/<field>`."""

    type: Literal["Control"] = "Control"
    scope: Annotated[str, Field(pattern=r"^#/properties/[a-z][a-z0-9_]*$")]
    label: Words
    widget: Widget
    hint: Words | None = None
    elder: Words | None = None
    """Plainer words for the large type, where the label is long."""
    speech: Words | None = None
    error: Words | None = None
    """Said when the value does not fit; without it a general sentence serves."""
    shows_card: Literal["address"] | None = None
    """A field of the card that is shown, masked, beneath the question."""
    options: tuple[Option, ...] = ()
    mask: MaskRule = MaskRule.ALL
    rule: Rule | None = None

    @property
    def field(self) -> str:
        return self.scope.removeprefix(SCOPE_PREFIX)

    def label_of(self, value: str, language: str) -> str:
        """What the resident reads for a stored value: a choice's label, else the value itself."""
        return next((o.label[language] for o in self.options if o.value == value), value)


class Page(UiPart):
    """The questions that stand on one screen."""

    type: Literal["Category"] = "Category"
    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    label: Words
    elements: Annotated[tuple[Control, ...], Field(min_length=1)]
    rule: Rule | None = None


class Ui(UiPart):
    """All pages in their order."""

    type: Literal["Categorization"] = "Categorization"
    pages: tuple[Page, ...]

    @property
    def controls(self) -> tuple[Control, ...]:
        return tuple(control for page in self.pages for control in page.elements)

    def control(self, field: str) -> Control | None:
        return next((c for c in self.controls if c.field == field), None)
