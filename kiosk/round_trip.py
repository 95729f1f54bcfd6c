"""One question to the centre: the way, the certificate, the terminal's key and the clock in one."""

from __future__ import annotations

import time

from drivers.contract import Failed, Ok
from kiosk.surroundings import CAUSE_OF_LINK
from offline_queue.link import Answered, Link, Rejected, Unreached
from offline_queue.store import Outbox
from offline_queue.wire import Batch


def round_trip(link: Link, outbox: Outbox) -> Ok[float] | Failed[str]:
    """Send a signed batch without items; milliseconds, or a cause of `kiosk.health`. Blocks as the link does."""
    began_s = time.monotonic()
    match link.send_batch(Batch(terminal=outbox.terminal, head=outbox.head(), items=())):
        case Answered():
            return Ok((time.monotonic() - began_s) * 1000)
        case Rejected(reason=reason):
            return Failed("centre.unauthorised", reason)
        case Unreached(state, detail):
            return Failed(CAUSE_OF_LINK[state] or "net.down", detail)
