"""`python -m tests.benchmarks [SUITE ...] [--json]`: exit code 0 when all was measured, whatever came out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tests.benchmarks.figures import Suite


def _suites() -> dict[str, Suite]:
    from tests.benchmarks.devices import devices
    from tests.benchmarks.live_channel import live_channel
    from tests.benchmarks.queue import queue

    return {"devices": devices, "live": live_channel, "queue": queue}


@click.command()
@click.argument("names", nargs=-1, metavar="[SUITE]...")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
@click.option("--full", is_flag=True, help="The long form: as large as the goals say, for minutes.")
def main(names: tuple[str, ...], *, as_json: bool, full: bool) -> None:
    """Measure the suites named, or all. Say on an otherwise idle machine: other work shows in the figures."""
    suites = _suites()
    if unknown := sorted(set(names) - set(suites)):
        message = f"no suite {', '.join(unknown)}; there are: {', '.join(suites)}"
        raise click.UsageError(message)
    measured = {}
    for name in names or suites:
        figures = suites[name](lambda what: click.echo(f"… {what}", err=True), full=full)
        measured[name] = [figure.to_json() for figure in figures]
        if not as_json:
            click.echo("\n".join([name, *(figure.line() for figure in figures)]))
    if as_json:
        click.echo(json.dumps(measured, ensure_ascii=False))
    sys.exit(0)


if __name__ == "__main__":
    main()
