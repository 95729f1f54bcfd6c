"""The simulator's photo decoder, in the place of a vendor's: photo on stdin, BMP on stdout.

Run as `python -m drivers.card_reader.simulated_photo_decoder`. It cannot read a real card's
photo, and a production terminal refuses it by its name.
"""

from __future__ import annotations

import sys

from drivers.card_reader.simulated_photo import decode


def main() -> int:
    """Exit code 0 with a picture, 1 without; never a word about what was in the photo."""
    try:
        picture = decode(sys.stdin.buffer.read())
    except (ValueError, OSError):
        return 1
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
