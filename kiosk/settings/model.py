"""What a terminal can be told, section by section. `kiosk.ini` explains every key beside its value.

Units are in the names. A limit may be lengthened within its bounds, never removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from kiosk.settings.command_line import command_line
from kiosk.settings.own_words import refusal
from kiosk.settings.printer_address import printer_address


class Section(BaseModel):
    """Immutable; values come in as text and are typed here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Seconds = Annotated[int, Field(ge=1)]
CommandLine = Annotated[str, AfterValidator(command_line)]
SIZE = r"^([1-9]\d{2,3}x[1-9]\d{2,3})?$"


def _size_px(size: str) -> tuple[int, int] | None:
    width, _, height = size.partition("x")
    return (int(width), int(height)) if height else None


class TerminalSection(Section):
    """Whose terminal this is."""

    number: Annotated[str, Field(pattern=r"^[0-9A-Z]{4}$")] = "0142"
    station: Annotated[str, Field(min_length=1, max_length=40)] = "清河镇便民服务站"
    region: Annotated[str, Field(pattern=r"^\d{6,12}$")] = "110199001"
    responsible_body: Annotated[str, Field(min_length=1, max_length=60)] = "清河镇人民政府"
    hotline: Annotated[str, Field(pattern=r"^[0-9-]{3,20}$")] = "12345"
    state: Path = Path(".demo/state")
    demo: bool = False


class ScreenSection(Section):
    """The panel and the patience."""

    width_px: Annotated[int, Field(ge=640, le=7680)] = 1080
    height_px: Annotated[int, Field(ge=640, le=7680)] = 1920
    panel_width_mm: Annotated[int, Field(ge=150, le=2000)] = 398
    touch_panel: Annotated[str, Field(max_length=80)] = ""
    idle_warn_s: Annotated[int, Field(ge=20, le=600)] = 60
    idle_countdown_s: Annotated[int, Field(ge=20, le=120)] = 30
    fonts: Path = Path(".setup/fonts")


class CardReaderSection(Section):
    """The reader of identity cards, and the slot for a helper's card."""

    kind: Literal["sdt", "pcsc", "none"] = "sdt"
    port: Annotated[str, Field(pattern=r"^(/\S+|usb:([0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}(:\S+)?)?)$")] = (
        "/dev/serial/by-id/sdt"
    )
    baud_rate: Literal[115200, 57600, 38400, 19200, 9600] = 115200
    with_fingerprint: bool = False
    sam_id: Annotated[str, Field(pattern=r"^(\d{2}\.\d{2}-\d{8}-\d{10}-\d{10})?$")] = ""
    photo_decoder: CommandLine = ""
    reader_name: str = ""
    csca_folder: str = ""
    helper_kind: Literal["pcsc", "none"] = "none"
    helper_reader_name: str = ""


class CameraSection(Section):
    """The camera; it is open only while the resident sees the sign."""

    source: str = ""
    size: Annotated[str, Field(pattern=SIZE)] = ""
    rotation_degrees: Literal[0, 90, 180, 270] = 0

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height to ask for; None for the camera's own."""
        return _size_px(self.size)


class DocumentCameraSection(Section):
    """The camera for sheets and codes; the one that looks at residents may be named here as well."""

    source: str = ""
    size: Annotated[str, Field(pattern=SIZE)] = "2592x1944"

    @property
    def size_px(self) -> tuple[int, int] | None:
        """Width and height to ask for; None for the camera's own."""
        return _size_px(self.size)


class TokenSection(Section):
    """Signing tokens, through their vendor's PKCS#11 module."""

    module: Annotated[str, Field(pattern=r"^(none|/\S+)$")] = "none"

    @property
    def fitted(self) -> bool:
        return self.module != "none"


class CodeReaderSection(Section):
    """The reader of printed codes, which looks through a camera that another section names."""

    camera: Literal["camera", "document_camera", "none"] = "none"

    @property
    def fitted(self) -> bool:
        return self.camera != "none"


class FaceSection(Section):
    """Models and calibration. Without both: assist mode, no automatic acceptance."""

    models: Path = Path(".setup/models")
    engine: Annotated[str, Field(pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$")] = ""
    calibration: Path = Path("drivers/face/calibration/demo.json")
    calibration_key: Path = Path(".setup/trust/calibration.pub")
    liveness: Literal["prompt", "passive", "infrared", "off"] = "prompt"
    movement_s: Annotated[int, Field(ge=2, le=15)] = 3
    infrared: Annotated[str, Field(pattern=r"^([A-Za-z_][\w.]*:[A-Za-z_]\w*)?$")] = ""

    @model_validator(mode="after")
    def _kit_is_named(self) -> FaceSection:
        if self.liveness == "infrared" and not self.infrared:
            raise refusal(
                "liveness = infrared 时要写 infrared = 模块:类",
                "liveness = infrared needs infrared = module:Class",
            )
        return self


WAYS = ("face", "helper", "sms", "qr", "clerk")
"""How a resident may be recognised, as kiosk.ini and the definitions name it; the window is always open."""


def _ways(text: str) -> str:
    named = [name.strip() for name in text.split(",") if name.strip()]
    for name in named:
        if name not in WAYS:
            known = ", ".join(WAYS)
            raise refusal(f"不认识“{name}”，可以写 {known}", f"unknown way {name!r}; known: {known}")
    return ", ".join(dict.fromkeys(named))


class RecognitionSection(Section):
    """Which ways to be recognised are offered in this village."""

    ways: Annotated[str, AfterValidator(_ways)] = "face, helper"
    eid_issuers: Path = Path(".setup/trust/eid_issuers")
    clerk_address: Annotated[str, Field(pattern=r"^(https://\S+|http://127\.0\.0\.1:\d{1,5})?$")] = ""
    clerk_authority: Annotated[str, Field(pattern=r"^(/\S+)?$")] = ""

    @property
    def offered(self) -> tuple[str, ...]:
        return tuple(self.ways.split(", ")) if self.ways else ()


class ReceiptPrinterSection(Section):
    """The receipt printer."""

    address: Annotated[str, AfterValidator(printer_address)] = "tcp://127.0.0.1:9100"
    width_dots: Literal[576, 384] = 576
    mode: Literal["raster", "text"] = "raster"
    near_end_sensor: bool = True
    near_end_left_cm: Annotated[int, Field(ge=0, le=1000)] = 100
    roll_length_m: Annotated[int, Field(ge=5, le=300)] = 50


class SensorsSection(Section):
    """The cabinet's sensors, each by the file that the system shows; empty where there is none."""

    door: str = ""
    door_open_value: Literal[0, 1] = 1
    temperature: str = ""
    too_cold_c: Annotated[int, Field(ge=-40, le=40)] = 0
    too_hot_c: Annotated[int, Field(ge=41, le=120)] = 60
    mains: str = ""
    battery: str = ""
    battery_low_percent: Annotated[int, Field(ge=5, le=90)] = 20


class DocumentPrinterSection(Section):
    """The A4 printer, and whose signature a document needs."""

    queue: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,127}$")] = "none"
    server: Annotated[str, Field(pattern=r"^(/\S+|[^\s:/]+:\d{1,5})$")] = "/run/cups/cups.sock"
    identity: str = ""
    root: Path = Path(".setup/trust/document_root.pem")


class SpeechSection(Section):
    """Reading aloud."""

    command: CommandLine = ""


class CentreSection(Section):
    """The central platform. TLS verification cannot be switched off."""

    url: Annotated[str, Field(pattern=r"^https://\S+$")] = "https://127.0.0.1:8443"
    authority: Path = Path(".setup/trust/ca.pem")
    sealing_key: Path = Path(".setup/trust/centre_sealing.pub")
    acknowledgement_key: Path = Path(".setup/trust/centre_acknowledgement.pub")


class TrustSection(Section):
    """The terminal's own keys, and who may publish services."""

    terminal_key: Path = Path(".setup/trust/terminal_0142.key")
    database_key: Path = Path(".setup/trust/outbox.key")
    publisher_key: Path = Path(".setup/trust/publisher.pub")


class QueueSection(Section):
    """Room for cases that wait for the network."""

    quota_mb: Annotated[int, Field(ge=16, le=65536)] = 256
    ballast_mb: Annotated[int, Field(ge=1, le=256)] = 4


class CatalogueSection(Section):
    """The service definitions."""

    directory: Path = Path("kiosk/catalogue/definitions")


class LogSection(Section):
    """Logs hold codes and counts, never a person."""

    size_mb: Annotated[int, Field(ge=1, le=50)] = 10
    record_devices: bool = False
    recording_mb: Annotated[int, Field(ge=1, le=100)] = 8


class Settings(Section):
    """All sections of kiosk.ini."""

    terminal: TerminalSection = TerminalSection()
    screen: ScreenSection = ScreenSection()
    card_reader: CardReaderSection = CardReaderSection()
    camera: CameraSection = CameraSection()
    document_camera: DocumentCameraSection = DocumentCameraSection()
    code_reader: CodeReaderSection = CodeReaderSection()
    token: TokenSection = TokenSection()
    face: FaceSection = FaceSection()
    recognition: RecognitionSection = RecognitionSection()
    receipt_printer: ReceiptPrinterSection = ReceiptPrinterSection()
    sensors: SensorsSection = SensorsSection()
    document_printer: DocumentPrinterSection = DocumentPrinterSection()
    speech: SpeechSection = SpeechSection()
    centre: CentreSection = CentreSection()
    trust: TrustSection = TrustSection()
    queue: QueueSection = QueueSection()
    catalogue: CatalogueSection = CatalogueSection()
    log: LogSection = LogSection()


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the file. `fatal`: the value cannot be used (an unknown key can be ignored)."""

    file: str
    line: int
    key: str
    message_zh: str
    message_en: str
    fatal: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message_zh} / {self.message_en}"
