"""`make crash`: kill a terminal a thousand times, cut its power as often, and compare with what it had promised."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click

from tests.crash.centre import CENTRES, Database
from tests.crash.kills import kill_often
from tests.crash.ledger import Killed
from tests.crash.power_cut import PowerCuts, cut_power
from tests.crash.sabotage import OF_CENTRE, Sabotage

T = TypeVar("T")
CENTRE_EVERY = {False: 25, True: 2}
"""So many lives of a terminal to one of a centre; fewer where the centre is what breaks its promise."""
BROKEN = [sabotage.value for sabotage in Sabotage if sabotage is not Sabotage.NONE]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--kills",
    default=1000,
    show_default=True,
    type=click.IntRange(0),
    help="SIGKILLs of the terminal, in all.",
)
@click.option("--cuts", default=1000, show_default=True, type=click.IntRange(0), help="Simulated power cuts.")
@click.option(
    "--centre", type=click.Choice([*CENTRES, "both"]), default="both", show_default=True,
    help="Its database; `both` gives each half of the kills. On PostgreSQL two processes are the centre.",
)  # fmt: skip
@click.option(
    "--seed", type=int, help="The same seed gives the same plan; without one it is drawn and printed."
)
@click.option(
    "--sabotage", type=click.Choice(BROKEN),
    help="Break this promise on purpose: the proof is worth something only if it then fails (exit code 1).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def main(
    kills: int, cuts: int, centre: str, seed: int | None, sabotage: str | None, *, as_json: bool
) -> None:
    """Kill a terminal at random instants of put, send, upload, acknowledge, fetch and migrate, and centres too.

    Then cut its power at random points of what it wrote, so that what was not flushed is missing, there
    or torn. A ledger outside the process knows what was promised. Exit code 1 when a promise was broken.

    \b
    About ten minutes:            python -m tests.crash
    The kills of a failure again: python -m tests.crash --seed 1234 --cuts 0
    Would it notice?              python -m tests.crash --kills 100 --cuts 0 --sabotage settle-first
    """
    seed = secrets.randbelow(2**31) if seed is None else seed
    sys.stderr.write(f"seed {seed}\n")
    databases = list(CENTRES) if centre == "both" else [name for name in CENTRES if name == centre]
    broken = Sabotage(sabotage or "")
    killed: dict[Database, Killed] = {}
    folder = tempfile.mkdtemp(prefix="crash-")
    with _removed_if(folder) as proof:
        for place, database in enumerate(databases):
            share = kills // len(databases) + (place < kills % len(databases))

            def kill(say: Callable[[int], None], share: int = share, database: Database = database) -> Killed:
                every = CENTRE_EVERY[broken in OF_CENTRE]
                return kill_often(
                    _in(folder, database), share, seed, say, every, database=database, sabotage=broken
                )

            if share:
                killed[database] = _with_bar(f"kills, centre on {database}", share, kill)
        cut = _with_bar("power cuts", cuts, lambda say: cut_power(_in(folder, "cuts"), cuts, seed, say))
        proved = proof.holds = all(one.proved for one in killed.values()) and cut.proved
    if as_json:
        told = {database: _plain(one) for database, one in killed.items()}
        click.echo(json.dumps({"proved": proved, "seed": seed, "killed": told, "power_cuts": _plain(cut)}))
    else:
        click.echo(_table(killed, cut, seed))
        click.echo("proved" if proved else f"NOT PROVED; the same plan again: --seed {seed}")
    sys.exit(0 if proved else 1)


@dataclass
class _Proof:
    holds: bool = False


@contextmanager
def _removed_if(folder: str) -> Iterator[_Proof]:
    """What led to a failure is kept: a seed repeats the plan, not the instants. All persons in it are invented."""
    proof = _Proof()
    try:
        yield proof
    finally:
        if proof.holds:
            shutil.rmtree(folder)
        else:
            sys.stderr.write(f"kept for a look: {folder}\n")


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


def _table(killed: Mapping[Database, Killed], cut: PowerCuts, seed: int) -> str:
    heads: list[tuple[str, tuple[object, ...]]] = [("", tuple(killed))]

    def row(name: str, of: Callable[[Killed], object]) -> None:
        heads.append((name, tuple(of(one) for one in killed.values())))

    for doing in sorted({doing for one in killed.values() for doing in one.kills}):
        row(f"killed, {doing}", lambda one, doing=doing: one.kills[doing])  # type: ignore[misc] # a default binds it now
    for what in sorted({what for one in killed.values() for what in one.on_the_line}):
        row(f"of these, on the line: {what}", lambda one, what=what: one.on_the_line[what])  # type: ignore[misc] # as above
    row("killed in all, terminal", lambda one: one.kills.total())
    row("killed in all, centre", lambda one: one.centre_kills)
    row("items promised", lambda one: one.promised)
    row("registered at the centre", lambda one: one.registered)
    row("told the centre again", lambda one: one.told_again)
    row("refused, and repaired or kept", lambda one: one.refused)
    row("letters to the terminal", lambda one: one.letters)
    row("promised and lost", lambda one: one.lost)
    row("effects doubled", lambda one: one.doubled)
    row("registered without all that belongs to it", lambda one: one.damaged)
    row("withdrawn before they were sent", lambda one: one.erased)
    row("half withdrawn", lambda one: one.half_withdrawn)
    row("out of order within a case", lambda one: one.out_of_order)
    row("letters lost, applied twice", lambda one: one.letters_lost + one.letters_doubled)
    row("databases set aside", lambda one: one.set_aside)
    row("lives that ended by an error", lambda one: one.died)
    row("chain whole", lambda one: "yes" if one.chain_whole else "NO")
    row("not come to an end", lambda one: ", ".join(one.still_open) or 0)
    row("seconds", lambda one: round(one.seconds))
    heads += [
        ("power cuts", (cut.cuts,)),
        ("promises at the moment of a cut, added up", (cut.promises,)),
        ("promised and lost after a cut", (cut.lost,)),
        ("letters lost or applied twice after a cut", (cut.letters_wrong,)),
        ("chains broken, databases set aside after a cut", (cut.chains_broken + cut.set_aside,)),
        ("seed", (seed,)),
    ]
    return "\n".join(f"{name:<60}" + "".join(f"{value!s:>12}" for value in values) for name, values in heads)


if __name__ == "__main__":
    main()
