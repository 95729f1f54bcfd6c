"""A card's photo -> a picture, by a decoder in a process of its own.

WLT is a closed format, for which the reader's vendor has a decoder; JPEG and JPEG 2000 have
`open_photo_decoder`. Either gets the bytes on standard input and answers a BMP or PNG on standard
output, so the portrait needs no file; it may crash, hang or write rubbish. Vendors' libraries are
known to write files beside themselves, so it runs in a folder of its own, in memory, which goes
with it.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.picture_header import size_of
from drivers.contract import Failed, Ok

LARGEST_SIDE = 560
"""Pixels; a passport's portrait (413 x 531 at 300 dpi) stays as it is. 560 * 560 * 3 bytes fit the limit below."""
_OUTPUT_LIMIT = 1 << 20
SIZE = (102, 126)
"""Pixels of every WLT photo: 102 * 126 * 3 bytes raw, 38862 as a BMP."""
_OPEN_DECODER = (sys.executable, "-m", "drivers.card_reader.open_photo_decoder")
_INPUT_LIMIT = 1 << 20
_PIECE = 1 << 16
_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in memory, and the one inside has a name of its own


class PhotoFailure(StrEnum):
    """Why there is no picture. An identity without a picture is a legal result."""

    NO_DECODER = "no_decoder"
    TOO_LARGE = "too_large"
    CRASHED = "crashed"
    GARBAGE = "garbage"
    TIMED_OUT = "timed_out"


def decode(
    command: Sequence[str], photo: EncodedPhoto, deadline_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    """Run the decoder once; `Ok` holds a whole BMP or PNG by what it says of itself.

    Nothing of it is decoded here: that is for whoever has a child process for it (`drivers.face`).

    A WLT photo has exactly 102 x 126 pixels, any other at most `LARGEST_SIDE` a side. `command` is
    the vendor's program and its arguments for WLT; empty when the terminal has none. Whatever the
    decoder started is ended with it, whatever it wrote is deleted.
    """
    if len(photo.data) > _INPUT_LIMIT:
        return Failed(PhotoFailure.TOO_LARGE, f"{len(photo.data)} bytes")
    if photo.format is not PhotoFormat.WLT:
        command = _OPEN_DECODER
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
                return _converse(process, photo, ends_s)
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
    process: subprocess.Popen[bytes], photo: EncodedPhoto, ends_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    if process.stdin is None or process.stdout is None:
        msg = "the decoder was started without pipes"
        raise RuntimeError(msg)
    os.set_blocking(process.stdin.fileno(), False)
    left = memoryview(photo.data)
    picture = bytearray()
    while len(picture) <= _OUTPUT_LIMIT:
        # a decoder may begin to write before it has read everything: neither side waits for the other
        wanting = [] if process.stdin.closed else [process.stdin]
        patience_s = max(0.0, ends_s - time.monotonic())
        readable, writable, _ = select.select([process.stdout], wanting, [], patience_s)
        if not readable and not writable:
            return Failed(PhotoFailure.TIMED_OUT, f"the decoder was ended after {len(picture)} bytes")
        if writable:
            try:
                left = left[process.stdin.write(left[:_PIECE]) or 0 :]
            except BrokenPipeError:
                return Failed(PhotoFailure.CRASHED, "the decoder did not take its input")
            if not left:
                process.stdin.close()
        if readable:
            chunk = process.stdout.read(_PIECE)
            if not chunk:
                return _judge(process, photo.format, bytes(picture), ends_s)
            picture += chunk
    return Failed(PhotoFailure.GARBAGE, f"more than {_OUTPUT_LIMIT} bytes")


def _judge(
    process: subprocess.Popen[bytes], kind: PhotoFormat, picture: bytes, ends_s: float
) -> Ok[bytes] | Failed[PhotoFailure]:
    try:
        code = process.wait(max(0.0, ends_s - time.monotonic()))
    except subprocess.TimeoutExpired:
        return Failed(PhotoFailure.TIMED_OUT, "the decoder closed its output and did not end")
    if code != 0:
        return Failed(PhotoFailure.CRASHED, f"exit code {code}")
    size = size_of(picture)
    if size is None:
        return Failed(PhotoFailure.GARBAGE, f"{len(picture)} bytes, no whole BMP or PNG")
    if size != SIZE if kind is PhotoFormat.WLT else max(size) > LARGEST_SIDE:
        return Failed(PhotoFailure.GARBAGE, f"{size[0]} x {size[1]} pixels")
    return Ok(picture)


def _end_group(group: int) -> None:
    """The decoder leads its own group: end it and what it may have started."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        # all of them had ended by themselves
        return
