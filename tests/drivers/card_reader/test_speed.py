"""A module set to another speed is found and brought back, on a line that knows its speed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from drivers.card_reader.protocol import SPEEDS, Command
from drivers.card_reader.sdt import SdtReader
from drivers.card_reader.serial_link import SerialLink
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import Fault, Rule
from drivers.contract import Cause, DeviceState, Ok
from tests.drivers.card_reader.people import CARD
from tests.drivers.card_reader.test_card_readers import NEVER


@contextmanager
def reading(module: SimulatedSdtReader, wanted: int) -> Iterator[tuple[SdtReader, SerialLink]]:
    link = SerialLink(module.path, wanted)
    reader = SdtReader(link, poll_s=0.05)
    yield reader, link
    reader.close()


@pytest.mark.parametrize(
    ("speed", "wanted", "babbles"), [(9600, 115200, False), (57600, 115200, True), (115200, 57600, False)]
)
def test_a_module_at_another_speed_is_set_to_the_configured_one(
    module: SimulatedSdtReader, speed: int, wanted: int, babbles: bool
) -> None:
    module.speed, module.babbles = speed, babbles
    with reading(module, wanted) as (reader, link):
        assert reader.probe().state is DeviceState.READY
        assert (module.speed, link.speed) == (wanted, wanted)
        assert module.heard(Command.for_speed(wanted)) == 1
        module.put_card(CARD)
        assert isinstance(reader.read(5.0, NEVER), Ok)


def test_the_configured_speed_is_tried_first_and_alone_when_it_works(module: SimulatedSdtReader) -> None:
    module.speed = 19200
    with reading(module, 19200) as (reader, link):
        assert reader.probe().usable
        assert link.speed == 19200
        assert not any(module.heard(Command.for_speed(speed)) for speed in SPEEDS)


@pytest.mark.parametrize(
    "rule",
    [
        Rule(Fault.STAYS, Command.SPEED_115200),
        Rule(Fault.STATUS, Command.SPEED_115200, status=0x21),
        Rule(Fault.SILENCE, Command.SPEED_115200),
    ],
    ids=lambda rule: rule.fault.value,
)
def test_a_module_that_does_not_change_is_used_as_it_is(module: SimulatedSdtReader, rule: Rule) -> None:
    module.speed = 38400
    module.inject(rule)
    with reading(module, 115200) as (reader, link):
        assert reader.probe().usable
        assert (module.speed, link.speed) == (38400, 38400)
        module.put_card(CARD)
        assert isinstance(reader.read(5.0, NEVER), Ok)
        # and it is found there at once the next time, without another try to move it
        module.unplug()
        assert not reader.probe().usable
        module.replug()
        assert reader.probe().usable
        assert module.heard(Command.SPEED_115200) == 1


def test_an_answer_that_is_lost_in_the_change_does_not_matter(module: SimulatedSdtReader) -> None:
    module.speed = 57600
    module.inject(Rule(Fault.WRONG_CHECKSUM, Command.SPEED_115200))
    with reading(module, 115200) as (reader, link):
        assert reader.probe().usable
        assert (module.speed, link.speed) == (115200, 115200)


def test_a_module_that_is_silent_at_every_speed_is_silent(module: SimulatedSdtReader) -> None:
    module.inject(Rule(Fault.SILENCE, times=1_000_000))
    with reading(module, 57600) as (reader, link):
        assert reader.probe().cause is Cause.CARD_SILENT
        assert link.speed == 57600


def test_a_module_that_lost_its_setting_while_it_stood_there(module: SimulatedSdtReader) -> None:
    """Power lost behind a converter: the port stays, the module is back at its default."""
    with reading(module, 57600) as (reader, link):
        assert reader.probe().usable
        module.speed = 115200
        module.put_card(CARD)
        assert isinstance(reader.read(10.0, NEVER), Ok)
        assert (module.speed, link.speed) == (57600, 57600)
