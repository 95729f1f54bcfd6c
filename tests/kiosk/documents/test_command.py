"""The technician's commands against a print room of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from PIL import Image
from pyhanko.pdf_utils.reader import PdfFileReader

from drivers.document_printer.simulated import Fault
from kiosk.bench.configure import village_ini
from kiosk.documents.command import document
from kiosk.documents.demo import authorise, sign_pdf
from kiosk.settings import load_text
from tests.drivers.document_printer.conftest import room
from tests.drivers.document_printer.rig import Room, pdf
from tests.kiosk.documents.issuer import TERMINAL

__all__ = ["room"]
PROJECT = Path(__file__).resolve().parents[3]
CODE = "0142M2R2QHFRRATP"


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    ended = CliRunner().invoke(document, [*arguments, "--json"])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exc_info
    return ended.exit_code, json.loads(ended.stdout) if ended.stdout else {}


def configured(folder: Path, given: dict[tuple[str, str], str]) -> Path:
    """kiosk.ini of a terminal, with a document of the demo's issuer and its authorisation beside it."""
    text = village_ini(PROJECT, given, folder / "state")
    (folder / "kiosk.ini").write_text(text, "utf-8")
    settings, problems = load_text(text, "kiosk.ini", folder)
    assert settings is not None, problems
    assert settings.terminal.number == TERMINAL
    trust = settings.document_printer.root.parent
    signed = sign_pdf(pdf(), trust)
    (folder / "a.pdf").write_bytes(signed)
    (folder / "a.json").write_bytes(authorise(signed, CODE, TERMINAL, trust))
    return folder / "kiosk.ini"


def test_a_document_is_printed_once_by_command(room: Room, tmp_path: Path) -> None:
    given = {
        ("document_printer", "queue"): "jiujin",
        ("document_printer", "server"): str(room.service.socket),
    }
    config = configured(tmp_path, given)
    file, allowed = str(tmp_path / "a.pdf"), str(tmp_path / "a.json")
    words = (file, "--authorisation", allowed, "--config", str(config))
    room.printer.set_fault(Fault.JAM)
    code, checked = run("check", *words)
    assert (code, checked["ok"], checked["pages"], checked["case_code"]) == (0, True, 1, CODE)
    room.printer.set_fault(Fault.NONE)
    code, printed = run("print", *words)
    assert code == 0, printed
    assert printed == {
        "ok": True,
        "outcome": "done",
        "cause": None,
        "detail": "",
        "pages_printed": 1,
        "spool_wiped": True,
    }
    assert room.printer.begun() == [f"jiujin {CODE}"]
    code, refused = run("print", *words)
    assert (code, refused["ok"], refused["refused"]) == (1, False, "authorisation_used")
    assert len(room.printer.begun()) == 1


def test_a_terminal_without_an_a4_printer_says_so(tmp_path: Path) -> None:
    config = configured(tmp_path, {})
    file, allowed = str(tmp_path / "a.pdf"), str(tmp_path / "a.json")
    assert run("print", file, "--authorisation", allowed, "--config", str(config))[0] == 78
    assert not (tmp_path / "state" / "document-ledger.jsonl").exists()


def test_demo_keys_make_no_document_of_a_real_terminal(tmp_path: Path) -> None:
    given = {("terminal", "demo"): "false", ("document_printer", "queue"): "jiujin"}
    config = configured(tmp_path, given)
    words = (str(tmp_path / "a.pdf"), "--authorisation", str(tmp_path / "a.json"), "--config", str(config))
    assert run("check", *words)[0] == 78
    assert run("print", *words)[0] == 78


def test_the_demo_goes_the_whole_way_and_shows_the_paper(tmp_path: Path) -> None:
    code, ended = run("demo", "--into", str(tmp_path / "demo"))
    assert (code, ended["outcome"]) == (0, "done")
    with (tmp_path / "demo" / "paper.pdf").open("rb") as file:
        assert "/Pages" in PdfFileReader(file).root
    with Image.open(tmp_path / "demo" / "paper.png") as picture:
        width, height = picture.size
        assert height / width == pytest.approx(297 / 210, abs=0.01)
        frame = picture.convert("L").point(lambda grey: 255 * (grey < 128)).getbbox()
    assert frame is not None
    millimetres = [round(edge * 210 / width) for edge in frame]
    assert millimetres == [10, 10, 200, 287], "the frame is whole and where it was drawn"


@pytest.mark.parametrize("command", [[], ["check"], ["print"], ["demo"]])
def test_help_teaches(command: list[str]) -> None:
    shown = CliRunner().invoke(document, [*command, "--help"])
    assert shown.exit_code == 0
    assert "authoris" in shown.output or "demo document" in shown.output
