"""`face calibrate` and `face show`: the limits under which a terminal recognises people by itself."""

from __future__ import annotations

import json
import math
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from kiosk.cli import NOT_CONFIGURED, NOT_FINE, PROJECT, config_option, json_option, settings_or_exit, show
from kiosk.face_figures import ends_soon_lines, lines_of

if TYPE_CHECKING:
    from drivers.face.calibration.document import Document
    from drivers.face.calibration.faults import CalibrationFault
    from drivers.face.embedder import Embedder
    from drivers.face.evaluation.data_set import DataSet

CLASSES = ("jpeg_2048", "jpeg_1024")
DAYS_MAX = 5 * 365


def _a_number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """NaN is within every range."""
    if math.isnan(value):
        message = f"{value} 不是数 / is no number"
        raise click.BadParameter(message)
    return value


@click.group()
def face() -> None:
    """Calibrate the face check on your own people, and look at a calibration."""


@face.command("calibrate")
@click.option(
    "--data",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with images.csv (file,person,sex,role,group) and the pictures in images/.",
)
@click.option(
    "--target-fmr",
    required=True,
    type=click.FloatRange(1e-7, 0.1),
    callback=_a_number,
    help="How often one comparison with another person of the same sex may be accepted at most, such as 1e-4; a visit "
    "has three tries. Above 1e-3: for the demo only.",
)
@click.option(
    "--card-class",
    "classes",
    type=click.Choice(CLASSES),
    multiple=True,
    help="What the cards hold: 102x126 pixels in 2,048 or 1,024 bytes. May be repeated; both if left out. "
    "A larger photo, as in a passport's chip, is made one of jpeg_2048 before it is compared.",
)
@click.option(
    "--real-card-photos",
    is_flag=True,
    help="The references are photos out of cards, as the reader hands them over: nothing is simulated.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("calibration.json"),
    show_default=True,
    help="The calibration; its signature is put beside it as FILE.sig.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PROJECT / ".setup" / "trust" / "calibration.key",
    show_default="the demo's",
    help="The Ed25519 key to sign with (PEM). Keep the real one off the terminals.",
)
@click.option(
    "--models",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT / ".setup" / "models",
    show_default=".setup/models",
    help="Folder of the face models.",
)
@click.option(
    "--engine",
    default="",
    metavar="MODULE:CLASS",
    help="A licensed engine in the place of the second model, as [face] engine in kiosk.ini.",
)
@click.option("--id", "name", help="Its name in evidence and logs; calibration-DATE if left out.")
@click.option("--about", default="", help="One sentence about the data, kept in the file. Name nobody.")
@click.option(
    "--valid-days",
    type=click.IntRange(1, DAYS_MAX),
    default=365,
    show_default=True,
    help="After so many days the terminals no longer use it.",
)
@click.option(
    "--accept-unmeasurable",
    is_flag=True,
    help="Write it although the data are too few to show the target; the file says so, for all to see.",
)
@json_option
def calibrate(
    data: Path,
    target_fmr: float,
    classes: tuple[str, ...],
    real_card_photos: bool,
    out: Path,
    key: Path,
    models: Path,
    engine: str,
    name: str | None,
    about: str,
    valid_days: int,
    accept_unmeasurable: bool,
    as_json: bool,
) -> None:
    """Choose limits on one half of the people in DIR, report their errors on the other half, and sign both.

    Nobody takes part in the choice and in the report: a person's half follows from the person's identifier. A
    target needs 3 / target different pairs of people of one sex in each half (30,000 for 1e-4), or it is refused:
    fewer cannot show it. A folder of N people, half of them women, makes about N x N / 16 of them, however many
    pictures each has: 690 people for 1e-4.

    The limits have a margin: the upper bound (95 %) of the rate on the choosing half keeps the target, not just the
    rate. It is printed beside what it costs: who would be recognised without it.

    What the other half reports must keep the target, and no sex or group, where it can be measured, may reach ten
    times as much; no option lifts that.

    Takes about a second for each picture. Until the end nothing is written; Ctrl-C leaves FILE as it was.

    \b
    Example:
      python main.py face calibrate --data pilot --target-fmr 1e-4 --out calibration.json --key county.key

    Exit codes: 0 written and signed, 1 the data cannot support it (nothing is written), 2 the command is not right.
    """  # noqa: D301 - the \b is click's mark for lines that are not joined
    from drivers.face.calibration.card_class import CardClass
    from drivers.face.calibration.making import MissedError, Order, make, too_few
    from drivers.face.evaluation.data_set import DataSetError, read_data_set
    from drivers.face.evaluation.rates import TooFewPeopleError
    from kiosk import keys
    from kiosk.face_publish import NotACalibrationError, publish

    try:
        private = keys.private_key(key)
    except keys.KeyFileError as error:
        raise click.BadParameter(str(error), param_hint="--key") from error
    if not out.absolute().parent.is_dir():
        message = f"没有这个文件夹 / there is no folder {out.absolute().parent}"
        raise click.BadParameter(message, param_hint="--out")
    today = datetime.now(UTC).date()
    order = Order(
        id=name or f"calibration-{today.isoformat()}",
        target_fmr=target_fmr,
        classes=tuple(CardClass(one) for one in classes or CLASSES),
        made_on=today,
        valid_until=today + timedelta(days=valid_days),
        about=about,
        unmeasurable_accepted=accept_unmeasurable,
        real_card_photos=real_card_photos,
    )
    if real_card_photos and classes:
        message = "真证件照片不分 --card-class / real card photos are of no --card-class: leave it out"
        raise click.UsageError(message)
    _fit_to_sign(order.id, about)
    embedder = _embedder_or_exit(models, engine)
    try:
        pictures = read_data_set(data)
        lacking = [str(one) for one in too_few(pictures, target_fmr)]
        if lacking and not accept_unmeasurable:
            _refused("unmeasurable", [*lacking, _UNMEASURABLE], as_json)
        document = _with_progress(pictures, embedder, order, make)
    except DataSetError as error:
        _refused("data", [str(problem) for problem in error.problems], as_json)
    except TooFewPeopleError as error:
        _refused("too_few_people", [str(error)], as_json)
    except MissedError as error:
        _refused("missed", [str(error)], as_json)
    except ValueError as error:  # a picture without a face may leave fewer people than were counted
        _refused("unmeasurable", [_first_line(error), _UNMEASURABLE], as_json)
    body = json.loads(document.model_dump_json(by_alias=True))
    try:
        publish(out, body, private)
    except NotACalibrationError as error:
        _refused("content", [str(error)], as_json)
    except OSError as error:
        _refused("disk", [f"{out.name}: {error.strerror}"], as_json)
    signed_by = keys.key_id(private.public_key())
    told = {"ok": True, "file": str(out), "signed_by": signed_by, "calibration": body}
    words = f"{out}：已写好并签名 / written and signed ({signed_by})"
    show(as_json, told, [words, "", *lines_of(document)])


def _embedder_or_exit(models: Path, engine: str) -> Embedder:
    from drivers.face.embedder import Embedder
    from drivers.face.licensed import EngineError
    from drivers.face.onnx import ModelError

    try:
        return Embedder(models, engine)
    except ModelError as error:
        hint = "--engine" if isinstance(error, EngineError) else "--models"
        raise click.BadParameter(str(error), param_hint=hint) from error


_UNMEASURABLE = (
    "数据太少，证明不了这个目标：增加人，或把 --target-fmr 写大些（演示以外最大 1e-3），或用 --accept-unmeasurable 注明 / "
    "too few to show the target: add people, set a larger --target-fmr (1e-3 at most outside the demo), "
    "or have it noted: --accept-unmeasurable"
)


def _fit_to_sign(name: str, about: str) -> None:
    """Before minutes of work: what the file could not hold afterwards."""
    import re

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,79}", name):
        message = "字母、数字和 . _ - 最多 80 个 / letters, digits and . _ - only, 80 at most"
        raise click.BadParameter(message, param_hint="--id")
    if len(about) > 400 or not about.isprintable():
        raise click.BadParameter(
            "一句话，最多 400 字 / one line of 400 characters at most", param_hint="--about"
        )


def _first_line(error: ValueError) -> str:
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        return str(error.errors(include_url=False, include_input=False)[0]["msg"])
    return str(error)


def _refused(reason: str, lines: list[str], as_json: bool) -> NoReturn:
    """Nothing was written; leaves with the exit code."""
    show(as_json, {"ok": False, "reason": reason, "message": lines}, ["没有写 / not written:", *lines])
    sys.exit(NOT_FINE)


def _with_progress(pictures: DataSet, embedder: Embedder, order: Any, make: Any) -> Document:
    """A bar on standard error, where somebody looks at it."""
    with click.progressbar(length=1, label="照片 pictures", file=sys.stderr) as bar:

        def tell(done: int, of: int) -> None:
            bar.length = of
            bar.update(done - bar.pos)

        def say(condition: str) -> None:
            bar.label = f"计算 computing {condition}"
            bar.render_progress()

        document: Document = make(pictures, embedder, order, tell, say)
    return document


@face.command("show")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The public key (PEM) that must have signed it; else the one that kiosk.ini names.",
)
@config_option
@json_option
def show_calibration(file: Path | None, key: Path | None, config: Path, as_json: bool) -> None:
    """Who signed FILE, for what, its limits and its figures, and whether this terminal may use it.

    Without FILE: the one that kiosk.ini names. The terminal may run.

    Exit codes: 0 this terminal may use it, 1 it may not, and why, 2 the command is not right, 78 not configured.
    """
    from drivers.contract import Ok
    from drivers.face import calibration
    from kiosk import keys
    from kiosk.clock import Clock

    settings = settings_or_exit(config)
    today = Clock(settings.terminal.state / "clock.json").vouched().date()
    file, given, key = file or settings.face.calibration, key, key or settings.face.calibration_key
    try:
        signed_by = keys.key_id(keys.public_key(key))
    except keys.KeyFileError as error:
        if given is not None:
            raise click.BadParameter(str(error), param_hint="--key") from error
        click.echo(str(error), err=True)
        if as_json:
            show(as_json, {"ok": False, "reason": "not_configured", "message": [str(error)]}, [])
        sys.exit(NOT_CONFIGURED)
    body = calibration.read_json(file)
    content = calibration.read_body(body.value, file.name) if isinstance(body, Ok) else body
    loaded = calibration.load(file, key)
    against = _against(loaded, settings, today)
    ending = isinstance(loaded, Ok) and loaded.value.ends_soon(today)
    document = content.value.document if isinstance(content, Ok) else None
    told: dict[str, Any] = {
        "ok": not against,
        "file": str(file),
        "signed_by": None if any(fault in _NOT_SIGNED for fault, _ in against) else signed_by,
        "ends_soon": ending,
        "against": [{"fault": fault.value, "detail": detail} for fault, detail in against],
        "calibration": None if document is None else json.loads(document.model_dump_json(by_alias=True)),
    }
    signature = (
        "签名不可信 / signature not valid" if told["signed_by"] is None else f"签名 / signed by {signed_by}"
    )
    lines = [f"{file}：{signature}", *_words(against), *(ends_soon_lines() if ending else [])]
    show(as_json, told, lines if document is None else [*lines, "", *lines_of(document)])
    sys.exit(NOT_FINE if against else 0)


_NOT_SIGNED = ("missing", "unsigned", "unreadable", "wrong_key", "signature", "schema")


def _against(loaded: Any, settings: Any, today: date) -> list[tuple[CalibrationFault, str]]:
    """All that keeps this terminal from using it."""
    from drivers.contract import Failed
    from drivers.face.calibration.against import before_models, with_models
    from drivers.face.calibration.card_class import SMALL
    from drivers.face.calibration.faults import CalibrationFault
    from drivers.face.embedder import Embedder
    from drivers.face.onnx import ModelError

    if isinstance(loaded, Failed):
        return [(loaded.reason, loaded.detail)]
    found = before_models(
        loaded.value,
        today=today,
        cards=frozenset() if settings.card_reader.kind == "none" else SMALL,
        demo=settings.terminal.demo,
    )
    try:
        embedder = Embedder(settings.face.models, settings.face.engine)
    except ModelError as error:
        return [*found, (CalibrationFault.MODELS, str(error))]
    here = {one.name: one.model_hash for one in embedder.matchers}
    return [*found, *with_models(loaded.value, here, embedder.pipeline())]


def _words(against: list[tuple[CalibrationFault, str]]) -> list[str]:
    from drivers.face.calibration.faults import WORDS

    lines = []
    for fault, detail in against:
        (zh, en), (do_zh, do_en) = WORDS[fault]
        lines += [f" ✗ {zh} / {en}  ({detail})", f"     → {do_zh} / {do_en}"]
    return lines or ["本机可以用 / this terminal may use it"]
