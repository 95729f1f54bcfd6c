"""The form of a definition: schema, questions and conditions must fit together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from kiosk.catalogue.answers import is_required
from kiosk.catalogue.model import Definition, StepType
from kiosk.catalogue.rules import decide, variables
from kiosk.catalogue.shape import Finding
from kiosk.catalogue.truth import Refusal
from kiosk.catalogue.ui import Control, Widget

FIELDS_A_PAGE_MAX = 7
REFERENCES = frozenset({"$ref", "$dynamicRef", "$anchor", "$dynamicAnchor", "$id"})
"""A definition stands alone: it is judged without looking anything up."""


def lint_form(definition: Definition) -> Iterator[Finding]:
    """Findings about `data_schema` and `ui`."""
    broken = tuple(_schema(definition.data_schema))
    yield from broken
    if broken:
        return
    properties: Mapping[str, Any] = definition.data_schema["properties"]
    asked = [control.field for control in definition.ui.controls]
    for field in sorted(field for field in set(asked) if asked.count(field) > 1):
        yield Finding("ui.twice", f"ui.{field}", "同一项问了两次", "the same field is asked twice")
    for field in properties:
        if is_required(definition, field) and field not in asked:
            yield Finding(
                "ui.never_asked", f"data_schema.{field}", "必填却没有问", "required but never asked"
            )
    for control in definition.ui.controls:
        yield from _control(control, properties)
    for page in definition.ui.pages:
        if len(page.elements) > FIELDS_A_PAGE_MAX:
            zh, en = f"一页最多 {FIELDS_A_PAGE_MAX} 项", f"at most {FIELDS_A_PAGE_MAX} questions a page"
            yield Finding("ui.crowded", f"ui.{page.id}", zh, en)
    yield from _rules(definition, frozenset(properties))
    if asked and StepType.FORM not in definition.flow:
        yield Finding("ui.no_form", "flow", "有问题却没有 form 步骤", "there are questions but no form step")
    if not asked and StepType.FORM in definition.flow:
        yield Finding("ui.no_questions", "ui", "有 form 步骤却没有问题", "a form step without questions")


def _schema(schema: Mapping[str, Any]) -> Iterator[Finding]:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        path = ".".join(("data_schema", *map(str, error.path)))
        yield Finding("data_schema", path, "不是有效的 JSON Schema", "not a valid JSON Schema")
        return
    if schema.get("type") != "object" or not isinstance(schema.get("properties"), dict):
        zh, en = "要是 object，并写明 properties", "must be an object with properties"
        yield Finding("data_schema", "data_schema", zh, en)
        return
    if schema.get("unevaluatedProperties") is not False and schema.get("additionalProperties") is not False:
        zh, en = "要写 unevaluatedProperties: false", "must say unevaluatedProperties: false"
        yield Finding("data_schema.open", "data_schema", zh, en)
    for field, kind in schema["properties"].items():
        if not isinstance(kind, dict) or kind.get("type") != "string":
            yield Finding("data_schema.type", f"data_schema.{field}", "要是 string", "must be a string")
    for path, key in _walk(schema, "data_schema"):
        if key in REFERENCES:
            yield Finding("data_schema.reference", path, "不能引用别处", "must not refer to anything else")


def _walk(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}", key
            yield from _walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, f"{path}.{index}")


def _control(control: Control, properties: Mapping[str, Any]) -> Iterator[Finding]:
    field = control.field
    if field not in properties:
        yield Finding("ui.scope", f"ui.{field}", "data_schema 里没有这一项", "data_schema has no such field")
        return
    kind, offered = properties[field], [option.value for option in control.options]
    if control.widget is Widget.CHOICE and offered != kind.get("enum"):
        zh, en = "选项要和 enum 一样", "the options must be those of enum, in its order"
        yield Finding("ui.options", f"ui.{field}", zh, en)
    if control.widget is not Widget.CHOICE and offered:
        yield Finding("ui.options", f"ui.{field}", "只有 choice 有选项", "only a choice has options")
    if control.widget in (Widget.TEXT, Widget.LONG_TEXT) and "maxLength" not in kind:
        yield Finding("ui.endless", f"data_schema.{field}", "文字要有 maxLength", "a text needs maxLength")


def _rules(definition: Definition, fields: frozenset[str]) -> Iterator[Finding]:
    places = (
        *((f"ui.{page.id}.rule", page.rule) for page in definition.ui.pages),
        *((f"ui.{control.field}.rule", control.rule) for control in definition.ui.controls),
    )
    for path, rule in places:
        if rule is None:
            continue
        unknown = sorted(variables(rule.condition) - fields)
        for name in unknown:
            en = "the condition looks at a field that is not there"
            yield Finding("ui.rule", f"{path}.{name}", "条件用到的项不存在", en)
        filled = {
            field: definition.data_schema["properties"][field].get("enum", ["1"])[0] for field in fields
        }
        if any(isinstance(decide(rule.condition, facts), Refusal) for facts in ({}, filled)):
            yield Finding("ui.rule", path, "条件写法不对", "the condition cannot be decided")
