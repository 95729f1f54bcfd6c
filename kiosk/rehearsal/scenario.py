"""A scenario file: what the world is like, what the resident does, what must come out."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from kiosk.bench import faults
from kiosk.bench.moves import OFFERED, ONCE
from kiosk.bench.people import HELPERS, PEOPLE, SIGHTS
from kiosk.bench.registers import FAULTS, STANDING
from kiosk.bench.smart_cards import SMART_CARD, CardKind
from kiosk.bench.ways_corner import CLERK_SAYS

STEP_KINDS: dict[str, type | tuple[type, ...]] = {
    "press": str,
    "answer_form": dict,
    "write_code": bool,
    "write_sms": bool,
    "put_card": str,
    "put_helper_card": str,
    "take_card": bool,
    "show_face": str,
    "show_phone": str,
    "clerk_says": str,
    "phone_has": list,
    "network": str,
    "paper": str,
    "reader": str,
    "smart_card": str,
    "printer": str,
    "lens": str,
    "cabinet": str,
    "registers": str,
    "a4": str,
    "print_service": str,
    "service": str,
    "replug": str,
    "kill": str,
    "crash": str,
    "stop": str,
    "wait_state": str,
    "wait_enabled": str,
    "wait_registered": int,
    "wait_open_rechecks": int,
    "expect_pending": int,
    "screen_has": list,
    "screen_lacks": list,
    "screen_shows_code": bool,
}
EXPECTATIONS: dict[str, type | tuple[type, ...]] = {
    "receipt_title": str,
    "receipt_has": list,
    "receipt_lacks": list,
    "case_state": str,
    "registered": int,
    "receipts": int,
    "evaluations": int,
    "open_rechecks": int,
    "card_reads": int,
    "camera_opens": int,
    "anonymous": bool,
    "pending": int,
    "quarantined": int,
    "print_outcome": str,
    "recognised_by": str,
    "messages": int,
}
VILLAGE: dict[str, tuple[str, ...]] = {
    "network": ("up", "down", "slow", "half_open", "answer_lost"),
    "paper": tuple(faults.PAPER),
    "reader": tuple(faults.READER),
    "smart_card": tuple(SMART_CARD),
    "printer": tuple(faults.PRINTER),
    "lens": tuple(faults.LENS),
    "cabinet": tuple(faults.CABINET),
    "registers": (*STANDING, *FAULTS),
    "a4": tuple(faults.A4),
    "print_service": faults.SERVICE,
    "service": faults.SERVICE,
}
"""What holds until it is moved again: a step, or under [village] from the start."""
HAPPENS: dict[str, tuple[str, ...]] = {what: tuple(one.value for one in OFFERED[what]) for what in ONCE}
"""What happens once, to a terminal that runs: a step."""
COMES: dict[str, tuple[str, ...]] = {
    "put_card": tuple(PEOPLE),
    "put_helper_card": tuple(HELPERS),
    "show_face": tuple(SIGHTS),
    "show_phone": tuple(PEOPLE),
    "clerk_says": CLERK_SAYS,
}
"""Who and what may come: a step."""
MOVES = {**VILLAGE, **HAPPENS, **COMES}

TERMINAL = ("card_reader", "calibration")
"""What kind of terminal it is: at the top of the file."""
CALIBRATIONS = ("signed", "unsigned")
CARD_READERS: tuple[CardKind, ...] = get_args(CardKind)
_MOVED_BY_OTHERS: dict[CardKind, str] = {"sdt": "smart_card", "pcsc": "reader"}
_HINTS = {
    "smart_card": 'but with card_reader = "pcsc" at the top of the file',
    "reader": "where the reader is moved by smart_card",
}


class ScenarioError(Exception):
    """The file cannot be used; the text says where, what and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the resident or the village does."""

    kind: str
    value: Any
    where: str = field(default="", compare=False)
    """The file, the step's number and its line, for whoever reads that it could not be done."""

    def __str__(self) -> str:
        return f"{self.kind} = {self.value!r}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as read."""

    name: str
    title: str
    steps: tuple[Step, ...]
    village: Mapping[str, str] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)
    kill_at: tuple[str, ...] = ()
    card_reader: CardKind = "sdt"
    calibration: str = "signed"

    @property
    def uses_card_service(self) -> bool:
        """Only then is the machine's smart-card service touched."""
        return self.card_reader == "pcsc" or self.uses_helper_card

    @property
    def uses_helper_card(self) -> bool:
        """Only then does the terminal have a slot for it."""
        return self._moves("put_helper_card", "service")

    @property
    def uses_a4(self) -> bool:
        """Only then does a print service stand up, which takes two seconds."""
        return self._moves("a4", "print_service")

    @property
    def uses_ways_corner(self) -> bool:
        """Only then are the e-ID on a phone and the clerks' desk among the ways."""
        return self._moves("show_phone", "clerk_says")

    def _moves(self, *kinds: str) -> bool:
        return not {*self.village, *(step.kind for step in self.steps)}.isdisjoint(kinds)


def find(name: str, folder: Path) -> Path:
    """The file of a scenario, given its name or a path."""
    path = Path(name)
    if path.suffix == ".toml" and path.is_file():
        return path
    candidate = folder / f"{name}.toml"
    if candidate.is_file():
        return candidate
    known = sorted(p.stem for p in folder.glob("*.toml"))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}"
    message = f"there is no scenario {name!r} ({hint}); a path to a .toml file works as well"
    raise ScenarioError(message)


def load(path: Path) -> Scenario:
    """Read and check a scenario; ScenarioError names the file, the step and the remedy."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path.name}: not TOML: {error}"
        raise ScenarioError(message) from error
    _known(path, "the file", document, ("title", *TERMINAL, "village", "step", "expect", "kill_at"))
    card_reader = _card_reader(path, document.get("card_reader", "sdt"))
    lines = _lines_of_steps(path)
    steps = tuple(
        _step(path, f"step {number}{next(lines, '')}", raw)
        for number, raw in enumerate(document.get("step", ()), 1)
    )
    if not steps:
        message = f'{path.name}: there is no [[step]]; write at least one, such as press = "begin"'
        raise ScenarioError(message)
    village = document.get("village", {})
    for key in village:
        if key in HAPPENS:
            message = f"{path.name}: [village] {key} happens to a terminal that runs: write it as a [[step]]"
            raise ScenarioError(message)
    _known(path, "[village]", village, tuple(VILLAGE))
    for key, value in village.items():
        _offered(path, "[village]", key, value)
    moved = {*village, *(step.kind for step in steps)}
    if (wrong := _MOVED_BY_OTHERS[card_reader]) in moved:
        message = f'{path.name}: {wrong} is not there with card_reader = "{card_reader}", {_HINTS[wrong]}'
        raise ScenarioError(message)
    expect = document.get("expect", {})
    _known(path, "[expect]", expect, tuple(EXPECTATIONS))
    for key, value in expect.items():
        _typed(path, f"[expect] {key}", value, EXPECTATIONS[key])
    return Scenario(
        path.stem,
        str(document.get("title", path.stem)),
        steps,
        village,
        expect,
        tuple(document.get("kill_at", ())),
        card_reader,
        _calibration(path, document.get("calibration", "signed")),
    )


def _card_reader(path: Path, value: object) -> CardKind:
    for kind in CARD_READERS:
        if value == kind:
            return kind
    message = f"{path.name}: card_reader = {value!r} is not one of {', '.join(CARD_READERS)}"
    raise ScenarioError(message)


def _calibration(path: Path, value: object) -> str:
    if value not in CALIBRATIONS:
        message = f"{path.name}: calibration = {value!r} is not one of {', '.join(CALIBRATIONS)}"
        raise ScenarioError(message)
    return str(value)


def _lines_of_steps(path: Path) -> Iterator[str]:
    """Where each [[step]] stands; nothing for steps that are written as one array."""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.split("#")[0].replace(" ", "").startswith("[[step]]"):
            yield f" (line {number})"


def _step(path: Path, where: str, raw: Mapping[str, Any]) -> Step:
    if len(raw) != 1:
        message = f"{path.name}: {where} has {len(raw)} keys; a step is one thing: {', '.join(STEP_KINDS)}"
        raise ScenarioError(message)
    _known(path, where, raw, tuple(STEP_KINDS))
    ((kind, value),) = raw.items()
    _typed(path, f"{where} {kind}", value, STEP_KINDS[kind])
    if kind in MOVES:
        _offered(path, where, kind, value)
    return Step(kind, value, f"{path.name}: {where}")


def _offered(path: Path, where: str, key: str, value: object) -> None:
    if value not in MOVES[key]:
        message = f"{path.name}: {where} {key} = {value!r} is not one of {', '.join(MOVES[key])}"
        raise ScenarioError(message)


def _known(path: Path, where: str, raw: Mapping[str, Any], keys: tuple[str, ...]) -> None:
    for key in raw:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(keys)}"
            message = f"{path.name}: {where} has an unknown key {key!r} ({hint})"
            raise ScenarioError(message)


def _typed(path: Path, where: str, value: object, kind: type | tuple[type, ...]) -> None:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        wanted = kind.__name__ if isinstance(kind, type) else " or ".join(k.__name__ for k in kind)
        message = f"{path.name}: {where} should be {wanted}, not {type(value).__name__}"
        raise ScenarioError(message)
