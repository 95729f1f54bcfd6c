"""Taking in a file that a terminal exported (rule F23). Idempotent: what is here already is counted, not doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic_core import from_json
from sqlalchemy import Engine

from central import form, log, uploads
from central.database import as_text, utc_now, writing
from central.form import Fit, Reason, Unfit
from central.ingest import take_items
from central.log import Event
from central.terminal_keys import TerminalKeys
from central.trust import Trust
from offline_queue.export import Checked, Part, Unusable, check_export, contents
from offline_queue.wire import BATCH_ITEMS_MAX, ClockQuality, VerdictKind


@dataclass(frozen=True, slots=True)
class Imported:
    """How many items, by the centre's verdict. `for_review`: the terminal is revoked, a clerk confirms its cases."""

    terminal: str
    items: int
    verdicts: dict[str, int]
    for_review: bool

    @property
    def fine(self) -> bool:
        taken = (VerdictKind.REGISTERED.value, VerdictKind.DUPLICATE.value)
        return sum(self.verdicts.get(kind, 0) for kind in taken) == self.items


def import_export(
    engine: Engine, trust: Trust, file: Path, on_items: Callable[[int, int], None] = lambda _done, _all: None
) -> Imported | Unusable:
    """Check the whole file first, then take its items in; the serving centre opens them. `on_items`: done, all."""
    keys = TerminalKeys(engine)

    def key_of(terminal: str) -> Ed25519PublicKey | None:
        found = keys.find(terminal)
        return None if found is None else found.public

    checked = check_export(file, key_of)
    if isinstance(checked, Unusable):
        return checked
    terminal = checked.heading.terminal
    known = keys.find(terminal)
    revoked = known is not None and known.revoked
    # Carried by nobody whom the centre trusts: `central.cases` leaves such cases to a clerk.
    carried_by = log.NO_TERMINAL if revoked else terminal
    counted: Counter[str] = Counter()
    for group in _in_groups(_items(engine, file, checked, carried_by)):
        judged = [form.judge(from_json(line), trust.sealing_keys) for line in group]
        if known is not None and known.revoked_at is not None:
            judged = [_of_trusted_times(one, known.revoked_at) for one in judged]
        counted.update(one.kind.value for one in take_items(engine, judged, carried_by))
        on_items(counted.total(), checked.items)
    with writing(engine).begin() as connection:
        log.write(
            connection, as_text(utc_now()), Event.EXPORT_IMPORTED, terminal, detail=f"{checked.items} items"
        )
    return Imported(terminal, checked.items, dict(counted), revoked)


def _of_trusted_times(one: Fit | Unfit, revoked_at: str) -> Fit | Unfit:
    """Rule F23: nothing that a revoked terminal received after its revocation. A clock that does not know the time
    proves neither, and a clerk looks at each of these cases anyway.
    """
    if isinstance(one, Unfit) or one.item.clock_quality is not ClockQuality.SYNCED:
        return one
    later = datetime.fromisoformat(one.item.received_at_kiosk) > datetime.fromisoformat(revoked_at)
    return Unfit(one.item.id, Reason.AFTER_REVOCATION, one.item, one.item_hash) if later else one


def _items(engine: Engine, file: Path, checked: Checked, carried_by: str) -> Iterator[bytes]:
    """The items; the parts before each are stored as uploaded ones are by the time it comes."""
    for one in contents(file, checked):
        if isinstance(one, Part):
            _store(engine, one, checked.heading.terminal, carried_by)
        else:
            yield one


def _store(engine: Engine, part: Part, terminal: str, carried_by: str) -> None:
    """What of it the centre does not hold, for the terminal may have begun the upload itself.

    A part that is not taken needs no word here: its item is answered `later`, which is counted.
    """
    key = uploads.key_of(terminal, part.part_of, part.attachment)
    if key is None:
        return
    held = uploads.state(engine, key)
    if not held.whole and part.offset <= held.offset < part.offset + len(part.data):
        rest = part.data[held.offset - part.offset :]
        uploads.take(engine, key, carried_by, held.offset, part.of_bytes, rest, utc_now(), bounded=False)


def _in_groups(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    while group := list(islice(lines, BATCH_ITEMS_MAX)):
        yield group
