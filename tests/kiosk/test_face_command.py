"""`main.py face` as a technician calls it; the pictures are embedded by a stand-in, all else is real."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from drivers.contract import Ok
from drivers.face import calibration
from drivers.face.calibration.card_class import SMALL, CardClass
from drivers.face.embedder import Embedder
from drivers.face.evaluation.data_set import Half, half_of
from drivers.face.matchers import ONNX_MODEL, Embedding
from kiosk.face_figures import lines_of
from tests.drivers.face.calibrations import signed
from tests.drivers.face.portraits import MODELS, needed
from tests.kiosk.face_commands import ini_of, place, run

__all__ = ["place"]

PEOPLE = 84
"""300 pairs of people of one sex in each half, and a reporting half that keeps 0.01."""
WRITTEN = "calibration.json"


def folder_of(place: Path, people: int = PEOPLE, sex: str = "fm") -> Path:
    """So many invented people with one card and two frames each: a file tells who it is, and nothing else."""
    data = place / "pilot"
    (data / "images").mkdir(parents=True)
    rows = []
    for number in range(people):
        for role, which in (("reference", 0), ("live", 1), ("live", 2)):
            name = f"{number}_{which}.jpg"
            (data / "images" / name).write_bytes(f"{number} {which}".encode())
            group = "elderly" if number % 5 == 0 else ""
            rows.append((name, f"person-{number}", sex[number % len(sex)], role, group))
    with (data / "images.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "person", "sex", "role", "group"), *rows])
    return data


@pytest.fixture
def embeds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """People are points on a sphere of 64 dimensions; `[0]` is how far their pictures lie from them."""
    spread = [0.2]

    def of(picture: bytes) -> list[Embedding]:
        number, which = (int(part) for part in picture.split())

        def near(seed: int) -> Embedding:
            person = np.random.default_rng(number).normal(size=64)
            vector = person / np.linalg.norm(person)
            vector = vector + spread[0] * np.random.default_rng(seed).normal(size=64) / 8
            return np.asarray(vector / np.linalg.norm(vector), np.float32)

        return [near(1000 + 10 * number + which), near(5000 + 10 * number + which)]

    def card(_self: Embedder, picture: bytes) -> list[Embedding]:
        return of(picture)

    def live(_self: Embedder, picture: Any, _choose: object) -> list[Embedding]:
        return of(picture)

    monkeypatch.setattr(Embedder, "card", card)
    monkeypatch.setattr(Embedder, "live", live)
    monkeypatch.setattr("drivers.face.evaluation.enrolment.card_photo", lambda picture, _condition: picture)
    monkeypatch.setattr("drivers.face.evaluation.enrolment.read_picture", lambda picture: picture)
    return spread


def calibrate(place: Path, *words: str, target: str = "0.01") -> Result:
    needed(MODELS / ONNX_MODEL)
    given = ("--data", str(place / "pilot"), "--target-fmr", target, "--models", str(MODELS))
    return run("calibrate", *given, "--key", str(place / "county.key"), *words)


def read(place: Path) -> calibration.Calibration:
    answer = calibration.load(place / WRITTEN, place / "county.pub")
    assert isinstance(answer, Ok), answer
    return answer.value


def test_a_calibration_is_made_signed_and_read(place: Path, embeds: list[float]) -> None:
    assert embeds
    folder_of(place)
    done = calibrate(place, "--json", "--about", "invented", "--valid-days", "30")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    document = read(place).document
    assert told["calibration"] == json.loads((place / WRITTEN).read_text("utf-8"))
    assert set(document.card_classes) == {"jpeg_2048", "jpeg_1024"}
    assert (document.valid_until - document.made_on).days == 30
    assert not document.unmeasurable_accepted
    assert document.data.persons == PEOPLE
    assert document.data.choosing_persons + document.data.reporting_persons == PEOPLE
    figures = {(f.rate, f.people): f for f in document.card_classes[CardClass.JPEG_2048].reported}
    assert {people for rate, people in figures if rate == "FMR"} == {"all", "any sex", "f", "m", "elderly"}
    assert figures["FMR", "all"].measurable
    assert not figures["FMR", "elderly"].measurable, "too few of them to say anything at this target"
    assert figures["FMR", "all"].high is not None
    chosen = document.card_classes[CardClass.JPEG_2048].chosen_on
    assert 3 / chosen.person_pairs <= chosen.fmr_upper <= 0.01
    assert chosen.false_matches <= chosen.at_target.false_matches
    assert set(chosen.alone) == {"dlib", "frf"}
    shown = "\n".join(lines_of(document))
    assert f"upper bound: FMR {chosen.fmr_upper:.4%} ≤ 1.0000%" in shown
    assert "without margin: dlib ≤" in shown


def test_nobody_of_the_reporting_half_moves_a_limit(place: Path, embeds: list[float]) -> None:
    """Half two is embedded as if all were one person: the limits stay, the figures tell."""
    assert embeds
    folder_of(place)
    assert calibrate(place, "--card-class", "jpeg_2048").exit_code == 0
    before = read(place).document.card_classes[CardClass.JPEG_2048]
    for file in (place / "pilot" / "images").iterdir():
        number = file.name.split("_")[0]
        if half_of(f"person-{number}") is Half.REPORTING:
            file.write_bytes(b"7 " + file.read_bytes().split()[1])
    for lifted in ((), ("--accept-unmeasurable",)):
        done = calibrate(place, "--card-class", "jpeg_2048", "--json", *lifted)
        assert done.exit_code == 1
        told = json.loads(done.stdout)
        assert told["reason"] == "missed", "the target is not kept by people who chose nothing"
        assert "(all) were accepted, more than the target 0.01" in told["message"][0]
    assert read(place).document.card_classes[CardClass.JPEG_2048] == before, "nothing was written"


def test_a_target_that_the_data_cannot_show_is_refused_or_noted(place: Path, embeds: list[float]) -> None:
    assert embeds
    folder_of(place)
    done = calibrate(place, "--json", target="1e-4")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["reason"] == "unmeasurable"
    assert "30000 are needed" in done.stdout
    assert not (place / WRITTEN).exists()
    done = calibrate(place, "--accept-unmeasurable", "--card-class", "jpeg_1024", target="1e-4")
    assert done.exit_code == 0, done.output
    assert "不可测 not measurable" in done.output
    document = read(place).document
    assert document.unmeasurable_accepted
    assert document.unmeasurable() == ["jpeg_1024"]


def test_what_is_wrong_with_the_folder_is_told_by_its_line(place: Path, embeds: list[float]) -> None:
    assert embeds
    data = folder_of(place)
    table = (data / "images.csv").read_text("utf-8")
    (data / "images.csv").write_text(table.replace("person-3,m", "person-3,x", 1), "utf-8")
    done = calibrate(place)
    assert done.exit_code == 1
    assert "images.csv, line 11, sex" in done.output
    shutil.rmtree(data)
    folder_of(place, people=2)
    done = calibrate(place, "--accept-unmeasurable", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["reason"] == "too_few_people"


def test_one_picture_of_two_people_is_noted_and_of_one_person_refused(
    place: Path, embeds: list[float]
) -> None:
    assert embeds
    images = folder_of(place) / "images"
    shutil.copy(images / "0_0.jpg", images / "8_0.jpg")  # of two people, written as one and the same
    noted = "images.csv, line 26, file: is the picture of line 2, of another person there; one of the two is wrong"
    done = calibrate(place, "--card-class", "jpeg_2048", "--accept-unmeasurable", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["warnings"] == [noted]
    assert noted in calibrate(place, "--card-class", "jpeg_2048", "--accept-unmeasurable").stdout
    shutil.copy(images / "0_0.jpg", images / "0_1.jpg")
    done = calibrate(place, "--json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert (told["ok"], told["reason"]) == (False, "data")
    assert told["message"][0].startswith("images.csv, line 3, file: is the picture of line 2 once more")


def test_real_card_photos_are_taken_as_they_are(
    place: Path, embeds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embeds
    folder_of(place)
    refused = calibrate(place, "--real-card-photos", "--json")
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["message"][0].startswith("images.csv, line 2, file: is no card's photo")
    monkeypatch.setattr("drivers.face.calibration.making.classes_of", lambda _picture: tuple(SMALL))
    assert calibrate(place, "--real-card-photos", "--card-class", "jpeg_2048").exit_code == 2
    done = calibrate(place, "--real-card-photos")
    assert done.exit_code == 0, done.output
    document = read(place).document
    assert document.data.real_card_photos
    assert set(document.card_classes) == SMALL


def test_ctrl_c_leaves_what_was_there(
    place: Path, embeds: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert embeds
    folder_of(place)
    assert calibrate(place, "--card-class", "jpeg_2048", "--id", "former").exit_code == 0

    def interrupted(_self: Embedder, _picture: bytes) -> list[Embedding]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Embedder, "card", interrupted)
    assert calibrate(place, "--card-class", "jpeg_2048", "--id", "new").exit_code == 1
    assert read(place).id == "former"
    assert not list(place.glob("*.new"))


@pytest.mark.parametrize(
    "words",
    [
        ("--id", "a b"),
        ("--about", "x" * 500),
        ("--out", "nowhere/calibration.json"),
        ("--valid-days", "0"),
        ("--card-class", "hologram"),
        ("--card-class", "original"),
        ("--key", "county.pub"),
        ("--target-fmr", "0"),
        ("--target-fmr", "nan"),
    ],
)
def test_wrong_words_are_said_before_any_work(place: Path, words: tuple[str, str]) -> None:
    folder_of(place)
    done = calibrate(place, *words)
    assert done.exit_code == 2, done.output
    assert words[0] in done.output


def test_help_teaches() -> None:
    for command in ("calibrate", "show"):
        done = run(command, "--help")
        assert done.exit_code == 0
        assert "Exit codes" in done.output


def models_without(place: Path, content: bytes | None) -> Path:
    """The models, but the second one is missing or holds this."""
    folder = place / "models"
    folder.mkdir()
    for file in MODELS.iterdir():
        if file.name != ONNX_MODEL:
            (folder / file.name).symlink_to(file)
    if content is not None:
        (folder / ONNX_MODEL).write_bytes(content)
    return folder


@pytest.mark.parametrize(("content", "what"), [(None, "is not here"), (b"cut off", "is damaged")])
def test_a_model_that_cannot_be_loaded_is_named(place: Path, content: bytes | None, what: str) -> None:
    needed(MODELS / ONNX_MODEL)
    folder_of(place)
    models = models_without(place, content)
    done = calibrate(place, "--models", str(models))
    assert done.exit_code == 2, done.output
    assert "--models" in done.output
    assert f"{ONNX_MODEL} {what}" in " ".join(done.output.split())
    ini = ini_of(place, *signed(place), models=models)
    done = run("show", "--config", str(ini), "--json")
    assert done.exit_code == 1, done.output
    (against,) = json.loads(done.stdout)["against"]
    assert against["fault"] == "models"
    assert f"{ONNX_MODEL} {what}" in against["detail"]


def test_a_wrong_engine_is_said_before_the_people_are_counted(place: Path) -> None:
    needed(MODELS / ONNX_MODEL)
    folder_of(place, people=2)
    done = calibrate(place, "--engine", "no_such_vendor.engine:Engine", target="1e-4")
    assert done.exit_code == 2, done.output
    assert "--engine" in done.output


@pytest.mark.parametrize(
    "engine",
    ["no_such_vendor.engine:Engine", f"{__name__}:EngineWithoutLicence", f"{__name__}:PEOPLE"],
)
def test_an_engine_that_cannot_be_loaded_is_named(place: Path, engine: str) -> None:
    needed(MODELS / ONNX_MODEL)
    folder_of(place)
    done = calibrate(place, "--engine", engine)
    assert done.exit_code == 2, done.output
    assert "--engine" in done.output
    ini = ini_of(place, *signed(place), engine=engine)
    done = run("show", "--config", str(ini), "--json")
    assert done.exit_code == 1, done.output
    (against,) = json.loads(done.stdout)["against"]
    assert against["fault"] == "models"
    assert against["detail"].startswith("engine")


class EngineWithoutLicence:
    """A vendor's class as it behaves without its dongle."""

    def __init__(self, _models: Path) -> None:
        message = "no dongle"
        raise OSError(message)
