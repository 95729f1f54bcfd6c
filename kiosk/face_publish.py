"""A calibration and its signature, put in place so that at every moment one of the two is whole and valid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.contract import Failed
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
    former = target.read_bytes().split() if target.is_file() else []
    both = [signature, *(line for line in former if line != signature)]
    write_durably(target, b"\n".join(both[: calibration.SIGNATURES_MAX]) + b"\n")
    write_durably(file, (json.dumps(body, indent=1, ensure_ascii=False) + "\n").encode())
    write_durably(target, signature + b"\n")
