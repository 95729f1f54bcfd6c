"""The engine opens beside the window, and tells when it is there or why it is not."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from drivers.contract import Failed, Ok
from screens.keyboard.engine import EngineState
from screens.keyboard.pinyin import Pinyin
from screens.keyboard.rime import Rime
from screens.keyboard.rime_opening import RimeFailure, open_rime
from tests.drivers.waiting import wait_until


def states(pinyin: Pinyin) -> EngineState:
    return pinyin.state


def test_it_opens_in_the_background(tmp_path: Path) -> None:
    go_on = threading.Event()

    def opener(folder: Path) -> Ok[Rime] | Failed[RimeFailure]:
        assert go_on.wait(30)
        return open_rime(folder)

    pinyin = Pinyin(tmp_path, opener)
    pinyin.start()
    assert states(pinyin) is EngineState.OPENING
    assert pinyin.candidates("zhangsan") == ()
    go_on.set()
    assert wait_until(lambda: pinyin.state is not EngineState.OPENING)
    assert states(pinyin) is EngineState.READY
    assert pinyin.candidates("zhangsan")[0].text == "张三"
    assert pinyin.candidates("") == ()
    pinyin.close()
    assert states(pinyin) is EngineState.UNAVAILABLE
    assert pinyin.candidates("zhangsan") == ()
    pinyin.close()


def test_closing_at_once_waits_for_the_opening(tmp_path: Path) -> None:
    pinyin = Pinyin(tmp_path)
    pinyin.start()
    pinyin.close()
    assert states(pinyin) is EngineState.UNAVAILABLE
    again = open_rime(tmp_path)
    assert isinstance(again, Ok)
    again.value.close()


def test_closing_before_the_start_is_harmless(tmp_path: Path) -> None:
    pinyin = Pinyin(tmp_path)
    pinyin.forget()
    pinyin.close()
    assert states(pinyin) is EngineState.UNAVAILABLE


def test_a_failure_is_kept_for_the_technician(tmp_path: Path) -> None:
    failed = Failed(RimeFailure.LIBRARY_MISSING, "not installed")
    pinyin = Pinyin(tmp_path, lambda _: failed)
    pinyin.start()
    assert wait_until(lambda: pinyin.state is EngineState.UNAVAILABLE)
    assert pinyin.failure == failed
    assert pinyin.candidates("zhangsan") == ()
    pinyin.close()


def test_a_defect_in_opening_is_seen_and_pinyin_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[type[BaseException]] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: seen.append(args.exc_type))

    def opener(_: Path) -> Ok[Rime] | Failed[RimeFailure]:
        raise RuntimeError("a defect")

    pinyin = Pinyin(tmp_path, opener)
    pinyin.start()
    pinyin.close()
    assert seen == [RuntimeError]
    assert states(pinyin) is EngineState.UNAVAILABLE


def test_an_engine_that_gives_no_session_any_more_says_so(tmp_path: Path) -> None:
    opened = open_rime(tmp_path)
    assert isinstance(opened, Ok)
    pinyin = Pinyin(tmp_path, lambda _: opened)
    pinyin.start()
    assert wait_until(lambda: pinyin.state is EngineState.READY)
    opened.value.close()
    assert pinyin.candidates("zhangsan") == ()
    assert states(pinyin) is EngineState.UNAVAILABLE
    assert pinyin.failure is not None
    pinyin.close()


def test_forgetting_reaches_the_session(tmp_path: Path) -> None:
    opened = open_rime(tmp_path)
    assert isinstance(opened, Ok)
    rime = opened.value
    pinyin = Pinyin(tmp_path, lambda _: opened)
    pinyin.start()
    assert wait_until(lambda: pinyin.state is EngineState.READY)
    assert pinyin.candidates("zhangsan")
    session = rime._session
    pinyin.forget()
    assert not rime._library.RimeFindSession(session)
    pinyin.close()
