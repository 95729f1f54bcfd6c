"""A card's photo that is made to harm: whatever its decoder makes of it, the terminal serves on."""

from __future__ import annotations

import io
import shlex
import struct
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from kiosk.journey.events import IdleExpired
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import PENSION, Hall, hall

DECODER = """
import os, pathlib, signal, sys
sys.stdin.buffer.read()
picture = pathlib.Path(sys.argv[1])
if picture.exists():
    sys.stdout.buffer.write(picture.read_bytes())
else:
    os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Hall, Path]]:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "decoder.py").write_text(DECODER)
    command = shlex.join([sys.executable, str(folder / "decoder.py"), str(folder / "picture")])
    with hall(folder, settings={("card_reader", "photo_decoder"): command}) as made:
        yield made, folder / "picture"


def chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


def png(idat: bytes, size: tuple[int, int] = (102, 126)) -> bytes:
    """A PNG whose header is right, whatever the pixels are."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", idat) + chunk(b"IEND", b"")


def faceless() -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", (102, 126), "white").save(packed, "BMP")
    return packed.getvalue()


HOSTILE: dict[str, bytes | None] = {
    "the decoder dies of it": None,
    "no picture at all": b"BM" + bytes(range(256)),
    "a bomb by its header": png(zlib.compress(bytes(1000)), (65_000, 65_000)),
    "pixels that do not unpack": png(b"\xff" * 400),
    "a bomb in its pixels": png(zlib.compress(bytes(30_000_000), 9)),
    "a picture of nobody": faceless(),
}


@pytest.mark.parametrize("picture", HOSTILE.values(), ids=HOSTILE)
def test_the_resident_goes_another_way_and_the_next_visit_is_served(
    shared: tuple[Hall, Path], picture: bytes | None
) -> None:
    running, file = shared
    file.unlink(missing_ok=True)
    if picture is not None:
        file.write_bytes(picture)
    running.press("begin")
    running.play(wait_enabled=f"service:{PENSION}")
    running.press(f"service:{PENSION}", "next")
    running.play(wait_enabled="face")
    running.press("face")
    running.village.put_card("zhou")
    running.play(wait_state="other_way")
    for _ in range(2):  # to the good-bye, and from there to the first screen
        running.terminal.send(IdleExpired())
    running.play(wait_state="attract")
    assert running.terminal.journey.defects == 0
    assert wait_until(lambda: all(lane.idle for lane in running.terminal.hands.lanes.all()))
    assert sum(lane.defects for lane in running.terminal.hands.lanes.all()) == 0
