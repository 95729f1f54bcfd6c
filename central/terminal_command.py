"""`python main.py central revoke`: a terminal that was stolen or swapped is refused from now on."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from central.case_command import signed_options
from central.desk_command import NOT_FINE, CentreAt, database_of, json_option, show


class Moment(click.ParamType[datetime]):
    """A time with its zone."""

    name = "TIME"

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail(
                f"{value!r}: 要写成 2026-11-26T09:00:00+08:00，带时区 / write a time with its zone, like this",
                param,
                ctx,
            )
        return moment


@click.command("revoke")
@click.argument("terminal")
@click.option(
    "--since",
    type=Moment(),
    help="When it left trusted hands, with its zone; now, when not given. What it received later is refused.",
)
@signed_options
@json_option
@click.pass_obj
def revoke(at: CentreAt, terminal: str, since: datetime | None, by: str, why: str, as_json: bool) -> None:
    """Refuse TERMINAL from now on. This cannot be undone: a repaired machine is enrolled under a new number.

    Its next request is answered 403, by every centre process at once (heartbeats within 5 s). Cases that it received
    before the time of revocation are still taken from its disk (`queue export`, `central import`), and a clerk
    confirms each. When it comes again, /ops, /metrics and its trail say so, with the network address.

    \b
    Example:
      python main.py central revoke 0142 --since 2026-11-26T02:00:00+08:00 --by "ops 7" --why "stolen at night"

    Exit codes: 0 revoked, 1 there is no such terminal or it was revoked before, 2 the command is not right.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central import enrolment
    from central.enrolment import NOT_REVOKED_WORDS, NotRevoked
    from central.staff_words import UnfitWordsError, signed

    try:
        who = signed(by, why)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error
    with database_of(at) as engine:
        done = enrolment.revoke(engine, terminal, who, since)
    if isinstance(done, NotRevoked):
        words = NOT_REVOKED_WORDS[done]
        show(as_json, {"ok": False, "reason": done.value, "message": words}, words)
        sys.exit(NOT_FINE)
    show(
        as_json,
        {"ok": True, "terminal": terminal, "revoked_at": done},
        f"终端 {terminal} 已吊销，时间 {done} / terminal {terminal} is revoked as of {done}",
    )
