"""A definition dropped into the directory of a running terminal: offered from the next visit on."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiosk import keys
from kiosk.bench.people import PEOPLE
from kiosk.catalogue.signature import sign, signature_path
from kiosk.filing import payload_of
from kiosk.paper.receipt import lines_of
from tests.kiosk.catalogue.made import PENSION as PENSION_FILE
from tests.kiosk.catalogue.made import REPORT as REPORT_FILE
from tests.kiosk.catalogue.made import SHIPPED, raw
from tests.kiosk.terminal.hall import ALLOWANCE, NO_CAMERA, PENSION, PROJECT, REPORT, TRUST, Hall, hall

THIRD = "110199-TS-03"


def third() -> dict[str, Any]:
    """A small service: borrow a shared umbrella, one question."""
    document = raw(REPORT_FILE)
    asked = document["ui"]["pages"][0]
    document |= {
        "code": THIRD,
        "title": {"zh": "便民雨伞借用", "en": "Borrow an umbrella"},
        "plain_title": {"zh": "借雨伞", "en": "Borrow an umbrella"},
        "flow": ["notice", "form", "review", "submit", "result", "print", "evaluate"],
        "devices_optional": ["printer"],
        "data_schema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "unevaluatedProperties": False,
            "required": ["category"],
            "properties": {"category": {"type": "string", "enum": ["one", "two"]}},
        },
        "ui": {"type": "Categorization", "pages": [asked]},
        "fixtures": [{"name": "one", "answers": {"category": "one"}, "expect": {"visible": ["category"]}}],
    }
    document.pop("photos")
    asked["elements"][0]["options"] = [
        {"value": "one", "label": {"zh": "一把", "en": "One"}},
        {"value": "two", "label": {"zh": "两把", "en": "Two"}},
    ]
    return document


def drop(directory: Path, document: dict[str, Any], name: str = "third.json") -> Path:
    file = directory / name
    file.write_text(json.dumps(document, ensure_ascii=False, indent=1), "utf-8")
    return file


def command(*words: str) -> tuple[int, dict[str, Any]]:
    """A technician's command, as its JSON."""
    finished = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), *words, "--json"],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said: dict[str, Any] = json.loads(finished.stdout)
    return finished.returncode, said


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "definitions"
    shutil.copytree(SHIPPED, made)
    return made


@pytest.fixture
def running(tmp_path: Path, directory: Path) -> Iterator[Hall]:
    with hall(tmp_path, settings={**NO_CAMERA, ("catalogue", "directory"): str(directory)}) as made:
        yield made


def services(running: Hall) -> dict[str, bool]:
    """Code -> enabled, of the tiles after a fresh start from the attract screen."""
    running.press("begin")
    running.play(wait_state="home")
    running.play(wait_enabled=f"service:{PENSION}")
    codes = [d.code for d in running.terminal.surroundings.catalogue.definitions]
    shown = {code: running.offered(f"service:{code}").enabled for code in codes}
    running.press("cancel")
    running.play(wait_state="attract")
    return shown


def test_it_is_offered_after_the_return_to_the_attract_screen_and_can_be_done(
    running: Hall, directory: Path
) -> None:
    running.press("begin")
    file = drop(directory, third())
    assert command("catalogue", "sign", str(file))[0] == 0
    assert THIRD not in [d.code for d in running.terminal.surroundings.world().services], "not amid a visit"
    running.press("cancel")
    running.play(wait_state="attract", screen_has=["借雨伞"])
    assert services(running) == dict.fromkeys((PENSION, REPORT, ALLOWANCE, THIRD), True)
    running.press("begin", f"service:{THIRD}", "next")
    running.play(answer_form={"category": "two"})
    running.press("submit")
    running.play(wait_enabled="finish")
    assert running.terminal.outbox.counters().pending == 1
    assert "事项 便民雨伞借用" in lines_of(running.slips[0])


def with_lint_error(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "flow": [step for step in document["flow"] if step != "review"]}


@pytest.mark.parametrize("what", ["changed after signing", "signature cut off", "lint error", "not JSON"])
def test_a_bad_one_is_left_out_the_others_go_on_and_the_technician_sees_why(
    running: Hall, directory: Path, what: str
) -> None:
    file = drop(directory, third())
    assert command("catalogue", "sign", str(file))[0] == 0
    signature = signature_path(file).read_bytes()
    match what:
        case "changed after signing":
            drop(directory, {**third(), "hotline": "110"})
            reason, zh, en = "signature.content_changed", "签名之后内容被改过", "changed after it was signed"
        case "signature cut off":
            signature_path(file).write_bytes(signature[:40])
            reason, zh, en = "signature.unreadable", "签名文件读不出来", "the signature file cannot be read"
        case "lint error":
            drop(directory, with_lint_error(third()))
            refused, said = command("catalogue", "sign", str(file))
            assert refused == 1
            assert "flow：缺少步骤 review" in said["files"][0]["message"]
            sign_unseen(file)
            reason, zh, en = "flow.missing", "flow：缺少步骤 review", "flow: the step review is missing"
        case _:
            file.write_text('{\n  "schema": "jiujin.service/1",\n  "code": \n}', "utf-8")
            reason, zh, en = "not_json", "第 4 行", "line 4"
    running.press("begin")
    running.press("cancel")
    running.play(wait_state="attract")
    assert services(running) == dict.fromkeys((PENSION, REPORT, ALLOWANCE), True)
    assert "def.invalid" in running.terminal.surroundings.heartbeat()["causes"]
    code, listed = command("catalogue", "list", "--config", str(running.ini))
    assert code == 1
    assert {service["code"] for service in listed["services"]} == {PENSION, REPORT, ALLOWANCE}
    [rejected] = listed["rejected"]
    assert (rejected["file"], rejected["reason"]) == ("third.json", reason)
    assert zh in rejected["message_zh"]
    assert en in rejected["message_en"]
    file.unlink()
    running.press("begin", "cancel")
    running.play(wait_state="attract")
    assert "def.invalid" not in running.terminal.surroundings.heartbeat()["causes"]


def sign_unseen(file: Path) -> None:
    """A publisher whose tool checks nothing: the terminal must check for itself."""
    key = keys.private_key(TRUST / "publisher.key")
    signature_path(file).write_bytes(sign(json.loads(file.read_text("utf-8")), key))


def for_others() -> dict[str, Any]:
    """The pension's service, which may be done for another as well."""
    document = raw(PENSION_FILE)
    flow = document["flow"]
    flow.insert(flow.index("identify") + 1, "agent")
    grounds = [{"value": "child", "label": {"zh": "我是子女", "en": "I am the child"}}]
    return {**document, "code": THIRD, "agent": {"grounds": grounds}}


def test_both_cards_are_read_one_after_the_other_on_the_one_pad(running: Hall, directory: Path) -> None:
    file = drop(directory, for_others())
    assert command("catalogue", "sign", str(file))[0] == 0
    running.press("begin", "cancel")
    running.play(wait_state="attract")
    running.press("begin", f"service:{THIRD}", "next", "other_way")
    running.village.put_card("zhou")
    running.play(wait_state="agent")
    running.press("for_another:child")
    running.village.take_card()
    running.village.put_card("zhou")
    running.play(screen_has=["这还是您自己的证件"])
    running.village.take_card()
    running.press("try_card")
    running.village.put_card("qian")
    running.play(wait_state="other_way")
    known = running.terminal.journey._visit
    case = payload_of(known, received_at="2026-11-25T01:12:00Z", clock_quality="synced")
    assert case.person is not None
    assert case.agent is not None
    assert [case.person.name, case.agent.person.name] == [
        PEOPLE[key].document.name for key in ("qian", "zhou")
    ]
