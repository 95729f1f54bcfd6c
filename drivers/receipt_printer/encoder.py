"""A picture of dots as printer bytes. python-escpos is used here, as an encoder and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops

from drivers.receipt_printer.bands import bands
from drivers.receipt_printer.protocol import AUTO_STATUS_OFF, DROP_LINE

SLICE_ROWS = 256
"""Taller images overflow the buffers of some printers, or are printed as text."""

LARGEST_COMMAND_BYTES = 8 + SLICE_ROWS * 576 // 8
"""A picture as wide as 80 mm paper and as high as one may be."""

_CUT_FEED_DOTS = 24
LEFT, CENTRE = b"\x1ba\x00", b"\x1ba\x01"
_DLE_COMMANDS = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


@dataclass(frozen=True, slots=True, repr=False)
class EncodedSlip:
    """What is sent, in order: `start`, each of `slices`, `cut`. `rows`: paper used, in dots, the cut apart."""

    start: bytes
    slices: tuple[bytes, ...]
    cut: bytes
    rows: int

    @property
    def byte_count(self) -> int:
        """Bytes of the whole job, without the questions between."""
        return len(self.start) + sum(map(len, self.slices)) + len(self.cut)


def encode_slip(image: Image.Image) -> EncodedSlip:
    """Encode a 1-bit image, black on white, whose width is a multiple of 8."""
    slices = tuple(
        encode_rows(image.crop((0, top, image.width, min(top + SLICE_ROWS, image.height))))
        for top in range(0, image.height, SLICE_ROWS)
    )
    # Not Dummy.cut(): it feeds by line feeds, whose height depends on what was set before.
    return EncodedSlip(start_command(), slices, cut_command(), image.height)


def encode_rows(image: Image.Image) -> bytes:
    """Up to `SLICE_ROWS` rows as bands of GS v 0, none wider than its ink; ends left-aligned.

    White costs a byte a row. It is a narrow band and not a feed (ESC J), whose unit differs
    between models. A band begins at the left edge, or is centred by ESC a: its window is
    symmetric, so that there is nothing to round. Margins (GS L) and positions (ESC $) are not
    used for it: clones ignore them for pictures.
    """
    data = b""
    centred = False
    for band in bands(image):
        if band.centred is not centred:
            data += CENTRE if band.centred else LEFT
            centred = band.centred
        encoder = _encoder((band.right - band.left) * 8)
        box = (band.left * 8, band.top, band.right * 8, band.bottom)
        encoder.image(without_commands(image.crop(box)))
        data += encoder.output
    return data + (LEFT if centred else b"")


def start_command() -> bytes:
    """ESC @ and no unasked status."""
    return DROP_LINE + AUTO_STATUS_OFF


def _encoder(width_dots: int) -> Any:
    """An encoder for exactly this width; the library's own profiles know no 576 dots and say so on stdout."""
    from escpos.capabilities import Profile
    from escpos.printer import Dummy

    profile = Profile()
    profile.profile_data = {**Profile.profile_data, "media": {"width": {"pixels": width_dots}}}
    return Dummy(profile=profile)


def cut_command() -> bytes:
    """GS V 66 n: feed to the cutter and n dots more, cut."""
    return bytes((0x1D, 0x56, 66, _CUT_FEED_DOTS))


def without_commands(image: Image.Image) -> Image.Image:
    """The image with at most one dot more in each place where its bytes would be a real-time command.

    A printer looks for DLE EOT, DLE ENQ and DLE DC4 in everything that it receives, dots
    included: without this a picture could ask for status, clear the buffer or open a drawer.
    """
    data = ImageChops.invert(image).tobytes()
    for command in _DLE_COMMANDS:
        data = data.replace(command, b"\x18" + command[1:])
    return ImageChops.invert(Image.frombytes("1", image.size, data))
