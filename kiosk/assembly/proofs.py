"""The ways that need somebody outside, from kiosk.ini. What cannot be used is left out and said in the log."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.clerk_line.contract import ClerkLine
from drivers.clerk_line.over_http import HttpClerkLine
from drivers.eid.signed import IssuerKeyError, SignedEids, issuers_in
from kiosk.catalogue.model import Method
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.recognition.codes import CodeDesk
from kiosk.recognition.provers import Now, Provers
from kiosk.settings import Settings
from offline_queue.live import Live

log = logging.getLogger(__name__)


def provers(
    settings: Settings, devices: Devices, live: Live, clock: Clock, stack: contextlib.ExitStack
) -> Provers:
    """Without an issuer's key no e-ID is believed, without an address no clerk is asked: both fail to the shut side."""

    def now() -> Now:
        return Now(clock.now().wall_utc, clock.trusted())

    made = Provers(
        devices,
        CodeDesk(live),
        SignedEids(_issuers(settings), since_now(clock)),
        _clerks(settings),
        settings.terminal.number,
        now,
    )
    stack.callback(made.close)
    return made


def ways_of(settings: Settings) -> frozenset[Method]:
    """Those of the village that its fittings allow: without a slot, as always in service, a helper's card is no way."""
    ways = frozenset(map(Method, settings.recognition.offered))
    return ways - {Method.HELPER} if settings.card_reader.helper_kind == "none" else ways


def why_shut(ways: AbstractSet[Method], made: Provers) -> tuple[str, ...]:
    """Causes of the health that keep a way of the village shut for as long as kiosk.ini stays as it is."""
    return ("config.one_camera",) if Method.QR in ways and made.codes_by_face_camera() else ()


def since_now(clock: Clock) -> Callable[[], float]:
    """Seconds since this call, whatever the wall clock is set to meanwhile."""
    began_ns = clock.now().monotonic_ns
    return lambda: (clock.now().monotonic_ns - began_ns) / 1e9


def _issuers(settings: Settings) -> dict[str, Ed25519PublicKey]:
    try:
        return issuers_in(settings.recognition.eid_issuers)
    except (IssuerKeyError, OSError) as error:
        # The name of a file that the technician put there, and nothing else.
        log.error("no e-ID is believed: %s in recognition.eid_issuers", error or type(error).__name__)
        return {}


def _clerks(settings: Settings) -> ClerkLine | None:
    wanted = settings.recognition
    if not wanted.clerk_address or Method.CLERK.value not in wanted.offered:
        return None
    authority = Path(wanted.clerk_authority) if wanted.clerk_authority else None
    try:
        return HttpClerkLine(wanted.clerk_address, authority, demo=settings.terminal.demo)
    except (ValueError, OSError) as error:
        log.error("no clerk is asked: recognition.clerk_address or clerk_authority: %s", type(error).__name__)
        return None
