"""C01.4: a camera that is pulled and put back twenty times leaves nothing behind in the terminal."""

from __future__ import annotations

import psutil

from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import SimulatedCamera
from drivers.contract import Failed, Ok
from tests.drivers.camera.sights import png, room
from tests.drivers.waiting import wait_until

CYCLES = 20
STALE_S = 0.3
"""Shorter than the terminal's own limit, so that twenty cycles do not take half a minute."""
SLACK = 1
"""The far end lives in this process too, and may hold its side of one connection a while longer."""


def test_threads_processes_and_descriptors_are_as_at_the_start() -> None:
    lens = SimulatedCamera(png(room()))
    camera = OpencvCamera(lens.address, demo=True)
    this = psutil.Process()

    def cycle() -> None:
        assert wait_until(lambda: camera.open() == Ok(None))
        assert wait_until(lambda: isinstance(camera.latest(), Ok))
        lens.unplug()
        assert wait_until(lambda: isinstance(camera.latest(STALE_S), Failed))
        camera.stop()
        lens.plug()

    def counts() -> tuple[int, int, int]:
        return this.num_threads(), len(this.children(recursive=True)), this.num_fds()

    try:
        cycle()
        before = counts()
        for _ in range(CYCLES):
            cycle()
        assert wait_until(
            lambda: all(now <= then + SLACK for now, then in zip(counts(), before, strict=True))
        )
        assert len(this.children(recursive=True)) == before[1]
    finally:
        camera.close()
        lens.close()
