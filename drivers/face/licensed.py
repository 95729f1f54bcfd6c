"""A county's licensed engine in the place of the second matcher, named in `kiosk.ini`.

    [face]
    engine = vendor_package.module:Class

docs/face_engine.md says how to write the class. It is loaded in the face child alone, never in the
terminal's own process, and what it answers is checked here: an engine that breaks its promise is a
defect of the child (which is restarted), never an acceptance.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from drivers.face.detector import Face
from drivers.face.matchers import DISTANCE_MAX, Embedding, Matcher, calibration_id, checked
from drivers.face.onnx import ModelError

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class EngineError(ModelError):
    """The engine cannot be used; the message says what it breaks. Nothing of a person stands in it."""


@runtime_checkable
class Engine(Protocol):
    """What the county's class offers. Built once as `Class(models)`, `models` being the folder of models."""

    name: str
    """Lower-case letters, digits, underscores; the key of its limit in the calibration."""
    files: Sequence[Path]
    """Every file that its answers depend on (models, the library itself): hashed by the terminal."""
    preparation: str
    """An identifier of how it prepares a face; another one whenever its distances change."""

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> NDArray[Any]:
        """A face's template as a 1-D array of numbers (opaque bytes as uint8); nothing is written to disk."""
        ...

    def compare(self, one: NDArray[Any], other: NDArray[Any]) -> float:
        """A distance from 0 (the same) to 2. A similarity s of 0..1 becomes 1 - s."""
        ...


class LicensedMatcher:
    """Implements `Matcher` with an engine, and checks every answer."""

    def __init__(self, engine: object) -> None:
        if not isinstance(engine, Engine):
            message = f"{type(engine).__name__} has not all of name, files, preparation, embed, compare"
            raise EngineError(message)
        if not NAME.fullmatch(str(engine.name)) or engine.name == "dlib":
            message = "name must be lower-case letters, digits, underscores, and not dlib"
            raise EngineError(message)
        self._engine = engine
        self.name = engine.name
        self.model_hash = files_hash(engine.files)
        self.preparation = str(engine.preparation)

    @property
    def calibration_id(self) -> str:
        return calibration_id(self.name, self.model_hash, self.preparation)

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        template = np.asarray(self._engine.embed(checked(rgb), face))
        if template.ndim != 1 or not template.size or template.dtype.kind not in "uif":
            message = f"{self.name}: embed must give a 1-D array of numbers"
            raise EngineError(message)
        if not np.isfinite(template).all():
            message = f"{self.name}: embed gave a value that is no number"
            raise EngineError(message)
        # A copy of our own: the terminal overwrites it when the visit ends.
        return np.array(template)

    def embed_card(self, rgb: NDArray[np.uint8], face: Face) -> Embedding:
        return self.embed(rgb, face)

    def compare(self, one: Embedding, other: Embedding) -> float:
        distance = float(self._engine.compare(one, other))
        if not math.isfinite(distance) or not 0.0 <= distance <= DISTANCE_MAX:
            message = f"{self.name}: compare must give a distance from 0 to {DISTANCE_MAX:g}"
            raise EngineError(message)
        return distance


def files_hash(files: Sequence[Path]) -> str:
    """The SHA-256 of one file; of several, that of their names and SHA-256 in the order of names."""
    paths = sorted((Path(file) for file in files), key=lambda path: path.name)
    if not paths:
        message = "files is empty: a calibration must be bound to what it was made with"
        raise EngineError(message)
    if len({path.name for path in paths}) < len(paths):
        message = "files holds two files of the same name"
        raise EngineError(message)
    try:
        hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in paths]
    except OSError as error:
        message = f"files: {Path(error.filename or '').name} cannot be read"
        raise EngineError(message) from error
    if len(hashes) == 1:
        return hashes[0]
    lines = "".join(f"{found}  {path.name}\n" for found, path in zip(hashes, paths, strict=True))
    return hashlib.sha256(lines.encode()).hexdigest()


def load(entry: str, models: Path) -> Matcher:
    """The engine of an entry `module:Class`; `EngineError` says why there is none."""
    if not ENTRY.fullmatch(entry):
        message = "engine in kiosk.ini must be module:Class"
        raise EngineError(message)
    module, _, name = entry.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        message = f"engine: {entry} is not installed here ({type(error).__name__})"
        raise EngineError(message) from error
    try:
        engine = found(models)
    except Exception as error:  # a vendor's code may raise anything
        message = f"engine: {entry} does not start here ({type(error).__name__})"
        raise EngineError(message) from error
    return LicensedMatcher(engine)
