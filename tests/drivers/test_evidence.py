"""How much the checks of one read are worth, derived and never stored."""

from itertools import chain, combinations

import pytest

from drivers.contract import Check, CheckOutcome
from drivers.evidence import Assurance, CheckName, assurance, evidence

FAILED, NOT_DONE, PASSED = CheckOutcome.FAILED, CheckOutcome.NOT_DONE, CheckOutcome.PASSED
PASSIVE = {CheckName.READ, CheckName.INTEGRITY, CheckName.SIGNATURE, CheckName.TRUSTED_CHAIN}
GENUINE = {CheckName.READ, CheckName.TRUSTED_CHAIN, CheckName.CLONE_CHECK}
SUBSETS = list(chain.from_iterable(combinations(CheckName, size) for size in range(len(CheckName) + 1)))


def checks(passed: set[CheckName], failed: set[CheckName] = frozenset()) -> tuple[Check, ...]:  # type: ignore[assignment]  # an empty set
    return evidence(dict.fromkeys(passed, (PASSED, "")) | dict.fromkeys(failed, (FAILED, "")))


def test_every_level_is_stated_and_what_is_not_given_was_not_done() -> None:
    stated = evidence({CheckName.SIGNATURE: (PASSED, "ECDSA")})
    assert [check.name for check in stated] == list(CheckName)
    assert {check.name for check in stated if check.outcome is NOT_DONE} == set(CheckName) - {
        CheckName.SIGNATURE
    }


def test_the_level_follows_from_the_set_of_what_passed() -> None:
    for passed in map(set, SUBSETS):
        expected = Assurance.LOW
        if passed >= PASSIVE:
            expected = Assurance.SUBSTANTIAL
        if passed >= GENUINE:
            expected = Assurance.HIGH
        assert assurance(checks(passed)) is expected, passed


@pytest.mark.parametrize("failed", [name for name in CheckName if name is not CheckName.NEWEST_ADDRESS])
def test_one_failed_check_leaves_nothing(failed: CheckName) -> None:
    assert assurance(checks(set(CheckName) - {failed}, {failed})) is Assurance.LOW


def test_a_clone_check_without_a_trusted_root_proves_nothing() -> None:
    assert assurance(checks(set(CheckName) - {CheckName.TRUSTED_CHAIN})) is Assurance.LOW


def test_levels_are_ordered() -> None:
    assert Assurance.LOW < Assurance.SUBSTANTIAL < Assurance.HIGH
    assert assurance(()) is Assurance.LOW


def test_an_old_address_makes_no_false_card() -> None:
    """A module that cannot tell the newest address still authenticated the chip."""
    others = set(CheckName) - {CheckName.NEWEST_ADDRESS}
    assert assurance(checks(others, {CheckName.NEWEST_ADDRESS})) is Assurance.HIGH
