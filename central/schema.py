"""The tables. Every unique key contains a terminal, by which the data can be sharded; which one says its comment.

What must be there once (items, cases and what hangs on them) has the issuing terminal in its key, whoever brings it. What
happens between the centre and one terminal has that one: who carries (`refusals`), asks (`payment_orders`), signs or is told
(`inboxes`). So a refusal is found by who brought the item, and a payment's key is the asking terminal's own.

Nothing personal stands in a clear column: names, numbers and answers exist only in `items.sealed`.
Times are RFC 3339 UTC text with milliseconds, so that they sort and never lose their zone.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"}
)

terminals = Table(
    "terminals",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="itself"),
    Column("name", String(64), nullable=False),
    Column("public_key", LargeBinary(32), nullable=False),
    Column("enrolled_at", String(32), nullable=False),
    Column("revoked_at", String(32), comment="what was received later is refused"),
    Column("revoked_by", String(32), comment="a role or staff number"),
    Column("revoked_why", String(120)),
    Column("revoked_seen_at", String(32), comment="last genuine request after it was revoked"),
    Column("revoked_seen_from", String(64), comment="network address of that request"),
    Column("revoked_seen_times", BigInteger, nullable=False, server_default="0"),
    Column("seen_at", String(32), comment="any signed batch counts; a heartbeat has its own time"),
)

items = Table(
    "items",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal"),
    Column("item_id", String(36), primary_key=True),
    Column("carried_by", String(4), nullable=False),
    Column("code", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("definition_version", String(32), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("item_hash", String(64), nullable=False, comment="chain hash over the header"),
    Column("received_at_kiosk", String(40), nullable=False),
    Column("clock_quality", String(16), nullable=False),
    Column("registered_at", String(32), nullable=False, comment="taken in and acknowledged"),
    Column("opened_at", String(32), comment="opened and applied to its case; null waits for it"),
    Column("finding", String(64), comment="why its content cannot be used"),
    Column("header", JSON, nullable=False, comment="the whole clear header, as hashed"),
    Column("sealed", LargeBinary, nullable=False, comment="never changed; empty once erased"),
    Column(
        "erased_at",
        String(32),
        comment="kept long enough (`central.retention`), or withdrawn before it was sent",
    ),
    Index(None, "code"),
    Index(
        "ix_items_waiting",
        "terminal",
        "sequence",
        sqlite_where=text("opened_at is null"),
        postgresql_where=text("opened_at is null"),
    ),
)

refusals = Table(
    "refusals",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="carrying terminal"),
    Column("item_id", String(36), primary_key=True),
    Column("code", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("service", String(64), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("first_at", String(32), nullable=False),
    Column("last_at", String(32), nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("item_hash", String(64), nullable=False, comment="empty when the header could not be read"),
    Column("received_at_kiosk", String(40), nullable=False),
    Column("clock_quality", String(16), nullable=False),
    Column("outcome", String(16), comment="how it was settled; null waits for staff"),
)

cases = Table(
    "cases",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal, as in the code"),
    Column("code", String(32), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("state", String(24), nullable=False),
    Column("received_at_kiosk", String(40), nullable=False),
    Column("clock_quality", String(16), nullable=False),
    Column("synced_at", String(32)),
    Column("registered_at_centre", String(32)),
    Column("accepted_at", String(32)),
    Column("reason", String(64), comment="the doubt of a re-check that it waits for; null when none"),
    Column(
        "words_zh", String(200), nullable=False, server_default="", comment="staff's or a department's own,"
    ),
    Column(
        "words_en", String(200), nullable=False, server_default="", comment="for the resident, on this state"
    ),
    Index(None, "state"),
    Index(None, "registered_at_centre"),
)

open_rechecks = Table(
    "open_rechecks",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("code", String(32), primary_key=True),
    Column("name", String(64), primary_key=True, comment="of the register that did not answer"),
    Column("since", String(32), nullable=False),
    Column("next_at", String(32), nullable=False, comment="when it is asked again"),
    Column("tries", BigInteger, nullable=False),
    Index(None, "next_at"),
)

notices = Table(
    "notices",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("code", String(32), primary_key=True),
    Column("since", String(32), nullable=False),
    Column("next_at", String(32), nullable=False, comment="when it is tried again"),
    Column("tries", BigInteger, nullable=False),
    Column("outcome", String(16), comment="null waits to be sent; see `central.notices`"),
    Column("at", String(32), comment="of the outcome"),
    Index(
        "ix_notices_waiting",
        "next_at",
        sqlite_where=text("outcome is null"),
        postgresql_where=text("outcome is null"),
    ),
    Index(None, "outcome"),
)

businesses = Table(
    "businesses",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("code", String(32), primary_key=True),
    Column("digest", String(64), nullable=False, comment="keyed: who and what cannot be tried out from it"),
    Column("received_at", String(40), nullable=False),
    Index(None, "digest"),
)

persons = Table(
    "persons",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("code", String(32), primary_key=True),
    Column(
        "digest",
        String(64),
        primary_key=True,
        comment="keyed: whom the case is for; empty where it names nobody",
    ),
    Index(None, "digest"),
)

corrections = Table(
    "corrections",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("id", String(36), primary_key=True, comment="UUIDv7: sorts by time"),
    Column("code", String(32), nullable=False),
    Column("field", String(64), nullable=False),
    Column("by", String(32), nullable=False, comment="a role or staff number"),
    Column("at", String(32), nullable=False),
    Column("sealed", LargeBinary, nullable=False, comment="old and new value and why"),
    Index(None, "code"),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("code", String(32), primary_key=True),
    Column("service", String(64), nullable=False),
    Column("level", SmallInteger, comment="1 to 5; null is skipped, never good"),
    Column("registered_at", String(32), nullable=False),
)

heartbeats = Table(
    "heartbeats",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="whose state it is"),
    Column("state", String(24), nullable=False),
    Column("sent_at", String(32), nullable=False, comment="from the signature"),
    Column("heard_at", String(32), nullable=False),
    Column("body", JSON, nullable=False),
)

chain_heads = Table(
    "chain_heads",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="whose chain it is"),
    Column("head_sequence", BigInteger, nullable=False, comment="as last signed by the terminal"),
    Column("head_hash", String(64), nullable=False),
    Column("head_signed_at", String(32), nullable=False),
    Column("highest_sequence", BigInteger, nullable=False, comment="of the links the centre has"),
    Column("links", BigInteger, nullable=False, comment="how many different sequences the centre has"),
    Column("forked_at", String(32), comment="set by the first contradiction, cleared by staff only"),
    Column("fork_detail", Text),
)

chain_links = Table(
    "chain_links",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="whose chain it is"),
    Column("sequence", BigInteger, primary_key=True),
    Column("item_hash", String(64), primary_key=True),
    Column("previous_hash", String(64), nullable=False),
    Column("item_id", String(36), nullable=False),
)

publications = Table(
    "publications",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="the centre itself (`log.NO_TERMINAL`)"),
    Column("subject", String(16), primary_key=True),
    Column("version", BigInteger, primary_key=True, comment="counts up, whatever the content"),
    Column("sha256", String(64), nullable=False, comment="of the content; the address"),
    Column("content", Text, nullable=False),
    Column("state", String(16), nullable=False, comment="canary, all, withdrawn"),
    Column("canaries", JSON, nullable=False, comment="the terminals that were told first"),
    Column("published_at", String(32), nullable=False),
    Index(None, "sha256"),
)

nonces = Table(
    "nonces",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="who signed the request"),
    Column("nonce", String(64), primary_key=True, comment="of a request's signature"),
    Column("at", String(32), nullable=False, comment="of the signature"),
)

manifests = Table(
    "manifests",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="who told it"),
    Column("at", String(32), nullable=False, comment="of the last one"),
    Column("told", BigInteger, nullable=False, comment="items that the terminal was acknowledged"),
    Column("missing", BigInteger, nullable=False, comment="of these, not here any more"),
    Column("differing", SmallInteger, nullable=False, comment="1: all here, with other hashes"),
)

inboxes = Table(
    "inboxes",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="the terminal that is told"),
    Column("newest", BigInteger, nullable=False, comment="number of the last letter posted"),
    Column(
        "served", BigInteger, nullable=False, server_default="0", comment="highest given or told as applied"
    ),
)

letters = Table(
    "letters",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="the terminal that is told"),
    Column("number", BigInteger, primary_key=True),
    Column("at", String(32), nullable=False),
    Column("content", Text, nullable=False, comment="JSON as signed; nothing personal"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal"),
    Column("item_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True, comment="of the sealed attachment"),
    Column("carried_by", String(4), nullable=False, comment="who began it"),
    Column("of_bytes", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False, comment="bytes; the next part begins here"),
    Column("whole", SmallInteger, nullable=False, comment="1: all here, and the digest is right"),
    Column("kept", SmallInteger, nullable=False, comment="1: a registered item has it"),
    Column("begun_at", String(32), nullable=False),
    Column("touched_at", String(32), nullable=False),
    Index(
        "ix_uploads_unasked", "touched_at", sqlite_where=text("kept = 0"), postgresql_where=text("kept = 0")
    ),
)

upload_parts = Table(
    "upload_parts",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal"),
    Column("item_id", String(36), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("start", BigInteger, primary_key=True, comment="bytes before this part"),
    Column("part", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="who carried, asked or is concerned"),
    Column("id", String(36), primary_key=True, comment="UUIDv7: sorts by time"),
    Column("at", String(32), nullable=False),
    Column("code", String(32)),
    Column("event", String(48), nullable=False),
    Column("detail", String(200), nullable=False, comment="never a personal value"),
    Index(None, "code"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="issuing terminal of the case"),
    Column("item_id", String(36), primary_key=True, comment="the case's idempotency key"),
    Column("code", String(32), nullable=False),
    Column("asked_at", String(32), nullable=False, comment="when the department was last asked"),
    Column("decided_at", String(32), comment="the department's word came; the first is kept"),
    Column("outcome", String(24)),
    Column("words_zh", String(120), nullable=False, server_default=""),
    Column("words_en", String(120), nullable=False, server_default=""),
    Index(None, "code"),
)

payment_orders = Table(
    "payment_orders",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="who asked"),
    Column("key", String(36), primary_key=True, comment="chosen by the terminal"),
    Column("code", String(32), nullable=False),
    Column("service", String(64), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("order_number", String(40), nullable=False, comment="stored before the provider is asked"),
    Column("created_at", String(32), nullable=False),
    Column("pay_text", String(400), comment="the provider's; null until it answered"),
    Column("expires_at", String(40)),
)

department_questions = Table(
    "department_questions",
    metadata,
    Column("terminal", String(4), primary_key=True, comment="who asked"),
    Column("service", String(64), primary_key=True),
    Column("day", String(10), primary_key=True, comment="in China"),
    Column("asked", BigInteger, nullable=False),
    Index(None, "day", "service"),
)
