"""A module that is silent may only be set to another speed: find it there and bring it back."""

from __future__ import annotations

from collections.abc import Callable

from drivers.card_reader.link import Link
from drivers.card_reader.protocol import Command


def find(link: Link, asks: Callable[[], bool]) -> bool:
    """Try the other speeds, each with one question (`asks` is True when it was answered).

    The link stays at the speed that worked, or goes back to where it was.
    """
    before = link.speed
    for speed in link.speeds:
        if speed != before and link.set_speed(speed) is None and asks():
            return True
        if not link.is_open:
            return False
    if link.speeds:
        link.set_speed(before)
    return False


def move(link: Link, wanted: int, tells: Callable[[Command], bool], asks: Callable[[], bool]) -> bool:
    """Set module and link from the speed where they met to `wanted`; True when they meet at some speed.

    A module that takes the command and is not heard at the new speed is met where it was found.
    """
    found = link.speed
    if found == wanted or not tells(Command.for_speed(wanted)):
        return True
    if link.set_speed(wanted) is None and asks():
        return True
    return link.set_speed(found) is None and asks()
