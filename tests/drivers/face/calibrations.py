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


def proved(target: float = 1e-3) -> Change:
    """Invented figures of so many people that they show this target."""

    def change(body: Body) -> None:
        body.update(target_fmr=target, unmeasurable_accepted=False)
        for one in body["card_classes"].values():
            one["chosen_on"].update(person_pairs=10**6, fmr_upper=3e-6)
            figure = figure_of_all(one)
            figure.update(measurable=True, person_pairs=10**6, comparisons=10**6, high=3e-6)

    return change


def figure_of_all(of_class: Body) -> Body:
    """The false matches over all people of one card class."""
    (found,) = (f for f in of_class["reported"] if (f["rate"], f["people"]) == ("FMR", "all"))
    figure: Body = found
    return figure


def with_limits(**limits: Any) -> Change:
    """These limits in every card class."""

    def change(body: Body) -> None:
        for one in body["card_classes"].values():
            one["limits"].update(limits)

    return change
