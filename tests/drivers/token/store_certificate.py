"""`python -m tests.drivers.token.store_certificate MODULE LABEL PIN FILE [KEY]`: puts a certificate on a token.

KEY: an RSA private key (PKCS#1, DER) that anybody may use, without the PIN. Run in a process of its own, since a module stays loaded; SOFTHSM2_CONF says where the token is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, CertificateType, ObjectClass
from pkcs11.util.rsa import decode_rsa_private_key

KEY_ID = b"\x01"


def store(module: str, label: str, pin: str, certificate: Path) -> None:
    with pkcs11.lib(module).get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        session.create_object(
            {
                Attribute.CLASS: ObjectClass.CERTIFICATE,
                Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
                Attribute.TOKEN: True,
                Attribute.ID: KEY_ID,
                Attribute.SUBJECT: b"0\x00",
                Attribute.VALUE: certificate.read_bytes(),
            }
        )


def store_free_key(module: str, label: str, pin: str, key: Path) -> None:
    with pkcs11.lib(module).get_token(token_label=label).open(rw=True, user_pin=pin) as session:
        session.create_object(
            {
                **decode_rsa_private_key(key.read_bytes()),
                Attribute.TOKEN: True,
                Attribute.PRIVATE: False,
                Attribute.ID: KEY_ID,
            }
        )


if __name__ == "__main__":
    store(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    if len(sys.argv) > 5:
        store_free_key(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[5]))
