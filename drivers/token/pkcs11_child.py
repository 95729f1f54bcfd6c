"""The child process of a token: the only place that loads a vendor's PKCS#11 module.

Modules crash, block and lose track of tokens, so each request starts the module anew, and a request that
does not end takes only this process with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass, TokenFlag

from drivers.contract import Failed, Ok
from drivers.token.contract import PinState, Scheme, Signed, TokenFailure, TokenInfo

_REASONS: Final[dict[type[Exception], TokenFailure]] = {
    pkcs11.PinIncorrect: TokenFailure.PIN_WRONG,
    pkcs11.PinLenRange: TokenFailure.PIN_WRONG,
    pkcs11.PinInvalid: TokenFailure.PIN_WRONG,
    pkcs11.UserNotLoggedIn: TokenFailure.PIN_WANTED,
    pkcs11.PinLocked: TokenFailure.PIN_LOCKED,
    pkcs11.UserPinNotInitialized: TokenFailure.PIN_NOT_SET,
    pkcs11.PinExpired: TokenFailure.PIN_NOT_SET,
    pkcs11.NoSuchToken: TokenFailure.REMOVED,
    pkcs11.DeviceRemoved: TokenFailure.REMOVED,
    pkcs11.TokenNotPresent: TokenFailure.REMOVED,
    pkcs11.SessionHandleInvalid: TokenFailure.REMOVED,
    pkcs11.SessionClosed: TokenFailure.REMOVED,
    pkcs11.SlotIDInvalid: TokenFailure.REMOVED,
    pkcs11.NoSuchKey: TokenFailure.NO_KEY,
    pkcs11.MultipleObjectsReturned: TokenFailure.NO_KEY,
    pkcs11.MechanismInvalid: TokenFailure.UNSUPPORTED_KEY,
    pkcs11.KeyTypeInconsistent: TokenFailure.UNSUPPORTED_KEY,
}


def reason_of(error: pkcs11.PKCS11Error) -> TokenFailure:
    """What a module's error means here; of no special meaning is a token that failed."""
    return _REASONS.get(type(error), TokenFailure.ERROR)


def pin_state(flags: TokenFlag) -> PinState:
    """The gravest of what the token says of its PIN."""
    if flags & TokenFlag.USER_PIN_LOCKED:
        return PinState.LOCKED
    if not flags & TokenFlag.USER_PIN_INITIALIZED or flags & TokenFlag.USER_PIN_TO_BE_CHANGED:
        return PinState.NOT_SET
    if flags & TokenFlag.USER_PIN_FINAL_TRY:
        return PinState.FINAL_TRY
    return PinState.WRONG_BEFORE if flags & TokenFlag.USER_PIN_COUNT_LOW else PinState.FINE


class TokenChild:
    """One module. Nothing is loaded before the first request, so that its failure is an answer."""

    def __init__(self, module: str) -> None:
        self._module = module

    def tokens(self) -> Ok[tuple[TokenInfo, ...]] | Failed[TokenFailure]:
        """See `Authenticator.tokens`."""
        found = self._plugged_in()
        return Ok(tuple(_info(token) for token in found.value)) if isinstance(found, Ok) else found

    def sign(self, wanted: TokenInfo, pin: str | None, data: bytes) -> Ok[Signed] | Failed[TokenFailure]:
        """Log in if there is a PIN, and sign with the key that has a certificate on the token."""
        found = self._plugged_in()
        if isinstance(found, Failed):
            return found
        same = [token for token in found.value if _identity(token) == (wanted.label, wanted.serial)]
        if not same:
            return Failed(TokenFailure.REMOVED)
        try:
            with _session(same[0], pin) as session:
                signed = _sign(session, data)
        except pkcs11.PKCS11Error as error:
            return Failed(reason_of(error), type(error).__name__)
        if pin is None and isinstance(signed, Failed) and signed.reason is TokenFailure.NO_KEY:
            return Failed(TokenFailure.PIN_WANTED, "no key can be seen without it")
        return signed

    def _plugged_in(self) -> Ok[list[Any]] | Failed[TokenFailure]:
        """The tokens as a freshly started module sees them: some never notice a change otherwise."""
        try:
            module = pkcs11.lib(self._module)
            module.reinitialize()
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
            return Failed(TokenFailure.MODULE_MISSING, type(error).__name__)
        try:
            tokens = [slot.get_token() for slot in module.get_slots(token_present=True)]
        except pkcs11.PKCS11Error as error:
            return Failed(reason_of(error), type(error).__name__)
        return Ok([token for token in tokens if token.flags & TokenFlag.TOKEN_INITIALIZED])


@contextmanager
def _session(token: Any, pin: str | None) -> Iterator[Any]:
    session = token.open(user_pin=pin)
    try:
        yield session
    finally:
        session.close()


def _sign(session: Any, data: bytes) -> Ok[Signed] | Failed[TokenFailure]:
    # all at once: a search that goes on allows no other operation
    for certificate in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        try:
            key = session.get_key(ObjectClass.PRIVATE_KEY, id=certificate[Attribute.ID])
        except pkcs11.NoSuchKey:
            continue
        der = bytes(certificate[Attribute.VALUE])
        match key.key_type:
            case KeyType.RSA:
                signature = key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS)
                return Ok(Signed(der, bytes(signature), Scheme.RSA_PKCS1))
            case KeyType.EC:
                signature = key.sign(sha256(data).digest(), mechanism=Mechanism.ECDSA)
                return Ok(Signed(der, bytes(signature), Scheme.ECDSA))
            case _:
                return Failed(TokenFailure.UNSUPPORTED_KEY, "neither RSA nor ECDSA")
    return Failed(TokenFailure.NO_KEY, "no key with a certificate")


def _identity(token: Any) -> tuple[str, str]:
    serial = token.serial
    text = serial.decode("ascii", "replace") if isinstance(serial, bytes) else str(serial)
    return str(token.label).strip(), text.strip()


def _info(token: Any) -> TokenInfo:
    label, serial = _identity(token)
    return TokenInfo(label, serial, pin_state(token.flags), int(token.slot.slot_id))
