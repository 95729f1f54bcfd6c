"""JSON of one meaning only and of a bounded size; `parse` takes only what can be signed."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import rfc8785

BYTES_MAX = 1_000_000
DEPTH_MAX = 40


class Fault(StrEnum):
    """Why a text cannot be taken."""

    SIZE = "size"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    TWICE = "twice"
    DEPTH = "depth"
    VALUE = "value"


WORDS: dict[Fault, tuple[str, str]] = {
    Fault.SIZE: (f"文件超过 {BYTES_MAX} 字节", f"the file has more than {BYTES_MAX} bytes"),
    Fault.NOT_UTF8: ("不是 UTF-8 文字，请另存为 UTF-8", "not UTF-8: save it as UTF-8"),
    Fault.NOT_JSON: ("不是 JSON", "not JSON"),
    Fault.TWICE: ("同一个名字写了两次", "a key stands twice"),
    Fault.DEPTH: ("嵌套太深", "nested too deep"),
    Fault.VALUE: ("有一个数或字不能签名", "a number or a character has no canonical form"),
}


class NotStrictJsonError(ValueError):
    """The text cannot be taken; says why and where, and repeats no value of it."""

    def __init__(self, fault: Fault, place: str = "", place_en: str = "") -> None:
        zh, en = WORDS[fault]
        self.zh = f"{zh}：{place}" if place else zh
        self.en = f"{en}: {place_en or place}" if place else en
        super().__init__(f"{self.zh} / {self.en}")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        raise NotStrictJsonError(Fault.TWICE, next(name for name in names if names.count(name) > 1)[:40])
    return members


def _constant(name: str) -> object:
    raise NotStrictJsonError(Fault.NOT_JSON, name)


def _depth(value: Any) -> int:
    deepest, stack = 0, [(value, 1)]
    while stack:
        part, depth = stack.pop()
        deepest = max(deepest, depth)
        if isinstance(part, dict):
            stack += [(inner, depth + 1) for inner in part.values()]
        elif isinstance(part, list):
            stack += [(inner, depth + 1) for inner in part]
    return deepest


def read(data: bytes) -> Any:
    """The value of a file or a line from outside that nobody signs. Raises NotStrictJsonError.

    Refused: a key that stands twice, NaN and infinities, more than `BYTES_MAX` bytes or `DEPTH_MAX` levels.
    """
    if len(data) > BYTES_MAX:
        raise NotStrictJsonError(Fault.SIZE)
    try:
        value = json.loads(data.decode("utf-8-sig"), object_pairs_hook=_members, parse_constant=_constant)
    except NotStrictJsonError:
        raise
    except UnicodeDecodeError:
        raise NotStrictJsonError(Fault.NOT_UTF8) from None
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        raise NotStrictJsonError(
            Fault.NOT_JSON, f"第 {line} 行第 {column} 列", f"line {line}, column {column}"
        ) from None
    except ValueError:  # Python refuses integers of thousands of digits
        raise NotStrictJsonError(Fault.VALUE) from None
    except RecursionError:
        raise NotStrictJsonError(Fault.DEPTH) from None
    if _depth(value) > DEPTH_MAX:
        raise NotStrictJsonError(Fault.DEPTH)
    return value


def parse(data: bytes) -> Any:
    """The same, if RFC 8785 can put it in canonical form: no integers over 2**53, no lone surrogates."""
    value = read(data)
    try:
        rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise NotStrictJsonError(Fault.VALUE) from None
    return value
