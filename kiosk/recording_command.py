"""`main.py recording`: look at what was recorded in the field, and play it again."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import click

from drivers.recording import Recording, RecordingError, load
from kiosk.cli import NOT_FINE, json_option, show

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
LONGEST_SHOWN = 40
"""Bytes of a piece in words; --json has them all."""


@click.group()
def recording() -> None:
    """Recordings of the devices' traffic, with nothing of a person in them.

    Switch on with [log] record_devices = true; the files lie in the state folder, in recordings/.
    """


def _load(file: Path) -> Recording:
    try:
        return load(file)
    except RecordingError as error:
        raise click.UsageError(str(error)) from error


@recording.command("show")
@file_argument
@json_option
def recording_show(file: Path, as_json: bool) -> None:
    """Every piece with its time, its wire and its bytes."""
    found = _load(file)
    pieces = [
        {"at_us": piece.at_us, "wire": piece.wire, "way": piece.direction.value, "hex": piece.data.hex()}
        for piece in found.pieces
    ]
    arrows = {"to_device": "→", "from_device": "←", "line": "·"}
    lines = [f"{name}: {value}" for name, value in found.about.items()]
    for before, piece in pairwise([None, *found.pieces]):
        if piece is None:
            continue
        waited_ms = (piece.at_us - (before.at_us if before else 0)) / 1000
        shown = piece.data.decode() if piece.direction == "line" else piece.data[:LONGEST_SHOWN].hex(" ")
        more = f" … {len(piece.data)} bytes" if len(piece.data) > LONGEST_SHOWN else ""
        lines.append(
            f"{piece.at_us / 1e6:9.3f} s +{waited_ms:8.1f} ms {piece.wire:8} {arrows[piece.direction]} {shown}{more}"
        )
    if not found.complete:
        lines.append("录制没有完整的结尾 / the recording has no proper end")
    show(as_json, {"ok": found.complete, "about": dict(found.about), "pieces": pieces}, lines)
    sys.exit(0 if found.complete else NOT_FINE)


@recording.command("replay")
@file_argument
@json_option
def recording_replay(file: Path, as_json: bool) -> None:
    """Play it again: the far ends answer as they did, the real drivers ask. Takes as long as it took then.

    Exit code 0: the drivers asked what they asked then. 1: they asked something else, so this is
    another version, or the recording is cut.
    """
    from drivers.replay.run import WIRES, replay

    found = _load(file)
    replayed = replay(found)
    left_out = [wire for wire in found.wires if wire not in WIRES]
    rows = [
        {"wire": one.wire, "outcomes": list(one.outcomes), "strange": one.strange, "skipped": one.skipped}
        for one in replayed
    ]
    ok = all(one.strange == 0 == one.skipped for one in replayed)
    lines = []
    for one in replayed:
        lines += [f"{one.wire}:", *(f"  {outcome}" for outcome in one.outcomes)]
        if one.strange or one.skipped:
            lines.append(f"  与当时不同 / other than then: {one.strange} asked, {one.skipped} not asked")
    lines += [f"{wire}: 不能重放，见 show / cannot be played again, see show" for wire in left_out]
    show(as_json, {"ok": ok, "wires": rows, "left_out": left_out}, lines)
    sys.exit(0 if ok else NOT_FINE)
