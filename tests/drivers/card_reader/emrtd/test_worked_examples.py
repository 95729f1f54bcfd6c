"""Reader and simulated chip against ICAO's own numbers, so that they are not each other's only witness."""

from __future__ import annotations

import pytest

from drivers.card_reader.emrtd import active_authentication, bac, keys, pace
from drivers.card_reader.emrtd.apdu import Command, Reply, decode
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.keys import Can, MrzKey
from drivers.card_reader.emrtd.public_keys import RsaKey
from drivers.card_reader.emrtd.secure_messaging import SecureMessaging
from drivers.card_reader.emrtd.simulated_access import ChipBac, ChipPace
from drivers.card_reader.emrtd.simulated_channel import ChipMessaging
from drivers.card_reader.emrtd.simulated_chip_keys import recoverable
from drivers.card_reader.emrtd.simulated_keys import SigningKey
from drivers.contract import Ok
from tests.drivers.card_reader.emrtd import vectors
from tests.drivers.card_reader.emrtd.vectors import Recording


def test_d2_keys_from_the_mrz() -> None:
    assert vectors.BAC_KEY.information == b"L898902C<369080619406236"
    seed = vectors.BAC_KEY.secret[:16]
    assert seed.hex().upper() == "239AB9CB282DAF66231DC5A4DF6BFBAE"
    derived = [
        keys.derive(Suite.TDES, seed, counter).hex().upper() for counter in (keys.ENCRYPTION, keys.MAC)
    ]
    assert derived == ["AB94FDECF2674FDFB9B391F85D7F76F2", "7962D9ECE03D1ACD4C76089DCE131543"]


def test_d2_a_number_longer_than_nine() -> None:
    assert MrzKey("D23145890734", "340712", "950712").information == b"D23145890734934071279507122"


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        (vectors.PACE_KEY.secret, "89DED1B26624EC1E634C1989302849DD"),
        (Can("123456").secret, "591468CDA83D65219CCCB8560233600F"),
    ],
    ids=["mrz", "can"],
)
def test_password_key_of_pace(secret: bytes, key: str) -> None:
    assert keys.derive(Suite.AES_128, secret, keys.PASSWORD).hex().upper() == key


def test_aes_256_keys_come_of_sha_256() -> None:
    # SHA-256 of "abc" 00000001, by sha256sum
    key = keys.derive(Suite.AES_256, b"abc", 1)
    assert key.hex() == "46c386ebccef82ba0bb0b095aaa5548b03cdff6951871c6fb505af68af688332"
    assert keys.derive(Suite.AES_192, b"abc", 1) == key[:24]


def test_d3_d4_bac_and_the_messages_behind_it() -> None:
    wire = Recording(*vectors.BAC, *vectors.SECURE_MESSAGES)
    channel = Channel(wire)
    random = {8: vectors.BAC_NONCE, 16: vectors.BAC_KEYING}
    session = bac.establish(channel, vectors.BAC_KEY, random.__getitem__)
    assert isinstance(session, Ok)
    channel.secure(session.value)
    assert channel.ask(Command(0x00, 0xA4, 0x02, 0x0C, bytes.fromhex("011E"))) == Ok(b"")
    head = channel.ask(Command(0x00, 0xB0, 0x00, 0x00, le=4))
    rest = channel.ask(Command(0x00, 0xB0, 0x00, 0x04, le=18))
    assert isinstance(head, Ok)
    assert isinstance(rest, Ok)
    assert head.value + rest.value == vectors.EF_COM
    assert not wire.left


def test_d3_the_chips_end_of_bac() -> None:
    random = {8: vectors.BAC_CHIP_NONCE, 16: vectors.BAC_CHIP_KEYING}
    chip = ChipBac(vectors.BAC_KEY, random.__getitem__)
    answer, _ = chip.authenticate(bytes.fromhex(vectors.BAC_COMMAND))
    assert answer.hex().upper() == vectors.BAC_ANSWER


def test_d4_the_chips_end_of_secure_messaging() -> None:
    chip = ChipMessaging(Suite.TDES, vectors.SESSION_KEYS, vectors.SESSION_COUNTER)
    plain = [b"", vectors.EF_COM[:4], vectors.EF_COM[4:]]
    for (command, answer), data in zip(vectors.SECURE_MESSAGES, plain, strict=True):
        assert chip.open(decode(bytes.fromhex(command))) is not None
        reply = chip.protect(Reply(data, 0x9000), odd=False)
        assert (reply.data + b"\x90\x00").hex().upper() == answer


def test_g1_pace() -> None:
    (info,) = pace.parse_infos(vectors.PACE_CARD_ACCESS)
    assert (info.suite, info.parameters, info.mapping) == (Suite.AES_128, 13, pace.GENERIC)
    wire = Recording(*vectors.PACE)
    scalars = iter(vectors.PACE_TERMINAL)
    session = pace.establish(Channel(wire), info, vectors.PACE_KEY, lambda _curve: next(scalars))
    assert isinstance(session, Ok)
    assert not wire.left
    # the keys are the published ones when a message under them opens
    chip = ChipMessaging(Suite.AES_128, vectors.PACE_SESSION_KEYS)
    opened = chip.open(session.value.protect(Command(0x00, 0xB0, 0x00, 0x00, le=4)))
    assert opened == Command(0x00, 0xB0, 0x00, 0x00, le=4)


def test_g1_the_chips_end_of_pace() -> None:
    (info,) = pace.parse_infos(vectors.PACE_CARD_ACCESS)
    scalars = iter(vectors.PACE_CHIP)
    chip = ChipPace(info, vectors.PACE_KEY, vectors.PACE_NONCE, lambda _curve: next(scalars))
    for command, answer in vectors.PACE[1:]:
        data = decode(bytes.fromhex(command)).data
        assert (chip.step(data) + b"\x90\x00").hex().upper() == answer
    assert chip.session is not None
    reader = SecureMessaging(Suite.AES_128, vectors.PACE_SESSION_KEYS)
    assert chip.session.open(reader.protect(Command(0x00, 0xB0, 0x00, 0x00, le=4))) is not None


def test_f_active_authentication(chip_rsa_1024: SigningKey) -> None:
    """The example gives the message F and no key; the signature is made with one of our own."""
    made = recoverable(128, vectors.AA_CHALLENGE, "sha1", vectors.AA_RECOVERED)
    assert made == vectors.AA_MESSAGE
    numbers = chip_rsa_1024.private.private_numbers()
    key = RsaKey(numbers.public_numbers.n, numbers.public_numbers.e)
    signature = pow(int.from_bytes(vectors.AA_MESSAGE, "big"), numbers.d, key.modulus).to_bytes(128, "big")
    assert active_authentication.verify_rsa(key, vectors.AA_CHALLENGE, signature)
    other = bytes([vectors.AA_CHALLENGE[0] ^ 1]) + vectors.AA_CHALLENGE[1:]
    assert not active_authentication.verify_rsa(key, other, signature)
