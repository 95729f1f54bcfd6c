"""Elliptic curves by the names, numbers and parameters that travel documents use.

Points of one's own choice (PACE's mapping) need bare arithmetic, which `ecdsa` has. It does not run
in constant time: every secret scalar here lives for one session.
"""

from __future__ import annotations

import secrets
from typing import Any, Final, TypeAlias

import ecdsa
from ecdsa.ellipticcurve import AbstractPoint, PointJacobi
from ecdsa.errors import MalformedPointError

Curve: TypeAlias = Any
"""`ecdsa.curves.Curve`; the library has no types."""
Point: TypeAlias = Any

STANDARD: Final[dict[int, Curve]] = {
    8: ecdsa.NIST192p,
    9: ecdsa.BRAINPOOLP192r1,
    10: ecdsa.NIST224p,
    11: ecdsa.BRAINPOOLP224r1,
    12: ecdsa.NIST256p,
    13: ecdsa.BRAINPOOLP256r1,
    14: ecdsa.BRAINPOOLP320r1,
    15: ecdsa.NIST384p,
    16: ecdsa.BRAINPOOLP384r1,
    17: ecdsa.BRAINPOOLP512r1,
    18: ecdsa.NIST521p,
}
"""Standardised domain parameters of Doc 9303-11, table 6 (0-2 are not elliptic curves)."""


class BadPoint(ValueError):  # noqa: N818  # raised here, caught by the protocols
    """Not a point of the curve, or the point at infinity."""


def by_name(dotted: str) -> Curve | None:
    """The curve of an object identifier."""
    return next((curve for curve in STANDARD.values() if ".".join(map(str, curve.oid)) == dotted), None)


def by_parameters(p: int, a: int, b: int, generator: bytes, order: int) -> Curve | None:
    """The known curve that these explicit parameters describe, None for any other.

    Explicit parameters are the rule in travel documents; matching all of them to a known curve is
    what keeps a forger from bringing a generator of his own.
    """
    for curve in STANDARD.values():
        shape = curve.curve
        if (shape.p(), shape.a() % p, shape.b(), curve.order) == (p, a % p, b, order):
            return curve if generator in _encodings(curve.generator) else None
    return None


def private_scalar(curve: Curve) -> int:
    """A fresh secret in 1 .. order-1."""
    return secrets.randbelow(curve.order - 1) + 1


def encode(point: Point) -> bytes:
    """Uncompressed: 04, x, y."""
    return bytes(point.to_bytes("uncompressed"))


def decode(curve: Curve, data: bytes) -> Point:
    """A point that is on the curve; `BadPoint` for any other. All these curves have cofactor 1."""
    msg = "not a point of the curve"
    try:
        x, y = AbstractPoint.from_bytes(curve.curve, data, valid_encodings=("uncompressed",))
    except (MalformedPointError, ValueError) as error:
        raise BadPoint(msg) from error
    # the library looks at the encoding alone
    if max(x, y) >= curve.curve.p() or not curve.curve.contains_point(x, y):
        raise BadPoint(msg)
    return PointJacobi(curve.curve, x, y, 1, curve.order)


def multiply(point: Point, scalar: int) -> Point:
    """`BadPoint` when the product is at infinity."""
    product = point * scalar
    if product == ecdsa.ellipticcurve.INFINITY:
        msg = "the point at infinity"
        raise BadPoint(msg)
    return product


def x_bytes(curve: Curve, point: Point) -> bytes:
    """The shared secret of a key agreement: the x coordinate, as long as the field."""
    size = (curve.curve.p().bit_length() + 7) // 8
    return int(point.x()).to_bytes(size, "big")


def _encodings(point: Point) -> tuple[bytes, ...]:
    return (encode(point), bytes(point.to_bytes("compressed")))
