"""What no definition may say, whoever signed it: the invariants of chapter C.3 and of the law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from kiosk.catalogue.answers import check_answers, shown_fields
from kiosk.catalogue.model import PERFORMED_STEPS, Definition, Method, OfflineMode, StepType
from kiosk.catalogue.rules import decide, variables
from kiosk.catalogue.truth import Refusal

FORBIDDEN_WORDS = ("受理", "通过", "生效", "成功办理")
"""Rule F6: before the department's word nothing may promise an effect."""
FIELDS_A_PAGE_MAX = 7


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong: where, and what to do, in both languages."""

    code: str
    path: str
    message_zh: str
    message_en: str


def lint(definition: Definition) -> tuple[Finding, ...]:
    """Every finding; empty when the definition may be offered."""
    return (
        *_flow(definition),
        *_evidence(definition),
        *_words(definition),
        *_form(definition),
        *_fixtures(definition),
    )


def _flow(definition: Definition) -> Iterator[Finding]:
    flow = definition.flow
    if len(set(flow)) != len(flow):
        yield Finding("flow.twice", "flow", "同一步骤写了两次", "a step stands twice")
    for step in flow:
        if step not in PERFORMED_STEPS:
            yield Finding(
                "flow.unknown_here",
                "flow",
                f"这台终端还不会做 {step}",
                f"this terminal cannot perform {step} yet",
            )
    for needed in (StepType.NOTICE, StepType.REVIEW, StepType.SUBMIT, StepType.RESULT):
        if needed not in flow:
            yield Finding("flow.missing", "flow", f"缺少步骤 {needed}", f"the step {needed} is missing")
    order = (
        (StepType.NOTICE, StepType.IDENTIFY),
        (StepType.CONSENT, StepType.VERIFY_PERSON),
        (StepType.IDENTIFY, StepType.VERIFY_PERSON),
        (StepType.FORM, StepType.REVIEW),
        (StepType.ATTACH, StepType.REVIEW),
        (StepType.REVIEW, StepType.SUBMIT),
        (StepType.RESULT, StepType.PRINT),
        (StepType.RESULT, StepType.TAKE_CARD),
    )
    for first, then in order:
        if first in flow and then in flow and flow.index(first) > flow.index(then):
            yield Finding(
                "flow.order", "flow", f"{first} 要在 {then} 之前", f"{first} must come before {then}"
            )
    if (
        StepType.SUBMIT in flow
        and StepType.RESULT in flow
        and flow.index(StepType.RESULT) != flow.index(StepType.SUBMIT) + 1
    ):
        yield Finding("flow.order", "flow", "submit 之后紧接 result", "result must follow submit at once")
    if StepType.IDENTIFY in flow and StepType.TAKE_CARD not in flow:
        yield Finding(
            "flow.card_left",
            "flow",
            "用了身份证就要有 take_card",
            "a card that was asked for must be taken: add take_card",
        )


def _evidence(definition: Definition) -> Iterator[Finding]:
    methods, flow = definition.evidence.methods, definition.flow
    if Method.FACE in methods:
        if set(methods) == {Method.FACE} and definition.evidence.face_citation is None:
            yield Finding(
                "evidence.face_only",
                "evidence.methods",
                "人脸不能是唯一办法，请再加一种或注明依据",
                "face must not be the only way: add another, or cite the rule that allows it",
            )
        if StepType.CONSENT not in flow:
            yield Finding(
                "evidence.no_consent", "flow", "用人脸前要有 consent", "face needs the consent step before it"
            )
        if not definition.consent_notice.text or not definition.consent_notice.version:
            yield Finding(
                "evidence.no_notice",
                "consent_notice",
                "缺少同意告知的文字或版本",
                "the consent notice lacks text or version",
            )
    if definition.evidence.level >= 2 and StepType.VERIFY_PERSON not in flow:
        yield Finding("evidence.level", "flow", "2 级要有 verify_person", "level 2 needs verify_person")
    if definition.evidence.level >= 1 and StepType.IDENTIFY not in flow:
        yield Finding("evidence.level", "flow", "1 级以上要有 identify", "level 1 and above need identify")


def _words(definition: Definition) -> Iterator[Finding]:
    if definition.offline.mode is OfflineMode.QUEUE:
        for language, text in definition.offline.text.items():
            for word in FORBIDDEN_WORDS:
                if word in text:
                    yield Finding(
                        "offline.promise",
                        f"offline.text.{language}",
                        f"离线的话里不能有“{word}”",
                        f"the offline text must not say {word}",
                    )
    if definition.promised_limit.hours_at_most > definition.legal_limit.hours_at_most:
        yield Finding(
            "limit", "promised_limit", "承诺期限不能长于法定期限", "the promised limit exceeds the legal one"
        )


def _form(definition: Definition) -> Iterator[Finding]:
    try:
        Draft202012Validator.check_schema(definition.data_schema)
    except SchemaError as error:
        yield Finding(
            "data_schema",
            f"data_schema.{'.'.join(map(str, error.path))}",
            "不是有效的 JSON Schema",
            "not a valid JSON Schema",
        )
        return
    properties = definition.data_schema.get("properties", {})
    asked = [control.field for control in definition.ui.controls]
    for field in asked:
        if field not in properties:
            yield Finding(
                "ui.scope", f"ui.{field}", "data_schema 里没有这一项", "data_schema has no such field"
            )
    for field in definition.data_schema.get("required", ()):
        if field not in asked:
            yield Finding(
                "ui.never_asked", f"data_schema.{field}", "必填却没有问", "required but never asked"
            )
    for page in definition.ui.pages:
        if len(page.elements) > FIELDS_A_PAGE_MAX:
            yield Finding(
                "ui.crowded",
                f"ui.{page.id}",
                f"一页最多 {FIELDS_A_PAGE_MAX} 项",
                f"at most {FIELDS_A_PAGE_MAX} questions a page",
            )
    for rule in (
        r for r in (*(p.rule for p in definition.ui.pages), *(c.rule for c in definition.ui.controls)) if r
    ):
        if isinstance(decide(rule.condition, {}), Refusal):
            yield Finding("ui.rule", "ui.rule", "条件写法不对", "the condition cannot be decided")
        for name in sorted(variables(rule.condition) - set(properties)):
            yield Finding(
                "ui.rule",
                f"ui.rule.{name}",
                "条件用到的项不存在",
                "the condition looks at a field that is not there",
            )
    if asked and StepType.FORM not in definition.flow:
        yield Finding("ui.no_form", "flow", "有问题却没有 form 步骤", "there are questions but no form step")


def _fixtures(definition: Definition) -> Iterator[Finding]:
    for fixture in definition.fixtures:
        shown = shown_fields(definition, fixture.answers)
        wrong = tuple(sorted(check_answers(definition, fixture.answers)))
        if shown != fixture.expect.visible or wrong != tuple(sorted(fixture.expect.errors)):
            yield Finding(
                "fixture",
                f"fixtures.{fixture.name}",
                f"样例的结果不同：显示 {', '.join(shown)}；有误 {', '.join(wrong)}",
                f"the fixture comes out otherwise: shown {', '.join(shown)}; wrong {', '.join(wrong)}",
            )
