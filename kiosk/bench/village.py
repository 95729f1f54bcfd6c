"""A village hall in a box: every device's far end, on real transports, moved by hand or by script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from drivers.camera.simulated_name import NamedCamera
from drivers.card_reader import framing, simulated_photo
from drivers.card_reader.protocol import PHOTO_SIZE
from drivers.card_reader.simulated import SimulatedSdtReader
from drivers.card_reader.simulated_module import SimulatedCard
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import VirtualService, VirtualSlot
from drivers.contract import Failed, Ok
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.sensors.simulated import SimulatedSysfs
from kiosk.bench import children, faults
from kiosk.bench.a4_corner import A4Corner
from kiosk.bench.fault_proxy import FaultProxy, Mode
from kiosk.bench.people import HELPERS, PEOPLE, SIGHTS, Person
from kiosk.bench.registers import SimulatedRegisters
from kiosk.bench.scenes import moved, scene
from kiosk.bench.smart_cards import CardKind, SmartCardSlot
from kiosk.journey.events import Event
from kiosk.journey.visit import Visit

STRAIGHT = faults.OK
"""What a head does that makes no movement."""


class NoCardServiceError(Exception):
    """There is no PC/SC reader to put up: the smart-card service does not run. The text says why."""


class Village:
    """Starts everything in `__init__`, ends everything in `close`; `settings` are for kiosk.ini.

    `use_helper_slot` off leaves the machine's smart-card service alone. `use_a4` starts a print service
    with a virtual A4 printer, which takes two seconds; `a4` tells whether it stands. `registers` stand behind
    the centre and are another's to close. With the `card_kind` pcsc residents come with their social-security cards; raises NoCardServiceError where that cannot be.
    """

    def __init__(
        self,
        faces: Path,
        centre_port: int,
        *,
        use_helper_slot: bool = True,
        use_a4: bool = False,
        card_kind: CardKind = "sdt",
        registers: SimulatedRegisters | None = None,
    ) -> None:
        self._faces = faces
        self._registers = registers
        with ExitStack() as stack:
            self.reader = SimulatedSdtReader()
            stack.callback(self.reader.close)
            self.printer = SimulatedPrinter()
            stack.callback(self.printer.close)
            self.camera = NamedCamera(scene(SIGHTS["street"], faces))
            stack.callback(self.camera.close)
            self.proxy = FaultProxy(centre_port)
            self.proxy.start()
            stack.callback(self.proxy.close)
            self._service = VirtualService()
            stack.callback(self._service.stop)
            self.smart_cards = self._open_smart_cards(stack) if card_kind == "pcsc" else None
            self.helper_slot = use_helper_slot and isinstance(self._service.start(), Ok)
            self._cabinet = SimulatedSysfs.grown(
                Path(stack.enter_context(TemporaryDirectory(prefix="cabinet-")))
            )
            self._a4 = A4Corner.open(stack) if use_a4 else None
            self._helpers = VirtualSlot(self._service)
            stack.callback(self._helpers.take)
            self._stack = stack.pop_all()
        self.card = ""
        self.helper = ""
        self.sight = "street"
        self.now = dict.fromkeys(
            ("paper", "reader", "smart_card", "printer", "lens", "cabinet", "a4"), faults.OK
        )
        """What `set` made so, by what."""
        self.terminal: Callable[[], int | None] = lambda: None
        """The terminal's process, None while none runs: whoever starts it here says how to know."""
        self.now |= {
            "network": "up",
            "movement": STRAIGHT,
            "service": "up" if self.card_service else "down",
            "print_service": "up" if self.a4 else "down",
            "registers": faults.OK if registers else "down",
        }

    def close(self) -> None:
        self._stack.close()

    @property
    def a4(self) -> bool:
        """Whether an A4 printer stands here."""
        return self._a4 is not None

    @property
    def registers(self) -> bool:
        """Whether the centre here has registers to ask."""
        return self._registers is not None

    @property
    def card_service(self) -> bool:
        """Whether the smart-card service has a part to play here."""
        return self.helper_slot or self.smart_cards is not None

    def _open_smart_cards(self, stack: ExitStack) -> SmartCardSlot:
        if isinstance(started := self._service.start(), Failed):
            raise NoCardServiceError(started.detail or started.reason.value)
        slot = SmartCardSlot(self._service)
        stack.callback(slot.close)
        return slot

    def settings(self) -> dict[tuple[str, str], str]:
        """Where the terminal finds this village's devices: (section, key) -> value."""
        return {
            ("card_reader", "kind"): "sdt",
            ("card_reader", "port"): self.reader.path,
            ("card_reader", "helper_kind"): "pcsc" if self.helper_slot else "none",
            (
                "card_reader",
                "photo_decoder",
            ): f"{sys.executable} -m drivers.card_reader.simulated_photo_decoder",
            ("camera", "source"): self.camera.address,
            # Whoever plays the resident has to read the screen and press a button first.
            ("face", "movement_s"): "15",
            **({} if self.smart_cards is None else self.smart_cards.settings()),
            **{
                ("sensors", name): value
                for name, value in asdict(self._cabinet.wanted).items()
                if name in ("door", "temperature", "mains", "battery")
            },
            **({} if self._a4 is None else self._a4.settings()),
            ("receipt_printer", "address"): self.printer.address,
            ("centre", "url"): f"https://127.0.0.1:{self.proxy.port}",
        }

    def chip_photo(self, person: str) -> bytes | None:
        """The photo as this person's chip holds it, a BMP; None when it holds none.

        Raises OSError when set-up has not fetched the picture.
        """
        if self.smart_cards is not None:
            return None
        packed = self._packed_photo(PEOPLE[person])
        return None if packed is None else simulated_photo.decode(packed)

    def sight_picture(self, sight: str) -> bytes:
        """What the camera would see, a PNG. Raises OSError as `chip_photo` does."""
        return scene(SIGHTS[sight], self._faces)

    def put_card(self, person: str) -> None:
        """Lay this person's card on the pad; the chip's photo is framed and packed like a real one.

        Into a PC/SC reader goes the social-security card; raises OSError while that reader is away.
        """
        who = PEOPLE[person]
        if self.smart_cards is not None:
            self.smart_cards.put(who.social_security)
        else:
            self.reader.put_card(SimulatedCard(who.document, self._packed_photo(who) or bytes(PHOTO_SIZE)))
        self.card = person

    def _packed_photo(self, who: Person) -> bytes | None:
        if who.card_face is None:
            return None
        picture = (self._faces / who.card_face.file).read_bytes()
        left, top, right, bottom = who.card_face.face
        framed = framing.frame_portrait(picture, (left, top, right - left, bottom - top))
        return simulated_photo.encode(framed)

    def take_card(self) -> None:
        if self.smart_cards is not None:
            self.smart_cards.take()
        else:
            self.reader.take_card()
        self.card = ""

    def put_helper_card(self, helper: str) -> None:
        self.take_helper_card()
        self._helpers.put(VirtualCard(IdentityFileCard(HELPERS[helper])))
        self.helper = helper

    def take_helper_card(self) -> None:
        self._helpers.take()
        self.helper = ""

    def show_face(self, sight: str) -> None:
        self.camera.show(scene(SIGHTS[sight], self._faces))
        self.sight, self.now["movement"] = sight, STRAIGHT

    def move_head(self, movement: str) -> None:
        """Who stands there makes this movement and holds it; "" is straight again. A road does not move."""
        before = self.now["movement"]
        self.now["movement"] = movement or STRAIGHT
        self.camera.play_pictures(
            moved(SIGHTS[self.sight], self._faces, "" if before == STRAIGHT else before, movement)
        )

    def follow(self, before: Visit, _event: Event, after: Visit) -> None:
        """What is asked on the screen is done before the camera: for who plays a visit by itself."""
        if after.face.prompt is not before.face.prompt:
            self.move_head("" if after.face.prompt is None else after.face.prompt.value)

    def set(self, what: str, value: str) -> None:
        """Make something so until it is set again. Raises KeyError for what there is not, OSError as devices do."""
        match what:
            case "network":
                self.proxy.mode = Mode(value)
            case "paper":
                faults.set_printer(self.printer, self.now["printer"], value)
            case "printer":
                faults.set_printer(self.printer, value, self.now["paper"])
            case "reader" if self.smart_cards is None:
                faults.set_reader(self.reader, value)
            case "smart_card" if self.smart_cards is not None:
                self._set_smart_card(self.smart_cards, value)
            case "lens":
                faults.set_lens(self.camera, value)
            case "cabinet":
                faults.set_cabinet(self._cabinet, value)
            case "a4" if self._a4 is not None:
                self._a4.set_fault(value)
            case "print_service" if self._a4 is not None:
                self._a4.set_service(value)
            case "service":
                self._set_service(value)
            case "registers" if self._registers is not None:
                self._registers.set(value)
            case _:
                raise KeyError(what)
        self.now[what] = value

    def _set_smart_card(self, slot: SmartCardSlot, fault: str) -> None:
        """Whoever unplugs the reader takes the cards out of both its slots first."""
        if fault == faults.UNPLUGGED:
            self.take_card()
            self.take_helper_card()
        slot.set_fault(fault)

    def replug(self, what: str) -> None:
        """Take the `reader` or the `camera` away and put it into another socket: it has another number then.

        Raises KeyError for another thing, OSError as devices do.
        """
        {"reader": self.reader.replug, "camera": self.camera.replug_elsewhere}[what]()

    def strike(self, what: str, family: str) -> int:
        """Send what `children.HOW` has for `what` to the terminal's children of this family; how many there were."""
        terminal = self.terminal()
        return 0 if terminal is None else children.strike(terminal, family, children.HOW[what])

    def _set_service(self, state: str) -> None:
        """The smart-card service: `down` ends it with the cards in it."""
        if state == "down":
            self.take_helper_card()
            if self.smart_cards is not None:
                self.take_card()
            self._service.stop()
        elif isinstance(started := self._service.start(), Failed):
            raise OSError(started.detail or started.reason.value)
