"""What a device costs while nobody comes: the driver, its threads and its children, without the far end."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import psutil

from drivers.contract import Device
from kiosk.watch import LOOK_EVERY_S, Watch
from tests.benchmarks.figures import Figure
from tests.benchmarks.idle_stands import NO_DEVICE, Opener, stands

OPENING_S = 60.0
WARM_S = 6.0
MEASURED_S = 24.0
GOAL_PER_CENT = 0.5
SERVICES = ("pcscd", "cupsd")
"""Not the terminal's own, but they work because it asks."""


@dataclass(frozen=True, slots=True)
class _Stand:
    """A process with one stand's devices under the terminal's own watch."""

    process: BaseProcess
    told: Connection
    devices: int


def idle_cpu() -> list[Figure]:
    """Per cent of one core a device, looked at every `LOOK_EVERY_S` as a standing terminal does.

    All stand at once, each in a process of its own: the processor's time is counted by process.
    """
    with stands() as openers, ExitStack() as stack:
        standing = {name: _started(opener, stack) for name, opener in openers.items()}
        counted = {name: _tree(stand.process.pid) for name, stand in standing.items()}
        counted |= {name: [service] for name in SERVICES for service in _service(name)}
        time.sleep(WARM_S)
        per_cent = _per_cent(counted)
    of_nothing = per_cent.pop(NO_DEVICE)
    figures = []
    for name, stand in standing.items():
        if name != NO_DEVICE:
            beside = {"no_device_per_cent": of_nothing, "seconds": MEASURED_S, "devices": stand.devices}
            value = per_cent.pop(name) / stand.devices
            figures.append(Figure(f"idle_cpu_{name}", value, "% a device", GOAL_PER_CENT, beside))
    services = (Figure(f"idle_cpu_of_{name}", value, "%", None, {}) for name, value in per_cent.items())
    return [*figures, *services]


def _per_cent(counted: dict[str, list[psutil.Process]]) -> dict[str, float]:
    before, began_s = {name: _used_s(tree) for name, tree in counted.items()}, time.monotonic()
    time.sleep(MEASURED_S)
    took_s = time.monotonic() - began_s
    return {name: 100 * (_used_s(tree) - before[name]) / took_s for name, tree in counted.items()}


def _used_s(tree: list[psutil.Process]) -> float:
    """Seconds of processor time to the nanosecond, ended threads too; /proc rounds each process to 0.02 s.

    OSError when one has ended, which no idle device may do.
    """
    return sum(time.clock_gettime(clock_of(one.pid)) for one in tree)


def clock_of(pid: int) -> int:
    """clock_getcpuclockid(3): the clock of a whole process."""
    clock = ctypes.c_int()
    code = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if code:
        raise OSError(code, os.strerror(code))
    return clock.value


def _tree(pid: int | None) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _service(name: str) -> Iterator[psutil.Process]:
    """The one that was started for this, if it was."""
    return (one for one in psutil.Process().children(recursive=True) if one.name() == name)


def _started(opener: Opener, stack: ExitStack) -> _Stand:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_stand, args=(opener, theirs))
    process.start()
    stack.callback(process.join)
    stack.callback(ours.close)  # its end is the sign to end
    theirs.close()
    return _Stand(process, ours, ours.recv())


def _stand(opener: Opener, told: Connection) -> None:
    with ExitStack() as stack:
        devices = opener(stack)
        for device in devices:
            _until_usable(device)
        watch = Watch(tuple(devices), changed=lambda: None, every_s=LOOK_EVERY_S)
        watch.start()
        stack.callback(watch.close)
        told.send(len(devices))
        told.poll(None)


def _until_usable(device: Device) -> None:
    """What is measured is a device that works: one that is away is asked more often and does less."""
    ends_s = time.monotonic() + OPENING_S
    while not device.probe().usable:
        assert time.monotonic() < ends_s, device.status()
        time.sleep(0.1)
