"""What is special to PC/SC readers; what all readers share is in `test_card_readers`."""

import threading

import pytest
from smartcard import scard

from drivers.card_reader import identity_file
from drivers.card_reader.contract import CardFailure, CardRead, DocumentKind
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.virtual_card import CardFault, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME
from drivers.contract import Cause, CheckOutcome, DeviceState, Failed, Nameplate, Ok
from drivers.evidence import Assurance, CheckName, assurance
from tests.drivers.card_reader.people import DEMO, HELPER, RESIDENT
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER

pytestmark = pytest.mark.xdist_group(ONE_READER)


def reason(outcome: Ok[CardRead] | Failed[CardFailure]) -> CardFailure:
    assert isinstance(outcome, Failed)
    return outcome.reason


def test_a_helpers_card(card: VirtualCard, reader: PcscReader) -> None:
    card.insert()
    outcome = reader.read(10.0, NEVER)
    assert isinstance(outcome, Ok)
    assert outcome.value.document == HELPER
    assert outcome.value.document.kind is DocumentKind.HELPER
    assert outcome.value.document.role == "witness"
    assert outcome.value.photo is None


def test_the_reader_has_the_services_name_with_a_card_on_it_and_without(
    card: VirtualCard, reader: PcscReader
) -> None:
    assert wait_until(lambda: reader.probe().usable)
    assert reader.nameplate() == Nameplate(READER_NAME), "vpcd tells no more"
    card.insert()
    assert wait_until(lambda: reader.card_present() is True)
    assert reader.nameplate() == Nameplate(READER_NAME)
    assert isinstance(reader.read(10.0, NEVER), Ok)
    reader.close()
    assert reader.nameplate() == Nameplate()


def test_nothing_counts_as_authenticated(card: VirtualCard, reader: PcscReader) -> None:
    card.insert()
    outcome = reader.read(10.0, NEVER)
    assert isinstance(outcome, Ok)
    passed = {check.name for check in outcome.value.evidence if check.outcome is CheckOutcome.PASSED}
    assert passed == {CheckName.READ}
    assert assurance(outcome.value.evidence) is Assurance.LOW


def test_another_card_is_a_wrong_card(card: VirtualCard, reader: PcscReader) -> None:
    card.misbehave(CardFault.FOREIGN)
    card.insert()
    assert reason(reader.read(10.0, NEVER)) is CardFailure.WRONG_CARD
    assert reader.status().usable


def test_presence_follows_the_card(card: VirtualCard, reader: PcscReader) -> None:
    assert reader.can_detect_removal
    assert wait_until(lambda: reader.card_present() is False)
    card.insert()
    assert wait_until(lambda: reader.card_present() is True)
    card.remove()
    assert wait_until(lambda: reader.card_present() is False)


def test_the_same_insertion_keeps_its_session(card: VirtualCard, reader: PcscReader) -> None:
    card.insert()
    first, second = reader.read(10.0, NEVER), reader.read(10.0, NEVER)
    assert isinstance(first, Ok)
    assert isinstance(second, Ok)
    assert first.value.session_id == second.value.session_id


def test_a_card_that_another_program_holds_is_busy(card: VirtualCard, reader: PcscReader) -> None:
    card.insert()
    assert wait_until(lambda: bool(reader.probe().usable and reader.card_present()))
    _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    code, held, _ = scard.SCardConnect(
        context, READER_NAME, scard.SCARD_SHARE_EXCLUSIVE, scard.SCARD_PROTOCOL_ANY
    )
    assert code == scard.SCARD_S_SUCCESS
    assert reason(reader.read(10.0, NEVER)) is CardFailure.READER_BUSY
    scard.SCardDisconnect(held, scard.SCARD_LEAVE_CARD)
    scard.SCardReleaseContext(context)
    assert isinstance(reader.read(10.0, NEVER), Ok)


def test_a_reader_of_another_name_is_absent(card: VirtualCard) -> None:
    assert card is not None
    reader = PcscReader("No Such Reader")
    assert not reader.probe().usable
    assert reason(reader.read(0.2, NEVER)) is CardFailure.READER_LOST
    assert (reader.status().state, reader.status().cause) == (DeviceState.ABSENT, Cause.CARD_ABSENT)
    assert reader.card_present() is None
    reader.close()


def test_reads_leave_neither_threads_nor_contexts_behind(card: VirtualCard, reader: PcscReader) -> None:
    """pcscd serves 200 contexts for the whole machine: 250 reads fail if one is lost at each."""
    card.insert()
    assert isinstance(reader.read(10.0, NEVER), Ok)
    threads = threading.active_count()
    for _ in range(250):
        assert isinstance(reader.read(10.0, NEVER), Ok)
    assert threading.active_count() <= threads


def test_an_identity_card_does_not_go_onto_this_kind_of_card() -> None:
    with pytest.raises(ValueError, match="resident"):
        identity_file.encode(RESIDENT)


@pytest.mark.parametrize("document", [DEMO, HELPER], ids=lambda document: document.kind.value)
def test_identity_files_come_back(document: object) -> None:
    body = identity_file.encode(document)[2:]  # type: ignore[arg-type]  # pytest hands objects on
    assert identity_file.decode(body) == Ok(document)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", CardFailure.UNREADABLE),
        (b"\xff\xfe", CardFailure.UNREADABLE),
        (b"[]", CardFailure.UNREADABLE),
        (b"[" * 2000, CardFailure.UNREADABLE),
        (b'{"version":2,"kind":"demo","name":"A","number":"1"}', CardFailure.UNSUPPORTED_KIND),
        (b'{"version":1,"kind":"resident","name":"A","number":"1"}', CardFailure.UNSUPPORTED_KIND),
        (b'{"version":1,"kind":"demo","name":"A"}', CardFailure.UNREADABLE),
        (b'{"version":1,"kind":"demo","name":["A"],"number":"1"}', CardFailure.UNREADABLE),
        (b'{"version":1,"kind":"demo","name":"\\ud872","number":"1"}', CardFailure.UNREADABLE),
    ],
)
def test_a_bad_identity_file_is_a_failure(body: bytes, failure: CardFailure) -> None:
    assert reason(identity_file.decode(body)) is failure  # type: ignore[arg-type]  # any Failed will do
