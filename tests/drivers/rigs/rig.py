"""What the contract suite needs of a driver's surroundings, whatever family it is of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from drivers.card_reader.contract import CardReader, Document
from drivers.contract import Device

NOTHING_BETWEEN = "nothing stands between this driver and the wire"


class Verb(StrEnum):
    """What can be done to a device from outside. Each is a method of `Rig`."""

    PLUG = "plug"
    UNPLUG = "unplug"
    REPLUG_ELSEWHERE = "replug_elsewhere"
    RESTART_SERVICE = "restart_service"
    GARBLE = "garble"
    SLOW = "slow"
    SILENCE = "silence"


class Rig(ABC):
    """Begins with the device plugged in and healthy, and no driver. `close` ends the far end, not the driver.

    A verb is either done or explained: `cannot` has the reason of each one that is not.
    """

    cannot: ClassVar[Mapping[Verb, str]] = {}
    silent_is_silent: ClassVar[bool] = True
    """False when the driver ends the silence by itself, before anybody can see it."""

    @abstractmethod
    def driver(self) -> Device:
        """A new driver on this wire; whoever asks closes it."""

    @abstractmethod
    def operate(self, device: Device, *, long: bool = False) -> bool:
        """What the family is for, once (read, print, take pictures, compare): True only when it was done.

        `long`: it goes on for seconds, so that it can be met in its middle.
        """

    @abstractmethod
    def wait_busy(self) -> bool:
        """Wait until the long operation has reached the device; False when it did not."""

    @abstractmethod
    def heal(self) -> None:
        """The end of `garble`, `slow` and `silence`."""

    @abstractmethod
    def close(self) -> None: ...

    def plug(self) -> None:
        raise NotImplementedError

    def unplug(self) -> None:
        raise NotImplementedError

    def replug_elsewhere(self) -> None:
        """Out here and in there: another port, another unit, the same name in the settings."""
        raise NotImplementedError

    def restart_service(self) -> None:
        """What the driver leans on (pcscd, its child process) dies and, if nobody else does it, is started."""
        raise NotImplementedError

    def garble(self) -> None:
        """The far end answers rubbish until `heal`."""
        raise NotImplementedError

    def slow(self) -> None:
        """The far end answers right and late until `heal`."""
        raise NotImplementedError

    def silence(self) -> None:
        """The far end takes everything and says nothing until `heal`."""
        raise NotImplementedError


class CardRig(Rig):
    """A card reader's rig has a card too."""

    document: Document

    @abstractmethod
    def driver(self) -> CardReader: ...

    @abstractmethod
    def put(self) -> None: ...

    @abstractmethod
    def take(self) -> None: ...

    @abstractmethod
    def pull_in_mid_read(self) -> None:
        """The card leaves, and stays away, once the next read has begun to talk with it."""
