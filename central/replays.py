"""A signed request counts once: the nonce in its signature is remembered while its time is still accepted.

For requests that say how things are now or ask about a person. A batch and a part of an attachment are left out: the same
one again is their normal retry, answered by what is here already, and changes nothing. A terminal of before the nonce sends
none; its requests are held by the window of time alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete

from central.bulk import insert_new
from central.database import as_text, writing
from central.door import Admitted
from central.schema import nonces

REMEMBERED = timedelta(hours=1)
"""From the signature's own time. More than twice the door's window (`CentreSettings.clock_window_s`, 300 s)."""


def first_times(connection: Connection, requests: Sequence[tuple[str, str, str]]) -> list[bool]:
    """(terminal, nonce, time of signature) of genuine requests -> whether each is here for the first time.

    In the caller's transaction: what is not stored may come again.
    """
    rows = {
        (terminal, nonce): {"terminal": terminal, "nonce": nonce, "at": at}
        for terminal, nonce, at in requests
        if nonce
    }
    # In one order, so that two processes never wait for each other.
    new = insert_new(connection, nonces, [rows[key] for key in sorted(rows)])
    told = []
    for terminal, nonce, _ in requests:
        told.append(not nonce or (terminal, nonce) in new)
        new.discard((terminal, nonce))
    return told


def first_time(connection: Connection, admitted: Admitted) -> bool:
    """The same for one request."""
    (first,) = first_times(connection, [(admitted.terminal, admitted.nonce, as_text(admitted.signed_at))])
    return first


def sweep(engine: Engine, now: datetime) -> int:
    """Forget those whose time the door does not accept any more; how many."""
    with writing(engine).begin() as connection:
        old = delete(nonces).where(nonces.c.at < as_text(now - REMEMBERED))
        return int(connection.execute(old).rowcount)
