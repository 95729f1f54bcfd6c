"""`python main.py central told`: staff told a person for whom somebody else acted."""

from __future__ import annotations

import sys

import click

from central.case_command import signed_options
from central.desk_command import NOT_FINE, CentreAt, database_of, json_option, show


@click.command("told")
@click.argument("code")
@signed_options
@json_option
@click.pass_obj
def told(at: CentreAt, code: str, by: str, why: str, as_json: bool) -> None:
    """Write down that the person of CODE, for whom somebody else acted, was told of it by staff.

    For persons whom no message reached: /ops/untold lists them. --why says how, such as "by letter" or "at home".

    \b
    Example:
      python main.py central told "0142 K7QF 93WD XM2A" --by "clerk 12" --why "told at home, knows of it"

    Exit codes: 0 written down, 1 nobody of this case waits to be told, 2 the command is not right.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central.notices import told_by_staff
    from central.staff_words import UnfitWordsError, signed
    from kiosk.case import parse_case_code

    try:
        who = signed(by, why)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error
    compact = parse_case_code(code)
    done = False
    if compact is not None:
        with database_of(at) as engine:
            done = told_by_staff(engine, compact, who)
    words = (
        "已记下 / written down" if done else "这件办件没有人等着告知 / nobody of this case waits to be told"
    )
    show(as_json, {"ok": done}, words)
    sys.exit(0 if done else NOT_FINE)
