"""What no definition may say, whoever signed it: the invariants of chapter C.3 and of the law."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.catalogue.answers import check_answers, shown_fields
from kiosk.catalogue.consent import notice_of
from kiosk.catalogue.lint_form import lint_form
from kiosk.catalogue.model import PERFORMED_STEPS, Definition, DeviceKind, Method, OfflineMode, StepType
from kiosk.catalogue.shape import Finding

FORBIDDEN_WORDS = ("受理", "通过", "生效", "成功办理")
"""Rule F6: before the department's word nothing may promise an effect."""
FORBIDDEN_ENGLISH = ("accepted", "approved", "in effect", "effective", "granted", "successful")
NEEDED = (StepType.NOTICE, StepType.REVIEW, StepType.SUBMIT, StepType.RESULT)
S = StepType
ORDER = (
    *((S.NOTICE, step) for step in StepType if step is not S.NOTICE),
    (S.CONSENT, S.VERIFY_PERSON),
    (S.IDENTIFY, S.VERIFY_PERSON),
    (S.IDENTIFY, S.AGENT),
    (S.AGENT, S.VERIFY_PERSON),
    (S.AGENT, S.PREFILL),
    (S.AGENT, S.FORM),
    (S.VERIFY_PERSON, S.PREFILL),
    (S.PREFILL, S.FORM),
    (S.REVIEW, S.SIGN),
    (S.REVIEW, S.SUBMIT),
    *((step, S.REVIEW) for step in (S.CONSENT, S.IDENTIFY, S.VERIFY_PERSON, S.FORM, S.ATTACH)),
    *((S.RESULT, step) for step in (S.PRINT, S.TAKE_CARD, S.EVALUATE)),
)
"""(earlier, later): the notice first, the review after all that it shows, `submit` before what follows it."""


def lint(definition: Definition) -> tuple[Finding, ...]:
    """Every finding; empty when the definition may be offered."""
    form = tuple(lint_form(definition))
    return (
        *_flow(definition),
        *_evidence(definition),
        *_prefill(definition),
        *_words(definition),
        *form,
        # Fixtures of a broken form would only repeat what is broken.
        *(() if form else _fixtures(definition)),
    )


def _flow(definition: Definition) -> Iterator[Finding]:
    flow = definition.flow
    if len(set(flow)) != len(flow):
        yield Finding("flow.twice", "flow", "同一步骤写了两次", "a step stands twice")
    for step in flow:
        if step not in PERFORMED_STEPS:
            zh, en = f"这台终端还不会做 {step}", f"this terminal cannot perform {step} yet"
            yield Finding("flow.unknown_here", "flow", zh, en)
    for needed in NEEDED:
        if needed not in flow:
            yield Finding("flow.missing", "flow", f"缺少步骤 {needed}", f"the step {needed} is missing")
    for first, then in dict.fromkeys(ORDER):
        if first in flow and then in flow and flow.index(first) > flow.index(then):
            zh, en = f"{first} 要在 {then} 之前", f"{first} must come before {then}"
            yield Finding("flow.order", "flow", zh, en)
    if S.SUBMIT in flow and S.RESULT in flow and flow.index(S.RESULT) != flow.index(S.SUBMIT) + 1:
        yield Finding("flow.order", "flow", "submit 之后紧接 result", "result must follow submit at once")
    if S.IDENTIFY in flow and S.TAKE_CARD not in flow:
        en = "a card that was asked for must be taken: add take_card"
        yield Finding("flow.card_left", "flow", "用了身份证就要有 take_card", en)
    if (S.AGENT in flow) is not (definition.agent is not None):
        zh, en = "agent 和 agent 步骤要一起写", "agent and the step agent need each other"
        yield Finding("agent.step", "flow", zh, en)
    if S.AGENT in flow and S.VERIFY_PERSON not in flow:
        zh, en = "替别人办要先核验代办人", "who acts for another must be recognised: add verify_person"
        yield Finding("agent.not_verified", "flow", zh, en)
    if definition.agent is not None:
        values = [ground.value for ground in definition.agent.grounds]
        if len(set(values)) != len(values):
            yield Finding("agent.twice", "agent.grounds", "同一种关系写了两次", "a ground stands twice")
    if S.ATTACH in flow and definition.photos is None:
        yield Finding("photos", "photos", "有 attach 步骤就要写 photos", "the step attach needs photos")


def _evidence(definition: Definition) -> Iterator[Finding]:
    methods, flow, level = definition.evidence.methods, definition.flow, definition.evidence.level
    if Method.FACE in methods:
        if set(methods) == {Method.FACE} and definition.evidence.face_citation is None:
            zh = "人脸不能是唯一办法，请再加一种或注明依据"
            en = "face must not be the only way: add another, or cite the rule that allows it"
            yield Finding("evidence.face_only", "evidence.methods", zh, en)
        if S.CONSENT not in flow:
            en = "face needs the consent step before it"
            yield Finding("evidence.no_consent", "flow", "用人脸前要有 consent", en)
        if notice_of(definition.consent_notice) is None:
            zh = "同意告知要有版本，并且有文字：自己写，或用 consent.json 里的版本"
            en = "the consent notice needs a version, and a text: its own, or that of a version in consent.json"
            yield Finding("evidence.no_notice", "consent_notice", zh, en)
    if level >= 2 and (S.VERIFY_PERSON not in flow or not methods):
        zh, en = "2 级要有 verify_person 和办法", "level 2 needs verify_person and a method"
        yield Finding("evidence.level", "flow", zh, en)
    if level >= 2 and definition.evidence.card_assurance == "low":
        zh, en = "2 级不能用谁都能复制的卡", "level 2 must not rest on a card that anybody can copy"
        yield Finding("evidence.card_assurance", "evidence.card_assurance", zh, en)
    if level >= 1 and S.IDENTIFY not in flow:
        yield Finding("evidence.level", "flow", "1 级以上要有 identify", "level 1 and above need identify")
    if level == 0 and S.IDENTIFY in flow:
        zh, en = "0 级不要求身份证", "level 0 must not ask for a card"
        yield Finding("evidence.level", "flow", zh, en)
    if S.IDENTIFY in flow and DeviceKind.CARD not in definition.devices_required:
        zh, en = "用身份证就要写 card", "a card is asked for: the device card is required"
        yield Finding("devices", "devices_required", zh, en)


def _prefill(definition: Definition) -> Iterator[Finding]:
    fields, asked = [p.field for p in definition.prefill], {c.field for c in definition.ui.controls}
    if bool(fields) is not (S.PREFILL in definition.flow):
        zh, en = "prefill 和 prefill 步骤要一起写", "prefill and the step prefill need each other"
        yield Finding("prefill.step", "flow", zh, en)
    if fields and definition.evidence.level < 2:
        zh = "只有核验过本人（2 级）才能带出登记的信息"
        en = "what is on record is shown only to a verified person: level 2"
        yield Finding("prefill.level", "prefill", zh, en)
    for place, field in enumerate(fields):
        if field not in asked:
            zh, en = "带出的信息没有对应的问题", "no question shows this field"
            yield Finding("prefill.field", f"prefill.{field}", zh, en)
        if field in fields[:place]:
            yield Finding("prefill.twice", f"prefill.{field}", "同一项写了两次", "the field stands twice")


def _words(definition: Definition) -> Iterator[Finding]:
    if definition.offline.mode is OfflineMode.QUEUE:
        for language, text in definition.offline.text.items():
            for word in (*FORBIDDEN_WORDS, *FORBIDDEN_ENGLISH):
                if word in text.lower():
                    zh, en = f"离线的话里不能有“{word}”", f"the offline text must not say {word}"
                    yield Finding("offline.promise", f"offline.text.{language}", zh, en)
    if definition.promised_limit.hours_at_most > definition.legal_limit.hours_at_most:
        zh, en = "承诺期限不能长于法定期限", "the promised limit exceeds the legal one"
        yield Finding("limit", "promised_limit", zh, en)
    if definition.effective_to is not None and definition.effective_to <= definition.effective_from:
        zh, en = "结束时间要晚于开始时间", "must be later than effective_from"
        yield Finding("dates.order", "effective_to", zh, en)


def _fixtures(definition: Definition) -> Iterator[Finding]:
    for fixture in definition.fixtures:
        shown = shown_fields(definition, fixture.answers)
        wrong = tuple(sorted(check_answers(definition, fixture.answers)))
        if shown != fixture.expect.visible or wrong != tuple(sorted(fixture.expect.errors)):
            zh = f"样例的结果不同：显示 {', '.join(shown)}；有误 {', '.join(wrong)}"
            en = f"the fixture comes out otherwise: shown {', '.join(shown)}; wrong {', '.join(wrong)}"
            yield Finding("fixture", f"fixtures.{fixture.name}", zh, en)
