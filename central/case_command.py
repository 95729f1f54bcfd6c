"""`python main.py central settle` and `central correct`: a clerk's word about a case or a refused item."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from central.desk_command import NOT_CONFIGURED, NOT_FINE, CentreAt, database_of, json_option, show

if TYPE_CHECKING:
    from central.answer_corrections import NotChanged, Unfit
    from central.corrections import ForResident, NotCorrected, Outcome
    from central.staff_words import Signed
    from kiosk.case import CaseState

F = TypeVar("F", bound=Callable[..., Any])


def signed_options(command: F) -> F:
    """Who does it, and why."""
    why = click.option("--why", required=True, help="For the case's trail; nothing personal.")
    by = click.option("--by", required=True, help="Role or staff number, never a name.")
    return by(why(command))


def resident_options(command: F) -> F:
    """What the resident reads."""
    en = click.option(
        "--en", "words_en", required=True, help="For the resident, in English; nothing personal."
    )
    zh = click.option(
        "--zh", "words_zh", required=True, help="For the resident, in Chinese; nothing personal."
    )
    return zh(en(command))


def read_words(by: str, why: str, words_zh: str, words_en: str) -> tuple[Signed, ForResident]:
    """What the options say; a click.UsageError (exit code 2) when they hold what must not stand there."""
    from central.corrections import for_resident
    from central.staff_words import UnfitWordsError, signed

    try:
        return signed(by, why), for_resident(words_zh, words_en)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error


def tell_state(state: CaseState | NotCorrected, *, as_json: bool) -> None:
    """Show where the case stands now, or why nothing was done, and end with its exit code."""
    from central.corrections import NOT_CORRECTED_WORDS, NotCorrected

    if isinstance(state, NotCorrected):
        words = NOT_CORRECTED_WORDS[state]
        show(as_json, {"ok": False, "reason": state.value, "message": words}, words)
        sys.exit(NOT_FINE)
    show(as_json, {"ok": True, "state": state.value}, f"已处理：{state.value} / settled: {state.value}")


@click.command("settle")
@click.argument("code")
@click.option(
    "--to",
    "to",
    type=click.Choice(
        [
            "registered",
            "accepted",
            "needs_correction",
            "not_accepted",
            "in_process",
            "decided",
            "collectable",
            "collected",
        ]
    ),
    required=True,
    help="registered: the doubt is gone; accepted: a department has taken it up; needs_correction: back to the "
    "resident, to be completed; not_accepted: closed. The others follow an accepted case.",
)
@signed_options
@resident_options
@json_option
@click.pass_obj
def settle(
    at: CentreAt, code: str, to: str, by: str, why: str, words_zh: str, words_en: str, as_json: bool
) -> None:
    """Settle a case that waits for staff (needs_clerk, duplicate_suspected), or move it on. CODE as on the slip.

    The words stand on the public page, in the terminal's progress, in its letter and in the trail. A case keeps
    its time of receipt, whatever becomes of it. Which cases wait: /ops/cases?state=needs_clerk.

    \b
    Example:
      python main.py central settle "0142 K7QF 93WD XM2A" --to registered --by "clerk 12" \\
        --why "card found again, office letter seen" --zh "已核对，继续办理" --en "Checked, it goes on"

    Exit codes: 0 settled, 1 there is no such case or chapter F has no such step, 2 the command is not right.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central.corrections import NotCorrected, settle_case
    from kiosk.case import CaseState, parse_case_code

    signed, words = read_words(by, why, words_zh, words_en)
    compact = parse_case_code(code)
    if compact is None:
        tell_state(NotCorrected.UNKNOWN, as_json=as_json)
        return
    with database_of(at) as engine:
        state = settle_case(engine, compact, CaseState(to), signed, words)
    tell_state(state, as_json=as_json)


@click.command("correct")
@click.argument("terminal")
@click.argument("item")
@click.option(
    "--outcome",
    type=click.Choice(["registered", "returned"]),
    required=True,
    help="registered: the case is there now, as from the paper; returned: it is closed.",
)
@signed_options
@resident_options
@json_option
@click.pass_obj
def correct(
    at: CentreAt,
    terminal: str,
    item: str,
    outcome: Outcome,
    by: str,
    why: str,
    words_zh: str,
    words_en: str,
    as_json: bool,
) -> None:
    """Settle an ITEM that TERMINAL brought and the centre refused; the terminal is told by its inbox.

    Exit codes: 0 settled, 1 it cannot be settled so, 2 the command is not right.
    """
    from central.corrections import Wish, correct_item

    signed, words = read_words(by, why, words_zh, words_en)
    with database_of(at) as engine:
        state = correct_item(engine, terminal, item, Wish(outcome, signed, words))
    tell_state(state, as_json=as_json)


@click.command("correct-answer")
@click.argument("code")
@click.option("--field", required=True, help="Name of the answer in the definition, such as living_village.")
@click.option(
    "--value-from",
    "value_from",
    type=click.File("r", encoding="utf-8"),
    required=True,
    help="File with the right value, or - for standard input: it must not stand in the shell's history.",
)
@signed_options
@json_option
@click.pass_obj
def correct_answer(
    at: CentreAt, code: str, field: str, value_from: TextIO, by: str, why: str, as_json: bool
) -> None:
    """Correct one answer of a case that waits for staff. CODE as on the slip.

    What the resident sealed stays as it is; old and new value are kept beside it, sealed as well. The resident reads
    which answer was corrected by staff, and may object. Who the person is, and what was signed, cannot be corrected:
    settle such a case with needs_correction or not_accepted. The new answers are judged by the version of the
    definition that the case was filed under, so --catalogue is needed.

    \b
    Example:
      printf 110199001002 | python main.py central --catalogue /srv/jiujin/definitions correct-answer \\
        "0142 K7QF 93WD XM2A" --field living_village --value-from - --by "clerk 12" --why "told at the counter"

    Exit codes: 0 corrected, 1 it cannot be corrected so, 2 the command is not right, 78 not configured.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from central import answer_corrections
    from central.answer_corrections import NOT_CHANGED_WORDS, Keys, NotChanged, Unfit
    from central.rechecks import CatalogueError, published
    from central.staff_words import UnfitWordsError, signed
    from central.trust import TrustError, load_trust
    from kiosk.case import parse_case_code

    try:
        who = signed(by, why)
    except UnfitWordsError as error:
        raise click.UsageError(str(error)) from error
    try:
        trust = load_trust(at.trust, production=at.production)
        definitions = published(at.catalogue) if at.catalogue else {}
    except (TrustError, CatalogueError) as error:
        click.echo(str(error), err=True)
        sys.exit(NOT_CONFIGURED)
    compact = parse_case_code(code)
    done: CaseState | NotChanged | Unfit = NotChanged.UNKNOWN
    if compact is not None:
        keys = Keys(trust.present_sealing_key, trust.sealing_keys)
        with database_of(at) as engine:
            done = answer_corrections.correct_answer(
                engine, keys, definitions, compact, field, value_from.read(), who
            )
    if isinstance(done, Unfit):
        words = "\n".join(f"{name}: {said['zh']} / {said['en']}" for name, said in done.errors.items())
        show(as_json, {"ok": False, "reason": "answers", "errors": dict(done.errors)}, words)
        sys.exit(NOT_FINE)
    if isinstance(done, NotChanged):
        words = NOT_CHANGED_WORDS[done]
        show(as_json, {"ok": False, "reason": done.value, "message": words}, words)
        sys.exit(NOT_FINE)
    show(as_json, {"ok": True, "state": done.value}, f"已更正：{done.value} / corrected: {done.value}")
