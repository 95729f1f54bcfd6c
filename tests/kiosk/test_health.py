"""The vocabulary of health is whole: nothing may be reported that has no words, nothing unknown is fine."""

from __future__ import annotations

import re
from typing import Any

import pytest

from drivers.contract import Cause
from kiosk.catalogue.model import DeviceKind
from kiosk.health import ABSENT, CAUSES, STOPS_INTAKE, DeviceHealth, report, resident_words, service_causes
from kiosk.surroundings import CAUSE_OF_LINK
from offline_queue.link import LinkState

DEVICE_PREFIXES = {kind.value for kind in DeviceKind} | {"token", "cabinet", "touch_panel", "code_reader"}
"""No service asks for the last four."""
HAN = re.compile(r"[\u4e00-\u9fff]")
OF_THE_CABINET = {"door_open", "too_hot", "too_cold", "on_battery", "sensor_unreadable"}
NO_RESIDENT_WORDS = {
    "slips.without_case",
    "queue.not_sending",
    "queue.old",
    "queue.overdue",
    "queue.age_unknown",
    "queue.poison",
    "queue.reopened",
    "def.invalid",
    "def.none",
    "config.last_good",
    "config.one_camera",
    "program.stopped",
    "program.silent",
    "keys.unusable",
    "disk.low",
    "clock.unconfirmed",
    "log.recording",
    "touch.two_providers",
    "keyboard.unexpected",
    *(f"cabinet.{name}" for name in OF_THE_CABINET),
}
"""Causes that stop no service: a resident is told nothing of them."""


def state_of(devices: dict[str, DeviceHealth], services: dict[str, tuple[str, ...]]) -> tuple[str, list[str]]:
    body = reported(devices, services)
    return body["state"], body["causes"]


def reported(devices: dict[str, DeviceHealth], services: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return report(
        devices=devices,
        services=services,
        general=[],
        queue={},
        slips={},
        documents={},
        receipts={},
        link="online",
        version="1",
        clock_quality="synced",
        sent_at="2026-11-25T01:12:00Z",
    )


def test_drivers_and_health_know_the_same_causes() -> None:
    of_devices = {code for code in CAUSES if code.split(".")[0] in DEVICE_PREFIXES}
    assert of_devices == {cause.value for cause in Cause}


@pytest.mark.parametrize("code", sorted(CAUSES))
def test_a_cause_has_its_words_in_both_languages(code: str) -> None:
    text = CAUSES[code]
    told = [text.technician, text.action] + ([] if code in NO_RESIDENT_WORDS else [text.resident])
    for words in told:
        assert set(words) == {"zh", "en"}
        assert HAN.search(words["zh"]) or "pcscd" in words["zh"]
        assert words["en"].strip()
        assert not HAN.search(words["en"])


def test_only_what_stops_no_service_has_no_words_for_the_resident() -> None:
    assert {code for code, text in CAUSES.items() if not text.resident["zh"]} == NO_RESIDENT_WORDS
    stopping = {cause.value for cause in Cause if not cause.value.startswith("cabinet.")}
    assert not NO_RESIDENT_WORDS & (STOPS_INTAKE | stopping)


def test_every_state_of_the_link_has_a_cause_with_words() -> None:
    assert set(CAUSE_OF_LINK) == set(LinkState)
    silent = {state for state, cause in CAUSE_OF_LINK.items() if not cause}
    assert silent == {LinkState.ONLINE, LinkState.UNKNOWN}
    assert {cause for cause in CAUSE_OF_LINK.values() if cause} <= set(CAUSES)


@pytest.mark.parametrize("kind", list(DeviceKind))
def test_a_device_that_is_not_there_stops_its_services_with_words(kind: DeviceKind) -> None:
    causes = service_causes([kind.value], {}, [])
    assert causes == (ABSENT[kind.value],)
    assert all(resident_words(causes).values())


def test_a_device_that_works_stops_nothing_and_a_warning_neither() -> None:
    devices = {"printer": DeviceHealth(usable=True, warnings=("printer.paper_low",))}
    assert service_causes(["printer"], devices, ["net.down", "queue.poison"]) == ()
    assert state_of(devices, {"A": ()}) == ("degraded", ["printer.paper_low"])


@pytest.mark.parametrize("cause", sorted(STOPS_INTAKE))
def test_what_stops_the_intake_stops_a_service_that_needs_nothing(cause: str) -> None:
    assert service_causes([], {}, ["net.down", cause]) == (cause,)


def test_a_device_that_says_nothing_of_itself_is_unknown_and_the_terminal_is_not_live() -> None:
    devices = {"printer": DeviceHealth(usable=False)}
    assert service_causes(["printer"], devices, []) == ("device.unknown",)
    assert state_of(devices, {"A": ()}) == ("degraded", ["device.unknown"])
    assert state_of({"printer": DeviceHealth(usable=True)}, {"A": ()}) == ("live", [])


def test_of_devices_that_say_nothing_of_themselves_the_kinds_are_told() -> None:
    devices = {
        "printer": DeviceHealth(usable=False, cause="printer.cover"),
        "card": DeviceHealth(usable=False),
        "face": DeviceHealth(usable=True),
        "a4": DeviceHealth(usable=False),
    }
    assert reported(devices, {"A": ()})["unknown_devices"] == ["card", "a4"]


def test_out_of_service_when_nothing_can_be_done() -> None:
    assert state_of({}, {})[0] == "out_of_service"
    assert state_of({}, {"A": ("queue.full",)})[0] == "out_of_service"
    assert state_of({}, {"A": ("queue.full",), "B": ()})[0] == "degraded"
