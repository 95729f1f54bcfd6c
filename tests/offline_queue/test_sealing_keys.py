"""Keys as files: what the centre publishes chooses the suite, and set-up's own keys choose the hybrid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from offline_queue.seal import SealBroken, SuiteId, open_sealed, seal
from offline_queue.sealing_keys import read_private, read_public

PROJECT = Path(__file__).parents[2]
Key = MLKEM768PrivateKey | X25519PrivateKey | Ed25519PrivateKey
CURVE, LATTICE, SIGNING = (
    X25519PrivateKey.generate(),
    MLKEM768PrivateKey.generate(),
    Ed25519PrivateKey.generate(),
)


def private_pem(*keys: Key) -> bytes:
    return b"".join(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys)


def public_pem(*keys: Key) -> bytes:
    return b"".join(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in keys
    )


def suite(envelope: bytes) -> SuiteId:
    return SuiteId(envelope[3])


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ((CURVE,), SuiteId.X25519_SHA256_AES256GCM),
        ((LATTICE, CURVE), SuiteId.MLKEM768_X25519_SHA256_AES256GCM),
    ],
)
def test_the_published_file_chooses_the_suite(keys: tuple[Key, ...], expected: SuiteId) -> None:
    public, private = read_public(public_pem(*keys)), read_private(private_pem(*keys))
    assert public is not None
    assert private is not None
    envelope = seal(b"words", public, b"aad")
    assert suite(envelope) is expected
    assert private[0] == public.key_id
    assert open_sealed(envelope, dict([private]), b"aad") == b"words"


def test_half_of_the_hybrid_key_opens_nothing() -> None:
    public = read_public(public_pem(LATTICE, CURVE))
    assert public is not None
    envelope = seal(b"words", public, b"aad")
    for keys in ((LATTICE, X25519PrivateKey.generate()), (MLKEM768PrivateKey.generate(), CURVE), (CURVE,)):
        private = read_private(private_pem(*keys))
        assert private is not None
        assert isinstance(open_sealed(envelope, {public.key_id: private[1]}, b"aad"), SealBroken)


@pytest.mark.parametrize(
    "keys", [(), (SIGNING,), (LATTICE,), (CURVE, LATTICE), (LATTICE, CURVE, CURVE), (LATTICE, SIGNING)]
)
def test_another_kind_of_key_is_no_sealing_key(keys: tuple[Key, ...]) -> None:
    assert read_public(public_pem(*keys)) is None
    assert read_private(private_pem(*keys)) is None
    assert read_public(private_pem(LATTICE, CURVE)) is None
    assert read_public(public_pem(LATTICE, CURVE)[:-60]) is None
    assert read_public(b"-----BEGIN PUBLIC KEY-----\nrubbish\n-----END PUBLIC KEY-----") is None


def make_trust(into: Path) -> None:
    program = PROJECT / "deploy" / "demo_trust.py"
    subprocess.run([sys.executable, str(program), "--into", str(into)], check=True)


def test_set_up_makes_a_hybrid_key_and_keeps_an_older_one(tmp_path: Path) -> None:
    make_trust(tmp_path)
    public = read_public((tmp_path / "centre_sealing.pub").read_bytes())
    assert public is not None
    assert suite(seal(b"", public, b"")) is SuiteId.MLKEM768_X25519_SHA256_AES256GCM
    assert f'"{public.key_id}"' in (tmp_path / "directory.json").read_text()
    for kind, pem in ((".key", private_pem(CURVE)), (".pub", public_pem(CURVE))):
        (tmp_path / f"centre_sealing{kind}").write_bytes(pem)
    make_trust(tmp_path)
    assert (tmp_path / "centre_sealing.key").read_bytes() == private_pem(CURVE)
