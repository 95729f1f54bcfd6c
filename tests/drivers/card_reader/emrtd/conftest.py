"""Keys are slow to make: one set a session."""

from __future__ import annotations

import pytest

from drivers.card_reader.emrtd import simulated_keys
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.simulated_keys import SigningKey
from tests.drivers.card_reader.emrtd.world import NOW


@pytest.fixture(scope="session")
def chip_rsa_1024() -> SigningKey:
    return simulated_keys.rsa_key(bits=1024, hash_name="sha1")


@pytest.fixture(scope="session")
def rsa_2048() -> SigningKey:
    return simulated_keys.rsa_key()


@pytest.fixture(scope="session")
def issuer() -> Issuer:
    return Issuer(simulated_keys.elliptic("BP-256", explicit=True), simulated_keys.elliptic(), NOW)
