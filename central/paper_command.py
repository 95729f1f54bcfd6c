"""`python main.py central paper`: a clerk enters a case that was filed on paper at a window."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from central.desk_command import NOT_CONFIGURED, NOT_FINE, CentreAt, database_of, json_option, show


@click.command("paper")
@click.argument("form", type=click.File("rb"))
@click.option("--by", required=True, help="Role or staff number of who enters it, never a name.")
@click.option("--check", is_flag=True, help="Only judge the form: nothing is taken in.")
@json_option
@click.pass_obj
def paper(at: CentreAt, form: BinaryIO, by: str, check: bool, as_json: bool) -> None:
    """Take in a case that was filed on paper. FORM: a JSON file, or - for standard input.

    The case gets a code like any other, is sealed to the centre's key, checked against the registers, compared with
    cases about the same business, and looked up in the same places. Write the code on the resident's slip. Entering
    the same window and reference again gives the same code: nothing is taken twice.

    The form is judged by the newest definition in --catalogue that was open when the paper was received. All that is
    wrong is told at once, with field and line. Keep the form off shared disks: it holds what the paper holds.

    \b
    Form (person may be left out where the service asks for nobody; helper is who acted for somebody):
      {"schema": "jiujin.paper/1", "window": "清河镇 3 号窗", "reference": "2026-11-26/017",
       "service": "110199-YL-01", "received_at": "2026-11-26T09:30:00+08:00",
       "person": {"document_kind": "resident", "number": "...", "name": "...", "valid_to": "2035-05-06"},
       "answers": {"lives_at_card_address": "yes"}}

    \b
    Example:
      python main.py central --catalogue /srv/jiujin/definitions paper form.json --by "clerk 12"

    Exit codes: 0 taken in (or taken in before), 1 the form is not right, or its reference has another content,
    2 the command is not right, 78 the centre's keys or definitions cannot be used.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central.counter.form import Judged, read_form
    from central.counter.intake import AnotherContent, take_paper
    from central.database import utc_now
    from central.rechecks import CatalogueError, published
    from central.staff_words import BY_MAX, UnfitWordsError, fit
    from central.trust import TrustError, load_trust
    from kiosk.case import format_case_code

    try:
        who = fit("--by", by, BY_MAX)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error
    try:
        trust = load_trust(at.trust, production=at.production)
        if at.catalogue is None:
            message = "central 后面要写 --catalogue 目录 / give --catalogue FOLDER after central"
            raise CatalogueError(message)
        definitions = published(at.catalogue)
    except (TrustError, CatalogueError) as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    judged = read_form(form.read(), definitions, utc_now())
    if not isinstance(judged, Judged):
        told = [{"field": w.field, "line": w.line, "zh": w.zh, "en": w.en} for w in judged]
        show(as_json, {"ok": False, "reason": "form", "errors": told}, "\n".join(map(str, judged)))
        sys.exit(NOT_FINE)
    if check:
        show(
            as_json,
            {"ok": True, "checked": True},
            "表格没有问题，没有录入 / the form is right; nothing was taken in",
        )
        return
    with database_of(at) as engine:
        taken = take_paper(engine, trust.present_sealing_key, trust.sealing_keys, judged, who)
    shown = format_case_code(taken.code)
    if isinstance(taken, AnotherContent):
        words = (
            f"这个窗口和编号录入过，内容不同，保留先录的 {shown}；要改请用 settle 或 correct-answer"
            f" / this window and reference was entered with another content; the first is kept: {shown}"
        )
        show(as_json, {"ok": False, "reason": "conflict", "code": taken.code, "message": words}, words)
        sys.exit(NOT_FINE)
    words = (
        f"{'原已录入' if taken.known else '已收件'}，编号 {shown}，请写在回执上 / "
        f"{'entered before' if taken.known else 'received'}: {shown}, write it on the slip"
    )
    show(as_json, {"ok": True, "code": taken.code, "known": taken.known}, words)
