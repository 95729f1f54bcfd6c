"""What a terminal stands on before anybody is served: keys, queue, devices, link, staff's desk."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk import keys
from kiosk.assembly.devices import key_files, open_devices
from kiosk.assembly.proofs import provers, ways_of, why_shut
from kiosk.clock import Clock
from kiosk.events import Noticed
from kiosk.journey.hands import Devices
from kiosk.journey.world import Place
from kiosk.published import Published
from kiosk.recognition.provers import Provers
from kiosk.settings import Settings
from kiosk.settings.from_afar import over
from kiosk.speech import Speaker
from kiosk.staff.answers import StaffAction
from kiosk.staff.desk import Desk, jobs
from kiosk.staff.paper import paper_jobs
from kiosk.staff.switch import ServiceSwitch
from kiosk.surroundings import Surroundings
from kiosk.watch import Watch
from offline_queue.link import Link
from offline_queue.live import LIVE_TIMEOUTS, Live
from offline_queue.policy import DEFAULT_POLICY, Policy
from offline_queue.sender import Sender
from offline_queue.store import Outbox

DEMO_POLICY = Policy(first_spread_s=0.2, cap_s=5.0, heartbeat_s=10.0)
"""A demo has no herd to spread, and somebody waits for the network to come back."""


def _nothing(*_given: object) -> None:
    return None


@dataclass(slots=True)
class Ending:
    """How the staff asked the program to end, if they did."""

    asked: StaffAction | None = None

    def ask(self, action: StaffAction) -> None:
        self.asked = action


@dataclass(frozen=True, slots=True)
class Foundation:
    """What a terminal stands on before anybody is served. Nothing is started and nothing sent."""

    place: Place
    clock: Clock
    signing_key: Ed25519PrivateKey
    outbox: Outbox
    link: Link
    live: Live
    devices: Devices
    proofs: Provers
    watch: Watch
    sender: Sender
    speaker: Speaker
    surroundings: Surroundings
    noticed: Noticed
    desk: Desk
    ending: Ending
    published: Published


def place_of(settings: Settings) -> Place:
    """Where the terminal stands, in the resident's words."""
    here = settings.terminal
    return Place(here.number, here.station, here.responsible_body, here.hotline)


def lay_foundation(
    settings: Settings,
    stack: contextlib.ExitStack,
    refresh: Callable[[], None] = _nothing,
    standing: tuple[str, ...] = (),
) -> Foundation:
    """Open keys, queue and devices; `stack` closes all but the sender, which is closed before what it uses.

    `refresh` is called when the way to the centre changed. Raises KeyFileError or a StoreError.
    """
    if not settings.terminal.demo:
        keys.refuse_demo(*key_files(settings))
    state = settings.terminal.state
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    signing_key = keys.private_key(settings.trust.terminal_key)
    publisher = keys.public_key(settings.trust.publisher_key)
    sealing = keys.sealing_key(settings.centre.sealing_key)
    acknowledgement = keys.public_keys(settings.centre.acknowledgement_key)
    clock = Clock(state / "clock.json")
    published = Published(state, publisher, clock, settings.terminal.region)
    place = place_of(over(settings, published.settings()))
    outbox = Outbox.open(
        state / "outbox",
        terminal=settings.terminal.number,
        database_key=keys.database_key(settings.trust.database_key),
        signing_key=signing_key,
        sealing_key=sealing,
        quota_bytes=settings.queue.quota_mb * 1024 * 1024,
        ballast_bytes=settings.queue.ballast_mb * 1024 * 1024,
    )
    stack.callback(outbox.close)
    signed_link = partial(
        Link,
        settings.centre.url,
        terminal=settings.terminal.number,
        signing_key=signing_key,
        ca_file=settings.centre.authority,
        clock_trusted=clock.trusted,
    )
    link = signed_link()
    live = Live(lambda: signed_link(timeouts=LIVE_TIMEOUTS), settings.terminal.number)
    stack.callback(live.close)
    devices = open_devices(settings, stack, clock)
    proofs, ways = provers(settings, devices, live, clock, stack), ways_of(settings)
    later: dict[str, Surroundings] = {}
    sender = Sender(
        outbox,
        link,
        centre_keys={keys.key_id(key): key for key in acknowledgement},
        policy=DEMO_POLICY if settings.terminal.demo else DEFAULT_POLICY,
        on_change=refresh,
        on_centre_time=clock.confirm,
        heartbeat_body=lambda: later["surroundings"].heartbeat(),  # noqa: PLW0108 - it exists later
        shelf=published,
    )
    speaker = Speaker(shlex.split(settings.speech.command))
    stack.callback(speaker.close)
    noticed, ending, switch = Noticed(), Ending(), ServiceSwitch(state)
    desk = Desk(jobs(devices, switch, ending.ask) | paper_jobs(settings, devices, place, clock))
    watch = Watch(tuple(devices.named().values()), refresh)
    stack.callback(watch.close)
    later["surroundings"] = surroundings = Surroundings(
        place,
        clock,
        devices,
        outbox,
        sender,
        lambda: published.load(settings.catalogue.directory),
        speaker,
        status_of=watch.status,
        standing=standing,
        noticed=lambda: [*switch.causes, *noticed.causes(), *why_shut(ways, proofs)],
        offered=desk.offered,
        ways=ways,
        working=proofs.working,
        published=published.told,
    )
    return Foundation(
        place,
        clock,
        signing_key,
        outbox,
        link,
        live,
        devices,
        proofs,
        watch,
        sender,
        speaker,
        surroundings,
        noticed,
        desk,
        ending,
        published,
    )
