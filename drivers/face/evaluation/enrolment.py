"""Every picture's embeddings, made by the terminal's own path (`drivers.face.embedder`).

An embedding is as personal as the picture. It is kept in memory, or in a folder that the caller
names, and is valid there for the very picture, condition, models and code that it was made with.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.card_reader import framing
from drivers.face.card_photos import CardPhotoError, Condition, card_photo, read_picture
from drivers.face.contract import Guidance
from drivers.face.detector import Face
from drivers.face.elements import Elements
from drivers.face.embedder import Embedder
from drivers.face.evaluation.comparisons import NOT_ENROLLED, Comparisons, Distances, paired
from drivers.face.evaluation.data_set import DataSet, DataSetError, Picture, Problem, Role
from drivers.face.matchers import Embedding, Matcher
from drivers.face.onnx import file_hash
from drivers.face.quality import Gate

Tell = Callable[[int, int], None]
"""Told after each picture how many of how many are done."""

FACE_CODE = Path(__file__).resolve().parent.parent
NOT_THE_PATH = {"evaluation", "calibration", "liveness", "child.py", "verifier.py"}
"""Of the face driver, what no embedding depends on: other rooms, and the process around the path."""


@dataclass(frozen=True, slots=True, repr=False)
class Enrolled:
    """`embeddings`: one per matcher, None where no face was found. `guidance`: what the quality gate
    would have said to a live frame; None for a usable one and for a card. `elements`: what it measured
    of a live frame's face.
    """

    embeddings: tuple[Embedding, ...] | None
    guidance: Guidance | None = None
    elements: Elements | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Enrolment:
    """A data set's pictures as cards under one condition and as frames; None where it is not of that role."""

    pictures: tuple[Picture, ...]
    cards: tuple[Enrolled | None, ...]
    lives: tuple[Enrolled | None, ...]
    matchers: tuple[Matcher, ...]

    def compare(self, *, gated: bool = False) -> Comparisons:
        """The distances of all comparisons. `gated`: a frame that the quality gate refuses is not enrolled."""
        card, live = paired(self.pictures)
        cards = [_vectors(enrolled, gated=False) for enrolled in self.cards]
        lives = [_vectors(enrolled, gated=gated) for enrolled in self.lives]
        distances: dict[str, Distances] = {}
        for index, matcher in enumerate(self.matchers):
            values = np.full(len(card), NOT_ENROLLED)
            for n, (i, j) in enumerate(zip(card.tolist(), live.tolist(), strict=True)):
                one, other = cards[i], lives[j]
                if one is not None and other is not None:
                    values[n] = matcher.compare(other[index], one[index])
            distances[matcher.name] = values
        return Comparisons(self.pictures, card, live, distances)

    def not_enrolled(self) -> dict[str, tuple[int, int]]:
        """Failures to enrol and attempts, on the card's side and on the live side."""
        sides = {"card": self.cards, "live": self.lives}
        return {side: _failures(enrolled) for side, enrolled in sides.items()}

    def guidance(self) -> dict[str, int]:
        """How often the quality gate would have said what to a live frame."""
        said = Counter(e.guidance.value for e in self.lives if e is not None and e.guidance is not None)
        return dict(sorted(said.items()))


def _vectors(enrolled: Enrolled | None, *, gated: bool) -> tuple[Embedding, ...] | None:
    if enrolled is None or (gated and enrolled.guidance is not None):
        return None
    return enrolled.embeddings


def _failures(enrolled: Sequence[Enrolled | None]) -> tuple[int, int]:
    tried = [each for each in enrolled if each is not None]
    return sum(each.embeddings is None for each in tried), len(tried)


def enrol(
    data: DataSet,
    embedder: Embedder,
    conditions: Sequence[Condition],
    *,
    tell: Tell = lambda _done, _of: None,
    cache: Path | None = None,
) -> Mapping[Condition, Enrolment]:
    """Embed all: each frame once, each card under every condition. About 0.2 s a picture on one core.

    `cache`: a folder for the embeddings, made if it is missing; None keeps nothing. `DataSetError`
    names the lines whose pictures cannot be read.
    """
    store = _Store(cache, embedder)
    jobs = [(picture, condition) for picture in data.pictures for condition in _jobs(picture, conditions)]
    made: dict[tuple[str, Condition | None], Enrolled] = {}
    problems: list[Problem] = []
    for done, (picture, condition) in enumerate(jobs, 1):
        try:
            made[picture.file, condition] = store.enrolled(data.read(picture), condition)
        except CardPhotoError as error:
            problems.append(Problem(picture.line, "file", str(error)))
        except OSError:
            problems.append(Problem(picture.line, "file", "cannot be read; look at its permissions"))
        tell(done, len(jobs))
    if problems:
        raise DataSetError(sorted(set(problems), key=lambda problem: problem.line))
    lives = tuple(made.get((picture.file, None)) for picture in data.pictures)
    return {
        condition: Enrolment(
            data.pictures,
            tuple(made.get((picture.file, condition)) for picture in data.pictures),
            lives,
            embedder.matchers,
        )
        for condition in conditions
    }


def _jobs(picture: Picture, conditions: Sequence[Condition]) -> list[Condition | None]:
    """What a picture is embedded as; None for a live frame."""
    live: list[Condition | None] = [] if picture.role is Role.REFERENCE else [None]
    return live if picture.role is Role.LIVE else [*live, *conditions]


@dataclass(slots=True)
class _Gate:
    """Lets the largest face through and notes what the terminal's gate says of the frame and measures of the face."""

    gate: Gate
    said: Guidance | None = None
    elements: Elements | None = None

    def __call__(self, rgb: NDArray[np.uint8], faces: Sequence[Face]) -> Face | Guidance:
        self.gate.begin()
        found = self.gate.judge(rgb, faces)
        self.elements = self.gate.elements(rgb, faces[0]) if faces else None
        if not isinstance(found, Guidance):
            return found
        self.said = found
        return faces[0] if faces else Guidance.NO_FACE


@dataclass(slots=True)
class _Store:
    folder: Path | None
    embedder: Embedder
    code: str = field(init=False)

    def __post_init__(self) -> None:
        if self.folder is not None:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.code = code_id(self.embedder)

    def enrolled(self, picture: bytes, condition: Condition | None) -> Enrolled:
        if self.folder is None:
            return self._embed(picture, condition)
        parts = (self.code, "live" if condition is None else condition.name, picture)
        key = hashlib.sha256(b"\0".join(p if isinstance(p, bytes) else p.encode() for p in parts))
        file = self.folder / f"{key.hexdigest()}.npz"
        if file.is_file():
            return _unpacked(file.read_bytes())
        found = self._embed(picture, condition)
        part = file.with_suffix(".part")
        part.write_bytes(_packed(found))
        part.replace(file)
        return found

    def _embed(self, picture: bytes, condition: Condition | None) -> Enrolled:
        if condition is not None:
            found = self.embedder.card(card_photo(picture, condition))
            return Enrolled(None) if isinstance(found, Guidance) else Enrolled(tuple(found))
        gate = _Gate(self.embedder.gate)
        found = self.embedder.live(read_picture(picture), gate)
        embeddings = None if isinstance(found, Guidance) else tuple(found)
        return Enrolled(embeddings, gate.said, gate.elements)


def code_id(embedder: Embedder) -> str:
    """What an embedding depends on beside the picture: the models and the code of this room."""
    digest = hashlib.sha256()
    for matcher in embedder.matchers:
        digest.update(f"{matcher.name} {matcher.model_hash}\n".encode())
    models = [file for kind in ("*.onnx", "*.tflite") for file in embedder.models.glob(kind)]
    for model in sorted(models):  # the detector and the gate have models too
        digest.update(f"{model.name} {file_hash(model)}\n".encode())
    tops = {file: file.relative_to(FACE_CODE).parts[0] for file in FACE_CODE.rglob("*.py")}
    of_the_path = sorted(file for file, top in tops.items() if top not in NOT_THE_PATH)
    for file in (*of_the_path, Path(__file__), Path(framing.__file__)):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _packed(enrolled: Enrolled) -> bytes:
    data = io.BytesIO()
    vectors = {str(index): vector for index, vector in enumerate(enrolled.embeddings or ())}
    said = "" if enrolled.guidance is None else enrolled.guidance.value
    measured = () if enrolled.elements is None else astuple(enrolled.elements)
    values = np.array([np.nan if value is None else value for value in measured], np.float64)
    np.savez(data, guidance=np.array(said), elements=values, allow_pickle=False, **vectors)
    return data.getvalue()


def _unpacked(data: bytes) -> Enrolled:
    with np.load(io.BytesIO(data), allow_pickle=False) as stored:
        vectors = tuple(stored[str(index)] for index in range(len(stored.files) - 2))
        said = str(stored["guidance"])
        values: list[Any] = [None if np.isnan(value) else value for value in stored["elements"].tolist()]
    elements = Elements(*values) if values else None
    return Enrolled(vectors or None, Guidance(said) if said else None, elements)
