"""Who has the disk and all of the terminal's own keys reads nobody's data."""

from __future__ import annotations

import pytest

from tests.offline_queue.terminal import TerminalKit, committed, draft

NAME, NUMBER = "测试甲", "110199199001019998"
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gbk")


def needles(text: str) -> list[bytes]:
    return [text.encode(encoding) for encoding in ENCODINGS]


@pytest.mark.parametrize("closed", [False, True])
def test_no_plaintext_anywhere(kit: TerminalKit, closed: bool) -> None:
    outbox = kit.open()
    payload = f'{{"name": "{NAME}", "number": "{NUMBER}"}}'.encode()
    committed(outbox, draft(lane="PLANTEDCONTROL", payload=payload))

    def dump(query: str) -> bytes:
        rows = outbox._owner.ask(lambda connection: connection.execute(query).fetchall())
        return b"\n".join(
            bytes(value) if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
        )

    opened = b"\n".join(
        dump(query)
        for query in (
            "select * from item",
            "select * from settled",
            "select * from delivery",
            "select * from ledger",
        )
    )
    if closed:
        outbox.close()
    files = b"\n".join(path.read_bytes() for path in sorted(kit.directory.iterdir()))
    assert b"PLANTEDCONTROL" in opened, "the search finds what is there"
    assert b"PLANTEDCONTROL" in files, "the search finds what is there: a case code tells of nobody"
    assert len(files) > 4096
    for needle in needles(NAME) + needles(NUMBER):
        assert needle not in opened
        assert needle not in files
    outbox.close()
