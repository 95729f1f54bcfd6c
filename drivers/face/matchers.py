"""Matchers behind one Protocol: an embedding of a face, and the distance between two.

Every configured matcher must clear its own calibrated limit; none decides alone.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.face.align import aligned
from drivers.face.detector import Face, face_recognition_without_68_points

Embedding = NDArray[np.float32]
ONNX_MODEL = "fr_feature.onnx"


class Matcher(Protocol):
    """One model. `model_hash` is the SHA-256 of its file: a calibration is valid for it alone."""

    @property
    def name(self) -> str: ...

    @property
    def model_hash(self) -> str: ...

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        """The face as a vector."""
        ...

    def distance(self, one: Embedding, other: Embedding) -> float:
        """Euclidean distance; smaller is more alike."""
        ...


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def euclidean(one: Embedding, other: Embedding) -> float:
    return float(np.linalg.norm(one - other))


class DlibMatcher:
    """`face_recognition`: 128 values. A loose veto, since by itself it accepts too many."""

    name = "dlib"

    def __init__(self) -> None:
        import face_recognition_models as models

        api = face_recognition_without_68_points()
        self._encoder = api.face_encoder
        self.model_hash = file_hash(Path(models.face_recognition_model_location()))

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        return np.asarray(
            self._encoder.compute_face_descriptor(np.ascontiguousarray(rgb), face.shape, 1), np.float32
        )

    def distance(self, one: Embedding, other: Embedding) -> float:
        return euclidean(one, other)


class OnnxMatcher:
    """The second model: 512 values of unit length, the mean over the face and its mirror image."""

    name = "frf"

    def __init__(self, model: Path) -> None:
        # Its official builds report to their maker and keep a device number in the user's cache
        # unless told not to before the import. A terminal reports to its centre and to nobody else.
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.model_hash = file_hash(model)

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        plane = aligned(rgb, face.points)
        total = self._run(plane) + self._run(plane[:, ::-1])
        return np.asarray(total / np.linalg.norm(total), np.float32)

    def distance(self, one: Embedding, other: Embedding) -> float:
        return euclidean(one, other)

    def _run(self, plane: NDArray[np.uint8]) -> Embedding:
        scaled = ((plane.astype(np.float32) - 127.0) / 128.0).transpose(2, 0, 1)[None]
        (values,) = self._session.run(None, {"input": np.ascontiguousarray(scaled)})
        vector = np.asarray(values[0], np.float32)
        return np.asarray(vector / np.linalg.norm(vector), np.float32)
