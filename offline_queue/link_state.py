"""What the terminal knows of its way to the centre, and how a failure is named."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

import httpx


class LinkState(StrEnum):
    """A state of the session with the centre, never of one item. `unknown` is never fine."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    SLOW = "slow"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_NAME = "tls_name"
    TLS_EXPIRED = "tls_expired"
    CLOCK_WRONG = "clock_wrong"
    UNAUTHORISED = "unauthorised"
    REVOKED = "revoked"
    BUSY = "busy"
    ACKNOWLEDGEMENT_INVALID = "acknowledgement_invalid"


CUT_SHORT_BY_WAKE = frozenset(
    {
        LinkState.UNKNOWN, LinkState.OFFLINE, LinkState.SLOW, LinkState.TLS_UNTRUSTED,
        LinkState.TLS_NAME, LinkState.TLS_EXPIRED, LinkState.CLOCK_WRONG,
    }
)  # fmt: skip
"""States that an edge (network back, clock stepped) may have ended. The others are the centre's own word."""

TRUST_STATES = frozenset(
    {LinkState.TLS_UNTRUSTED, LinkState.TLS_NAME, LinkState.TLS_EXPIRED, LinkState.CLOCK_WRONG}
)

_CERTIFICATE_STATES = {  # verification results of OpenSSL (openssl/x509_vfy.h)
    9: LinkState.CLOCK_WRONG,  # not yet valid: nobody issues for the future, so the clock is behind
    10: LinkState.TLS_EXPIRED,
    62: LinkState.TLS_NAME,  # host name
    64: LinkState.TLS_NAME,  # IP address
}


@dataclass(frozen=True, slots=True)
class Unreached:
    """No answer that counts; the items stay. `retry_after_s`: the centre's wish, if it had one.

    `code`: the centre's own name for it, empty when it is not the centre's word.
    """

    state: LinkState
    detail: str
    retry_after_s: float | None = None
    code: str = ""


def name_transport_error(error: httpx.TransportError, *, clock_trusted: bool) -> Unreached:
    """The link's state for a failure below HTTP.

    An expired certificate under a clock that is itself in doubt says nothing about the certificate.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    match cause:
        case ssl.SSLCertVerificationError():
            state = _CERTIFICATE_STATES.get(cause.verify_code, LinkState.TLS_UNTRUSTED)
            if state is LinkState.TLS_EXPIRED and not clock_trusted:
                state = LinkState.CLOCK_WRONG
            return Unreached(state, cause.verify_message)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError() | ssl.SSLSyscallError():
            return Unreached(LinkState.OFFLINE, "connection closed inside TLS")
        case ssl.SSLError():
            return Unreached(LinkState.TLS_UNTRUSTED, cause.reason or "TLS failed")
    if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout):
        return Unreached(LinkState.SLOW, type(error).__name__)
    return Unreached(LinkState.OFFLINE, type(error).__name__)


def retry_after_s(headers: httpx.Headers, now: datetime) -> float | None:
    """Retry-After in seconds, from either of its two forms; None when absent or unreadable.

    A date is compared with the answer's own Date, since this machine's clock (`now`, used where there is none) may be
    wrong by any amount.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit() and len(value) < 10:
        return float(value)
    moment = _http_date(value)
    if moment is None:
        return None
    return max((moment - (_http_date(headers.get("Date", "")) or now)).total_seconds(), 0.0)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
