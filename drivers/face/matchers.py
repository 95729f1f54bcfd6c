"""Matchers behind one Protocol: an embedding of a face, and the distance between two.

Every configured matcher must clear its own calibrated limit; none decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.face.align import ALIGNMENT_ID, aligned, warped
from drivers.face.detector import Face, face_recognition_without_68_points
from drivers.face.onnx import file_hash, session

Embedding = NDArray[np.float32]
ONNX_MODEL = "fr_feature.onnx"


DISTANCE_MAX = 2.0
"""Between two opposite vectors of unit length; a limit there would accept everybody."""


class Matcher(Protocol):
    """One model. `model_hash` is the SHA-256 of its file: a calibration is valid for it alone.

    tests/drivers/face/conformance.py holds what every matcher must pass.
    """

    @property
    def name(self) -> str: ...

    @property
    def model_hash(self) -> str: ...

    @property
    def calibration_id(self) -> str:
        """Name, model and preparation: what a limit was found for, and is worthless without."""
        ...

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        """The face as a vector. `ValueError` for a picture that is not uint8, height x width x 3."""
        ...

    def embed_card(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        """The same of a card's photo, once a visit: more time may be spent on so few pixels."""
        ...

    def compare(self, one: Embedding, other: Embedding) -> float:
        """A distance from 0 to `DISTANCE_MAX`; smaller is more alike. Symmetric."""
        ...


def calibration_id(name: str, model_hash: str, preparation: str) -> str:
    """As `frf@87aacdfe57510db2/mesh5-similarity-112/1`: another model or preparation is another id."""
    return f"{name}@{model_hash[:16]}/{preparation}"


def euclidean(one: Embedding, other: Embedding) -> float:
    return float(np.linalg.norm(one - other))


def checked(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture in one piece; `ValueError` for another shape or type, which a model might take."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        message = f"a picture is uint8, height x width x 3, not {rgb.dtype} {rgb.shape}"
        raise ValueError(message)
    return np.ascontiguousarray(rgb)


class DlibMatcher:
    """`face_recognition`: 128 values. A loose veto, since by itself it accepts too many."""

    name = "dlib"
    preparation = "dlib5-chip-150/1"

    def __init__(self) -> None:
        import face_recognition_models as models

        api = face_recognition_without_68_points()
        self._encoder = api.face_encoder
        self.model_hash = file_hash(Path(models.face_recognition_model_location()))

    @property
    def calibration_id(self) -> str:
        return calibration_id(self.name, self.model_hash, self.preparation)

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        return np.asarray(self._encoder.compute_face_descriptor(checked(rgb), face.shape, 1), np.float32)

    def embed_card(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        return self.embed(rgb, face)

    def compare(self, one: Embedding, other: Embedding) -> float:
        return euclidean(one, other)


class OnnxMatcher:
    """The second model: 512 values of unit length, the mean over the face and its mirror image."""

    name = "frf"
    preparation = f"{ALIGNMENT_ID}+mirrored/1"

    def __init__(self, model: Path) -> None:
        self._session = session(model)
        self.model_hash = file_hash(model)

    @property
    def calibration_id(self) -> str:
        return calibration_id(self.name, self.model_hash, self.preparation)

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        return self._mean([aligned(checked(rgb), face.points)])

    def embed_card(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        """The mean over small displacements as well: 28 pixels between the eyes tell no place exactly."""
        return self._mean(warped(checked(rgb), face.points))

    def compare(self, one: Embedding, other: Embedding) -> float:
        return euclidean(one, other)

    def _mean(self, planes: Iterable[NDArray[np.uint8]]) -> Embedding:
        total = sum(self._run(plane) + self._run(plane[:, ::-1]) for plane in planes)
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def _run(self, plane: NDArray[np.uint8]) -> Embedding:
        scaled = ((plane.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1)[None]
        (values,) = self._session.run(None, {"input": np.ascontiguousarray(scaled)})
        vector = np.asarray(values[0], np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)
