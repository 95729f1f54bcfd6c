"""JSON that can be signed: one meaning only, and of a bounded size."""

from __future__ import annotations

import json
from typing import Any

import rfc8785

BYTES_MAX = 1_000_000
DEPTH_MAX = 40


class NotStrictJsonError(ValueError):
    """The text cannot be taken; the message says why and where, and repeats no content."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)[:40]
        raise NotStrictJsonError(f"“{twice}”写了两次", f"the key {twice!r} stands twice")
    return members


def _constant(name: str) -> object:
    raise NotStrictJsonError(f"不能写 {name}", f"{name} is not JSON")


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


def parse(data: bytes) -> Any:
    """The value, which RFC 8785 can put in canonical form. Raises NotStrictJsonError.

    Refused: a key that stands twice, NaN and infinities, integers over 2**53, lone surrogates,
    more than `BYTES_MAX` bytes or `DEPTH_MAX` levels.
    """
    if len(data) > BYTES_MAX:
        raise NotStrictJsonError(f"文件超过 {BYTES_MAX} 字节", f"the file has more than {BYTES_MAX} bytes")
    try:
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_members, parse_constant=_constant
        )
    except UnicodeDecodeError:
        raise NotStrictJsonError("不是 UTF-8 文字", "not UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"{error.lineno}:{error.colno}"
        raise NotStrictJsonError(f"不是 JSON，第 {error.lineno} 行", f"not JSON at {place}") from None
    except RecursionError:
        raise NotStrictJsonError("嵌套太深", "nested too deep") from None
    if _depth(value) > DEPTH_MAX:
        raise NotStrictJsonError("嵌套太深", "nested too deep")
    try:
        rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        raise NotStrictJsonError(
            "有一个数或字不能签名", "a number or a character has no canonical form"
        ) from None
    return value
