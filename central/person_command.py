"""`python main.py central find-person`: the cases of who stands at a counter, by the number on the document."""

from __future__ import annotations

import sys

import click

from central.case_command import signed_options
from central.desk_command import NOT_CONFIGURED, NOT_FINE, CentreAt, database_of, json_option, show

FOUND_MAX = 200
LINE_BYTES_MAX = 400
DOCUMENT_NAMES = ("citizen", "hmt_permit", "foreign_pr", "passport")
"""Those of `central.persons.DOCUMENTS`, which is not loaded for every other command."""
NOT_COMPLETE = (
    "有较早的办件还没有编入（中心运行时自己编入），可能没有查全"
    " / some earlier cases are not entered yet (the running centre does it): this may lack some"
)


@click.command("find-person")
@click.option(
    "--document",
    type=click.Choice(DOCUMENT_NAMES),
    default="citizen",
    show_default=True,
    help="citizen: identity or social security card; hmt_permit: of residents from Hong Kong, Macao and Taiwan; "
    "foreign_pr: permanent residence card.",
)
@signed_options
@json_option
@click.pass_obj
def find_person(at: CentreAt, document: str, by: str, why: str, as_json: bool) -> None:
    """Find the cases of a person who asks at a counter, also those that another filed for them.

    The number is asked for, or read from standard input: a command line stands in the shell's history. Documents
    other than a citizen's have the date of birth in a second line. Look at the document first. Who looked, when and why
    is written down, with the cases that were found; the number is not.

    \b
    Examples:
      python main.py central find-person --by "clerk 12" --why "asks after a message, ID card seen"
      desk-program | python main.py central find-person --document passport --by "clerk 12" --why "..." --json

    Not through a file: it would keep the number.

    Not found are cases that still wait on a terminal, that the centre cannot open, or whose content was cleared.

    Exit codes: 0 looked for (found or not), 1 the number is not right or stands in --by or --why, 2 the command is not
    right, 78 the centre's keys cannot be used.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central.persons import CITIZEN, Persons, Unfit, find, read_wanted, repeats
    from central.staff_words import UnfitWordsError, signed
    from central.trust import TrustError, load_trust
    from kiosk.case import format_case_code

    try:
        who = signed(by, why)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error
    try:
        trust = load_trust(at.trust, production=at.production)
    except TrustError as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    number = _typed("证件号码 / number of the document")
    birth = "" if document == CITIZEN else _typed("出生日期 / date of birth, 1990-01-31")
    wanted = read_wanted(document, number, birth)
    if not isinstance(wanted, Unfit):
        wanted = repeats(number, who) or wanted
    if isinstance(wanted, Unfit):
        words = f"{wanted.zh} / {wanted.en}"
        told = {"ok": False, "field": wanted.field, "reason": wanted.reason, "message": words}
        show(as_json, told, words)
        sys.exit(NOT_FINE)
    with database_of(at) as engine:
        found = find(engine, Persons(trust.person_keys), wanted, who, FOUND_MAX)
    cases = [
        {
            "code": row.code,
            "service": row.service,
            "state": row.state,
            "received_at": row.received_at_kiosk,
            "clock_quality": row.clock_quality,
            "terminal": row.terminal,
            "by_another": row.code in found.by_another,
        }
        for row in found.rows
    ]
    lines = [
        f"{format_case_code(one['code'])}  {one['service']}  {one['state']}  {one['received_at']}  {one['terminal']}"
        + ("  别人代办 / filed by another" if one["by_another"] else "")
        for one in cases
    ]
    if not cases:
        lines.append("没有查到这个人的办件 / no case of this person was found")
    if found.more:
        lines.append("只列出最近的 / only the newest are shown")
    if not found.complete:
        lines.append(NOT_COMPLETE)
    show(
        as_json,
        {"ok": True, "cases": cases, "more": found.more, "complete": found.complete},
        "\n".join(lines),
    )


def _typed(asked: str) -> str:
    """One line of standard input; at a terminal it is asked for and not shown."""
    if sys.stdin.isatty():
        prompted: str = click.prompt(asked, hide_input=True, err=True)
        return prompted
    return sys.stdin.buffer.readline(LINE_BYTES_MAX).decode("utf-8", "replace").rstrip("\r\n")
