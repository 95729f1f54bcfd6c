"""Looks at everything a terminal needs. A running terminal is asked; a stopped one is looked at here.

Of a running terminal the devices are not touched: a reader and a printer have one owner.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.card_reader.emrtd.trust import load_folder
from drivers.contract import Cause, Device, DeviceState, DeviceStatus, Failed, Nameplate, Ok
from drivers.sensors.contract import Wanted
from kiosk import keys, nameplates
from kiosk.assembly.devices import key_files, open_devices
from kiosk.assembly.foundation import Foundation, lay_foundation
from kiosk.control import ControlFailure, ask
from kiosk.doctor.devices import DeviceNamed, named
from kiosk.doctor.findings import (
    NAMES,
    NEEDS_SOMEBODY,
    Finding,
    Verdict,
    fine,
    not_fitted,
    of_cause,
    of_device,
)
from kiosk.journey.hands import Devices
from kiosk.round_trip import round_trip
from kiosk.settings import Loaded, Settings
from kiosk.surroundings import CAUSE_OF_LINK
from offline_queue.link_state import LinkState
from offline_queue.records import StoreError

OPENING_S = 20.0
"""How long a device may take to say what it is: the face models are loaded in this time on a slow machine."""
PAUSE_S = 0.2
NAMEPLATES_S = 15.0
"""For all devices of a running terminal, one after another: a printer that is asked waits for its turn first."""
SPARE_DISK = 2.0
"""The disk has room for this many full queues, or somebody is told."""
MEGABYTE = 1024 * 1024

Progress = Callable[[str], None]


@dataclass(slots=True)
class Diagnosis:
    """All findings. `running`: the terminal was up and spoke for itself."""

    terminal: str
    running: bool
    findings: list[Finding] = field(default_factory=list)
    devices: list[DeviceNamed] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Nobody has to come."""
        return not any(finding.verdict in NEEDS_SOMEBODY for finding in self.findings)

    def in_order(self) -> list[Finding]:
        """In the order of `NAMES`; what has no name of its own comes last."""
        order = list(NAMES)
        return sorted(
            self.findings, key=lambda f: order.index(f.subject) if f.subject in order else len(order)
        )


def examine(loaded: Loaded, progress: Progress, folder: Path) -> Diagnosis:
    """Look at everything once. Never raises for what can be wrong with a terminal; may take 30 s.

    `folder`: kiosk.ini's own, which relative paths in it are meant from.
    """
    settings = loaded.settings
    asked = ask(settings.terminal.state, "health")
    running = not (isinstance(asked, Failed) and asked.reason is ControlFailure.NOT_RUNNING)
    diagnosis = Diagnosis(settings.terminal.number, running)
    found = diagnosis.findings
    found += _csca(settings, folder)
    found += _disk(settings)
    match asked:
        case Ok(answer):
            found.append(fine("program", f"version {answer['report']['version']}"))
            found += _keys(settings)
            found += _reported(answer, settings)
            diagnosis.devices = named(answer["devices"], _told_nameplates(settings))
        case Failed(ControlFailure.NOT_RUNNING):
            found += _stopped(_unrecorded(settings), progress, diagnosis.devices)
        case Failed(_, detail):
            found.append(of_cause("program", "program.silent", detail=detail))
    found += _settings(loaded, said=any(finding.subject == "settings" for finding in found))
    return diagnosis


def _settings(loaded: Loaded, *, said: bool) -> list[Finding]:
    """What is to be told of kiosk.ini. `said`: its devices told something already, so it is not simply fine."""
    found = []
    if loaded.settings.log.record_devices:
        found.append(of_cause("settings", "log.recording", Verdict.WARNING))
    if not loaded.problems:
        return found if found or said else [fine("settings")]
    for problem in loaded.problems:
        place = f"{problem.file}:{problem.line}: {problem.key}"
        verdict = Verdict.WRONG if problem.fatal else Verdict.WARNING
        what = {"zh": problem.message_zh, "en": problem.message_en}
        cause = "config.last_good" if loaded.used_last_good else ""
        action = {"zh": "改好后运行 config check", "en": "mend it, then run config check"}
        found.append(Finding("settings", verdict, what, action, cause, place))
    return found


def _csca(settings: Settings, folder: Path) -> list[Finding]:
    """The certificates that passports are checked with, where a folder of them is named."""
    if not settings.card_reader.csca_folder:
        return []
    trust = load_folder(folder / settings.card_reader.csca_folder)
    detail = f"{len(trust.certificates)} CSCA, {len(trust.revocations)} CRL"
    if not trust.certificates:
        return [of_cause("csca", "csca.none", Verdict.WARNING, settings.card_reader.csca_folder)]
    if trust.problems:
        return [of_cause("csca", "csca.unreadable", Verdict.WARNING, "; ".join(trust.problems))]
    return [fine("csca", detail)]


def _disk(settings: Settings) -> list[Finding]:
    folder = settings.terminal.state
    while not folder.exists():
        folder = folder.parent
    free_mb = shutil.disk_usage(folder).free // MEGABYTE
    wanted_mb = int(SPARE_DISK * settings.queue.quota_mb)
    detail = f"{free_mb} MB free"
    if free_mb >= wanted_mb:
        return [fine("disk", detail)]
    return [of_cause("disk", "disk.low", Verdict.WARNING, f"{detail}, {wanted_mb} MB wanted")]


def _keys(settings: Settings) -> list[Finding]:
    """Each file of trust is there, readable, and no demo key in service."""
    found = []
    trust, centre = settings.trust, settings.centre
    readers: list[tuple[Any, Callable[[Any], object]]] = [
        (trust.terminal_key, keys.private_key),
        (trust.database_key, keys.database_key),
        (trust.publisher_key, keys.public_key),
        (centre.sealing_key, keys.sealing_key),
        (centre.acknowledgement_key, keys.public_keys),
    ]
    for path, read in readers:
        try:
            read(path)
        except keys.KeyFileError as error:
            found.append(of_cause("keys", "keys.unusable", detail=str(error)))
    if not settings.terminal.demo:
        try:
            keys.refuse_demo(*(path for path in key_files(settings) if path.is_file()))
        except keys.KeyFileError as error:
            found.append(of_cause("keys", "keys.unusable", detail=str(error)))
    return found or [fine("keys")]


def _reported(answer: Mapping[str, Any], settings: Settings) -> list[Finding]:
    """What a running terminal says of itself."""
    report = answer["report"]
    found = []
    statuses = {kind: _status(plain) for kind, plain in answer["devices"].items()}
    found += _devices(statuses, settings)
    of_devices = {cause for kind, status in statuses.items() for cause in _causes(kind, status)}
    found += _office(report, [cause for cause in report["causes"] if cause not in of_devices])
    if report["link"] == LinkState.ONLINE:
        found.append(fine("centre"))
    elif not CAUSE_OF_LINK[LinkState(report["link"])]:
        words = {"zh": "中心还没有回答过", "en": "the centre has not answered yet"}
        action = {"zh": "过一分钟再看", "en": "look again in a minute"}
        found.append(Finding("centre", Verdict.UNKNOWN, words, action, "net.unknown"))
    return found


def _unrecorded(settings: Settings) -> Settings:
    """A look is no session: it must not push a recording of the field out of its folder."""
    quiet = settings.log.model_copy(update={"record_devices": False})
    return settings.model_copy(update={"log": quiet})


def _told_nameplates(settings: Settings) -> dict[str, Nameplate]:
    """A running terminal's devices are its own to ask; one of an older version cannot be asked for them."""
    asked = ask(settings.terminal.state, "nameplates", NAMEPLATES_S)
    return nameplates.from_json(asked.value) if isinstance(asked, Ok) else {}


def _stopped(settings: Settings, progress: Progress, plates: list[DeviceNamed]) -> list[Finding]:
    """The terminal is not running: its parts are opened here, looked at and closed again."""

    def looked_at(devices: Devices) -> list[Finding]:
        findings = _devices(_probed(devices, progress), settings)
        plates.extend(named(devices.named(), nameplates.nameplates(devices.named())))
        return findings

    found = [of_cause("program", "program.stopped", Verdict.WARNING), *_keys(settings)]
    with contextlib.ExitStack() as stack:
        try:
            base = lay_foundation(settings, stack)
        except keys.KeyFileError:
            devices = open_devices(settings, stack)  # the keys have their finding already
            found += looked_at(devices)
        except (StoreError, OSError) as error:
            detail = str(error) if isinstance(error, StoreError) else error.strerror or type(error).__name__
            found.append(of_cause("queue", "queue.broken", detail=detail))
            found += looked_at(open_devices(settings, stack))
        else:
            stack.callback(base.sender.close)
            found += looked_at(base.devices)
            seen = base.surroundings.seen()
            of_devices = {
                cause for kind, plain in seen["devices"].items() for cause in _causes(kind, _status(plain))
            }
            found += _office(seen["report"], [c for c in seen["report"]["causes"] if c not in of_devices])
            progress("中心 / the centre")
            found.append(_centre(base))
    return found


def _centre(base: Foundation) -> Finding:
    match round_trip(base.link, base.outbox):
        case Ok(took_ms):
            return fine("centre", f"{took_ms:.0f} ms")
        case Failed(cause, detail):
            return of_cause("centre", cause, detail=detail)


def _office(report: Mapping[str, Any], general: list[str]) -> list[Finding]:
    """Queue, network, clock and services, of a report of `kiosk.health`."""
    found = []
    for cause in general:
        subject = _subject_of(cause)
        verdict = Verdict.WARNING if cause in _LATER else Verdict.WRONG
        found.append(of_cause(subject, cause, verdict))
    queue = report["queue"]
    if not any(finding.subject == "queue" for finding in found):
        found.append(fine("queue", f"{queue['pending']} waiting"))
    quality = report["clock_quality"]
    if quality == "synced":
        found.append(fine("clock"))
    else:
        found.append(of_cause("clock", "clock.unconfirmed", Verdict.WARNING, quality))
    stopped = {code: said["causes"] for code, said in report["services"].items() if said["causes"]}
    for code, causes in stopped.items():
        found.append(of_cause("services", causes[0], detail=code))
    if not report["services"]:
        found.append(of_cause("services", "def.none"))
    elif not stopped:
        found.append(fine("services", f"{len(report['services'])}"))
    return found


_LATER = frozenset(
    {
        *("queue.filling", "queue.poison", "queue.reopened", "queue.age_unknown"),
        *("net.slow", "config.last_good", "config.one_camera"),
    }
)
"""The terminal goes on serving; somebody should look soon."""
_SUBJECTS = {"net": "centre", "tls": "centre", "centre": "centre", "queue": "queue", "clock": "centre",
             "def": "services", "config": "settings"}  # fmt: skip


def _subject_of(cause: str) -> str:
    family = cause.split(".", 1)[0]
    return _SUBJECTS.get(family, family)


def _devices(statuses: Mapping[str, DeviceStatus], settings: Settings) -> list[Finding]:
    found = [finding for kind, status in statuses.items() for finding in of_device(kind, status)]
    fitted = {
        "card": settings.card_reader.kind != "none",
        "helper": settings.card_reader.helper_kind != "none",
        "camera": bool(settings.camera.source),
        "document_camera": bool(settings.document_camera.source),
        "code_reader": settings.code_reader.fitted,
        "token": settings.token.fitted,
        "face": bool(settings.camera.source),
        "printer": settings.receipt_printer.address != "none",
        "a4": settings.document_printer.queue != "none",
        "speaker": bool(settings.speech.command),
        "touch": bool(settings.screen.touch_panel),
        "cabinet": Wanted(**settings.sensors.model_dump()).any,
    }
    if settings.camera.source:
        found.append(_liveness(settings))
    return found + [
        not_fitted(kind) for kind, wanted in fitted.items() if not wanted and kind not in statuses
    ]


LIVENESS_WORDS = {
    "prompt": ("随机小动作：吓阻，不是保证", "movements asked at random: deterrence, not assurance"),
    "passive": ("只记模型的分数，不作判断", "a model's number is written down and decides nothing"),
    "infrared": (
        "厂家的红外套件，以厂家的检测报告为准",
        "a vendor's infrared kit; its maker's certificate says what it is worth",
    ),
    "off": ("没有看是不是活人在场，每件都写明", "nothing looks for presence; every case says so"),
}


def _liveness(settings: Settings) -> Finding:
    """Which method is in use, in words that claim no more than it does."""
    zh, en = LIVENESS_WORDS[settings.face.liveness]
    verdict = Verdict.WARNING if settings.face.liveness in ("passive", "off") else Verdict.FINE
    action = (
        {
            "zh": "在 kiosk.ini 写 [face] liveness = prompt",
            "en": "write [face] liveness = prompt in kiosk.ini",
        }
        if verdict is Verdict.WARNING
        else {"zh": "", "en": ""}
    )
    return Finding("liveness", verdict, {"zh": zh, "en": en}, action, detail=settings.face.liveness)


def _probed(devices: Devices, progress: Progress) -> dict[str, DeviceStatus]:
    """Every device asked until it says what it is, or for `OPENING_S`."""
    statuses = {}
    for kind, device in devices.named().items():
        zh, en = NAMES.get(kind, (kind, kind))
        progress(f"{zh} / {en}")
        statuses[kind] = _settled(device)
    return statuses


def _settled(device: Device) -> DeviceStatus:
    ends_s = time.monotonic() + OPENING_S
    status = device.probe()
    while status.state in (DeviceState.OPENING, DeviceState.UNKNOWN) and time.monotonic() < ends_s:
        time.sleep(PAUSE_S)
        status = device.probe()
    return status


def _causes(kind: str, status: DeviceStatus) -> Iterator[str]:
    """What the report may say of this device: its own words, or those that the health has for its kind."""
    if status.cause is not None:
        yield status.cause.value
    for warning in status.warnings:
        yield warning.value
    if status.warnings or not status.usable:
        yield from ("device.unknown", f"{kind}.unavailable")


def _status(plain: Mapping[str, Any]) -> DeviceStatus:
    return DeviceStatus(
        DeviceState(plain["state"]),
        Cause(plain["cause"]) if plain["cause"] else None,
        plain["detail"],
        tuple(Cause(warning) for warning in plain["warnings"]),
    )
