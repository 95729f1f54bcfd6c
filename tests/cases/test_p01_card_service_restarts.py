"""P01: the card service dies for a minute and comes back with a reader of another name.

The script of the case is played to the watcher itself, second by second; the same through a real
pcscd that is killed and started again is in `tests/drivers/card_reader`.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

import pytest

from drivers.card_reader import pcsc_watch
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc_watch import Pad, Watcher
from drivers.contract import Failed, Ok

FIRST_ERROR_S, BACK_S, CARD_S = 2, 65, 66
LONGEST_RETRY_S = 30
OLD, NEW = "Reader 0", "Reader 0 (new name)"
PRESENT = 0x20


@dataclass
class ScriptedService:
    """pcscd as `smartcard.scard` shows it, by the second of the script."""

    now_s: float = 1.0
    contexts: set[int] = field(default_factory=set)
    made: int = 0
    tries_s: list[float] = field(default_factory=list)
    stale: set[int] = field(default_factory=set)

    SCARD_SCOPE_USER = 0
    SCARD_STATE_UNAWARE = 0
    SCARD_STATE_CHANGED = 2
    SCARD_STATE_UNKNOWN = 4
    SCARD_STATE_UNAVAILABLE = 8
    SCARD_STATE_PRESENT = PRESENT
    SCARD_STATE_EXCLUSIVE = 0x80
    SCARD_STATE_INUSE = 0x100

    def monotonic(self) -> float:
        return self.now_s

    def SCardEstablishContext(self, _scope: int) -> tuple[int, int]:  # noqa: N802 - the library's names
        self.tries_s.append(self.now_s)
        if FIRST_ERROR_S + 1 < self.now_s < BACK_S:
            return -0x7FEFFFE3, 0  # 0x8010001D as a signed 32-bit number
        self.made += 1
        self.contexts.add(self.made)
        return 0, self.made

    def SCardReleaseContext(self, context: int) -> int:  # noqa: N802
        self.contexts.discard(context)
        return 0

    def SCardListReaders(self, context: int, _groups: list[str]) -> tuple[int, list[str]]:  # noqa: N802
        assert context in self.contexts, "a context that was given back"
        if self.now_s == FIRST_ERROR_S:
            self.stale.add(context)
            return 0x80100013, []
        if context in self.stale or (self.now_s < BACK_S and self.now_s > FIRST_ERROR_S):
            self.stale.add(context)
            return 0x8010001E, []
        return 0, [OLD if self.now_s < FIRST_ERROR_S else NEW]

    def SCardGetStatusChange(  # noqa: N802
        self, context: int, _wait_ms: int, watched: list[tuple[str, int]]
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        assert context not in self.stale
        state = (PRESENT | 1 << 16) if self.now_s >= CARD_S else 0x10
        return 0, [(name, state, []) for name, _ in watched]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> ScriptedService:
    service = ScriptedService()
    monkeypatch.setattr(pcsc_watch, "scard", service)
    monkeypatch.setattr(pcsc_watch, "time", service)
    return service


def test_the_script_of_the_case(service: ScriptedService, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    watcher, threads = Watcher(""), threading.active_count()
    assert watcher.look(0.0) == Ok(Pad(OLD))
    lost_at_s: list[float] = []
    found: Pad | None = None
    for second in range(FIRST_ERROR_S, BACK_S + 36):
        service.now_s = second
        seen = watcher.look(0.0)
        if isinstance(seen, Failed):
            assert seen.reason is CardFailure.SERVICE_LOST
            assert not service.contexts, "a lost service's context is given back"
            lost_at_s.append(second)
        elif seen.value.present:
            found = seen.value
            break
    assert lost_at_s[0] == FIRST_ERROR_S
    assert found == Pad(NEW, present=True, insertion=1)
    assert service.now_s <= BACK_S + 35
    waits_s = [
        later - earlier for earlier, later in zip(service.tries_s[1:], service.tries_s[2:], strict=False)
    ]
    assert waits_s == sorted(waits_s)
    assert max(waits_s) <= LONGEST_RETRY_S
    assert len(service.tries_s) < 12, "it backs off"
    assert len(service.contexts) == 1
    assert threading.active_count() == threads
    assert not caplog.records


def test_after_it_came_back_the_next_loss_is_asked_again_soon(service: ScriptedService) -> None:
    watcher = Watcher("")
    for second in range(1, BACK_S + 36):
        service.now_s = second
        watcher.look(0.0)
    before, service.stale = len(service.tries_s), set(service.contexts)
    assert isinstance(watcher.look(0.0), Failed)
    service.now_s += 1
    assert isinstance(watcher.look(0.0), Ok)
    assert len(service.tries_s) == before + 1
