"""SW3: the whole table, and everything that is not in it."""

import pytest

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.module_status import Reaction, meaning
from drivers.contract import Cause

PROCEED, WAIT, RESEND, RESTART, STOP = Reaction
SAM_ERROR, UNAUTHORISED, PROTOCOL = Cause.CARD_SAM_ERROR, Cause.CARD_UNAUTHORISED, Cause.CARD_PROTOCOL
SUCCESS = (0x90, 0x91, 0x9F)
TABLE = [
    # status, words, reaction, failure, tries again, reset before the last, fault of the device
    (0x10, "checksum", RESEND, CardFailure.READER_LOST, 2, False, PROTOCOL),
    (0x11, "length", RESEND, CardFailure.READER_LOST, 2, False, PROTOCOL),
    (0x21, "command", STOP, CardFailure.READER_LOST, 0, False, PROTOCOL),
    (0x23, "not permitted", RESTART, CardFailure.UNREADABLE, 2, False, None),
    (0x24, "unrecognised", RESTART, CardFailure.UNREADABLE, 2, True, None),
    (0x31, "card refused", RESTART, CardFailure.NOT_AUTHENTIC, 1, False, None),
    (0x32, "module refused", STOP, CardFailure.NOT_AUTHENTIC, 0, False, None),
    (0x33, "verification", STOP, CardFailure.NOT_AUTHENTIC, 0, False, None),
    (0x37, "fingerprint", RESTART, CardFailure.UNREADABLE, 1, False, None),
    (0x3F, "length", RESTART, CardFailure.UNREADABLE, 2, False, None),
    (0x40, "card type", STOP, CardFailure.WRONG_CARD, 0, False, None),
    (0x41, "reading", RESTART, CardFailure.CARD_MOVED, 2, False, None),
    (0x47, "random", RESTART, CardFailure.UNREADABLE, 2, True, None),
    (0x60, "self-test", STOP, CardFailure.READER_LOST, 0, False, SAM_ERROR),
    (0x66, "authorised", STOP, CardFailure.VENDOR_UNAUTHORISED, 0, False, UNAUTHORISED),
    (0x80, "already read", WAIT, CardFailure.NO_CARD, 0, False, None),
    (0x81, "selecting", RESTART, CardFailure.CARD_MOVED, 2, False, None),
]


@pytest.mark.parametrize(
    ("status", "words", "reaction", "failure", "retries", "reset_first", "fault"),
    TABLE,
    ids=[f"{row[0]:02X}" for row in TABLE],
)
def test_every_failure_has_its_reaction(
    status: int,
    words: str,
    reaction: Reaction,
    failure: CardFailure,
    retries: int,
    reset_first: bool,
    fault: Cause | None,
) -> None:
    found = meaning(status)
    assert words in found.text
    assert (found.reaction, found.failure, found.retries) == (reaction, failure, retries)
    assert (found.reset_first, found.fault) == (reset_first, fault)


@pytest.mark.parametrize("status", SUCCESS)
def test_success_goes_on(status: int) -> None:
    assert meaning(status).reaction is Reaction.PROCEED


def test_every_other_value_is_the_unrecognised_error() -> None:
    known = {*SUCCESS, *(row[0] for row in TABLE)}
    assert len(known) == 20
    assert all(meaning(status) == meaning(0x24) for status in range(256) if status not in known)
