"""Tables for spreadsheets that run nothing and change nothing (field case X02)."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
"""Without it a Chinese spreadsheet opens UTF-8 as GBK."""
_FORMULA_SIGNS = frozenset("=+-@\t\r\n")
_NUMBER_LIKE = re.compile(r"0[0-9]+|[0-9]{12,}|[0-9]+[eE][0-9]+")
"""Texts of digits that a spreadsheet would shorten, round or read as a power of ten."""


def safe_cell(value: object) -> str:
    """The text with an apostrophe before it when a spreadsheet would run it or take it for a number.

    Full-width signs count as their plain forms (NFKC), blanks before them do not help.
    """
    text = "" if value is None else str(value)
    plain = unicodedata.normalize("NFKC", text)
    starts = {plain[:1], plain.lstrip(" ")[:1], plain.lstrip()[:1]}
    if starts & _FORMULA_SIGNS or _NUMBER_LIKE.fullmatch(plain):
        return f"'{text}"
    return text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A CSV document in pieces: byte order mark, header, rows; every cell made safe."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow([safe_cell(one) for one in header])
    for row in rows:
        writer.writerow([safe_cell(one) for one in row])
        if buffer.tell() > 65536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
