"""Bytes of one conversation: T=0's detours, lengths, the ATR, what a recording keeps. No service needed."""

from __future__ import annotations

from typing import Any

import pytest

from drivers.card_reader import pcsc_card
from drivers.card_reader.apdu_tap import redacted_answer, redacted_command
from drivers.card_reader.applications import Answer
from drivers.card_reader.atr import historical_bytes, takes_extended_length
from drivers.card_reader.contract import CardFailure
from drivers.card_reader.pcsc_card import PcscCard
from drivers.contract import Failed, Ok

T0, T1 = 1, 2
PLAIN_ATR = bytes.fromhex("3B80800101")
EXTENDED_ATR = bytes.fromhex("3B8580018073C021C052")
"""Historical bytes 80 73 C0 21 C0: card capabilities whose third byte is C0."""


class ScriptedCard:
    """`smartcard.scard` with a card that gives these answers one after the other."""

    SCARD_PROTOCOL_T0, SCARD_PROTOCOL_T1 = T0, T1

    def __init__(self, *answers: str, atr: bytes = PLAIN_ATR) -> None:
        self._answers = [bytes.fromhex(answer) for answer in answers]
        self._atr = atr
        self.sent: list[str] = []

    def SCardStatus(self, _handle: int) -> tuple[Any, ...]:  # noqa: N802 - the library's names
        return 0, "reader", 0, T1, list(self._atr)

    def SCardTransmit(self, _handle: int, _protocol: int, apdu: list[int]) -> tuple[int, list[int]]:  # noqa: N802
        self.sent.append(bytes(apdu).hex())
        return 0, list(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])


def card(
    monkeypatch: pytest.MonkeyPatch, protocol: int, *answers: str, atr: bytes = PLAIN_ATR
) -> tuple[PcscCard, ScriptedCard]:
    script = ScriptedCard(*answers, atr=atr)
    monkeypatch.setattr(pcsc_card, "scard", script)
    return PcscCard(1, protocol), script


def test_an_answer_in_several_parts_is_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken, script = card(monkeypatch, T0, "6103", "01026102", "03049000")
    assert spoken.transmit(bytes.fromhex("00B201040000")[:5]) == Ok(Answer(bytes.fromhex("01020304"), 0x9000))
    assert script.sent == ["00b2010400", "00c0000003", "00c0000002"]


def test_the_rest_of_an_answer_is_fetched_on_the_same_logical_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoken, script = card(monkeypatch, T0, "6101", "AA9000")
    spoken.transmit(bytes.fromhex("0EB2010400"))
    assert script.sent[1] == "02c0000001", "channel 2, without secure messaging"


def test_a_wrong_length_is_asked_again_with_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken, script = card(monkeypatch, T0, "6C05", "01020304059000")
    assert spoken.transmit(bytes.fromhex("00B2010400")) == Ok(Answer(bytes.fromhex("0102030405"), 0x9000))
    assert script.sent == ["00b2010400", "00b2010405"]


@pytest.mark.parametrize("answer", ["6101", "AA6101"])
def test_a_card_that_never_comes_to_an_end_is_unreadable(
    monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    spoken, script = card(monkeypatch, T0, answer)
    outcome = spoken.transmit(bytes.fromhex("00B2010400"))
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.UNREADABLE
    assert len(script.sent) == 64


def test_a_card_that_insists_on_a_length_is_believed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken, script = card(monkeypatch, T0, "6C05")
    assert spoken.transmit(bytes.fromhex("00B2010400")) == Ok(Answer(b"", 0x6C05))
    assert len(script.sent) == 2


def test_an_empty_answer_is_a_card_that_left(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken, _ = card(monkeypatch, T1, "")
    outcome = spoken.transmit(bytes.fromhex("00B2010400"))
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.CARD_MOVED


@pytest.mark.parametrize(
    ("apdu", "by_t0", "by_t1"),
    [
        ("00A4040002112200", "00a40400021122", "00a4040002112200"),
        ("00A40400021122", "00a40400021122", "00a40400021122"),
        ("00B2010400", "00b2010400", "00b2010400"),
        ("00840000", "0084000000", "00840000"),
    ],
    ids=["data both ways", "data out", "data back", "none"],
)
def test_t0_has_one_length_byte(monkeypatch: pytest.MonkeyPatch, apdu: str, by_t0: str, by_t1: str) -> None:
    for protocol, expected in ((T0, by_t0), (T1, by_t1)):
        spoken, script = card(monkeypatch, protocol, "9000")
        spoken.transmit(bytes.fromhex(apdu))
        assert script.sent == [expected]


def test_extended_length_is_what_the_atr_says_and_never_over_t0(monkeypatch: pytest.MonkeyPatch) -> None:
    assert card(monkeypatch, T1, "9000", atr=EXTENDED_ATR)[0].extended_length
    assert not card(monkeypatch, T1, "9000", atr=PLAIN_ATR)[0].extended_length
    assert not card(monkeypatch, T0, "9000", atr=EXTENDED_ATR)[0].extended_length


@pytest.mark.parametrize(
    ("atr", "history", "extended"),
    [
        (EXTENDED_ATR.hex(), "8073c021c0", True),
        ("3B85800180730021805F", "8073002180", False),
        ("3B85800180730021005F", "8073002100", False),
        ("3B8880018031E073C021C052", "8031e073c021c052", True),
        ("3B87800180310073C0214052", "80310073c02140", True),
        ("3B6500005349434132", "5349434132", False),
        ("3B80800101", "", False),
        ("3BFF", "", False),
        ("3B", "", False),
        ("", "", False),
        ("3B858001", "", False),
        ("3B88800100 73C021C0 000090 00".replace(" ", ""), "0073c021c0000090", True),
    ],
)
def test_historical_bytes(atr: str, history: str, extended: bool) -> None:
    assert historical_bytes(bytes.fromhex(atr)).hex() == history
    assert takes_extended_length(bytes.fromhex(atr)) is extended


def test_a_recording_keeps_headers_and_lengths_and_no_content() -> None:
    assert redacted_command(bytes.fromhex("00200080083132333435363738")).hex() == "0020008008" + "00" * 8
    assert redacted_command(bytes.fromhex("0CA4020C158711")).hex() == "0ca4020c150000", "secure messaging"
    assert redacted_command(bytes.fromhex("00A4040002F0A1")).hex() == "00a4040002f0a1", "names an application"
    assert redacted_command(bytes.fromhex("00B2010400")).hex() == "00b2010400"
    assert redacted_answer(bytes.fromhex("01020390 00".replace(" ", ""))).hex() == "0000009000"
    assert redacted_answer(b"").hex() == ""
