"""A terminal's manifest against what the centre holds: what was acknowledged and is not here any more (rule F25)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, select, update

from central import log, problems, replays
from central.database import as_text, insert_or_skip, utc_now, writing
from central.door import Admitted, read_message
from central.log import Event
from central.problems import Turned
from central.schema import items, manifests
from central.trust import Trust
from offline_queue.manifest import SPANS_MAX, CounterSignature, Manifest, ManifestAnswer, spans_of

BODY_BYTES_MAX = 64 * 1024


def take_manifest(engine: Engine, trust: Trust, admitted: Admitted) -> ManifestAnswer | Turned:
    """Compare, write the result down, and sign it when everything is here."""
    manifest = read_message(admitted, Manifest, BODY_BYTES_MAX)
    if isinstance(manifest, Turned):
        return manifest
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        if not replays.first_time(connection, admitted):
            return problems.REPLAYED
        here = _held(connection, manifest)
        told = [sequence for first, last in manifest.delivered for sequence in range(first, last + 1)]
        missing = [sequence for sequence in told if sequence not in here]
        differing = not missing and Manifest.digest_of(here[sequence] for sequence in told) != manifest.digest
        _write_down(connection, manifest, len(told), missing, at, differing=differing)
    return ManifestAnswer(
        missing=spans_of(missing)[:SPANS_MAX],
        missing_items=len(missing),
        differing=differing,
        counter_signature=None if missing or differing else _signed(trust, manifest, at),
        centre_time=at,
    )


def _held(connection: Connection, manifest: Manifest) -> Mapping[int, str]:
    """Sequence -> hash. Of two items at one place (a fork, which is told elsewhere) the last one read."""
    if not manifest.delivered:
        return {}
    within = items.c.sequence.between(manifest.delivered[0][0], manifest.delivered[-1][1])
    query = select(items.c.sequence, items.c.item_hash).where(items.c.terminal == manifest.terminal, within)
    return {row[0]: row[1] for row in connection.execute(query)}


def _write_down(
    connection: Connection, manifest: Manifest, told: int, missing: list[int], at: str, *, differing: bool
) -> None:
    """The last result of each terminal; an event when it became worse or all is well again."""
    terminal = manifest.terminal
    insert_or_skip(connection, manifests, terminal=terminal, at="", told=0, missing=0, differing=0)
    mine = manifests.c.terminal == terminal
    before = connection.execute(select(manifests).where(mine).with_for_update()).one()
    values = {"at": at, "told": told, "missing": len(missing), "differing": int(differing)}
    connection.execute(update(manifests).where(mine).values(**values))
    if len(missing) > before.missing:
        places = ", ".join(f"{first}-{last}" for first, last in spans_of(missing)[:5])
        log.write(
            connection, at, Event.MANIFEST_MISSING, terminal, detail=f"{len(missing)} missing, at {places}"
        )
    if differing and not before.differing:
        log.write(connection, at, Event.MANIFEST_DIFFERING, terminal)
    if (before.missing or before.differing) and not (missing or differing):
        log.write(connection, at, Event.MANIFEST_WHOLE, terminal)


def _signed(trust: Trust, manifest: Manifest, at: str) -> CounterSignature:
    unsigned = CounterSignature(
        terminal=manifest.terminal,
        head_sequence=manifest.head.sequence,
        head_hash=manifest.head.hash,
        digest=manifest.digest,
        at=at,
        key_id=trust.acknowledgement_key_id,
        signature=b"",
    )
    signature = trust.acknowledgement_key.sign(unsigned.signed_bytes())
    return unsigned.model_copy(update={"signature": signature})
