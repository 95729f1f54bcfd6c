"""Infrared kits that a vendor might bring, for the child process of the tests."""

from __future__ import annotations

import ctypes
import os
import time

PR_GET_DUMPABLE = 3


class GoodKit:
    name = "Test Kit 1.0"

    def __init__(self) -> None:
        self._frames = 0

    def begin(self) -> None:
        self._frames = 0

    def see(self, pixels: object) -> None:
        assert getattr(pixels, "shape", ())[2:] == (3,)
        self._frames += 1

    def verdict(self) -> object:
        return self._frames >= 2

    def end(self) -> None:
        self._frames = 0


class CountingKit(GoodKit):
    """Its name says how often its camera was opened and closed."""

    opened = closed = 0

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"opened {self.opened} closed {self.closed}"

    def begin(self) -> None:
        super().begin()
        self.opened += 1

    def end(self) -> None:
        super().end()
        self.closed += 1


class MemoryKit(GoodKit):
    """Its name says whether the memory of its process may be dumped."""

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"dumpable {ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)}"


class NeverEndingKit(CountingKit):
    def end(self) -> None:
        raise OSError("the infrared camera does not close")


class UnsureKit(GoodKit):
    def verdict(self) -> object:
        return None


class TruthyKit(GoodKit):
    """Says something that is nearly a yes."""

    def verdict(self) -> object:
        return "live"


class NamelessKit(GoodKit):
    name = "x" * 500


class HangingKit(GoodKit):
    def verdict(self) -> object:
        time.sleep(3600)
        return True


class DyingKit(GoodKit):
    def see(self, _pixels: object) -> None:
        os._exit(3)


class RaisingKit(GoodKit):
    def begin(self) -> None:
        raise OSError("no infrared camera")
