"""SDT readers: the same module at the far end of a pty and of a USB cable."""

from __future__ import annotations

from threading import Event
from typing import ClassVar

from drivers.card_reader.link import Link
from drivers.card_reader.protocol import Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.card_reader.simulated_usb import SimulatedUsbReader
from drivers.card_reader.simulated_usb_backend import simulated_port
from drivers.card_reader.usb_address import parse
from drivers.card_reader.usb_link import UsbLink
from drivers.contract import Device, Ok
from tests.drivers.card_reader.people import CARD, RESIDENT
from tests.drivers.rigs.child import end_child
from tests.drivers.rigs.rig import NOTHING_BETWEEN, CardRig, Verb
from tests.drivers.waiting import PATIENCE_S

ALWAYS = 1_000_000
LONG_S = 2.0
"""Less than a module may take for a reading, and enough to be met in its middle."""
FarEnd = SimulatedSdtReader | SimulatedUsbReader


class SdtRig(CardRig):
    cannot: ClassVar = {Verb.RESTART_SERVICE: NOTHING_BETWEEN}

    def __init__(self) -> None:
        self.module = self.far_end()
        self.document = RESIDENT

    def far_end(self) -> FarEnd:
        return SimulatedSdtReader()

    def link(self) -> Link:
        assert isinstance(self.module, SimulatedSdtReader)
        return SerialLink(self.module.path)

    def driver(self) -> SdtReader:
        return SdtReader(self.link(), poll_s=0.05)

    def operate(self, device: Device, *, long: bool = False) -> bool:
        assert isinstance(device, SdtReader)
        if long:
            self.module.inject(Rule(Fault.SLOW, Command.READ_BASE, delay_s=LONG_S))
        self.put()
        outcome = device.read(10.0, Event())
        self.take()
        return isinstance(outcome, Ok) and outcome.value.document == self.document

    def wait_busy(self) -> bool:
        return self.module.wait_heard(Command.READ_BASE, 1, PATIENCE_S)

    def put(self) -> None:
        self.module.put_card(CARD)

    def take(self) -> None:
        self.module.take_card()

    def pull_in_mid_read(self) -> None:
        self.module.inject(Rule(Fault.PULL_CARD, Command.READ_BASE))

    def plug(self) -> None:
        self.module.replug()

    def unplug(self) -> None:
        self.module.unplug()

    def replug_elsewhere(self) -> None:
        """Another pty under the same by-id path."""
        self.module.replug()

    def garble(self) -> None:
        self.module.inject(Rule(Fault.WRONG_CHECKSUM, times=ALWAYS))

    def slow(self) -> None:
        self.module.inject(Rule(Fault.SLOW, times=ALWAYS, delay_s=0.15))

    def silence(self) -> None:
        self.module.inject(Rule(Fault.SILENCE, times=ALWAYS))

    def heal(self) -> None:
        self.module.clear_faults()

    def close(self) -> None:
        self.module.close()


class SdtUsbRig(SdtRig):
    """The whole way: driver, child process, pyusb, simulated bus."""

    cannot: ClassVar = {}

    def far_end(self) -> FarEnd:
        return SimulatedUsbReader()

    def link(self) -> Link:
        assert isinstance(self.module, SimulatedUsbReader)
        self._link = UsbLink(parse("usb:"), simulated_port, (self.module.path,))
        return self._link

    def restart_service(self) -> None:
        """The child process that holds pyusb, ended from outside."""
        assert self._link._worker is not None
        end_child(self._link._worker.pid)
