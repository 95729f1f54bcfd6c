"""A scenario that cannot be played is refused in words: where it says so, what is missing, what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click
import pytest
from click.testing import CliRunner

from drivers.card_reader.virtual_service import ServiceFailure, VirtualService
from drivers.contract import Failed
from drivers.document_printer.simulated import PrintServiceFailure, VirtualPrintService
from kiosk.bench.moves import Moves
from kiosk.bench.village import Village
from kiosk.cli import cli
from kiosk.rehearsal.rehearse import Props, Stand, Watcher
from kiosk.rehearsal.scenario import Scenario, ScenarioError, load
from kiosk.rehearsal.script import StepFailedError

PROJECT = Path(__file__).resolve().parents[3]

Written = Callable[[str], Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(text: str) -> Path:
        file = tmp_path / "made.toml"
        file.write_text(text, "utf-8")
        return file

    return write


def no_service(failure: object) -> Callable[..., Failed[Any]]:
    return lambda *_given, **_named: Failed(failure)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """One without the demo's print service and smart-card service."""
    monkeypatch.setattr(VirtualPrintService, "start", no_service(PrintServiceFailure.NOT_INSTALLED))
    monkeypatch.setattr(VirtualService, "start", no_service(ServiceFailure.NOT_INSTALLED))


def stand(scenario: Scenario, folder: Path) -> None:
    (folder / "log").mkdir()
    Stand(PROJECT, folder, folder / "log", scenario).close()


@pytest.mark.usefixtures("bare_machine")
@pytest.mark.parametrize(
    ("text", "where", "missing"),
    [
        ('[[step]]\npress = "begin"\n\n[[step]]\na4 = "jam"\n', "step 2 (line 4)", "cups-ipp-utils"),
        ('[village]\na4 = "jam"\n[[step]]\npress = "begin"\n', "[village] a4", "cups-ipp-utils"),
        ('[[step]]\nput_helper_card = "li"\n', "step 1 (line 1)", "vsmartcard-vpcd"),
        ('step = [{ service = "down" }]\n', "step 1 service", "vsmartcard-vpcd"),
    ],
    ids=["a step", "from the start", "a card without a slot", "steps in one array"],
)
def test_what_the_machine_lacks_is_told_before_anything_is_played(
    tmp_path: Path, written: Written, text: str, where: str, missing: str
) -> None:
    with pytest.raises(ScenarioError) as told:
        stand(load(written(text)), tmp_path)
    assert "made.toml" in str(told.value)
    assert where in str(told.value)
    assert missing in str(told.value)
    assert "请运行 deploy/setup.sh" in str(told.value)
    assert "Run deploy/setup.sh" in str(told.value)


@pytest.mark.usefixtures("bare_machine")
def test_the_command_says_it_without_a_traceback(tmp_path: Path, written: Written) -> None:
    file = written('[[step]]\na4 = "jam"\n')
    ended = CliRunner().invoke(cast("click.Command", cli), ["rehearse", str(file), "--into", str(tmp_path)])
    assert ended.exit_code == 2
    assert "there is no a4 printer here" in " ".join(ended.output.lower().split())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('put_card = "nobody"', "put_card = 'nobody' is not one of zhou, qian"),
        ('put_helper_card = "nobody"', "is not one of li"),
        ('show_face = "nobody"', "is not one of zhou_today"),
        ('kill = "toaster"', "is not one of camera, face"),
        ('replug = "printer"', "is not one of camera, reader"),
        ('crahs = "camera"', "did you mean crash?"),
    ],
)
def test_what_no_village_has_is_refused_at_reading(written: Written, text: str, told: str) -> None:
    with pytest.raises(ScenarioError, match=told) as error:
        load(written(f"[[step]]\n{text}\n"))
    assert "made.toml: step 1 (line 1)" in str(error.value)


def test_what_happens_once_cannot_hold_from_the_start(written: Written) -> None:
    with pytest.raises(ScenarioError, match=r"\[village\] kill happens to a terminal that runs"):
        load(written('[village]\nkill = "camera"\n[[step]]\npress = "begin"\n'))


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (lambda props: props.set("kill", "document_camera"), "no child process for “Document camera”"),
        (lambda props: props.put_card("zhou"), "The demo's file obama.jpg is missing"),
        (lambda props: props.show_face("zhou_today"), "The demo's file obama2.jpg is missing"),
        (lambda props: props.put_helper_card("li"), "smart-card service does not run"),
    ],
)
def test_a_move_that_the_village_refuses_ends_the_step_with_the_reason(
    tmp_path: Path, step: Callable[[Props], None], told: str
) -> None:
    village = Village(tmp_path, 1, use_helper_slot=False)
    village.terminal = os.getpid
    moves = Moves(village)
    try:
        props = Props(
            cast("Any", SimpleNamespace(village=village, moves=moves)), cast("Any", None), Watcher()
        )
        with pytest.raises(StepFailedError) as error:
            step(props)
        assert told in str(error.value)
    finally:
        moves.close()
        village.close()
