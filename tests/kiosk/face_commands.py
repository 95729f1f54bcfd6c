"""Shared things of the tests of `main.py face`: a folder with a key, the call, a terminal's settings."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from kiosk.face_command import face
from tests.drivers.face.portraits import MODELS


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a key, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    key = Ed25519PrivateKey.generate()
    (tmp_path / "county.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "county.pub").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(face, words)


def ini_of(
    place: Path, file: Path, key: Path, *, demo: bool = True, models: Path = MODELS, engine: str = ""
) -> Path:
    """A terminal's settings with this calibration."""
    ini = place / "kiosk.ini"
    lines = [
        "[terminal]",
        "number = 0142",
        "region = 110199",
        f"state = {place / 'state'}",
        f"demo = {str(demo).lower()}",
        "[card_reader]",
        "kind = sdt",
        "port = /dev/null",
        "[face]",
        f"models = {models}",
        *([f"engine = {engine}"] if engine else []),
        f"calibration = {file}",
        f"calibration_key = {key}",
    ]
    ini.write_text("\n".join(lines), "utf-8")
    return ini
