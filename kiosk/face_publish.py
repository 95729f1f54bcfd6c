"""A calibration and its signature, put in place so that at every moment one of the two is whole and valid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.contract import Failed, Ok
from drivers.face import calibration
from kiosk.durable import write_durably


class NotACalibrationError(ValueError):
    """The content is not what a terminal reads; says where."""


def publish(file: Path, body: Mapping[str, Any], key: Ed25519PrivateKey) -> None:
    """Write FILE and FILE.sig. OSError when the disk refuses; what was there before then still counts.

    Two files cannot be replaced in one step. So the new signature first joins the former one, which
    is dropped when the new content stands.
    """
    read = calibration.read_body(dict(body), file.name)
    if isinstance(read, Failed):
        message = f"{read.reason.value} {read.detail}"
        raise NotACalibrationError(message)
    signature, target = calibration.sign(body, key), calibration.signature_path(file)
    both = [signature, *(line for line in _former(file, target, key) if line != signature)]
    write_durably(target, b"\n".join(both) + b"\n")
    write_durably(file, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())
    write_durably(target, signature + b"\n")


def _former(file: Path, target: Path, key: Ed25519PrivateKey) -> list[bytes]:
    """The lines without which what stands there now would not count.

    Each try that was interrupted has left one before them. So only this key's line for what stands there is
    kept, or, when another key signed that, the last ones.
    """
    lines = target.read_bytes().split() if target.is_file() else []
    present = calibration.read_json(file)
    if isinstance(present, Ok) and isinstance(calibration.read_body(present.value, file.name), Ok):
        of_present = calibration.sign(present.value, key)
        if of_present in lines:
            return [of_present]
    return lines[-(calibration.SIGNATURES_MAX - 1) :]
