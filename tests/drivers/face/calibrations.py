"""Calibrations for tests: the demo's, changed and signed here."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drivers.face import calibration

DEMO = Path(calibration.__file__).with_name("demo.json")
Body = dict[str, Any]
Change = Callable[[Body], object]
"""Changes a body in place."""


def as_it_is(body: Body) -> None:
    assert body


def demo_body() -> Body:
    body: Body = json.loads(DEMO.read_text("utf-8"))
    return body


def signed_body(folder: Path, body: Any) -> tuple[Path, Path]:
    """A calibration file with any body, and its public key's file."""
    key = Ed25519PrivateKey.generate()
    file, key_file = folder / "calibration.json", folder / "calibration.pem"
    file.write_text(json.dumps(body), "utf-8")
    calibration.signature_path(file).write_bytes(calibration.sign(body, key))
    key_file.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return file, key_file


def signed(folder: Path, change: Change = as_it_is) -> tuple[Path, Path]:
    """The demo's, changed in place by `change`, and the key's file."""
    body = copy.deepcopy(demo_body())
    change(body)
    return signed_body(folder, body)


def with_limits(**limits: Any) -> Change:
    """These limits in every card class."""

    def change(body: Body) -> None:
        for one in body["card_classes"].values():
            one["limits"].update(limits)

    return change
