"""A folder to measure on: what is read, and what is said of a table that is wrong."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from drivers.face.evaluation.data_set import DataSetError, Half, Role, half_of, read_data_set

HEAD = "file,person,sex,role,group\n"


def folder(tmp_path: Path, table: str, files: str = "a.jpg b.jpg c.jpg") -> Path:
    (tmp_path / "images").mkdir(exist_ok=True)
    for name in files.split():
        (tmp_path / "images" / name).write_bytes(f"picture {name}".encode())
    (tmp_path / "images.csv").write_text(table, "utf-8")
    return tmp_path


def problems(where: Path) -> list[tuple[int, str]]:
    with pytest.raises(DataSetError) as raised:
        read_data_set(where)
    return [(problem.line, problem.field) for problem in raised.value.problems]


def test_the_rows_are_read_in_order(tmp_path: Path) -> None:
    table = HEAD + "a.jpg,p1,f,reference,\nb.jpg, p1 ,f,live,\n\nc.jpg,p2,m,single,east_asian\n"
    data = read_data_set(folder(tmp_path, table))
    assert [(p.line, p.file, p.person, p.sex, p.role, p.group) for p in data.pictures] == [
        (2, "a.jpg", "p1", "f", Role.REFERENCE, ""),
        (3, "b.jpg", "p1", "f", Role.LIVE, ""),
        (5, "c.jpg", "p2", "m", Role.SINGLE, "east_asian"),
    ]
    assert data.read(data.pictures[0]) == b"picture a.jpg"
    assert data.warnings == ()


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("nowhere.jpg,p1,f,live,\n", [(2, "file")]),
        ("../a.jpg,p1,f,live,\n", [(2, "file")]),
        ("..,p1,f,live,\n", [(2, "file")]),
        ("a.jpg,p1,f,live,\na.jpg,p1,f,live,\n", [(3, "file")]),
        ("a.jpg,,f,live,\n", [(2, "person")]),
        ("a.jpg,p1,x,live,\n", [(2, "sex")]),
        ("a.jpg,p1,f,probe,\n", [(2, "role")]),
        ("a.jpg,p1,f,live,\nb.jpg,p1,m,live,\n", [(3, "person")]),
        ("a.jpg,p1,f,live,g\nb.jpg,p1,f,live,h\n", [(3, "person")]),
        ("a.jpg,p1,f,reference,\nb.jpg,p1,f,reference,\n", [(3, "role")]),
        ("a.jpg,p1,f,single,g\nb.jpg,p1,f,live,g\n", [(3, "role")]),
        ("a.jpg,p1,f,live\n", [(2, "group")]),
        ("a.jpg,p1,f,live,all\nb.jpg,p2,f,live,F\n", [(2, "group"), (3, "group")]),
        ("a.jpg,p1,f,live,m\nb.jpg,p2,f,live, any sex \n", [(2, "group"), (3, "group")]),
        ("a.jpg,p1,f,live,,more\n", [(2, "the line")]),
        (f"a.jpg,{'p' * 81},f,live,\n", [(2, "person")]),
        ("a.jpg,p1,q,probe,\nb.jpg,p1,f,live,\n,p2,f,live,\n", [(2, "sex"), (2, "role"), (4, "file")]),
        ('a.jpg,"p1,f,live,\n', [(2, "the line")]),
        ("", [(1, "the table")]),
    ],
)
def test_every_wrong_place_is_named(tmp_path: Path, rows: str, expected: list[tuple[int, str]]) -> None:
    assert problems(folder(tmp_path, HEAD + rows)) == expected


def test_a_table_that_is_none(tmp_path: Path) -> None:
    assert problems(tmp_path / "nowhere") == [(0, "the table")]
    assert problems(folder(tmp_path, "file,person,role\na.jpg,p1,live\n")) == [(1, "sex, group")]
    (tmp_path / "images.csv").write_bytes(HEAD.encode() + b"a.jpg,p\xff,f,live,\n")
    assert problems(tmp_path) == [(0, "the table")]


@pytest.mark.parametrize("role", ["live", "reference"])
def test_the_same_picture_twice_of_one_person_is_refused(tmp_path: Path, role: str) -> None:
    """Also where somebody else's line stands before both: the card's photo as a frame would match for nothing."""
    other = "reference" if role == "live" else "live"
    rows = f"b.jpg,p2,f,single,\na.jpg,p1,f,{other},\nc.jpg,p1,f,{role},\n"
    where = folder(tmp_path, HEAD + rows)
    for name in "abc":
        (where / "images" / f"{name}.jpg").write_bytes(b"one picture")
    assert problems(where) == [(4, "file")]
    (where / "images" / "c.jpg").write_bytes(b"two picture")  # of the same size
    assert [warning.line for warning in read_data_set(where).warnings] == [3]


def test_the_same_picture_of_two_people_is_warned_of(tmp_path: Path) -> None:
    """By lines, not by identifiers, and both people are measured: one may be a second set's."""
    where = folder(tmp_path, HEAD + "a.jpg,zhang,f,reference,\nb.jpg,li,f,single,g\nc.jpg,zhang,f,live,\n")
    (where / "images" / "b.jpg").write_bytes((where / "images" / "a.jpg").read_bytes())
    data = read_data_set(where)
    assert len(data.pictures) == 3
    (warning,) = data.warnings
    assert str(warning).startswith("images.csv, line 3, file: is the picture of line 2, of another person")
    assert not {"zhang", "li"} & set(str(warning).replace(",", " ").split())


def test_what_is_said_names_nobody(tmp_path: Path) -> None:
    rows = "zhang_san.jpg,zhang_san,zhang_san,zhang_san,zhang_san\n" * 2
    with pytest.raises(DataSetError) as raised:
        read_data_set(folder(tmp_path, HEAD + rows))
    assert "zhang" not in str(raised.value)
    assert str(raised.value).splitlines()[0].startswith("images.csv, line 2, file: is not in images/; put it")


def test_the_halves_follow_from_the_identifier_alone() -> None:
    """Worked out beside the code: the first byte of SHA-256, even chooses."""
    first = {person: hashlib.sha256(person.encode()).hexdigest()[:2] for person in ("p0001", "p1", "p2")}
    assert first == {"p0001": "e0", "p1": "f6", "p2": "39"}
    assert [half_of(person) for person in first] == [Half.CHOOSING, Half.CHOOSING, Half.REPORTING]
    people = [f"p{number:04}" for number in range(2000)]
    choosing = sum(half_of(person) is Half.CHOOSING for person in people)
    assert 900 < choosing < 1100
