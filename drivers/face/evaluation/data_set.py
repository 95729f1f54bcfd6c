"""A folder of portraits to measure on: `images.csv` and the pictures in `images/`.

| column | values |
|---|---|
| file | a file in `images/` |
| person | an identifier of the person; need not be a name, and should not be one |
| sex | f, m |
| role | reference (taken as the card's photo), live (as a frame), single (the only picture of its person) |
| group | empty, or a demographic group that is reported by itself; not all, any sex, f or m |
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

TABLE, PICTURES = "images.csv", "images"
COLUMNS = ("file", "person", "sex", "role", "group")
ROWS = ("all", "any sex", "f", "m")
"""What the report calls its own rows: a group of such a name would take that row's place."""
LONGEST = 80
"""Characters of one field."""


class Role(StrEnum):
    REFERENCE = "reference"
    LIVE = "live"
    SINGLE = "single"


class Half(StrEnum):
    """Limits are chosen on one half of the people and reported on the other."""

    CHOOSING = "choosing"
    REPORTING = "reporting"


def half_of(person: str) -> Half:
    """By the first byte of the identifier's SHA-256: even is choosing. The same for every folder and run."""
    odd = hashlib.sha256(person.encode()).digest()[0] & 1
    return Half.REPORTING if odd else Half.CHOOSING


@dataclass(frozen=True, slots=True)
class Picture:
    """One row; `line` is its number in the table."""

    line: int
    file: str
    person: str
    sex: str
    role: Role
    group: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in one place, and what to do. Says the place, never what stands there: it may be a name."""

    line: int
    field: str
    what: str

    def __str__(self) -> str:
        return f"{TABLE}, line {self.line}, {self.field}: {self.what}"


@dataclass(frozen=True, slots=True)
class DataSet:
    """The rows in the order of the table; every file exists. `warnings`: what is measured all the same."""

    folder: Path
    pictures: tuple[Picture, ...]
    warnings: tuple[Problem, ...] = ()

    def read(self, picture: Picture) -> bytes:
        return (self.folder / PICTURES / picture.file).read_bytes()


class DataSetError(ValueError):
    """The folder cannot be measured on; `problems` are all that were found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(slots=True)
class _Reading:
    """What the rows so far have said; later rows must agree."""

    folder: Path
    files: set[str] = field(default_factory=set)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    roles: Counter[tuple[str, str]] = field(default_factory=Counter)

    def problems(self, row: dict[str, str]) -> Iterator[tuple[str, str]]:
        yield from self._file(row["file"])
        person, sex, role = row["person"], row["sex"], row["role"]
        if not person:
            yield "person", "is empty; give an identifier of the person"
        if sex not in {"f", "m"}:
            yield "sex", "must be f or m"
        if row["group"].lower() in ROWS:
            yield (
                "group",
                f"must not be one of {', '.join(ROWS)}, which the report has already; give it another name",
            )
        if role not in set(Role):
            yield "role", f"must be one of {', '.join(Role)}"
            return
        if self.people.setdefault(person, (sex, row["group"])) != (sex, row["group"]):
            yield "person", "has another sex or group in a line above; one of the two is wrong"
        self.roles[person, role] += 1
        if role != Role.LIVE and self.roles[person, role] > 1:
            yield "role", f"is a second {role} of this person; there is one card with one photo, make it live"
        if self.roles[person, Role.SINGLE] and len([1 for who, _ in self.roles if who == person]) > 1:
            yield "role", "single means the person's only picture, and there is another in a line above"

    def _file(self, name: str) -> Iterator[tuple[str, str]]:
        if not name or name != Path(name).name or name in {".", ".."}:
            yield "file", f"must be the plain name of a file in {PICTURES}/"
        elif name in self.files:
            yield "file", "stands in a line above too; remove one of the two"
        elif not (self.folder / PICTURES / name).is_file():
            yield "file", f"is not in {PICTURES}/; put it there or remove the line"
        self.files.add(name)


def read_data_set(folder: Path) -> DataSet:
    """The folder's table, wholly checked; `DataSetError` with every problem and its line."""
    table = folder / TABLE
    try:
        text = table.read_text("utf-8-sig")
    except OSError:
        raise DataSetError([Problem(0, "the table", "cannot be read; is this the right folder?")]) from None
    except UnicodeDecodeError:
        raise DataSetError([Problem(0, "the table", "is not UTF-8; save it as UTF-8")]) from None
    lines = csv.DictReader(text.splitlines(), strict=True)
    problems: list[Problem] = []
    pictures: list[Picture] = []
    reading = _Reading(folder)
    try:
        if missing := [name for name in COLUMNS if name not in (lines.fieldnames or ())]:
            problem = Problem(1, ", ".join(missing), f"no such column; the first line is {','.join(COLUMNS)}")
            raise DataSetError([problem])
        for row in lines:
            found = list(_shape(row))
            if not found:
                plain = {name: row[name].strip() for name in COLUMNS}
                found = list(reading.problems(plain))
            problems += [Problem(lines.line_num, name, what) for name, what in found]
            if not found:
                role = Role(plain.pop("role"))
                pictures.append(Picture(line=lines.line_num, role=role, **plain))
    except csv.Error:
        problems.append(
            Problem(lines.line_num + 1, "the line", "is no CSV; look for a quote that is not closed")
        )
    if not problems and not pictures:
        problems.append(Problem(1, "the table", "names no picture"))
    if problems:
        raise DataSetError(problems)
    repeated = list(_repeated(folder, pictures))
    if of_one_person := [problem for problem, same_person in repeated if same_person]:
        raise DataSetError(of_one_person)
    return DataSet(folder, tuple(pictures), tuple(problem for problem, _ in repeated))


def _repeated(folder: Path, pictures: list[Picture]) -> Iterator[tuple[Problem, bool]]:
    """Pictures that stand byte for byte in a line above, and whether the same person has them there.

    Of one person that is a picture compared with itself, or a frame counted twice. Of two people it is an impostor
    without any distance, or one person with two identifiers: who has the pictures must say.
    """
    sizes = {picture: (folder / PICTURES / picture.file).stat().st_size for picture in pictures}
    of_size = Counter(sizes.values())
    first: dict[str, Picture] = {}
    first_of_person: dict[tuple[str, str], Picture] = {}
    for picture in pictures:
        if of_size[sizes[picture]] == 1:
            continue
        try:
            content = (folder / PICTURES / picture.file).read_bytes()
        except OSError:  # named where all pictures are read, to be embedded
            continue
        digest = hashlib.sha256(content).hexdigest()
        own = first_of_person.setdefault((digest, picture.person), picture)
        before = first.setdefault(digest, picture)
        if own is not picture:
            what = (
                f"is the picture of line {own.line} once more, of the same person; put another in its place"
            )
            yield Problem(picture.line, "file", what), True
        elif before is not picture:
            what = f"is the picture of line {before.line}, of another person there; one of the two is wrong"
            yield Problem(picture.line, "file", what), False


def _shape(row: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Too few or too many fields, which the csv module gives under None."""
    if None in row:
        yield "the line", f"has more fields than the {len(COLUMNS)} columns"
    for name in COLUMNS:
        if row[name] is None:
            yield name, "is missing; the line has too few fields"
        elif len(row[name]) > LONGEST:
            yield name, f"is longer than {LONGEST} characters"
