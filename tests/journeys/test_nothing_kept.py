"""What a visit leaves of a face: nothing, on any disk and in the memory of the processes that live on.

A known face is shown to the real terminal. Afterwards its pictures are looked for as they travelled:
the card's photo as it was packed and as it was decoded, the camera's pictures as JPEG and as pixels,
the aligned crop, and the embeddings' bytes. The search is shown to find each of them first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from drivers import private_memory
from drivers.camera import simulated
from drivers.camera.slot import Slot
from drivers.face.align import aligned
from drivers.face.child import FaceChild
from drivers.face.detector import Detector
from kiosk.bench.people import PEOPLE
from tests.drivers.face.portraits import MODELS
from tests.drivers.memory_of import found_in
from tests.groups import FACES
from tests.journeys import patient_terminal
from tests.journeys.test_visits import end_after_result, pension_until_result
from tests.journeys.window import Window

pytestmark = [pytest.mark.window, pytest.mark.xdist_group(FACES)]
PIECE_BYTES = 48
"""Long enough to be found nowhere by chance, short enough to survive in part of a block."""
LAST_FRAMES, EARLIER_FRAMES = 10, 3
"""What lingers is mostly what was freed last."""
FRAMES_EMBEDDED = 2
PACKED_EVERY = 96
"""Bytes from one piece of the packed photo to the next: it comes over the wire in small parts."""
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the place that is scanned


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    """With the recording of the devices' traffic, as when a technician hunts a fault."""
    made = Window(tmp_path, ini={("log", "record_devices"): "true"}, program=Path(patient_terminal.__file__))
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Each JPEG that the simulated camera sends, as it leaves."""
    pictures: list[bytes] = []
    encode = simulated._encoded

    def noted(pixels: NDArray[np.uint8]) -> bytes:
        pictures.append(encode(pixels))
        return pictures[-1]

    monkeypatch.setattr(simulated, "_encoded", noted)
    yield pictures
    pictures.clear()


def pixel_patterns(name: str, pixels: NDArray[np.uint8]) -> dict[str, bytes]:
    """A piece out of the middle, where the face is, in each form that a picture takes on its way."""
    height, width = pixels.shape[:2]
    piece = np.ascontiguousarray(pixels[height // 2, width // 2 : width // 2 + PIECE_BYTES // 3])
    turned = np.ascontiguousarray(piece[:, ::-1])
    patterns = {f"{name} BGR": piece.tobytes(), f"{name} RGB": turned.tobytes()}
    for order, triple in (("BGR", piece), ("RGB", turned)):
        padded = np.full((len(triple), 4), 255, np.uint8)  # as a texture lies in memory
        padded[:, :3] = triple
        patterns[f"{name} {order} padded"] = padded.tobytes()
    return patterns


def middle(content: bytes) -> bytes:
    return content[len(content) // 2 : len(content) // 2 + PIECE_BYTES]


def patterns_of(window: Window, jpegs: list[bytes]) -> dict[str, bytes]:
    """What is looked for, of the card and of the pictures that the terminal may have taken."""
    packed = window.village._packed_photo(PEOPLE["zhou"])
    decoded = window.village.chip_photo("zhou")
    assert packed is not None
    assert decoded is not None
    end = len(packed.rstrip(b"\0")) - PIECE_BYTES
    patterns = {f"card as packed {at}": packed[at : at + PIECE_BYTES] for at in range(0, end, PACKED_EVERY)}
    patterns["card as decoded"] = middle(decoded)
    earlier = jpegs[:-LAST_FRAMES]
    some = earlier[:: len(earlier) // EARLIER_FRAMES + 1]
    for number, jpeg in enumerate([*jpegs[-LAST_FRAMES:], *some]):
        pixels = np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)
        patterns[f"frame {number} JPEG"] = middle(jpeg)
        patterns |= pixel_patterns(f"frame {number}", pixels)
        if number < FRAMES_EMBEDDED:
            patterns |= embeddings_of(f"frame {number}", pixels)
    patterns |= embeddings_of("card", decoded)
    return patterns


def embeddings_of(name: str, picture: NDArray[np.uint8] | bytes) -> dict[str, bytes]:
    """The bytes that the models make of a picture, and the crop that one of them looks at."""
    slot = Slot()
    try:
        child = FaceChild(str(MODELS), slot.name)
        if isinstance(picture, bytes):
            assert child.set_reference(picture) is None
            assert child._reference is not None
            vectors = child._reference
            crop = {}
        else:
            slot.write(picture, 1)
            if child.examine() is not None:
                return {}  # a frame that is not usable is never embedded
            vectors = child._frames[0]
            rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
            plane = aligned(rgb, Detector().find(rgb, upsample=0)[0].points)
            crop = pixel_patterns(f"{name} aligned", plane)
        return crop | {f"{name} vector {n}": middle(np.asarray(v).tobytes()) for n, v in enumerate(vectors)}
    finally:
        slot.close()


def processes_of(window: Window) -> dict[str, int]:
    """Every process of the terminal that lives on: its name -> its number."""
    root = psutil.Process(window.child.pid)
    return {f"{each.name()} {each.pid}": each.pid for each in [root, *root.children(recursive=True)]}


def with_caches(processes: Mapping[str, int]) -> list[str]:
    """Those that were begun so that small blocks stay as they were freed, which is seen only when one happens to."""
    wanted = private_memory.without_caches({}).items()
    return [name for name, pid in processes.items() if not wanted <= psutil.Process(pid).environ().items()]


def on_disk(places: Mapping[str, Path], patterns: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """(pattern, place and file) for each pattern that some file holds."""
    found: set[tuple[str, str]] = set()
    for place, folder in places.items():
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                found |= {
                    (kind, f"{place} {path.name}") for kind, piece in patterns.items() if piece in content
                }
    return found


def in_memory(processes: Mapping[str, int], patterns: Mapping[str, bytes]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for name, pid in processes.items():
        try:
            there = found_in(pid, patterns)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile, and its memory with it
        found |= {(kind, f"{name} {place}") for kind, places in there.items() for place in places}
    return found


def prove_that_it_finds(places: Mapping[str, Path], patterns: Mapping[str, bytes]) -> None:
    """Each pattern, planted in each place and held by this very process."""
    assert set(found_in(os.getpid(), patterns)) == set(patterns)
    for place, folder in places.items():
        planted = folder / f"planted-{os.getpid()}"
        try:
            planted.write_bytes(b"-".join(patterns.values()))
            assert on_disk({place: folder}, patterns) >= {
                (kind, f"{place} {planted.name}") for kind in patterns
            }
        finally:
            planted.unlink()


def test_a_visit_leaves_no_face(window: Window, sent: list[bytes]) -> None:
    pension_until_result(window, on_record=True)
    seen = list(sent)
    end_after_result(window, card=True)
    assert len(seen) > FRAMES_EMBEDDED, "the camera was looked through"
    patterns = patterns_of(window, seen)
    assert any("aligned" in kind for kind in patterns)
    places = {**window.places, "shared memory": SHARED_MEMORY}
    prove_that_it_finds(places, patterns)
    assert on_disk(places, patterns) == set()
    assert in_memory(processes_of(window), patterns) == set()
    assert with_caches(processes_of(window)) == []
