"""`python -m tests.benchmarks [SUITE ...] [--json]`: exit code 0 when all was measured, whatever came out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tests.benchmarks.figures import Figure, Suite

FACES = "faces"
PROBLEMS_SHOWN = 20


def _suites() -> dict[str, Suite]:
    from tests.benchmarks.devices import devices
    from tests.benchmarks.live_channel import live_channel
    from tests.benchmarks.queue import queue

    return {"devices": devices, "live": live_channel, "queue": queue}


def _say(what: str) -> None:
    click.echo(f"… {what}", err=True)


@click.command()
@click.argument("names", nargs=-1, metavar="[SUITE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--full", is_flag=True, help="The long form: as large as the goals say, for minutes.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="For faces: a folder with images.csv (file,person,sex,role,group) and images/. Read in place.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="For faces: write the DET curves there, as a PNG.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="For faces: keep the embeddings in this folder for the next run. They are as personal as the "
    "pictures: remove it afterwards. Without this nothing is kept.",
)
def main(
    names: tuple[str, ...],
    *,
    as_json: bool,
    full: bool,
    data: Path | None,
    plot: Path | None,
    cache: Path | None,
) -> None:
    """Measure the suites named (devices, live, queue, faces), or all that need no data.

    Say on an otherwise idle machine: other work shows in the figures.

    faces takes some minutes, one or two of them for whole visits before a simulated camera. A row of
    images.csv is a picture of a person: role reference is taken as the photo of the card (as it is, and
    as a JPEG of 102 x 126 pixels in 2,048 and in 1,024 bytes), live as a frame of the camera, single is
    the only picture of somebody who is compared within the own group. Limits are chosen on one half of
    the people and reported on the other.

    Exit code: 0 measured, 2 wrong usage or a folder that is not of this form.
    """
    suites = _suites()
    if unknown := sorted(set(names) - {*suites, FACES}):
        message = f"no suite {', '.join(unknown)}; there are: {', '.join([*suites, FACES])}"
        raise click.UsageError(message)
    if FACES in names:
        if data is None:
            message = (
                "faces needs --data DIR: a folder with images.csv (file,person,sex,role,group) and images/"
            )
            raise click.UsageError(message)
        suites[FACES] = partial(_faces, data=data, plot=plot, cache=cache)
    elif data or plot or cache:
        message = "--data, --plot and --cache are for the suite faces; name it"
        raise click.UsageError(message)
    measured = {}
    for name in names or suites:
        figures = suites[name](_say, full=full)
        measured[name] = [figure.to_json() for figure in figures]
        if not as_json:
            click.echo("\n".join([name, *(figure.line() for figure in figures)]))
    if as_json:
        click.echo(json.dumps(measured, ensure_ascii=False, allow_nan=False))
    sys.exit(0)


def _faces(
    say: Callable[[str], None], *, full: bool, data: Path, plot: Path | None, cache: Path | None
) -> list[Figure]:
    from drivers.face.evaluation.data_set import DataSetError
    from drivers.face.evaluation.rates import TooFewPeopleError
    from tests.benchmarks.faces import faces

    if full:
        message = "--full is not for faces: it always measures the whole folder"
        raise click.UsageError(message)
    try:
        return faces(say, data, plot=plot, cache=cache)
    except DataSetError as error:
        for problem in error.problems[:PROBLEMS_SHOWN]:
            click.echo(str(problem), err=True)
        if (more := len(error.problems) - PROBLEMS_SHOWN) > 0:
            click.echo(f"and {more} more", err=True)
    except TooFewPeopleError as error:
        click.echo(f"images.csv: {error}", err=True)
    sys.exit(2)


if __name__ == "__main__":
    main()
