"""JSON that stands well for nothing in any message, put into each place of a genuine one in turn."""

from __future__ import annotations

import copy
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_PLACE = "§place§"
LEAVES: Mapping[str, str] = {
    "lone surrogate": '"\\ud800"', "nul": '"\\u0000"', "long": json.dumps("字" * 70_000), "nan": "NaN",
    "infinity": "Infinity", "float without end": "1e999", "number without end": "9" * 4000, "2**70": str(2**70),
    "negative": "-1", "list": "[]", "object": '{"a": 1}', "deep": "[" * 5000 + "]" * 5000,
}  # fmt: skip
"""JSON that stands well for nothing in any message."""
FOR_A_DATABASE = frozenset({"nul", "long", "2**70"})
"""What one database stores and another refuses."""


def with_hostile_leaves(
    genuine: bytes, leaves: Collection[str] = LEAVES.keys()
) -> Iterator[tuple[str, bytes]]:
    """A name, and the JSON of the message with one leaf made hostile."""
    document = json.loads(genuine)
    for place in _leaves(document):
        marked = copy.deepcopy(document)
        genuinely = _put(marked, place, _PLACE)
        template = json.dumps(marked)
        for name, text in LEAVES.items():
            if name not in leaves or text == json.dumps(genuinely):
                continue
            yield (
                f"{name} at {'.'.join(map(str, place))}",
                template.replace(f'"{_ascii(_PLACE)}"', text).encode(),
            )


def _ascii(text: str) -> str:
    return json.dumps(text)[1:-1]


def _leaves(document: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        if isinstance(value, dict | list) and value:
            yield from _leaves(value, (*place, key))
        else:
            yield (*place, key)


def _put(document: Any, place: tuple[str | int, ...], value: object) -> object:
    """What stood there."""
    for key in place[:-1]:
        document = document[key]
    former: object = document[place[-1]]
    document[place[-1]] = value
    return former
