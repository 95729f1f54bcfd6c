"""A vendor's package that answers objects of its own: it must never be imported where the residents' data are."""

from __future__ import annotations

from tests.drivers.face.liveness.kits import GoodKit


class Name(str):
    __slots__ = ()


class Yes(int):
    pass


class ObjectKit(GoodKit):
    name = Name("Vendor 2")

    def verdict(self) -> object:
        return Yes(1)


class NamedYesKit(GoodKit):
    name = Name("Vendor 2")
