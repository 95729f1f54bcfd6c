"""A picture of dots as printer bytes. python-escpos is used here, as an encoder and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops

from drivers.receipt_printer.protocol import AUTO_STATUS_OFF

SLICE_ROWS = 256
"""Taller images overflow the buffers of some printers, or are printed as text."""

_CUT_FEED_DOTS = 24
_INITIALISE = b"\x1b@"
_DLE_COMMANDS = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


@dataclass(frozen=True, slots=True)
class EncodedSlip:
    """What is sent, in order: `start`, each of `slices`, `cut`."""

    start: bytes
    slices: tuple[bytes, ...]
    cut: bytes

    @property
    def byte_count(self) -> int:
        """Bytes of the whole job, without the questions between."""
        return len(self.start) + sum(map(len, self.slices)) + len(self.cut)


def encode_slip(image: Image.Image) -> EncodedSlip:
    """Encode a 1-bit image, black on white, whose width is a multiple of 8."""
    calm = without_commands(image)
    slices = []
    for top in range(0, calm.height, SLICE_ROWS):
        encoder = _encoder(calm.width)
        encoder.image(calm.crop((0, top, calm.width, min(top + SLICE_ROWS, calm.height))))
        slices.append(encoder.output)
    # Not Dummy.cut(): it feeds by line feeds, whose height depends on what was set before.
    return EncodedSlip(_INITIALISE + AUTO_STATUS_OFF, tuple(slices), cut_command())


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
