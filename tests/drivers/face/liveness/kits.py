"""Infrared kits that a vendor might bring, for the child process of the tests."""

from __future__ import annotations

import os
import time


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
