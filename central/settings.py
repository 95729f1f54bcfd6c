"""What one centre needs to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from central.departments.port import Department, Departments


@dataclass(frozen=True, slots=True)
class CentreSettings:
    """Settings of the centre; sizes in bytes, times in seconds."""

    database: str
    """Any SQLAlchemy address; `sqlite:///file` by default."""
    trust: Path
    """Directory with the centre's certificate, keys and `directory.json` (see deploy/demo_trust.py)."""
    host: str = "127.0.0.1"
    production: bool = False
    """Refuse demo keys."""
    clock_window_s: float = 300.0
    """How far a terminal's signature may be from the centre's clock; under half of `central.replays.REMEMBERED`."""
    heartbeat_interval_s: float = 300.0
    """What terminals are asked to keep; each varies it by a fifth (design, chapter 10)."""
    gather_s: float = 1.0
    """Heartbeats of so long are stored together; an answer waits that long."""
    heartbeat_key_age_s: float = 5.0
    """A revoked terminal's heartbeats may be heard for so long; its batches are refused at once."""
    catalogue: Path | None = None
    """Folder with every published version of the definitions; without it answers are not judged again."""
    departments: Departments = field(default_factory=Departments)
    """Who answers on the live channel; nobody by default, and every case waits for its clerk as before."""
    daily_quotas: Mapping[str, int] = field(default_factory=dict)
    """Service -> how many questions its department gets in a day of China's; a service without one has no limit."""
    registers: Mapping[str, Department] = field(default_factory=dict)
    """Who is asked when a case arrives, by the names that definitions use (`offline.recheck_at_sync`)."""
    recheck_again_s: float = 60.0
    """First pause before a register that did not answer is asked again; it doubles, up to an hour."""
    find_person: bool = False
    """Whether the operations pages look for a person's cases: only where who reaches them has signed in before."""
    page_rows: int = 200
    """Rows of one ops page."""

    @property
    def silent_after_s(self) -> float:
        """Three missed intervals, each at its longest."""
        return 3 * 1.2 * self.heartbeat_interval_s
