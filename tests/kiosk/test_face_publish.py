"""At every moment a reader finds the former calibration or the new one, whole and signed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from drivers.contract import Ok
from drivers.face import calibration
from kiosk import durable
from kiosk.face_publish import NotACalibrationError, publish
from tests.drivers.face.calibrations import Body, demo_body
from tests.drivers.waiting import wait_until

PROJECT = Path(__file__).resolve().parents[2]
WRITER = """
import itertools, json, sys
from pathlib import Path
from kiosk import keys
from kiosk.face_publish import publish
body = json.loads(sys.stdin.read())
key = keys.private_key(Path(sys.argv[2]))
for number in itertools.count():
    publish(Path(sys.argv[1]), body | {"id": f"number-{number}"}, key)
"""


@pytest.fixture
def key(tmp_path: Path) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "key.pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return key


def named(name: str) -> Body:
    return demo_body() | {"id": name}


def read_id(folder: Path) -> str:
    answer = calibration.load(folder / "calibration.json", folder / "key.pub")
    assert isinstance(answer, Ok), answer
    return answer.value.id


def test_what_is_published_is_read(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    for name in ("one", "two", "three"):
        publish(tmp_path / "calibration.json", named(name), key)
        assert read_id(tmp_path) == name
    assert (tmp_path / "calibration.json.sig").read_bytes().count(b"\n") == 1
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_disk_that_refuses_leaves_one_that_counts(
    tmp_path: Path, key: Ed25519PrivateKey, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path / "calibration.json", named("former"), key)
    left = [writes]

    def write(path: Path, content: bytes, mode: int = 0o644) -> None:
        if not left[0]:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        durable.write_durably(path, content, mode)

    monkeypatch.setattr("kiosk.face_publish.write_durably", write)
    with pytest.raises(OSError, match="No space"):
        publish(tmp_path / "calibration.json", named("new"), key)
    assert read_id(tmp_path) == ("new" if writes == 2 else "former")


@pytest.mark.parametrize("by_the_same", [True, False])
@pytest.mark.parametrize("writes", [1, 2])
def test_however_often_it_is_interrupted_one_counts(
    tmp_path: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch, writes: int, by_the_same: bool
) -> None:
    """Each interrupted try leaves a line, and a terminal reads a few only. Interrupted after the second write it is
    the new one that counts, and each of them is followed by another.
    """
    publish(tmp_path / "calibration.json", named("former"), key)
    other = key if by_the_same else Ed25519PrivateKey.generate()

    def write(path: Path, content: bytes, mode: int = 0o644) -> None:
        if not left[0]:
            raise OSError(28, "No space left on device")
        left[0] -= 1
        durable.write_durably(path, content, mode)

    monkeypatch.setattr("kiosk.face_publish.write_durably", write)
    for number in range(2 * calibration.SIGNATURES_MAX):
        left = [writes]
        with pytest.raises(OSError, match="No space"):
            publish(tmp_path / "calibration.json", named(f"new-{number}"), other)
        if writes == 1:
            assert read_id(tmp_path) == "former"
        elif by_the_same:
            assert read_id(tmp_path) == f"new-{number}"
        lines = (tmp_path / "calibration.json.sig").read_bytes().split()
        assert len(lines) <= calibration.SIGNATURES_MAX
    if by_the_same:
        counts, left = read_id(tmp_path), [1]
        with pytest.raises(OSError, match="No space"):
            publish(tmp_path / "calibration.json", named("last"), other)
        assert read_id(tmp_path) == counts, "of whatever counted last"


def test_a_writer_that_is_killed_leaves_one_that_counts(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    publish(tmp_path / "calibration.json", named("former"), key)
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "calibration.json"), str(tmp_path / "key.pem")],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
        )
        assert writer.stdin is not None
        writer.stdin.write(json.dumps(demo_body()).encode())
        writer.stdin.close()
        began = (tmp_path / "calibration.json").read_bytes()

        def writes(began: bytes = began) -> bool:
            return (tmp_path / "calibration.json").read_bytes() != began

        try:
            assert wait_until(writes)
        finally:
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
        assert read_id(tmp_path).startswith("number-")


def test_a_reader_whom_a_writer_overtakes_reads_again(
    tmp_path: Path, key: Ed25519PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of a publication falls between its reading of the content and of the signature."""
    file = tmp_path / "calibration.json"
    publish(file, named("former"), key)
    path_of, overtaken = calibration.signature_path, iter(["new"])

    def overtaking(read: Path) -> Path:
        for name in overtaken:
            publish(file, named(name), key)
        return path_of(read)

    monkeypatch.setattr("drivers.face.calibration.signature_path", overtaking)
    assert read_id(tmp_path) == "new"


def test_what_no_terminal_would_read_is_not_written(tmp_path: Path, key: Ed25519PrivateKey) -> None:
    publish(tmp_path / "calibration.json", named("former"), key)
    with pytest.raises(NotACalibrationError, match="id"):
        publish(tmp_path / "calibration.json", named("not a name"), key)
    assert read_id(tmp_path) == "former"
