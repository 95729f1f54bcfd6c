"""A hash tree (Merkle): one signature over its root speaks of every leaf, and each leaf can be shown alone.

SHA-256. A leaf is hashed behind a zero byte and a pair behind a one (as in RFC 9162), so that neither can be taken
for the other; the two of a pair are put in order, so that a path is a list of neighbours and nothing else. A node
without a neighbour goes up as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256


def leaf(content: bytes) -> bytes:
    return sha256(b"\0" + content).digest()


def _pair(one: bytes, other: bytes) -> bytes:
    return sha256(b"\1" + one + other if one < other else b"\1" + other + one).digest()


def levels(leaves: Sequence[bytes]) -> tuple[Sequence[bytes], ...]:
    """From the leaves, of which there is at least one, up to the root, which stands alone in the last."""
    grown = [leaves]
    while len(below := grown[-1]) > 1:
        above = [_pair(*below[place : place + 2]) for place in range(0, len(below) - 1, 2)]
        grown.append([*above, below[-1]] if len(below) % 2 else above)
    return tuple(grown)


def path(tree: Sequence[Sequence[bytes]], place: int) -> tuple[bytes, ...]:
    """The neighbours that lead from the leaf at `place` to the root; none for an only leaf."""
    neighbours = []
    for level in tree[:-1]:
        if (beside := place ^ 1) < len(level):
            neighbours.append(level[beside])
        place //= 2
    return tuple(neighbours)


def root(start: bytes, neighbours: Iterable[bytes]) -> bytes:
    """Where a leaf and its path lead."""
    node = start
    for neighbour in neighbours:
        node = _pair(node, neighbour)
    return node
