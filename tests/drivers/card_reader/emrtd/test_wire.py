"""TLV, APDUs, the channel and secure messaging, byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.emrtd import ciphers, tlv
from drivers.card_reader.emrtd.apdu import Command, Reply, decode
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.outcome import EmrtdFailure
from drivers.card_reader.emrtd.secure_messaging import LARGEST_OVERHEAD, SecureMessaging
from drivers.card_reader.emrtd.simulated_channel import ChipMessaging
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.contract import Failed, Ok
from tests.drivers.card_reader.emrtd import vectors
from tests.drivers.card_reader.emrtd.vectors import Recording

_COMMAND = Command(0x00, 0xB0, 0x00, 0x00, le=4)


@given(st.sampled_from([0x5C, 0x87, 0x5F1F, 0x7F61, 0x7F8E01]), st.binary(max_size=300))
def test_tlv_is_its_own_inverse(tag: int, value: bytes) -> None:
    assert tlv.read_only(tlv.encode(tag, value), tag) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_objects_to_the_last_one_or_malformed(data: bytes) -> None:
    try:
        nodes = tlv.read_all(data)
    except Malformed:
        return
    assert b"".join(node.raw for node in nodes) == data


@pytest.mark.parametrize(
    "data", ["", "5F", "5F8F8F8F01", "61", "6180", "6185FFFFFFFFFF", "6103AABB", "6184FFFFFFFF", "7F"]
)
def test_tlv_that_is_cut_or_without_end(data: str) -> None:
    with pytest.raises(Malformed):
        tlv.read(bytes.fromhex(data))


def test_bytes_behind_the_only_object_are_malformed() -> None:
    with pytest.raises(Malformed, match="1 bytes behind"):
        tlv.read_only(bytes.fromhex("6101AA00"), 0x61)


@given(
    st.binary(max_size=300),
    st.none() | st.integers(1, 65536),
    st.tuples(*[st.integers(0, 255)] * 4),
)
def test_commands_survive_the_wire(data: bytes, le: int | None, head: tuple[int, int, int, int]) -> None:
    command = Command(*head, data, le)
    assert decode(command.encode()) == command


@pytest.mark.parametrize("suite", Suite)
@settings(deadline=None, max_examples=25)
@given(data=st.binary(max_size=400), le=st.none() | st.integers(1, 2000), ins=st.sampled_from([0xB0, 0xB1]))
def test_secure_messages_open_at_the_other_end(suite: Suite, data: bytes, le: int | None, ins: int) -> None:
    pair = (bytes(range(suite.key_size)), bytes(range(1, suite.key_size + 1)))
    reader, chip = SecureMessaging(suite, pair, 5), ChipMessaging(suite, pair, 5)
    for _ in range(2):
        opened = chip.open(decode(reader.protect(Command(0x00, ins, 1, 2, data, le)).encode()))
        assert opened == Command(0x00, ins, 1, 2, data, le)
        protected = chip.protect(Reply(data, 0x9000), odd=bool(ins & 1))
        assert len(protected.data) + 2 <= len(data) + LARGEST_OVERHEAD
        assert reader.open(protected) == Ok(Reply(data, 0x9000))


def _answer(suite: Suite, data: bytes = b"\x60\x14\x5f\x01") -> tuple[SecureMessaging, Reply]:
    pair = (bytes(range(suite.key_size)), bytes(range(1, suite.key_size + 1)))
    reader, chip = SecureMessaging(suite, pair), ChipMessaging(suite, pair)
    assert chip.open(reader.protect(_COMMAND)) is not None
    return reader, chip.protect(Reply(data, 0x9000), odd=False)


def test_aes_messages_as_another_implementation_makes_them() -> None:
    """ICAO publishes no AES example: known answers of a public implementation that is not this one."""
    pair = (bytes(range(0x01, 0x11)), bytes(range(0xA1, 0xB1)))
    wire = Recording(
        (
            "0CA4040C1D871101AE6896C36D5E1F3BD4ECBAF7A661652B8E08C783F86389338E0D00",
            "990290008E08117DD72826D775709000",
        ),
        (
            "0CB000000D9701148E0829B7480811E8AE7600",
            "872101A57FD10B28B996EFF1162D1ECF14F100D960990BD394A608AAC46E29A9A5AD7C 990290008E087D192821635D4FA79000",
        ),
    )
    channel = Channel(wire)
    channel.secure(SecureMessaging(Suite.AES_128, pair))
    select = Command(0x00, 0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001"))
    assert channel.ask(select) == Ok(b"")
    assert channel.ask(Command(0x00, 0xB0, 0x00, 0x00, le=20)) == Ok(bytes(range(0x30, 0x44)))


@pytest.mark.parametrize("suite", Suite)
def test_every_changed_byte_of_an_answer_is_found(suite: Suite) -> None:
    _, right = _answer(suite)
    for index in range(len(right.data)):
        reader, reply = _answer(suite)
        changed = bytearray(reply.data)
        changed[index] ^= 1
        outcome = reader.open(Reply(bytes(changed), 0x9000))
        assert isinstance(outcome, Failed), index
        assert outcome.reason is EmrtdFailure.CHANNEL_BROKEN


@pytest.mark.parametrize("suite", [Suite.TDES, Suite.AES_128])
def test_an_answer_played_again_is_found(suite: Suite) -> None:
    reader, reply = _answer(suite)
    assert isinstance(reader.open(reply), Ok)
    reader.protect(_COMMAND)
    assert isinstance(reader.open(reply), Failed)


def test_another_status_word_outside_is_found() -> None:
    reader, reply = _answer(Suite.AES_128)
    assert reader.open(Reply(reply.data, 0x6282)) == Failed(
        EmrtdFailure.CHANNEL_BROKEN, "two different status words"
    )


def test_nothing_is_decrypted_before_the_mac_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, reply = _answer(Suite.AES_128)

    def never(*_: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(ciphers, "decrypt", never)
    changed = reply.data[:-1] + bytes([reply.data[-1] ^ 1])
    assert reader.open(Reply(changed, 0x9000)) == Failed(EmrtdFailure.CHANNEL_BROKEN, "wrong MAC")


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=80))
def test_any_answer_is_opened_or_ends_the_session(data: bytes) -> None:
    reader, _ = _answer(Suite.TDES)
    outcome = reader.open(Reply(data, 0x9000))
    assert isinstance(outcome, Failed)
    assert outcome.reason is EmrtdFailure.CHANNEL_BROKEN


def test_a_right_mac_over_a_wrong_padding_ends_the_session() -> None:
    suite, pair = Suite.TDES, (bytes(16), bytes(16))
    reader = SecureMessaging(suite, pair)
    reader.protect(_COMMAND)
    cryptogram = ciphers.encrypt(suite, pair[0], bytes(8), bytes(8))
    body = tlv.encode(0x87, b"\x01" + cryptogram) + bytes.fromhex("99029000")
    counter = (2).to_bytes(8, "big")
    reply = body + tlv.encode(0x8E, ciphers.message_mac(suite, pair[1], counter + body))
    assert reader.open(Reply(reply, 0x9000)) == Failed(EmrtdFailure.CHANNEL_BROKEN, "no padding")


def test_the_first_failure_stays_and_nothing_more_is_sent() -> None:
    wire = Recording(*vectors.SECURE_MESSAGES[:1])
    wire.left[0] = (wire.left[0][0], bytes.fromhex("6988"))
    channel = Channel(wire)
    channel.secure(SecureMessaging(Suite.TDES, vectors.SESSION_KEYS, vectors.SESSION_COUNTER))
    first = channel.send(Command(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011E")))
    assert first == Failed(EmrtdFailure.CHANNEL_BROKEN, "an unprotected answer, 6988")
    assert channel.send(_COMMAND) == first


def test_more_data_and_another_length_are_followed() -> None:
    wire = Recording(
        ("00B0000004", "6C02"),
        ("00B0000002", "AABB6102"),
        ("00C0000002", "CCDD6101"),
        ("00C0000001", "EE9000"),
    )
    assert Channel(wire).ask(_COMMAND) == Ok(bytes.fromhex("AABBCCDDEE"))
    assert not wire.left


def test_a_protected_answer_that_names_a_length_is_not_sent_again_as_it_is() -> None:
    """The counter has moved: the same protected bytes would break the session."""
    pair = (bytes(16), bytes(1) * 16)
    chip = ChipMessaging(Suite.AES_128, pair)

    class Wire:
        sent = 0

        def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
            self.sent += 1
            assert chip.open(decode(apdu)) is not None
            return Ok(chip.protect(Reply(b"", 0x6C02), odd=False).data + bytes.fromhex("6C02"))

    wire = Wire()
    channel = Channel(wire)
    channel.secure(SecureMessaging(Suite.AES_128, pair))
    assert channel.send(_COMMAND) == Ok(Reply(b"", 0x6C02))
    assert wire.sent == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("", EmrtdFailure.MALFORMED), ("90", EmrtdFailure.MALFORMED), ("6100", EmrtdFailure.MALFORMED)],
)
def test_answers_that_are_none(answer: str, reason: EmrtdFailure) -> None:
    class Wire:
        def transmit(self, _apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
            return Ok(bytes.fromhex(answer))

    outcome = Channel(Wire()).send(_COMMAND)
    assert isinstance(outcome, Failed)
    assert outcome.reason is reason


def test_an_answer_without_an_end() -> None:
    class Wire:
        def transmit(self, _apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
            return Ok(bytes(256) + bytes.fromhex("6100"))

    outcome = Channel(Wire()).send(_COMMAND)
    assert isinstance(outcome, Failed)
    assert outcome.reason is EmrtdFailure.TOO_LARGE
