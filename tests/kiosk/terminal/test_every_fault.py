"""Each fault that the bench can make: the health names it, the terminal serves on, and it heals by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from drivers.card_reader.protocol import SPEEDS, Command
from drivers.contract import Device
from kiosk.bench import faults, moves
from kiosk.bench.children import HOW
from kiosk.bench.smart_cards import SMART_CARD
from kiosk.journey.states import State
from kiosk.journey.view import action
from kiosk.rehearsal.scenario import VILLAGE, Scenario, ScenarioError, load
from kiosk.watch import Watch
from tests.drivers.rigs.child import no_next_child_of
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER
from tests.kiosk.terminal.hall import NO_CAMERA, REPORT, Hall, hall

NO_PRINTER = {("receipt_printer", "address"): "none"}
NO_READER = {("card_reader", "kind"): "none"}
LOOK_EVERY_S = 0.2
"""Instead of the watch's own two seconds: there are many faults to see come and go."""
STALE_S = 1.0
"""Instead of the camera's own three seconds, for the same reason."""
LONG_S = 90.0
"""For children that load models on a machine that has much else to do."""


@dataclass(frozen=True, slots=True)
class Family:
    """What the terminal says of each fault of a device: the cause that makes it unusable, a warning, or nothing."""

    kind: str
    stops: Mapping[str, str] = field(default_factory=dict)
    warns: Mapping[str, str] = field(default_factory=dict)
    harmless: Mapping[str, str] = field(default_factory=dict)
    """With the reason."""
    mends: Mapping[str, str] = field(default_factory=dict)
    """What the driver does about it by itself; each has a test of its own here."""


FAMILIES = {
    "reader": Family(
        "card",
        stops={
            "silent": "card.silent",
            "truncated": "card.silent",
            "damaged": "card.silent",
            "lost_mid_answer": "card.lost",
            "sam_error": "card.sam_error",
            "unauthorised": "card.unauthorised",
            "unplugged": "card.lost",
        },
        warns={"another_module": "card.swapped"},
        harmless={
            "slow": "late is not broken",
            "noise": "it is filtered",
            "false_head": "it is filtered",
            "pull_card": "no card is there to be pulled",
            "late": "the module itself is asked and answers; a card is not read, and that is said then",
        },
        mends={
            "other_speed": "the module is found there and set back",
            "stays_at_other_speed": "the module is found there and used as it is",
        },
    ),
    "printer": Family(
        "printer",
        stops={
            "cover": "printer.cover",
            "cutter": "printer.cutter",
            "error": "printer.error",
            "hot": "printer.hot",
            "feeding": "printer.feeding",
            "waiting": "printer.waiting",
            "silent": "printer.silent",
            "garbage": "printer.silent",
            "unplugged": "printer.offline",
        },
        harmless={
            "slow": "late is not broken",
            **dict.fromkeys(
                ("dies_mid_job", "cutter_fails", "stops_reading", "out_mid_job", "no_process_id"),
                "only within a job",
            ),
        },
    ),
    "paper": Family("printer", stops={"out": "printer.paper_out"}, warns={"low": "printer.paper_low"}),
    "cabinet": Family(
        "cabinet",
        stops={"unreadable": "cabinet.sensor_unreadable"},
        warns={
            fault: f"cabinet.{fault}" for fault in faults.CABINET if fault not in (faults.OK, "unreadable")
        },
    ),
    "a4": Family(
        "a4",
        stops={faults.UNPLUGGED: "a4.absent", "silent": "a4.silent", "garbage": "a4.silent"},
        harmless=dict.fromkeys(
            ("slow", "no-paper", "jam", "jam-after-a-page", "abort", "nothing"),
            "only within a job: drivers/document_printer",
        ),
    ),
    "lens": Family(
        "camera",
        stops={
            "freeze": "camera.stale",
            "slow": "camera.stale",
            "repeat": "camera.frozen",
            "black": "camera.dark",
            "green": "camera.green",
            "half_green": "camera.green",
            "left_over": "camera.garbled",
            "wrong_size": "camera.wrong_size",
            "truncated": "camera.garbled",
            "garbage": "camera.garbled",
            "vanish": "camera.absent",
            "unplugged": "camera.absent",
        },
    ),
    "service": Family("helper", stops={"down": "helper.unavailable"}),
    "print_service": Family("a4", stops={"down": "a4.service_lost"}),
}


@pytest.fixture(scope="module", autouse=True)
def quick_watch() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kiosk.assembly.foundation.Watch", partial(Watch, every_s=LOOK_EVERY_S))
        patch.setattr("drivers.camera.opencv.STALE_S", STALE_S)
        yield


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """Everything but camera and smart cards."""
    with hall(tmp_path_factory.mktemp("stand"), settings=NO_CAMERA, use_a4=True) as made:
        yield made


def causes(stand: Hall) -> set[str]:
    return set(stand.terminal.surroundings.heartbeat()["causes"])


def each_fault_is_told_and_heals(
    stand: Hall, what: str, serves: Callable[[], bool], mended: str = faults.OK
) -> None:
    """`serves`: whether a resident can go on as far as this fault lets them."""
    family = FAMILIES[what]
    device: Device = stand.terminal.devices.named()[family.kind]

    def told(cause: str, *, usable: bool) -> bool:
        return cause in causes(stand) and device.status().usable is usable

    def fine() -> bool:
        return device.status().usable and not any(
            cause.startswith(f"{family.kind}.") for cause in causes(stand)
        )

    assert wait_until(fine, LONG_S), device.status()
    for usable, named in ((False, family.stops), (True, family.warns)):
        for fault, cause in named.items():
            stand.village.set(what, fault)
            assert wait_until(partial(told, cause, usable=usable)), (fault, device.status())
            assert wait_until(serves), fault
            stand.village.set(what, mended)
            assert wait_until(fine), (f"{fault} does not heal", device.status())
    for fault in family.harmless:
        stand.village.set(what, fault)
        assert device.probe().usable, (fault, device.status())
    stand.village.set(what, mended)
    assert wait_until(fine), device.status()


def made(stand: Hall, what: str, value: str) -> moves.Refused | None:
    """A move as a hand on the bench page makes it."""
    hands = moves.Moves(stand.village)
    try:
        return hands.make(what, value)
    finally:
        hands.close()


@pytest.mark.parametrize("what", ["reader", "printer", "paper", "cabinet", "a4"])
def test_a_fault_is_named_and_gone_when_it_is_mended(stand: Hall, what: str) -> None:
    each_fault_is_told_and_heals(stand, what, lambda: stand.view.state is State.ATTRACT)


def test_without_the_print_service_the_rest_is_served(stand: Hall) -> None:
    each_fault_is_told_and_heals(stand, "print_service", lambda: stand.view.state is State.ATTRACT, "up")


@pytest.fixture(scope="module")
def aiming(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A resident is about to take a picture: only a camera that is open can be known to show nonsense."""
    settings = {**NO_READER, **NO_PRINTER, ("screen", "idle_warn_s"): "600"}
    with hall(tmp_path_factory.mktemp("aiming"), settings=settings) as made:
        made.play(wait_state="attract")
        made.press("begin", f"service:{REPORT}", "next", "take_photo")
        assert wait_until(lambda: made.terminal.preview() is not None, LONG_S)
        yield made


def test_what_is_wrong_with_the_picture_is_named_while_one_aims_and_the_picture_comes_back(
    aiming: Hall,
) -> None:
    state = aiming.view.state

    def shutter_waits() -> bool:
        found = action(aiming.view, "shutter")
        return aiming.view.state is state and found is not None and not found.enabled and bool(found.reason)

    each_fault_is_told_and_heals(aiming, "lens", shutter_waits)
    assert wait_until(lambda: aiming.terminal.preview() is not None)
    aiming.play(wait_enabled="shutter")


@pytest.fixture(scope="module")
def slot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    """A reader for helpers' cards."""
    settings = {**NO_CAMERA, **NO_PRINTER, **NO_READER}
    with hall(tmp_path_factory.mktemp("slot"), settings=settings, use_helper_slot=True) as made:
        assert made.village.helper_slot, "this machine has no smart-card service"
        yield made


@pytest.mark.xdist_group(ONE_READER)
def test_without_the_smart_card_service_the_rest_is_served(slot: Hall) -> None:
    each_fault_is_told_and_heals(slot, "service", lambda: slot.view.state is State.ATTRACT, "up")


@pytest.mark.parametrize(
    ("where", "kind", "family", "how"),
    [
        *(("stand", "a4", "document_printer", how) for how in HOW),
        ("aiming", "camera", "camera", "stop"),
        ("aiming", "face", "face", "crash"),
        pytest.param("slot", "helper", "card_reader", "kill", marks=pytest.mark.xdist_group(ONE_READER)),
    ],
)
def test_a_child_that_is_struck_is_told_and_another_follows(
    request: pytest.FixtureRequest,
    where: str,
    kind: str,
    family: str,
    how: str,
) -> None:
    """Each signal to each child in each phase is in `test_killed_children` and `test_killed_wires`."""
    stand: Hall = request.getfixturevalue(where)
    device: Device = stand.terminal.devices.named()[kind]
    worker = device._worker  # type: ignore[attr-defined]
    assert wait_until(lambda: device.status().usable and worker.pid is not None, LONG_S), device.status()
    state, pid = stand.view.state, worker.pid

    def told() -> bool:
        families = {cause.split(".")[0] for cause in causes(stand)}
        known = stand.terminal.surroundings.statuses()[kind]
        return not known.usable and not families.isdisjoint({kind, "device"})

    with no_next_child_of(worker):
        assert made(stand, how, family) is None
        assert wait_until(told), (device.status(), causes(stand))
        assert stand.view.state is state
    assert wait_until(lambda: worker.pid is not None and device.status().usable, LONG_S), device.status()
    assert worker.pid != pid


@pytest.mark.parametrize("family", ["receipt_printer", "document_camera"])
def test_a_child_that_this_terminal_has_not_is_refused_in_words(stand: Hall, family: str) -> None:
    refused = made(stand, "kill", family)
    assert refused is not None
    assert "没有" in refused.zh
    assert "no child process" in refused.en


def test_a_camera_that_comes_back_under_another_number_goes_on_where_it_was(aiming: Hall) -> None:
    assert wait_until(lambda: aiming.terminal.preview() is not None, LONG_S)
    number, seen = aiming.village.camera.number, aiming.village.camera.connections
    aiming.village.replug("camera")
    assert aiming.village.camera.number != number
    assert wait_until(lambda: aiming.village.camera.connections > seen), "the name is asked again"
    assert wait_until(lambda: aiming.terminal.preview() is not None)
    aiming.play(wait_enabled="shutter")


def test_a_reader_that_comes_back_under_another_number_is_found(stand: Hall) -> None:
    device, reader = stand.terminal.devices.named()["card"], stand.village.reader
    assert wait_until(lambda: device.status().usable)
    asked = reader.heard(Command.SAM_ID)
    stand.village.replug("reader")
    assert wait_until(lambda: reader.heard(Command.SAM_ID) > asked and device.status().usable)


def test_a_module_at_another_speed_is_set_back_or_used_as_it_is(stand: Hall) -> None:
    device, reader = stand.terminal.devices.named()["card"], stand.village.reader
    for fault, speed in (("other_speed", SPEEDS[0]), ("stays_at_other_speed", faults.OTHER_SPEED)):
        asked = reader.heard(Command.STATUS)
        stand.village.set("reader", fault)
        assert reader.speed == faults.OTHER_SPEED
        assert wait_until(lambda n=asked: reader.heard(Command.STATUS) > n)  # type: ignore[misc]
        assert wait_until(lambda n=speed: device.status().usable and reader.speed == n)  # type: ignore[misc]
    stand.village.set("reader", faults.OK)
    assert wait_until(lambda: device.probe().usable)


def test_every_fault_of_the_bench_is_in_one_of_the_tables() -> None:
    for what, family in FAMILIES.items():
        told = [*family.stops, *family.warns, *family.harmless, *family.mends]
        assert sorted(told) == sorted({one.value for one in moves.OFFERED[what]} - {faults.OK, "up"}), what


def test_the_bench_offers_every_fault_that_the_simulators_have() -> None:
    for what, known in (
        ("reader", faults.READER),
        ("smart_card", SMART_CARD),
        ("printer", faults.PRINTER),
        ("lens", faults.LENS),
        ("paper", faults.PAPER),
        ("a4", faults.A4),
        ("cabinet", faults.CABINET),
        ("service", faults.SERVICE),
        ("print_service", faults.SERVICE),
    ):
        assert {choice.value for choice in moves.OFFERED[what]} == set(known)
        assert set(VILLAGE[what]) == set(known), "a scenario can make every fault of the bench"


def test_a_scenario_has_the_far_ends_that_it_moves(tmp_path: Path) -> None:
    def scenario(text: str) -> Scenario:
        file = tmp_path / "made.toml"
        file.write_text(text, "utf-8")
        return load(file)

    plain = scenario('[[step]]\npress = "begin"\n')
    assert not plain.uses_a4
    assert not plain.uses_helper_card
    assert scenario('[[step]]\na4 = "jam"\n').uses_a4
    assert scenario('[[step]]\nprint_service = "down"\n').uses_a4
    assert scenario('[village]\nservice = "down"\n[[step]]\npress = "begin"\n').uses_helper_card
    with pytest.raises(ScenarioError, match="jam-after-a-page"):
        scenario('[[step]]\na4 = "eaten"\n')


def test_a_scenario_moves_the_reader_that_it_has_and_is_refused_with_words_for_the_other(
    tmp_path: Path,
) -> None:
    def scenario(text: str) -> Scenario:
        file = tmp_path / "made.toml"
        file.write_text(text, "utf-8")
        return load(file)

    smart = 'card_reader = "pcsc"\n'
    silent = '[[step]]\nsmart_card = "silent"\n'
    made = scenario(smart + silent)
    assert (made.card_reader, made.uses_card_service, made.uses_helper_card) == ("pcsc", True, False)
    with pytest.raises(ScenarioError, match='with card_reader = "pcsc" at the top'):
        scenario(silent)
    with pytest.raises(ScenarioError, match="moved by smart_card"):
        scenario(smart + '[village]\nreader = "silent"\n[[step]]\npress = "begin"\n')
    with pytest.raises(ScenarioError, match="not one of sdt, pcsc"):
        scenario('card_reader = "serial"\n' + silent)
    with pytest.raises(ScenarioError, match="transaction"):
        scenario(smart + '[[step]]\nsmart_card = "eaten"\n')
