"""The one JSON object of a rehearsal, and the expectations that decide its exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from kiosk.rehearsal.leftovers import Scan
from kiosk.rehearsal.script import Played


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was expected, what came, and whether that is the same."""

    what: str
    wanted: object
    got: object
    ok: bool


@dataclass(slots=True)
class Facts:
    """What a rehearsal saw; the expectations are checked against it."""

    case_code: str = ""
    case_state: str = ""
    sequence: int | None = None
    receipt_lines: list[str] = field(default_factory=list)
    receipt_png: str | None = None
    receipts: int = 0
    print_outcome: str | None = None
    slip_bytes: int | None = None
    """Bytes that the printer was sent for the last slip; None when no print was tried."""
    pending: int = 0
    quarantined: int = 0
    registered: int = 0
    evaluations: int = 0
    open_rechecks: int = 0
    """Re-checks at the centre whose register has not answered."""
    camera_opens: int = 0
    """Without those of attempts that the machine did not finish."""
    stalls: int = 0
    """Face attempts that the machine was too slow for, and that were made again."""
    stalled_opens: int = 0
    """How often the camera was opened for attempts that the machine did not finish."""
    card_reads: int = 0
    anonymous: bool = True
    recognised_by: str = ""
    """The way, as the case that was stored last says it."""
    messages: int = 0
    """Short messages that the centre's gateway was given."""


def judge(expect: Mapping[str, Any], facts: Facts) -> list[Expectation]:
    """Every line of [expect], checked."""
    text = "\n".join(facts.receipt_lines)
    judged: list[Expectation] = []
    for key, wanted in expect.items():
        match key:
            case "receipt_title":
                got: object = next((line for line in facts.receipt_lines if wanted in line), None)
                judged.append(Expectation(key, wanted, got, got is not None))
            case "receipt_has":
                missing = [w for w in wanted if w not in text]
                judged.append(Expectation(key, wanted, {"missing": missing}, not missing))
            case "receipt_lacks":
                present = [w for w in wanted if w in text]
                judged.append(Expectation(key, wanted, {"present": present}, not present))
            case _:
                got = getattr(facts, key)
                judged.append(Expectation(key, wanted, got, got == wanted))
    return judged


@dataclass(slots=True)
class Report:
    """What `rehearse --json` prints."""

    scenario: str
    title: str
    expectations: list[Expectation] = field(default_factory=list)
    steps: list[Played] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    timings_ms: dict[str, float] = field(default_factory=dict)
    """Times only, in milliseconds."""
    scan: Scan = field(default_factory=Scan)
    trouble: str = ""

    @property
    def ok(self) -> bool:
        return not self.trouble and not self.scan.found and all(e.ok for e in self.expectations)

    def lines(self) -> list[str]:
        """For people: what was expected, and how it came out."""
        rows = [f"{self.scenario}: {self.title}"]
        rows += [
            f"  {'ok ' if e.ok else 'NOT'} {e.what}: {e.got}" + ("" if e.ok else f" (wanted {e.wanted})")
            for e in self.expectations
        ]
        rows += [
            f"  left behind: {found.kind} in {found.place}: {found.file} ({found.encoding})"
            for found in self.scan.found
        ]
        if self.trouble:
            rows.append(f"  {self.trouble}")
        rows.append("ok" if self.ok else "NOT ok")
        return rows

    def to_json(self) -> dict[str, Any]:
        facts = self.facts
        # A count, not a time: its name says so, here among the measured values as well.
        counted = {} if facts.slip_bytes is None else {"slip_bytes": facts.slip_bytes}
        return {
            "scenario": self.scenario,
            "title": self.title,
            "ok": self.ok,
            "trouble": self.trouble,
            "expectations": [asdict(e) for e in self.expectations],
            "steps": [asdict(p) for p in self.steps],
            "case": {"code": facts.case_code, "state": facts.case_state, "sequence": facts.sequence},
            "receipt": {
                "lines": facts.receipt_lines,
                "png": facts.receipt_png,
                "count": facts.receipts,
                "outcome": facts.print_outcome,
                "bytes": facts.slip_bytes,
            },
            "queue": {"pending": facts.pending, "quarantined": facts.quarantined},
            "central": {"registered": facts.registered, "evaluations": facts.evaluations},
            "camera_opens": facts.camera_opens,
            "stalls": facts.stalls,
            "timings_ms": {**self.timings_ms, **counted},
            "leftovers": [asdict(found) for found in self.scan.found],
            "looked_through": self.scan.files,
        }
