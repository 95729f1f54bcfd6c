"""The one module that names real drivers: kiosk.ini -> devices."""

from __future__ import annotations

import contextlib
import shlex
from datetime import date
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from drivers.camera.contract import Camera
from drivers.card_reader.contract import CardReader, EncodedPhoto
from drivers.card_reader.link import Link as CardLink
from drivers.card_reader.photo import decode
from drivers.contract import Device, Failed, Ok
from drivers.document_camera.contract import DocumentCamera
from drivers.face.liveness.contract import Eyes, LivenessCheck
from drivers.receipt_printer.contract import PrintMode
from drivers.receipt_printer.fonts import FontFile, Fonts
from drivers.tap import Tap
from kiosk import recordings
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.paper.spool import document_journal_path, journal_path, paper_roll
from kiosk.settings import Settings
from kiosk.settings.model import FaceSection

PHOTO_DEADLINE_S = 5.0


def fonts_of(folder: Path) -> Fonts:
    """The fonts of set-up: Noto's SC face first, then HanaMin for rare characters."""
    rare = tuple(
        FontFile(folder / name) for name in ("HanaMinA.ttf", "HanaMinB.ttf") if (folder / name).is_file()
    )
    regular = (FontFile(folder / "NotoSansSC-Regular.otf"), *rare)
    bold = (FontFile(folder / "NotoSansSC-Bold.otf"), *rare)
    return Fonts(regular, bold)


class Closable(Protocol):
    """What is ended with the terminal."""

    def close(self) -> None: ...


D = TypeVar("D", bound=Closable)


def _vouched_day(clock: Clock) -> date:
    return clock.vouched().date()


def open_devices(settings: Settings, stack: contextlib.ExitStack, clock: Clock | None = None) -> Devices:
    """The real drivers that kiosk.ini names, each closed by `stack`.

    An absent device says so itself. `clock`: the terminal's, where one runs already.
    """
    from drivers.camera import binding
    from drivers.camera.opencv import OpencvCamera
    from drivers.card_reader.identity_file import IdentityFile
    from drivers.card_reader.links import link_to
    from drivers.card_reader.pcsc import PcscReader
    from drivers.card_reader.sdt import SdtReader
    from drivers.card_reader.social_security import SocialSecurityCard
    from drivers.card_reader.tapped_link import TappedLink
    from drivers.code_reader.reader import ZxingCodeReader
    from drivers.document_camera.camera import CameraForDocuments
    from drivers.document_printer.cups_printer import CupsPrinter
    from drivers.face.calibration.card_class import SMALL
    from drivers.face.verifier import ProcessFaceVerifier
    from drivers.receipt_printer.escpos_printer import EscposPrinter
    from drivers.sensors.contract import Wanted
    from drivers.sensors.sysfs import SysfsCabinet
    from drivers.token.pkcs11_token import Pkcs11Authenticator

    card, camera = settings.card_reader, settings.camera
    command = shlex.split(card.photo_decoder)

    def decode_photo(photo: EncodedPhoto) -> Ok[bytes] | Failed[str]:
        decoded = decode(command, photo, PHOTO_DEADLINE_S)
        return decoded if isinstance(decoded, Ok) else Failed(decoded.reason.value, decoded.detail)

    def opened(device: D) -> D:
        stack.callback(device.close)  # at once: what is opened next may fail
        return device

    recorder = recordings.begin(settings, stack)

    def tap(wire: str) -> Tap | None:
        return None if recorder is None else recorder.tap(wire)

    def tapped(link: CardLink) -> CardLink:
        card_tap = tap("card")
        return link if card_tap is None else TappedLink(link, card_tap)

    face: ProcessFaceVerifier | None = None
    lens: Camera | None = None
    if camera.source:
        lens = opened(
            OpencvCamera(
                camera.source,
                demo=settings.terminal.demo,
                rotation_degrees=camera.rotation_degrees,
                size_px=camera.size_px,
            )
        )
        face = opened(
            ProcessFaceVerifier(
                settings.face.models,
                settings.face.calibration,
                settings.face.calibration_key,
                demo=settings.terminal.demo,
                size_px=camera.size_px,
                engine=settings.face.engine,
                no_earlier_than=partial(_vouched_day, clock or Clock(settings.terminal.state / "clock.json")),
                cards=frozenset() if card.kind == "none" else SMALL,
            )
        )
    liveness = opened(liveness_check(settings.face, face))
    identity: CardReader | None = None
    match card.kind:
        case "sdt":
            link = tapped(link_to(card.port, card.baud_rate))
            identity = opened(SdtReader(link, with_fingerprint=card.with_fingerprint, sam_id=card.sam_id))
        case "pcsc":
            # The terminal's own cards are signed by nobody: anybody can write one.
            own = (IdentityFile(),) if settings.terminal.demo else ()
            applications = (*own, SocialSecurityCard())
            identity = opened(
                PcscReader(
                    card.reader_name,
                    applications,
                    not_reader_name=card.helper_reader_name,
                    tap=tap("smart_card"),
                )
            )
        case "none":
            pass
    documents = settings.document_camera
    desk: DocumentCamera | None = None
    desk_lens: Camera | None = None
    if documents.source:
        desk_lens = lens if documents.source == camera.source else None
        desk_lens = desk_lens or OpencvCamera(
            documents.source, demo=settings.terminal.demo, size_px=documents.size_px
        )
        desk = opened(CameraForDocuments(desk_lens))
    code_camera = {"camera": lens, "document_camera": desk_lens, "none": None}[settings.code_reader.camera]
    token = settings.token
    sensors = Wanted(**settings.sensors.model_dump())
    printer, a4 = settings.receipt_printer, settings.document_printer
    return Devices(
        identity_reader=identity,
        helper_reader=opened(PcscReader(card.helper_reader_name, tap=tap("helper")))
        if card.helper_kind == "pcsc"
        else None,
        camera=lens,
        face=face,
        liveness=liveness,
        printer=None
        if printer.address == "none"
        else opened(
            EscposPrinter(
                printer.address,
                fonts_of(settings.screen.fonts),
                journal_path(settings),
                width_dots=printer.width_dots,
                mode=PrintMode(printer.mode),
                roll=paper_roll(settings),
                tap=tap("printer"),
            )
        ),
        decode_photo=decode_photo,
        document_camera=desk,
        cabinet=opened(SysfsCabinet(sensors)) if sensors.any else None,
        document_printer=None
        if a4.queue == "none"
        else opened(
            CupsPrinter(
                a4.queue,
                document_journal_path(settings),
                server=a4.server,
                identity=a4.identity,
            )
        ),
        touch_panel=touch_panel(settings),
        token=opened(Pkcs11Authenticator(token.module, settings.terminal.number)) if token.fitted else None,
        code_reader=None if code_camera is None else opened(ZxingCodeReader()),
        code_camera=code_camera,
        codes_by_face_camera=partial(binding.are_one, camera.source, documents.source),
    )


def liveness_check(wanted: FaceSection, eyes: Eyes | None) -> LivenessCheck:
    """The method that kiosk.ini names; without a face check there is nothing to look with."""
    from drivers.face.liveness.checks import NoCheck, PassiveCheck, PromptCheck
    from drivers.face.liveness.infrared import InfraredCheck

    if eyes is None:
        return NoCheck()
    match wanted.liveness:
        case "prompt":
            return PromptCheck(eyes, prompt_s=float(wanted.movement_s))
        case "passive":
            return PassiveCheck(eyes)
        case "infrared":
            return InfraredCheck(wanted.infrared)
        case "off":
            return NoCheck()


def touch_panel(settings: Settings) -> Device | None:
    """The watch over the touch panel's plug, where kiosk.ini names the panel."""
    from drivers.touch_panel import SysfsTouchPanel

    return SysfsTouchPanel(settings.screen.touch_panel) if settings.screen.touch_panel else None


def key_files(settings: Settings) -> tuple[Path, ...]:
    """Every file that trust hangs on."""
    trust, centre = settings.trust, settings.centre
    return (
        trust.terminal_key,
        trust.database_key,
        trust.publisher_key,
        centre.authority,
        centre.sealing_key,
        centre.acknowledgement_key,
        settings.face.calibration_key,
        *([] if settings.document_printer.queue == "none" else [settings.document_printer.root]),
    )
