"""The real child with the real models, under a calibration signed here."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest

from drivers.contract import Cause, DeviceState, Failed, Ok
from drivers.face import calibration
from drivers.face.calibration import CalibrationFault
from drivers.face.calibration.card_class import CardClass
from drivers.face.card_photos import JPEG_1024
from drivers.face.card_photos import card_photo as card_photo_of
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.matchers import ONNX_MODEL
from drivers.face.verifier import ProcessFaceVerifier
from tests.drivers.face.calibrations import Body, Change, as_it_is, demo_body, proved, signed
from tests.drivers.face.portraits import MODELS, card_photo, frame, live, needed, two
from tests.drivers.waiting import PATIENCE_S, wait_until


def built(folder: Path, change: Change = as_it_is, **given: Any) -> ProcessFaceVerifier:
    """With more time for each question than a terminal gives: tests share their machine."""
    needed(MODELS / ONNX_MODEL)
    usual = {"demo": True, "deadline_s": PATIENCE_S}
    verifier = ProcessFaceVerifier(MODELS, *signed(folder, change), **{**usual, **given})
    assert verifier._worker is not None
    assert verifier._worker.wait_ready(PATIENCE_S)
    return verifier


def _only_one_matcher(body: Body) -> None:
    del body["matchers"]["frf"], body["pipeline"]["frf"]
    for one in body["card_classes"].values():
        for of in (one["limits"], one["chosen_on"]["alone"], one["chosen_on"]["at_target"]["limits"]):
            del of["frf"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFaceVerifier]:
    verifier = built(tmp_path_factory.mktemp("calibration"))
    yield verifier
    verifier.close()


@pytest.fixture
def verifier(shared: ProcessFaceVerifier) -> ProcessFaceVerifier:
    assert wait_until(lambda: shared.probe().state is DeviceState.READY)
    return shared


def decided(verifier: ProcessFaceVerifier, card: str, before_the_camera: str) -> bool:
    assert verifier.set_reference(card_photo(card)) == Ok(None)
    for sequence in range(3):
        assert verifier.examine(frame(live(before_the_camera), sequence)) == Ok(None)
    answer = verifier.decide()
    assert isinstance(answer, Ok)
    assert answer.value.frames_used == 3
    assert {score.matcher for score in answer.value.scores} == {"dlib", "frf"}
    return answer.value.accepted


def test_the_same_person_on_another_photograph_is_accepted(verifier: ProcessFaceVerifier) -> None:
    assert decided(verifier, "obama.jpg", "obama2.jpg")


@pytest.mark.parametrize("stranger", ["biden.jpg", "astronaut.png"])
def test_another_person_is_not(verifier: ProcessFaceVerifier, stranger: str) -> None:
    assert not decided(verifier, "obama.jpg", stranger)


@pytest.mark.parametrize("last", ["biden.jpg", "obama2.jpg"])
def test_the_last_frame_has_to_match_by_itself(verifier: ProcessFaceVerifier, last: str) -> None:
    """Whoever takes the place of the card's owner after two frames is outvoted by them, and is not accepted."""
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    for sequence, name in enumerate(["obama2.jpg", "obama2.jpg", last]):
        assert verifier.examine(frame(live(name), sequence)) == Ok(None)
    answer = verifier.decide()
    assert isinstance(answer, Ok)
    assert answer.value.frames_used == 3
    assert answer.value.accepted is (last == "obama2.jpg")


def test_no_comparison_without_frames_or_without_reference(verifier: ProcessFaceVerifier) -> None:
    verifier.forget()
    assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
    assert isinstance(verifier.decide(), Failed)
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    assert verifier.decide() == Failed(FaceFailure.NO_REFERENCE)


def test_frames_of_one_decision_are_not_used_in_the_next(verifier: ProcessFaceVerifier) -> None:
    assert decided(verifier, "obama.jpg", "obama2.jpg")
    assert verifier.decide() == Failed(FaceFailure.NO_REFERENCE)


def test_a_card_photo_without_a_face(verifier: ProcessFaceVerifier) -> None:
    grey = bytes(cv2.imencode(".png", np.full((126, 102, 3), 128, np.uint8))[1])
    # No card's photo can be made of this one.
    strip = bytes(cv2.imencode(".png", np.zeros((1, 4000, 3), np.uint8))[1])
    for picture in (grey, b"", b"no picture at all", strip):
        assert verifier.set_reference(picture) == Failed(Guidance.NO_FACE)


def test_what_the_resident_can_do(verifier: ProcessFaceVerifier) -> None:
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)

    def guidance(pixels: Any) -> object:
        answer = verifier.examine(frame(pixels))
        return answer.reason if isinstance(answer, Failed) else None

    good = live("obama2.jpg")
    assert guidance(good) is None
    assert guidance(np.full((480, 640, 3), 128, np.uint8)) is Guidance.NO_FACE
    assert guidance(live("obama2.jpg", 60)) is Guidance.COME_CLOSER
    assert guidance(two("obama2.jpg", "biden.jpg", 150)) is Guidance.ONE_PERSON
    assert guidance(cv2.GaussianBlur(good, (0, 0), 6)) is Guidance.HOLD_STILL
    assert guidance((good * 0.15).astype(np.uint8)) is Guidance.TOO_DARK


def test_a_picture_turned_by_its_orientation_mark_is_upright(verifier: ProcessFaceVerifier) -> None:
    """Case F02: the file holds the picture on its side and says so in EXIF."""
    sideways = cv2.rotate(live("obama.jpg"), cv2.ROTATE_90_COUNTERCLOCKWISE)
    jpeg = bytes(cv2.imencode(".jpg", sideways)[1])
    tiff = (
        b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    )
    exif = b"Exif\x00\x00" + tiff
    marked = jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]
    assert verifier.set_reference(jpeg) == Failed(Guidance.NO_FACE)
    assert verifier.set_reference(marked) == Ok(None)


def test_forget_ends_the_process_that_knew_the_face(verifier: ProcessFaceVerifier) -> None:
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    worker = verifier._worker
    assert worker is not None
    pid = worker.pid
    assert pid is not None
    verifier.forget()
    assert wait_until(lambda: not psutil.pid_exists(pid))
    assert decided(verifier, "obama.jpg", "obama2.jpg")


def test_a_killed_child_means_no_decision(verifier: ProcessFaceVerifier) -> None:
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    worker = verifier._worker
    assert worker is not None
    pid = worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: worker.pid not in (None, pid))
    assert verifier.decide() == Failed(FaceFailure.CRASHED, "the process was started again")


def test_a_calibration_that_could_not_show_its_target_counts_in_the_demo_only(tmp_path: Path) -> None:
    verifier = built(tmp_path, demo=False)
    try:
        status = verifier.probe()
        assert status.cause is Cause.FACE_UNCALIBRATED
        assert status.detail.startswith("unproven"), status.detail
        assert "target FMR 0.0001 not shown" in status.detail
        assert verifier.set_reference(card_photo("obama.jpg")).reason is FaceFailure.UNCALIBRATED  # type: ignore[union-attr]
    finally:
        verifier.close()


def test_a_lax_target_counts_in_the_demo_only(tmp_path: Path) -> None:
    with contextlib.closing(built(tmp_path, proved(1.1e-3), demo=False)) as verifier:
        refuses(verifier, "target")
        assert "target FMR 0.0011" in verifier.status().detail
    with contextlib.closing(built(tmp_path, proved(1e-3), demo=False)) as verifier:
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY), "1e-3 itself is not too lax"
    with contextlib.closing(built(tmp_path, proved(1e-2))) as verifier:
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY)


def test_a_restart_takes_the_calibration_that_lies_there_now(tmp_path: Path) -> None:
    verifier = built(tmp_path)
    try:
        assert verifier.probe().state is DeviceState.READY
        (tmp_path / "calibration.json").write_text("{}", "ascii")
        verifier.restart()
        assert verifier.probe().cause is Cause.FACE_UNCALIBRATED
        signed(tmp_path)
        verifier.restart()
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
    finally:
        verifier.close()


@pytest.mark.parametrize("asked", ["model_hashes", "sight", "scores"])
def test_a_calibration_may_be_replaced_while_the_child_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    """As a restart of the device from another thread does, with a file that no longer counts."""
    with contextlib.closing(built(tmp_path)) as verifier:
        worker = verifier._worker
        assert worker is not None
        call = worker.call
        if asked != "model_hashes":
            assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
            assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
            assert verifier.examine(frame(live("obama2.jpg"))) == Ok(None)

        def replaced(method: str, *given: Any, **named: Any) -> Any:
            if method == asked:
                verifier._calibration = Failed(CalibrationFault.UNREADABLE, "calibration.json")
            return call(method, *given, **named)

        monkeypatch.setattr(worker, "call", replaced)
        match asked:
            case "sight":
                assert isinstance(verifier.sight(frame(live("obama2.jpg"))), Ok), "asked under the former one"
            case "scores":
                answer = verifier.decide()
                assert isinstance(answer, Ok)
                assert answer.value.calibration_id == demo_body()["id"], "of the limits that decided"
            case _:
                assert verifier.probe().cause is Cause.FACE_UNCALIBRATED
        assert verifier.probe().cause is Cause.FACE_UNCALIBRATED


def test_the_child_opens_no_68_point_model(verifier: ProcessFaceVerifier) -> None:
    worker = verifier._worker
    assert worker is not None
    assert worker.pid is not None
    maps = psutil.Process(worker.pid).memory_maps()
    assert not [entry.path for entry in maps if "68_face" in entry.path]
    from drivers.face.detector import face_recognition_without_68_points

    assert "68" not in face_recognition_without_68_points().predictor_68_point_model


DAY = date.fromisoformat(demo_body()["valid_until"])


@pytest.mark.parametrize(
    ("change", "given", "fault"),
    [
        (lambda body: body["pipeline"].update(frf="another/1"), {}, "pipeline"),
        (lambda body: body["matchers"].update(dlib="0" * 64), {}, "models"),
        (_only_one_matcher, {}, "models"),
        (lambda body: body.update(schema="jiujin.face-calibration/1"), {}, "schema"),
        (lambda body: body["card_classes"].pop("jpeg_1024"), {}, "card_class"),
        (as_it_is, {"no_earlier_than": lambda: DAY + timedelta(days=1)}, "ended"),
    ],
    ids=["pipeline", "model", "one_matcher", "schema", "card_class", "ended"],
)
def test_a_calibration_for_something_else_is_assist_mode(
    tmp_path: Path, change: Change, given: dict[str, Any], fault: str
) -> None:
    with contextlib.closing(built(tmp_path, change, **given)) as verifier:
        refuses(verifier, fault)


@pytest.mark.parametrize("fault", ["missing", "unsigned", "signature", "wrong_key"])
def test_a_calibration_that_nobody_vouches_for_is_assist_mode(tmp_path: Path, fault: str) -> None:
    file, key_file = signed(tmp_path)
    match fault:
        case "missing":
            file.unlink()
        case "unsigned":
            calibration.signature_path(file).unlink()
        case "signature":
            file.write_text(file.read_text("utf-8").replace("demo-", "real-"), "utf-8")
        case _:
            key_file.write_text("no key", "utf-8")
    with contextlib.closing(ProcessFaceVerifier(MODELS, file, key_file)) as verifier:
        assert verifier._worker is not None
        assert verifier._worker.wait_ready(PATIENCE_S)
        refuses(verifier, fault)


def refuses(verifier: ProcessFaceVerifier, fault: str) -> None:
    status = verifier.probe()
    assert status.state is DeviceState.FAULT
    assert status.cause is Cause.FACE_UNCALIBRATED
    assert status.detail.startswith(f"{fault}, ")
    reference = verifier.set_reference(card_photo("obama.jpg"))
    assert isinstance(reference, Failed)
    assert reference.reason is FaceFailure.UNCALIBRATED
    verifier.examine(frame(live("obama2.jpg")))
    decision = verifier.decide()
    assert isinstance(decision, Failed)
    assert decision.reason is FaceFailure.UNCALIBRATED


def test_a_calibration_ends_while_the_terminal_runs(tmp_path: Path) -> None:
    today = [DAY]
    with contextlib.closing(built(tmp_path, no_earlier_than=lambda: today[0])) as verifier:
        assert verifier.probe().state is DeviceState.READY, "the last day is a valid one"
        assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
        assert verifier.examine(frame(live("obama2.jpg"))) == Ok(None)
        today[0] += timedelta(days=1)
        assert verifier.probe().cause is Cause.FACE_UNCALIBRATED
        decision = verifier.decide()
        assert isinstance(decision, Failed)
        assert decision.reason is FaceFailure.UNCALIBRATED


def test_before_a_calibration_ends_health_says_so_by_vouched_time(tmp_path: Path) -> None:
    """Sixty days before, or in the last third of a short one; on its last day still, and as an end from then on."""
    today = [DAY - timedelta(days=61)]
    with contextlib.closing(built(tmp_path, no_earlier_than=lambda: today[0])) as verifier:
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
        assert verifier.status().warnings == ()
        for day in (DAY - timedelta(days=60), DAY):
            today[0] = day
            for status in (verifier.status(), verifier.probe()):
                assert status.usable
                assert status.warnings == (Cause.FACE_CALIBRATION_ENDING,)
                assert f"until {DAY.isoformat()}" in status.detail
        today[0] = DAY + timedelta(days=1)
        status = verifier.probe()
        assert (status.cause, status.warnings) == (Cause.FACE_UNCALIBRATED, ())


def test_the_limits_are_those_of_the_cards_class(tmp_path: Path) -> None:
    """A card of an unknown number of bytes has the strictest."""

    def change(body: Body) -> None:
        of = body["card_classes"]
        of["jpeg_2048"]["limits"]["frf"], of["jpeg_1024"]["limits"]["frf"] = 0.02, 1.5

    with contextlib.closing(built(tmp_path, change)) as verifier:
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
        assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
        assert verifier.examine(frame(live("obama2.jpg"))) == Ok(None)
        answer = verifier.decide()
        assert isinstance(answer, Ok)
        assert {s.matcher: s.limit for s in answer.value.scores}["frf"] == 0.02
        assert not answer.value.accepted


@pytest.mark.parametrize(("stranger", "accepted"), [("obama2.jpg", True), ("biden.jpg", False)])
def test_a_chips_portrait_is_compared_as_a_cards_photo_under_its_limits(
    verifier: ProcessFaceVerifier, stranger: str, accepted: bool
) -> None:
    """Of portraits as large as a passport's nothing was measured: it is made what was."""
    portrait = bytes(cv2.imencode(".png", live("obama.jpg", 215))[1])
    assert verifier.set_reference(portrait) == Ok(None)
    worker = verifier._worker
    assert worker is not None
    assert worker.call("card_classes", deadline_s=PATIENCE_S) == Ok((CardClass.JPEG_2048,))
    assert verifier.examine(frame(live(stranger))) == Ok(None)
    answer = verifier.decide()
    assert isinstance(answer, Ok)
    assert answer.value.accepted is accepted
    limits = demo_body()["card_classes"]["jpeg_2048"]["limits"]
    assert {score.matcher: score.limit for score in answer.value.scores} == limits


def test_a_photo_of_a_class_without_limits_is_compared_with_nobody(tmp_path: Path) -> None:
    def change(body: Body) -> None:
        del body["card_classes"]["jpeg_2048"]

    with contextlib.closing(built(tmp_path, change, cards=[CardClass.JPEG_1024])) as verifier:
        assert wait_until(lambda: verifier.probe().state is DeviceState.READY)
        known = card_photo_of(bytes(cv2.imencode(".png", live("obama.jpg"))[1]), JPEG_1024)
        assert verifier.set_reference(known) == Ok(None)
        refused = verifier.set_reference(card_photo("obama.jpg"))
        assert isinstance(refused, Failed)
        assert refused.reason is FaceFailure.UNCALIBRATED
        assert refused.detail.startswith("card_class, ")
        assert verifier.examine(frame(live("obama.jpg"))) == Ok(None)
        assert not isinstance(verifier.decide(), Ok), "no limits of the card before"


def test_without_the_second_model_it_is_assist_mode(tmp_path: Path) -> None:
    verifier = ProcessFaceVerifier(tmp_path, *signed(tmp_path))
    try:
        assert verifier.probe().cause is Cause.FACE_MODEL_MISSING
        assert verifier.set_reference(b"") == Failed(FaceFailure.MODEL_MISSING)
    finally:
        verifier.close()
