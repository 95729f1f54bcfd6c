"""An e-ID on a phone: the issuer's signature, this person's card, now, and once."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Failed, Ok
from drivers.eid import protocol
from drivers.eid.contract import Eid, EidFailure
from drivers.eid.signed import SKEW_S, IssuerKeyError, SignedEids, issuers_in
from drivers.eid.simulated import LIFE_S, SimulatedIssuer

NUMBER, OTHER = "110199194803120016", "11019919510723003X"
STARTED = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
NOW = STARTED + timedelta(minutes=12)
UP_S = (NOW - STARTED).total_seconds()
ISSUER = SimulatedIssuer()


def checker(*issuers: SimulatedIssuer, up_s: float = UP_S) -> SignedEids:
    return SignedEids({one.name: one.public_key for one in issuers or (ISSUER,)}, lambda: up_s)


def checked(
    text: str,
    now: datetime = NOW,
    number: str = NUMBER,
    *,
    trusted: bool = True,
    by: SignedEids | None = None,
) -> Ok[Eid] | EidFailure:
    told = (by or checker()).check(text, number, now, clock_trusted=trusted)
    return told.reason if isinstance(told, Failed) else told


def test_a_good_one_names_its_issuer_and_nobody_else() -> None:
    shown = ISSUER.show(NUMBER, NOW)
    assert checked(shown) == Ok(Eid("demo-issuer", NOW))
    assert NUMBER not in base64.urlsafe_b64decode(shown.partition(":")[2].partition(".")[0] + "==").decode()
    assert len(shown) <= protocol.CHARACTERS_MAX
    assert checker().looks_like(shown)


def test_of_a_code_that_was_shown_only_its_id_is_remembered() -> None:
    """The digest of the number under that id could be tried: a county has no more than 36.5 million numbers."""
    by, shown = checker(), ISSUER.show(NUMBER, NOW)
    assert isinstance(checked(shown, by=by), Ok)
    read = protocol.read(shown)
    assert read is not None
    assert by._shown == {read.claims.token_id: read.claims.expires_s}
    assert read.claims.holder not in str(vars(by))


@pytest.mark.parametrize("number", [OTHER.lower(), OTHER, f" {OTHER}"])
def test_a_letter_at_the_end_is_the_same_in_either_case(number: str) -> None:
    assert isinstance(checked(ISSUER.show(OTHER, NOW), number=number), Ok)


def test_of_another_person_it_is_nobodys_here() -> None:
    assert checked(ISSUER.show(OTHER, NOW)) is EidFailure.ANOTHER_PERSON


def test_it_counts_once_and_the_next_one_does() -> None:
    by, shown = checker(), ISSUER.show(NUMBER, NOW)
    assert isinstance(checked(shown, by=by), Ok)
    assert checked(shown, NOW + timedelta(seconds=5), by=by) is EidFailure.SHOWN_BEFORE
    assert isinstance(checked(ISSUER.show(NUMBER, NOW), by=by), Ok)


def test_who_fails_with_another_card_has_not_used_it_up() -> None:
    by, shown = checker(), ISSUER.show(NUMBER, NOW)
    assert checked(shown, number=OTHER, by=by) is EidFailure.ANOTHER_PERSON
    assert isinstance(checked(shown, by=by), Ok)


@pytest.mark.parametrize(
    ("after_s", "wanted"),
    [
        (0, None),
        (LIFE_S + SKEW_S, None),
        (LIFE_S + SKEW_S + 1, EidFailure.EXPIRED),
        (-SKEW_S, None),
        (-SKEW_S - 1, EidFailure.NOT_YET),
    ],
)
def test_its_time_is_short_and_clocks_may_differ_a_little(after_s: int, wanted: EidFailure | None) -> None:
    told = checked(ISSUER.show(NUMBER, NOW), NOW + timedelta(seconds=after_s))
    assert (None if isinstance(told, Ok) else told) is wanted


@pytest.mark.parametrize("ahead_s", [SKEW_S, 0, -SKEW_S])
def test_one_of_an_issuer_whose_clock_differs_counts_once_for_as_long_as_it_counts(ahead_s: int) -> None:
    by = checker()
    shown = ISSUER.show(NUMBER, NOW + timedelta(seconds=ahead_s))
    assert isinstance(checked(shown, by=by), Ok)
    for after_s in range(0, LIFE_S + 2 * SKEW_S + 2, 5):
        assert checked(shown, NOW + timedelta(seconds=after_s), by=by) in (
            EidFailure.SHOWN_BEFORE,
            EidFailure.EXPIRED,
        )
    assert (
        checked(shown, NOW + timedelta(seconds=LIFE_S + ahead_s + SKEW_S), by=by) is EidFailure.SHOWN_BEFORE
    )


def test_what_was_issued_before_the_program_began_is_refused_since_who_saw_it_is_forgotten() -> None:
    shown = ISSUER.show(NUMBER, NOW)
    assert isinstance(checked(shown, by=checker(up_s=0)), Ok)
    after = NOW + timedelta(seconds=2)
    assert isinstance(checked(shown, after, by=checker(up_s=2)), Ok), "shown as the program began"
    assert checked(shown, after, by=checker(up_s=1)) is EidFailure.EXPIRED, "a second before it did"


def test_a_clock_that_nobody_confirmed_judges_nothing_short_lived() -> None:
    assert checked(ISSUER.show(NUMBER, NOW), trusted=False) is EidFailure.CLOCK


def test_another_issuer_of_the_same_name_is_unknown() -> None:
    assert checked(SimulatedIssuer().show(NUMBER, NOW)) is EidFailure.UNKNOWN_ISSUER
    assert checked(SimulatedIssuer("elsewhere").show(NUMBER, NOW)) is EidFailure.UNKNOWN_ISSUER
    assert checked(ISSUER.show(NUMBER, NOW), by=SignedEids({}, lambda: UP_S)) is EidFailure.UNKNOWN_ISSUER


def bent(change: Callable[[dict[str, object]], object]) -> str:
    """The payload changed, and the old signature."""
    head, _, signature = ISSUER.show(NUMBER, NOW).partition(".")
    payload = json.loads(base64.urlsafe_b64decode(head.removeprefix(protocol.PREFIX) + "=="))
    change(payload)
    packed = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")
    return f"{protocol.PREFIX}{packed}.{signature}"


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lambda p: p.update(exp=p["exp"] + 1), EidFailure.UNKNOWN_ISSUER),
        (lambda p: p.update(sub=protocol.holder_of(str(p["jti"]), OTHER)), EidFailure.UNKNOWN_ISSUER),
        (lambda p: p.update(exp=p["iat"] + protocol.LIFE_MAX_S + 1), EidFailure.NOT_AN_EID),
        (lambda p: p.update(exp=p["iat"]), EidFailure.NOT_AN_EID),
        (lambda p: p.update(iat=True), EidFailure.NOT_AN_EID),
        (lambda p: p.update(more=1), EidFailure.NOT_AN_EID),
        (lambda p: p.pop("sub"), EidFailure.NOT_AN_EID),
        (lambda p: p.update(iss="../key"), EidFailure.NOT_AN_EID),
        (lambda p: p.update(jti="short"), EidFailure.NOT_AN_EID),
    ],
)
def test_a_bent_one_is_not_believed(
    change: Callable[[dict[str, object]], object], wanted: EidFailure
) -> None:
    assert checked(bent(change)) is wanted


@given(st.text(max_size=600))
def test_no_text_is_a_defect(text: str) -> None:
    for shown in (text, protocol.PREFIX + text):
        assert isinstance(checked(shown), EidFailure)


@given(st.binary(max_size=200), st.binary(max_size=80))
def test_no_bytes_are_a_defect(payload: bytes, signature: bytes) -> None:
    packed = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (payload, signature)]
    assert isinstance(checked(f"{protocol.PREFIX}{packed[0]}.{packed[1]}"), EidFailure)


def test_issuers_come_from_a_folder_and_a_bad_file_is_named(tmp_path: Path) -> None:
    ISSUER.write_key(tmp_path)
    (tmp_path / "README").write_text("no key", "utf-8")
    by = SignedEids(issuers_in(tmp_path), lambda: UP_S)
    assert by.issuers == ("demo-issuer",)
    assert isinstance(checked(ISSUER.show(NUMBER, NOW), by=by), Ok)
    (tmp_path / "county.pub").write_text("no key", "utf-8")
    with pytest.raises(IssuerKeyError, match=r"county\.pub"):
        issuers_in(tmp_path)
