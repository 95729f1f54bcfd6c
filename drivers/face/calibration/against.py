"""What stands against a calibration on a terminal: the face check and `face show` ask here, so that they agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from drivers.face.calibration import Calibration
from drivers.face.calibration.card_class import CardClass
from drivers.face.calibration.document import LAXEST_TARGET
from drivers.face.calibration.faults import CalibrationFault

Against = list[tuple[CalibrationFault, str]]
"""Each fault with its detail, the first the one to say where there is room for one."""


def before_models(found: Calibration, *, today: date, cards: Collection[CardClass], demo: bool) -> Against:
    """What can be said before any model is loaded. `cards`: what the terminal's reader may hand over."""
    document = found.document
    against: Against = []
    if found.ended(today):
        against.append((CalibrationFault.ENDED, document.valid_until.isoformat()))
    if document.unmeasurable_accepted and not demo:
        against.append((CalibrationFault.UNPROVEN, f"{document.target_fmr:g}"))
    if document.target_fmr > LAXEST_TARGET and not demo:
        against.append((CalibrationFault.TARGET, f"{document.target_fmr:g}"))
    if cards and found.limits_for(cards) is None:
        against.append(
            (CalibrationFault.CARD_CLASS, ", ".join(sorted(set(cards) - set(document.card_classes))))
        )
    return against


def with_models(found: Calibration, models: Mapping[str, str], pipeline: Mapping[str, str]) -> Against:
    """What this terminal's matchers say: their models' hashes, and how each prepares a face."""
    if others := _differing(models, found.model_hashes):
        return [(CalibrationFault.MODELS, name) for name in others]
    others = _differing(pipeline, found.pipeline)
    return [(CalibrationFault.PIPELINE, f"here {name} {pipeline.get(name)}") for name in others]


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))
