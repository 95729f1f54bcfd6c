"""Text blocks of second-generation cards laid out by hand: not by the encoder that is under test."""

from __future__ import annotations

from drivers.card_reader.protocol import Reply, join_base

RESIDENT = {
    0: "测试甲",
    30: "1",
    32: "01",
    36: "19900101",
    52: "测试省样例市虚构路1号",
    122: "110199199001019998",
    158: "样例市公安局",
    188: "20200101",
    204: "20400101",
}


def block(fields: dict[int, str]) -> bytes:
    """Byte offset -> text; the rest is spaces. Lone surrogates are written as they are."""
    laid = bytearray(" ".encode("utf-16-le") * 128)
    for offset, text in fields.items():
        raw = text.encode("utf-16-le", errors="surrogatepass")
        laid[offset : offset + len(raw)] = raw
    assert len(laid) == 256
    return bytes(laid)


def answer(fields: dict[int, str]) -> bytes:
    """The whole frame of a good answer to READ_BASE."""
    return Reply(0, 0x90, join_base(block(fields), bytes(1024))).to_frame()
