"""Each element of the gate on a freely licensed portrait, spoiled in that one respect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.camera.slot import Slot
from drivers.face.card_photos import CardPhotoError
from drivers.face.child import FaceChild
from drivers.face.contract import Guidance
from drivers.face.detector import Detector, Face
from drivers.face.elements import Elements, eyes_of, measure
from drivers.face.matchers import ONNX_MODEL
from drivers.face.posture import EYE_MODEL, POSE_MODEL
from drivers.face.quality import LIMITS, WISHES_S, Gate
from tests.drivers.face.portraits import BOXES, MODELS, card_photo, live, needed

Picture = NDArray[np.uint8]
Spoil = Callable[[Picture, Face], Picture]
HEIGHT, WIDTH = 480, 640


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


class Clock:
    """Monotonic seconds that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def shared() -> Gate:
    needed(MODELS / POSE_MODEL)
    needed(MODELS / EYE_MODEL)
    return Gate(MODELS)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(shared: Gate, clock: Clock) -> Gate:
    """The models are loaded once; time stands still unless the test moves it."""
    shared._now = clock
    shared.begin()
    return shared


def found(detector: Detector, rgb: Picture) -> list[Face]:
    return detector.find(rgb, upsample=0) or detector.find(rgb, upsample=1)


def good(name: str = "obama.jpg", face_width: int = 180) -> Picture:
    return np.ascontiguousarray(live(name, face_width)[:, :, ::-1])


def clipped(values: NDArray[Any]) -> Picture:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def lit(times: float) -> Spoil:
    return lambda rgb, _face: clipped(rgb * times)


def out_of_focus(rgb: Picture, _face: Face | None = None) -> Picture:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 6), np.uint8)


def painted(rgb: Picture, face: Face, shapes: list[tuple[float, float, float, float]], light: int) -> Picture:
    """Ellipses (x, y, half width, half height) measured in eye distances from the middle of the eyes."""
    eyes = eyes_of(face.points)
    middle, distance = eyes.mean(axis=0), float(np.linalg.norm(eyes[1] - eyes[0]))
    drawn = rgb.copy()
    for x, y, wide, high in shapes:
        centre = tuple(int(v) for v in middle + np.array((x, y)) * distance)
        cv2.ellipse(
            drawn, centre, (int(wide * distance), int(high * distance)), 0, 0, 360, (light, light, light), -1
        )
    return drawn


def from_one_side(rgb: Picture, face: Face) -> Picture:
    """The dark half's edge is soft, so that the detector still sees a face."""
    left, _, right, _ = face.box
    ramp = np.clip((np.arange(WIDTH) - (left + right) / 2) / (0.2 * (right - left)) + 0.5, 0.12, 1.0)
    return clipped(rgb * ramp[None, :, None])


def against_the_light(rgb: Picture, face: Face) -> Picture:
    left, top, right, bottom = face.box
    size = right - left
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    far = ((x - (left + right) / 2) / (0.75 * size)) ** 4 + ((y - (top + bottom) / 2) / (0.9 * size)) ** 4
    near = np.exp(-far)[..., None]
    return clipped(rgb * 0.4 * near + (1 - near) * 235)


def moved(rgb: Picture, _face: Face) -> Picture:
    kernel = np.zeros((31, 31))
    kernel[15] = 1 / 31
    return np.asarray(cv2.filter2D(rgb, -1, kernel), np.uint8)


def in_black_shadows(rgb: Picture, face: Face) -> Picture:
    """Bright ends are there, but more than half of the face is lost."""
    left, top, right, bottom = face.box
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(float)
    middling = np.percentile(grey[top:bottom, left:right], 45)
    return clipped(np.repeat((grey - middling)[..., None] * 1.5, 3, axis=2))


def to_a_shoulder(rgb: Picture, face: Face) -> Picture:
    left, top, right, bottom = face.box
    turn = cv2.getRotationMatrix2D(((left + right) / 2, (top + bottom) / 2), 38, 1.0)
    return np.asarray(cv2.warpAffine(rgb, turn, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def shut(rgb: Picture, face: Face) -> Picture:
    """Lids of the cheek's colour with a line of lashes."""
    eyes = eyes_of(face.points)
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    drawn = rgb.copy()
    for x, y in eyes:
        skin = rgb[int(y + 0.45 * distance), int(x)].tolist()
        lid, lashes = (int(x), int(y)), (int(x), int(y + 0.02 * distance))
        cv2.ellipse(drawn, lid, (int(0.26 * distance), int(0.15 * distance)), 0, 0, 360, skin, -1)
        size = (int(0.22 * distance), int(0.07 * distance))
        cv2.ellipse(drawn, lashes, size, 0, 10, 170, (60, 40, 35), max(1, int(0.03 * distance)))
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.0), np.uint8)


def turned(rgb: Picture, face: Face, degrees: float, *, nods: bool = False) -> Picture:
    """The face as the front of an ellipsoid that turns to a side, or nods."""
    left, top, right, bottom = face.box
    wide, high = 0.65 * (right - left), 0.95 * (bottom - top)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    across, along = (x - (left + right) / 2) / wide, (y - (top + bottom) / 2) / high
    moving, other = (along, across) if nods else (across, along)
    radius = np.sqrt(np.maximum(0.0, 1.0 - other * other))
    was_at = np.arcsin(np.clip(moving / np.maximum(radius, 1e-6), -1, 1)) - np.radians(degrees)
    hidden = (np.abs(moving) >= radius) | (was_at < -np.pi / 2)
    source = np.where(hidden, moving, np.sin(was_at) * radius)
    from_x = x if nods else source * wide + (left + right) / 2
    from_y = source * high + (top + bottom) / 2 if nods else y
    maps = from_x.astype(np.float32), from_y.astype(np.float32)
    return np.asarray(cv2.remap(rgb, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


SPOILED: dict[str, tuple[Guidance, Spoil]] = {
    "dark": (Guidance.TOO_DARK, lit(0.2)),
    "black shadows": (Guidance.TOO_DARK, in_black_shadows),
    "light behind": (Guidance.BACK_LIGHT, against_the_light),
    "light from one side": (Guidance.SIDE_LIGHT, from_one_side),
    "too bright": (Guidance.TOO_BRIGHT, lit(1.7)),
    "out of focus": (Guidance.HOLD_STILL, out_of_focus),
    "moved": (Guidance.HOLD_STILL, moved),
    "dark glasses": (
        Guidance.DARK_GLASSES,
        lambda rgb, face: painted(rgb, face, [(-0.5, 0, 0.4, 0.3), (0.5, 0, 0.4, 0.3)], 25),
    ),
    "glare on one glass": (
        Guidance.GLARE,
        lambda rgb, face: painted(rgb, face, [(0.5, 0, 0.2, 0.15)], 254),
    ),
    "mask": (Guidance.FACE_COVERED, lambda rgb, face: painted(rgb, face, [(0, 1.35, 0.75, 0.72)], 200)),
    "dark mask": (Guidance.FACE_COVERED, lambda rgb, face: painted(rgb, face, [(0, 1.35, 0.75, 0.72)], 70)),
    "head on the shoulder": (Guidance.HEAD_LEVEL, to_a_shoulder),
    "head bent": (Guidance.LOOK_HERE, lambda rgb, face: turned(rgb, face, 45, nods=True)),
    "eyes shut": (Guidance.EYES_HERE, shut),
}


@pytest.mark.parametrize("name", BOXES)
def test_a_good_face_passes_at_once(gate: Gate, detector: Detector, name: str) -> None:
    rgb = good(name)
    faces = found(detector, rgb)
    assert gate.judge(rgb, faces) is faces[0]


@pytest.mark.parametrize("defect", SPOILED)
def test_each_defect_has_its_own_words(gate: Gate, detector: Detector, defect: str) -> None:
    rgb = good()
    expected, spoil = SPOILED[defect]
    spoiled = np.ascontiguousarray(spoil(rgb, found(detector, rgb)[0]))
    faces = found(detector, spoiled)
    assert faces, "the detector must see the spoiled face, or the test says nothing about its element"
    assert gate.judge(spoiled, faces) is expected


@pytest.mark.parametrize(("name", "degrees"), [("biden.jpg", 45), ("obama2.jpg", -45)])
def test_a_head_turned_to_either_side(gate: Gate, detector: Detector, name: str, degrees: float) -> None:
    rgb = good(name)
    aside = turned(rgb, found(detector, rgb)[0], degrees)
    assert gate.judge(aside, found(detector, aside)) is Guidance.LOOK_HERE


def test_too_far_too_near_and_at_the_edge(gate: Gate, detector: Detector) -> None:
    for width, expected in ((60, Guidance.COME_CLOSER), (430, Guidance.MOVE_BACK)):
        rgb = good(face_width=width)
        assert gate.judge(rgb, found(detector, rgb)) is expected
    rgb = good()
    face = found(detector, rgb)[0]
    left, top, right, bottom = face.box
    lost = left + (right - left) // 4
    cut = Face((left - lost, top, right - lost, bottom), face.points - np.array((lost, 0)), None)
    assert gate.judge(np.ascontiguousarray(rgb[:, lost:]), [cut]) is Guidance.TO_THE_MIDDLE


def test_near_is_both_a_share_of_the_frame_and_pixels(gate: Gate, detector: Detector) -> None:
    """A face that is large enough to compare is still too far off in a large frame: bystanders are missed."""
    rgb = good()
    wide = cv2.copyMakeBorder(rgb, 240, 240, 320, 320, cv2.BORDER_REPLICATE)
    coarse = cv2.resize(rgb, (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    for scene in (wide, coarse):
        pixels = np.asarray(scene, np.uint8)
        faces = detector.find(pixels, upsample=1)
        assert faces
        assert gate.judge(pixels, faces) is Guidance.COME_CLOSER


def test_every_limit_decides(gate: Gate, detector: Detector) -> None:
    """Each row, broken alone on a face that keeps all others, gives its words; at the limit it is kept."""
    rgb = good()
    face = found(detector, rgb)[0]
    seen = measure(rgb, face.box, eyes_of(face.points))
    assert seen is not None
    seen = gate._with_posture(seen, rgb, face)
    assert {limit.field for limit in LIMITS} == {field.name for field in fields(Elements)}
    for limit in LIMITS:
        assert limit.keeps(seen), limit
        for bound, beyond in ((limit.at_least, -1e-6), (limit.at_most, 1e-6)):
            if abs(bound) == float("inf"):
                continue
            values = {field.name: getattr(seen, field.name) for field in fields(Elements)}
            assert limit.keeps(Elements(**values | {limit.field: bound})), limit
            assert not limit.keeps(Elements(**values | {limit.field: bound + beyond})), limit


@pytest.mark.parametrize("defect", ["dark glasses", "mask", "dark mask"])
def test_a_wish_keeps_nobody_out_and_a_demand_does(
    gate: Gate, detector: Detector, clock: Clock, defect: str
) -> None:
    """Dark glasses may stay on, and what shows no mouth may be a beard: both are used, after the words for them. A
    frame in the dark is never used.
    """
    rgb = good()
    face = found(detector, rgb)[0]
    words, spoil = SPOILED[defect]
    worn = spoil(rgb, face)
    faces = found(detector, worn)
    assert gate.judge(worn, faces) is words
    clock.now_s += WISHES_S - 0.1
    assert gate.judge(worn, faces) is words
    clock.now_s += 0.1
    assert gate.judge(worn, faces) is faces[0]
    dark = clipped(rgb * 0.2)
    assert gate.judge(dark, found(detector, dark)) is Guidance.TOO_DARK
    gate.begin()
    assert gate.judge(worn, faces) is words


def test_the_demand_is_said_before_the_wish(gate: Gate, detector: Detector) -> None:
    """In the dark nothing else can be told, so light comes before glasses."""
    rgb = good()
    glasses = SPOILED["dark glasses"][1](rgb, found(detector, rgb)[0])
    dark = clipped(glasses * 0.2)
    faces = found(detector, dark) or found(detector, rgb)
    assert gate.judge(dark, faces) is Guidance.TOO_DARK


def test_without_its_models_the_gate_looks_at_the_rest(detector: Detector, tmp_path: Path) -> None:
    gate = Gate(tmp_path)
    rgb = good()
    faces = found(detector, rgb)
    assert gate.judge(rgb, faces) is faces[0]
    blurred = out_of_focus(rgb)
    assert gate.judge(blurred, found(detector, blurred)) is Guidance.HOLD_STILL


def test_points_that_are_no_eyes_are_no_face(gate: Gate) -> None:
    """Case F02: a box without an encoding asks again, without an error."""
    rgb = good()
    for points in (np.zeros((5, 2)), np.full((5, 2), 1e6), np.full((5, 2), -5.0)):
        assert gate.judge(rgb, [Face((200, 120, 380, 300), points, None)]) is Guidance.NO_FACE


def test_eyes_are_found_in_either_order_of_points() -> None:
    dlib = np.array([[81, 52], [67, 54], [31, 52], [45, 54], [56, 80]], float)
    middles = np.array([[38, 53], [74, 53], [56, 75], [42, 92], [70, 92]], float)
    assert eyes_of(dlib).tolist() == [[38, 53], [74, 53]]
    assert eyes_of(middles).tolist() == [[38, 53], [74, 53]]
    assert eyes_of(middles[[1, 0, 2, 4, 3]]).tolist() == [[38, 53], [74, 53]]


def test_a_card_photo_is_never_gated_like_a_live_frame(gate: Gate, detector: Detector) -> None:
    """At most 28 pixels between the eyes, and even dark or blurred: it is the only photo that the card has."""
    small = cv2.imdecode(np.frombuffer(card_photo("obama.jpg"), np.uint8), cv2.IMREAD_COLOR)
    assert small is not None
    rgb = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8)
    face = detector.find(rgb, upsample=1)[0]
    eyes = eyes_of(face.points)
    assert float(np.linalg.norm(eyes[1] - eyes[0])) <= 28
    assert gate.judge(rgb, [face]) is Guidance.COME_CLOSER
    with closing(Slot()) as slot:
        child = FaceChild(str(MODELS), slot.name)
        for photo in (small, small * 0.2, cv2.GaussianBlur(small, (0, 0), 1.5)):
            encoded = bytes(cv2.imencode(".png", clipped(np.asarray(photo)))[1])
            assert child.set_reference(encoded) is None
        blank = bytes(cv2.imencode(".png", np.full_like(small, 90))[1])
        assert child.set_reference(blank) is Guidance.NO_FACE


@pytest.mark.parametrize(
    "defect", [CardPhotoError("does not fit"), cv2.error("no size")], ids=["ours", "OpenCV's"]
)
def test_a_photo_that_cannot_be_made_a_cards_is_of_no_use_and_no_crash(
    defect: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_picture: bytes) -> bytes:
        raise defect

    needed(MODELS / ONNX_MODEL)
    with closing(Slot()) as slot:
        child = FaceChild(str(MODELS), slot.name)
        assert child.set_reference(card_photo("obama.jpg")) is None
        monkeypatch.setattr("drivers.face.child.as_card_photo", refuse)
        assert child.set_reference(card_photo("obama.jpg")) is Guidance.NO_FACE
        assert (child._reference, child.card_classes()) == (None, ()), "and the card before is forgotten"


def test_each_attempt_says_its_wishes_anew(detector: Detector) -> None:
    """The reference goes in before the camera opens: from then on glasses are asked for once more."""
    rgb = good()
    glasses = SPOILED["dark glasses"][1](rgb, found(detector, rgb)[0])
    with closing(Slot()) as slot:
        child = FaceChild(str(MODELS), slot.name)
        slot.write(np.ascontiguousarray(glasses[:, :, ::-1]), 1)
        assert child.set_reference(card_photo("obama.jpg")) is None
        clock = child._embedder.gate._now = Clock()
        assert child.examine() is Guidance.DARK_GLASSES
        clock.now_s += WISHES_S
        assert child.examine() is None
        assert child.set_reference(card_photo("obama.jpg")) is None
        assert child.examine() is Guidance.DARK_GLASSES


def test_a_face_upside_down_is_asked_to_look_here_and_is_no_error(gate: Gate, detector: Detector) -> None:
    for name in BOXES:
        rgb = np.ascontiguousarray(good(name)[::-1, ::-1])
        assert gate.judge(rgb, found(detector, rgb)) is Guidance.NO_FACE
