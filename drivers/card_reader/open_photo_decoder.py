"""The decoder of photos in open formats (JPEG, JPEG 2000): photo on stdin, BMP on stdout.

Run as `python -m drivers.card_reader.open_photo_decoder`, in a process of its own: a chip's bytes
reach the codecs of the picture library, which are native code with a history. The process may take
a limited amount of memory and time, and has nothing else to lose.
"""

from __future__ import annotations

import io
import resource
import sys
from typing import Final

from PIL import Image

from drivers.card_reader.photo import LARGEST_SIDE

_LARGEST_PIXELS: Final = 16_000_000
_MEMORY: Final = 1 << 30
_SECONDS: Final = 10


def main() -> int:
    """Exit code 0 with a picture, 1 without; never a word about what was in the photo."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    picture = io.BytesIO()
    try:
        with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("JPEG", "JPEG2000")) as opened:
            if opened.width * opened.height > _LARGEST_PIXELS:
                return 1
            portrait = opened.convert("RGB")
        portrait.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
        portrait.save(picture, "BMP")
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError):
        return 1
    sys.stdout.buffer.write(picture.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
