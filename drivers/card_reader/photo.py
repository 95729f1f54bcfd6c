"""A card's photo -> a picture, by the reader vendor's decoder in a process of its own.

WLT is a closed format. The decoder gets the bytes on standard input and answers a BMP or PNG
on standard output, so the portrait needs no file; it may crash, hang or write rubbish. Vendors'
libraries are known to write files beside themselves, so it runs in a folder of its own, in memory,
which goes with it.
"""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, UnidentifiedImageError

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.contract import Failed, Ok

_SIGNATURES = (b"BM", b"\x89PNG\r\n\x1a\n")
_OUTPUT_LIMIT = 1 << 20
SIZE = (102, 126)
"""Pixels of every WLT photo: 102 * 126 * 3 bytes raw, 38862 as a BMP."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, and the one inside has a name of its own
_BAD_PICTURE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,
    ValueError,
)


class PhotoFailure(StrEnum):
    """Why there is no picture. An identity without a picture is a legal result."""

    NO_DECODER = "no_decoder"
    UNSUPPORTED_FORMAT = "unsupported_format"
    CRASHED = "crashed"
    GARBAGE = "garbage"
    TIMED_OUT = "timed_out"


def decode(
    command: Sequence[str], photo: EncodedPhoto, deadline_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    """Run the decoder once; `Ok` holds a BMP or PNG that opens, of exactly 102 x 126 pixels.

    `command` is the program and its arguments; empty when the terminal has none. Whatever the
    decoder started is ended with it, whatever it wrote is deleted.
    """
    if photo.format is not PhotoFormat.WLT:
        return Failed(PhotoFailure.UNSUPPORTED_FORMAT, photo.format.value)
    if not command:
        return Failed(PhotoFailure.NO_DECODER, "no decoder is configured")
    ends_s = time.monotonic() + deadline_s
    with TemporaryDirectory(
        prefix="photo-", dir=_MEMORY if _MEMORY.is_dir() else None, ignore_cleanup_errors=True
    ) as folder:
        try:
            process = subprocess.Popen(
                [_program(command[0]), *command[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
                cwd=folder,
                env=_surroundings(folder),
            )
        except OSError as error:
            return Failed(PhotoFailure.NO_DECODER, f"{command[0]}: {error.strerror}")
        with process:
            try:
                return _converse(process, photo.data, ends_s)
            finally:
                _end_group(process.pid)


def _program(name: str) -> str:
    """A relative path means the same as before, although the decoder starts elsewhere."""
    return str(Path(name).absolute()) if "/" in name else name


def _surroundings(folder: str) -> dict[str, str]:
    """The decoder may write in its folder alone, and imports what the terminal does."""
    own = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (own, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "HOME": folder, "TMPDIR": folder, "PYTHONPATH": path}


def _converse(
    process: subprocess.Popen[bytes], data: bytes, ends_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    if process.stdin is None or process.stdout is None:
        msg = "the decoder was started without pipes"
        raise RuntimeError(msg)
    try:
        # 1024 bytes fit into a pipe, so this cannot block
        process.stdin.write(data)
        process.stdin.close()
    except BrokenPipeError:
        return Failed(PhotoFailure.CRASHED, "the decoder did not take its input")
    picture = bytearray()
    while len(picture) <= _OUTPUT_LIMIT:
        if not select.select([process.stdout], [], [], max(0.0, ends_s - time.monotonic()))[0]:
            return Failed(PhotoFailure.TIMED_OUT, f"the decoder was ended after {len(picture)} bytes")
        chunk = process.stdout.read(65536)
        if not chunk:
            return _judge(process, bytes(picture), ends_s)
        picture += chunk
    return Failed(PhotoFailure.GARBAGE, f"more than {_OUTPUT_LIMIT} bytes")


def _judge(
    process: subprocess.Popen[bytes], picture: bytes, ends_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    try:
        code = process.wait(max(0.0, ends_s - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Failed(PhotoFailure.TIMED_OUT, "the decoder closed its output and did not end")
    if code != 0:
        return Failed(PhotoFailure.CRASHED, f"exit code {code}")
    if not picture.startswith(_SIGNATURES):
        return Failed(PhotoFailure.GARBAGE, f"{len(picture)} bytes, neither BMP nor PNG")
    try:
        with Image.open(io.BytesIO(picture), formats=("BMP", "PNG")) as image:
            if image.size != SIZE:
                return Failed(PhotoFailure.GARBAGE, f"{image.width} x {image.height} pixels")
            image.load()
    except _BAD_PICTURE as error:
        return Failed(PhotoFailure.GARBAGE, f"the picture does not open ({type(error).__name__})")
    return Ok(picture)


def _end_group(group: int) -> None:
    """The decoder leads its own group: end it and what it may have started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        # all of them had ended by themselves
        return
