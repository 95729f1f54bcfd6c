"""A file system of its own, small and in memory, for what happens when a disk is full or takes no writing."""

from __future__ import annotations

import contextlib
import errno
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(place: Path, mebibytes: int) -> Iterator[Path]:
    """Mounted at `place`, which is made; gone at the end with all that it holds."""
    place.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("a disk of its own cannot be mounted here (needs root)")
    try:
        yield place
    finally:
        subprocess.run(["/bin/umount", "-l", str(place)], check=True)


def remount(place: Path, how: str) -> None:
    """`ro`: as the kernel does after an error of the storage; `rw`: as after its repair."""
    subprocess.run(["/bin/mount", "-o", f"remount,{how}", str(place)], check=True)


def exhaust(disk: Path, but_bytes: int = 0) -> Path:
    """Another program's log, here, takes every byte, or all `but_bytes` that are free."""
    log = disk / "somebody_elses.log"
    with log.open("wb", buffering=0) as filler:
        try:
            while not but_bytes or shutil.disk_usage(disk).free > but_bytes:
                filler.write(bytes(4096))
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - it ends no other way
    return log
