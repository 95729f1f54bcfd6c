"""A service that runs and will not: it refuses this user (polkit), or does not answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from drivers.card_reader import pcsc, pcsc_watch
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.pcsc_codes import SECURITY_VIOLATION, failure
from drivers.card_reader.pcsc_watch import Pad, Watcher
from drivers.contract import Cause, DeviceState, Failed, Ok
from drivers.worker import WorkerFailure
from kiosk.causes import CAUSES

REFUSED = Failed(CardFailure.SERVICE_REFUSED, "establish context: 0x8010006A")
LOST = Failed(CardFailure.SERVICE_LOST, "establish context: 0x8010001D")
SILENT = WorkerFailure.TIMED_OUT
CARD_IN, CARD_OUT = Pad("Reader 0", present=True, insertion=1), Pad("Reader 0", insertion=2)
RULE = Path("deploy/polkit/50-jiujin-pcscd.rules")


@dataclass
class Service:
    """Answers `SCardEstablishContext` with these codes, one a try; the last one for ever."""

    codes: list[int]
    now_s: float = 0.0
    SCARD_SCOPE_USER: int = 0
    SCARD_STATE_UNAWARE: int = 0

    def monotonic(self) -> float:
        return self.now_s

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802 - the library's name
        return (self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]), 0


@pytest.mark.parametrize(
    ("codes", "reasons"),
    [
        ([SECURITY_VIOLATION], ["lost", "lost", "refused", "refused"]),
        ([SECURITY_VIOLATION, 0x8010001D], ["lost", "lost", "lost", "lost"]),
        ([*[SECURITY_VIOLATION] * 3, 0x8010001D], ["lost", "lost", "refused", "lost"]),
        ([0x8010001D, SECURITY_VIOLATION], ["lost", "lost", "lost", "refused"]),
    ],
    ids=["polkit refuses", "the service ends", "refused, then ended", "comes back and refuses"],
)
def test_a_service_refuses_when_it_says_so_again_and_again(
    monkeypatch: pytest.MonkeyPatch, codes: list[int], reasons: list[str]
) -> None:
    """A pcscd that is killed says "refused" once as well."""
    service = Service(codes)
    monkeypatch.setattr(pcsc_watch, "scard", service)
    monkeypatch.setattr(pcsc_watch, "time", service)
    watcher, seen = Watcher(""), []
    for _ in reasons:
        service.now_s += 31.0  # longer than any wait between two tries
        seen.append(watcher.look(0.0))
    assert [outcome.reason.value for outcome in seen if isinstance(outcome, Failed)] == [
        f"service_{reason}" for reason in reasons
    ]
    between = watcher.look(0.0)
    assert isinstance(between, Failed)
    assert between.reason.value == f"service_{reasons[-1]}", "no try is due, nothing new is known"


def test_a_card_that_polkit_withholds_is_a_refusal() -> None:
    """polkit has a right of its own for cards: pcscd lets us in, and the connection to the card fails."""
    assert failure(SECURITY_VIOLATION, "connect").reason is CardFailure.SERVICE_REFUSED


@dataclass
class ScriptedWorker:
    """The child's answers to `look` and `read`, the last one for ever."""

    answers: dict[str, list[Any]] = field(default_factory=dict)
    generation: int = 1
    pid: int = 1

    def wait_ready(self, _seconds: float) -> bool:
        return True

    def call(
        self, method: str, *_arguments: Any, deadline_s: float, cancelled: Callable[[], bool] | None = None
    ) -> Ok[Any] | Failed[WorkerFailure]:
        assert deadline_s >= 0.0
        assert cancelled is None or not cancelled()
        script = self.answers[method]
        answer = script.pop(0) if len(script) > 1 else script[0]
        return Failed(answer) if isinstance(answer, WorkerFailure) else Ok(answer)

    def close(self) -> None:
        pass


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> ScriptedWorker:
    scripted = ScriptedWorker()
    monkeypatch.setattr(pcsc, "Worker", lambda *_arguments: scripted)
    return scripted


@pytest.mark.parametrize(
    ("looks", "causes"),
    [
        ([REFUSED], ["card.service_refused"]),
        ([LOST], ["card.service_lost"]),
        ([SILENT], ["card.service_silent"]),
        ([LOST, REFUSED], ["card.service_lost", "card.service_refused"]),
        ([SILENT, LOST], ["card.service_silent", "card.service_lost"]),
        ([REFUSED, Ok(CARD_OUT)], ["card.service_refused", None]),
    ],
)
def test_the_health_names_what_the_service_does_now(
    worker: ScriptedWorker, looks: list[Any], causes: list[str | None]
) -> None:
    worker.answers["look"] = list(looks)
    reader = PcscReader()
    assert [reader.probe().cause for _ in looks] == causes


def test_a_refused_card_stays_told_until_it_is_out(worker: ScriptedWorker) -> None:
    worker.answers = {
        "look": [Ok(CARD_IN)],
        "read": [Failed(CardFailure.SERVICE_REFUSED, "connect: 0x8010006A")],
    }
    reader = PcscReader()
    outcome = reader.read(10.0, Event())
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.SERVICE_REFUSED
    assert reader.probe().cause is Cause.CARD_SERVICE_REFUSED
    worker.answers["look"] = [Ok(CARD_OUT)]
    assert reader.probe().state is DeviceState.READY


def test_the_words_send_the_technician_to_the_right_place() -> None:
    """Three causes that were one."""
    actions = {
        cause: CAUSES[cause].action["en"]
        for cause in ("card.service_lost", "card.service_silent", "card.service_refused")
    }
    assert actions["card.service_lost"].startswith("start pcscd")
    assert actions["card.service_silent"].startswith("restart pcscd")
    assert "polkit rule" in actions["card.service_refused"]
    assert "with_fingerprint" in CAUSES["card.protocol"].action["en"]


def test_the_rule_in_deploy_gives_both_rights_to_one_user_alone() -> None:
    rule = RULE.read_text(encoding="utf-8")
    code = re.sub(r"//.*", "", rule)
    assert set(re.findall(r"org\.debian\.pcsc-lite\.\w+", code)) == {
        "org.debian.pcsc-lite.access_pcsc",
        "org.debian.pcsc-lite.access_card",
    }
    assert re.search(r"subject\.user === TERMINAL_USER", code)
    assert code.count("polkit.Result.YES") == 1
    for document in ("docs/install.md", "docs/technician.md"):
        assert str(RULE) in Path(document).read_text(encoding="utf-8")
