"""The process whose writes are recorded: it commits and acknowledges, and writes its promises into the record.

`python -m tests.crash.recorded DIRECTORY TRUST RECORD VISITS SEED SYNCHRONOUS`
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from offline_queue import Committed, ItemState
from offline_queue.records import Settlement
from tests.crash.visits import Visit, open_outbox

ONE_IN_SETTLED = 4


def main() -> None:
    directory, trust, record_path, visits, seed, synchronous = sys.argv[1:]
    chance = random.Random(int(seed))  # noqa: S311 - repeatable
    record = os.open(record_path, os.O_WRONLY | os.O_APPEND)
    outbox = open_outbox(Path(directory), Path(trust))
    if synchronous != "full":
        outbox._owner.ask(
            lambda connection: connection.execute(f"pragma synchronous = {synchronous}").fetchall()
        )
    for _number in range(int(visits)):
        visit = Visit.new()
        answer = outbox.commit(visit.draft())
        assert isinstance(answer, Committed)
        os.write(record, f"P {visit.id}/{visit.code} 0 0\n".encode())
        if chance.randrange(ONE_IN_SETTLED) == 0:
            items = outbox.deliveries.next_batch(held_lanes=(), items_max=ONE_IN_SETTLED, bytes_max=1 << 20)
            for item in items:
                os.write(
                    record, f"A {item.id} 0 0\n".encode()
                )  # the centre has it: it may be gone from here on
            outbox.deliveries.settle(
                [
                    Settlement(
                        item.sequence, ItemState.ACKNOWLEDGED, "registered", "", "2026-11-26T00:00:00Z"
                    )
                    for item in items
                ]
            )
    os._exit(0)  # the power went: nothing is closed in an orderly way


if __name__ == "__main__":
    main()
