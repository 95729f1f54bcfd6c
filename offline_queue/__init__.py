"""A durable outbox and its link: for any program that must not lose a record.

Nothing heavy is imported here, so that `offline_queue.wire` stays light for its other user, the
centre. The parts: `store` (Outbox), `sender` (Sender), `link` (Link), `seal`, `wire_signature`.
"""

from __future__ import annotations

import uuid_utils


def new_item_id() -> str:
    """A UUIDv7: the idempotency key, made once when a visit begins and kept through everything."""
    return str(uuid_utils.uuid7())
