"""`make crash`: kill a terminal a thousand times, cut its power as often, and compare with what it had promised."""

from __future__ import annotations

import json
import secrets
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from tests.crash.kills import Killed, kill_often
from tests.crash.power_cut import PowerCuts, cut_power

T = TypeVar("T")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--kills", default=1000, show_default=True, type=click.IntRange(0), help="SIGKILLs of the terminal."
)
@click.option("--cuts", default=1000, show_default=True, type=click.IntRange(0), help="Simulated power cuts.")
@click.option(
    "--seed", type=int, help="The same seed gives the same plan; without one it is drawn and printed."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def main(kills: int, cuts: int, seed: int | None, *, as_json: bool) -> None:
    """Kill a terminal at random instants of put, send, acknowledge and migrate, and the centre now and then.

    Then cut its power at random points of what it wrote, so that what was not flushed is missing, there
    or torn. A ledger outside the process knows what was promised. Exit code 1 when a promise was broken.
    """
    seed = secrets.randbelow(2**31) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        killed = _with_bar("kills", kills, lambda say: kill_often(_in(folder, "kills"), kills, seed, say))
        cut = _with_bar("power cuts", cuts, lambda say: cut_power(_in(folder, "cuts"), cuts, seed, say))
    proved = killed.proved and cut.proved
    if as_json:
        click.echo(json.dumps({"proved": proved, "killed": _plain(killed), "power_cuts": _plain(cut)}))
    else:
        click.echo(_table(killed, cut))
    sys.exit(0 if proved else 1)


def _plain(found: Killed | PowerCuts) -> dict[str, Any]:
    """Without `asdict`, which makes a Counter count its own pairs."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}


def _in(folder: str, name: str) -> Path:
    made = Path(folder) / name
    made.mkdir()
    return made


def _with_bar(what: str, length: int, work: Callable[[Callable[[int], None]], T]) -> T:
    with click.progressbar(length=length, label=what, file=sys.stderr) as bar:
        return work(lambda _done: bar.update(1))


def _table(killed: Killed, cut: PowerCuts) -> str:
    rows: list[tuple[str, object]] = [
        *((f"killed, {doing}", number) for doing, number in sorted(killed.kills.items())),
        ("killed in all, terminal", killed.kills.total()),
        ("killed in all, centre", killed.centre_kills),
        ("cases promised", killed.promised),
        ("registered at the centre", killed.registered),
        ("told the centre again", killed.told_again),
        ("promised and lost", killed.lost),
        ("effects doubled", killed.doubled),
        ("out of order within a case", killed.out_of_order),
        ("refused, set aside", killed.quarantined + killed.set_aside),
        ("chain whole", "yes" if killed.chain_whole else "NO"),
        ("power cuts", cut.cuts),
        ("promises at the moment of a cut, added up", cut.promises),
        ("promised and lost after a cut", cut.lost),
        ("chains broken, databases set aside after a cut", cut.chains_broken + cut.set_aside),
        ("seed", killed.seed),
        ("seconds of killing", round(killed.seconds)),
    ]
    return "\n".join(f"{name:<60}{value!s:>12}" for name, value in rows)


if __name__ == "__main__":
    main()
