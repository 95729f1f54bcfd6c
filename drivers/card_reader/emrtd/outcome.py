"""Why a travel document gave nothing."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol, TypeAlias

from drivers.card_reader.contract import CardFailure
from drivers.contract import Failed, Ok


class EmrtdFailure(StrEnum):
    """What is wrong with the chip or the password; what is wrong with the wire is a `CardFailure`."""

    NO_APPLICATION = "no_application"
    """The card has no travel-document application (A0000002471001)."""
    ACCESS_DENIED = "access_denied"
    """The chip and the password (MRZ or CAN) do not belong together."""
    ACCESS_UNSUPPORTED = "access_unsupported"
    """The chip offers no access protocol that goes with the password."""
    CHANNEL_BROKEN = "channel_broken"
    """Secure messaging ended: wrong MAC, unprotected answer. The session is not usable any more."""
    REFUSED = "refused"
    """The chip answered a status word that says no."""
    MISSING = "missing"
    """The chip has no such file (6A82)."""
    MALFORMED = "malformed"
    """Bytes that break their own format."""
    TOO_LARGE = "too_large"
    """A file that announces more than any travel document holds."""


Reason: TypeAlias = EmrtdFailure | CardFailure
Refusal: TypeAlias = Failed[Reason]


class ApduTransport(Protocol):
    """Carries command APDUs to one card; the deadline of an exchange is the transport's."""

    def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
        """The response APDU with its status word, or why there is none (`CARD_MOVED`, `TIMED_OUT`, ...)."""
        ...
