"""Invented slips, fonts of this machine, and a printer with its simulator."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from drivers.contract import Failed, Ok
from drivers.receipt_printer.address import UsbAddress, parse_address
from drivers.receipt_printer.contract import Align, Pair, QrCode, Rule, Size, Slip, Text
from drivers.receipt_printer.fonts import FontFile, Fonts
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.transport import Transport, WireFault, open_transport

_PREPARED = Path(__file__).parents[3] / ".setup" / "fonts"
_NOTO = Path("/usr/share/fonts/opentype/noto")
_HANAZONO = Path("/usr/share/fonts/truetype/hanazono")
_SC_FACE = 2


def fonts() -> Fonts:
    """The terminal's own fonts when set-up has made them, else the system's."""
    rare = (FontFile(_HANAZONO / "HanaMinA.ttf"), FontFile(_HANAZONO / "HanaMinB.ttf"))
    weights = {}
    for weight in ("Regular", "Bold"):
        prepared = _PREPARED / f"NotoSansSC-{weight}.otf"
        system = FontFile(_NOTO / f"NotoSansCJK-{weight}.ttc", _SC_FACE)
        weights[weight] = (FontFile(prepared) if prepared.exists() else system, *rare)
    return Fonts(weights["Regular"], weights["Bold"])


QR_DATA = "JJ1|J4K7-9QXM-2T|" + "Zm9vYmFy" * 15


def slip(name: str = "测试甲", job_id: str = "J4K7-9QXM-2T", counted_as: str = "") -> Slip:
    """A slip with every kind of block."""
    return Slip(
        job_id,
        (
            Text("青禾县政务服务", align=Align.CENTRE),
            Text("收件回执", Size.TITLE, bold=True, align=Align.CENTRE),
            Rule(),
            Pair("办理事项", "养老待遇资格认证"),
            Pair("申请人", name),
            Pair("办理地点", "青禾县清溪镇桃源村便民服务站（一楼大厅左侧自助终端）"),
            QrCode(QR_DATA),
            Text("如有疑问，请拨打政务服务便民热线。", Size.SMALL),
        ),
        counted_as,
    )


def assert_printed(far_end: SimulatedPrinter, expected: Slip, width_dots: int = WIDE_DOTS) -> None:
    """The last receipt shows the slip as it was drawn."""
    drawn = render_slip(expected, width_dots, fonts())
    printed = Image.open(io.BytesIO(far_end.receipts[-1].png)).crop((0, 0, *drawn.size))
    assert printed.convert("1").tobytes() == drawn.tobytes()


def open_wire(address: str) -> Ok[Transport] | Failed[WireFault]:
    """A transport as the driver opens it, on a network or a serial line."""
    parsed = parse_address(address)
    assert isinstance(parsed, Ok)
    assert not isinstance(parsed.value, UsbAddress)
    return open_transport(parsed.value)
