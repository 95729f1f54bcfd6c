"""`python -m tests.drivers.token.store_certificate MODULE LABEL PIN FILE`: puts a certificate on a token.

Run in a process of its own, since a module stays loaded; SOFTHSM2_CONF says where the token is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pkcs11
from pkcs11 import Attribute, CertificateType, ObjectClass

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


if __name__ == "__main__":
    store(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
