"""The outbox, its way to the centre, and the centre's intake."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import outbox
from tests.benchmarks.centre_intake import centre_intake
from tests.benchmarks.figures import Figure
from tests.benchmarks.queue_drain import against_one_by_one, bytes_on_a_narrow_line


def queue(say: Callable[[str], None], *, full: bool) -> list[Figure]:
    """All figures of the queue: in under a minute, or with a million pending items when `full`."""
    parts: dict[str, Callable[[], list[Figure]]] = {
        "a durable put": outbox.put_against_the_bare_write,
        "the bytes that it writes": outbox.bytes_written,
        "other queues": outbox.against_other_queues,
        "the centre's intake": centre_intake,
        "a drain over a long line": against_one_by_one,
        "a drain over a narrow line": lambda: bytes_on_a_narrow_line(full=full),
        "a full outbox": lambda: outbox.as_it_fills(full),
    }
    figures: list[Figure] = []
    for what, measure in parts.items():
        say(what)
        figures += measure()
    return figures
