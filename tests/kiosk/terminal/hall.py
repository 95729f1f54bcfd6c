"""An assembled terminal in a simulated village, for tests: real drivers, journey and queue, no window."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.face.verifier import ProcessFaceVerifier
from drivers.receipt_printer.contract import Slip
from kiosk.assembly.terminal import Observers, Terminal, assemble
from kiosk.bench.configure import village_ini
from kiosk.bench.smart_cards import CardKind
from kiosk.bench.village import Village
from kiosk.journey.view import Action, View, action
from kiosk.rehearsal.scenario import Step
from kiosk.rehearsal.script import Player, words_of
from kiosk.settings import load_text
from tests.drivers.card_reader.card_service import our_turn
from tests.drivers.waiting import PATIENCE_S

PROJECT = Path(__file__).resolve().parents[3]
TRUST = PROJECT / ".setup" / "trust"
PENSION, REPORT, ALLOWANCE = "110199-YL-01", "110199-SB-01", "110199-GL-01"
REPORT_ANSWERS = {"category": "light", "place_village": "110199001001", "description": "路灯不亮"}


@dataclass(slots=True)
class Hall:
    """A village and its terminal; `play` does what a resident does and waits for the screen."""

    village: Village
    terminal: Terminal
    player: Player
    slips: list[Slip]
    ini: Path

    def play(self, **steps: Any) -> None:
        for kind, value in steps.items():
            self.player.play(Step(kind, value))

    def press(self, *actions: str) -> None:
        for name in actions:
            self.play(press=name)

    def wait(self, ready: Callable[[View], bool], what: str) -> None:
        """Until the screen is so; fails with `what` and what stands on it instead."""
        self.player._wait(ready, what)

    @property
    def view(self) -> View:
        return self.terminal.view()

    @property
    def words(self) -> str:
        return words_of(self.view)

    def offered(self, name: str) -> Action:
        found = action(self.view, name)
        assert found is not None, f"{name} is not on the screen {self.view.state}"
        return found

    def report_a_problem(self, **answers: str) -> None:
        """From the attract screen to the result of an anonymous report."""
        self.press("begin", f"service:{REPORT}", "next", "next")
        self.play(answer_form={**REPORT_ANSWERS, **answers})
        self.press("submit")
        self.play(wait_enabled="finish")


def unused_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def hall(
    folder: Path,
    *,
    centre_port: int | None = None,
    settings: Mapping[tuple[str, str], str] | None = None,
    state: Path | None = None,
    use_a4: bool = False,
    card_kind: CardKind = "sdt",
    use_helper_slot: bool = False,
) -> Iterator[Hall]:
    """Everything stands on entry, but devices may still be opening. Without a centre the line is dead.
    With a reader for smart cards it waits for its turn at the machine's card service.

    `settings`: (section, key) -> value, over those of the village. `state`: what outlives the terminal.
    """
    slips: list[Slip] = []
    with contextlib.ExitStack() as stack:
        if use_helper_slot or card_kind == "pcsc":
            stack.enter_context(our_turn())
        village = Village(
            PROJECT / ".setup" / "faces",
            unused_port() if centre_port is None else centre_port,
            use_helper_slot=use_helper_slot,
            use_a4=use_a4,
            card_kind=card_kind,
        )
        stack.callback(village.close)
        village.terminal = os.getpid
        text = village_ini(PROJECT, {**village.settings(), **(settings or {})}, state or folder / "state")
        folder.mkdir(exist_ok=True)
        ini = folder / "kiosk.ini"
        ini.write_text(text, "utf-8")
        read, problems = load_text(text, ini.name, folder)
        assert read is not None, problems
        terminal = assemble(read, Observers(slip=slips.append, step=village.follow))
        stack.callback(terminal.close)
        if isinstance(terminal.devices.face, ProcessFaceVerifier):
            # Its own is for a terminal that has its machine to itself.
            terminal.devices.face._deadline_s = PATIENCE_S
        yield Hall(village, terminal, Player(terminal, None), slips, ini)


NO_CAMERA: dict[tuple[str, str], str] = {("camera", "source"): ""}
"""Starts in a moment: no face models are loaded."""
