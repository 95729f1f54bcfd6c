"""Keeps the terminal's process alive as systemd would, and gives up on one that cannot live."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

QUICK_S = 10.0
"""A process that ends within this time never really came up."""
QUICK_DEATHS = 5
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 5.0
TAIL_LINES = 15
NOT_CONFIGURED = 78
"""EX_CONFIG of sysexits.h: trying again will not help."""

Say = Callable[[str, str], None]
"""Tells the user something, in Chinese and in English."""


class Living(Protocol):
    """What `child.Child` offers."""

    @property
    def pid(self) -> int: ...
    @property
    def lived_s(self) -> float: ...
    def poll(self) -> int | None: ...
    def end(self) -> int: ...


class Restarts:
    """How long to wait before the next start: doubled at each quick death, None after the last one."""

    def __init__(self) -> None:
        self._quick = 0

    def after(self, lived_s: float, code: int) -> float | None:
        """Seconds until the next start of a process that lived `lived_s` and ended with `code`."""
        self._quick = self._quick + 1 if lived_s < QUICK_S else 0
        if self._quick >= QUICK_DEATHS or code == NOT_CONFIGURED:
            return None
        return min(FIRST_DELAY_S * 2.0 ** max(self._quick - 1, 0), LONGEST_DELAY_S)


class Keeper:
    """Starts the process at once. Call `step` often; it never waits."""

    def __init__(
        self, start: Callable[[], Living], log: Path, say: Say, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._start, self._log, self._say, self._clock = start, log, say, clock
        self._restarts = Restarts()
        self._restart_at_s: float | None = None
        self.child = start()

    def step(self) -> bool:
        """Restart when it is time. False: it died too often, nothing will be tried again."""
        if self._restart_at_s is not None:
            if self._clock() >= self._restart_at_s:
                self._restart_at_s = None
                self.child = self._start()
                pid = self.child.pid
                self._say(f"终端重新启动了（进程 {pid}）", f"the terminal runs again (process {pid})")
            return True
        code = self.child.poll()
        if code is None:
            return True
        how_zh, how_en = _how(code)
        delay_s = self._restarts.after(self.child.lived_s, code)
        if delay_s is None:
            tail = "\n".join(_tail(self._log))
            self._say(
                f"终端{how_zh}，不再重试。日志 {self._log}，最后几行见下",
                f"the terminal {how_en} and is given up. Its log is {self._log}, ending in:\n{tail}",
            )
            return False
        self._restart_at_s = self._clock() + delay_s
        self._say(
            f"终端{how_zh}，{delay_s:g} 秒后重新启动",
            f"the terminal {how_en}, it is restarted in {delay_s:g} s",
        )
        return True

    def close(self) -> None:
        """End the process that runs now."""
        self.child.end()


def _how(code: int) -> tuple[str, str]:
    if code < 0:
        return f"被信号 {-code} 结束了", f"was ended by signal {-code}"
    return f"退出了（代码 {code}）", f"ended with code {code}"


def _tail(log: Path) -> list[str]:
    return log.read_text("utf-8", "replace").splitlines()[-TAIL_LINES:]
