"""The children of all readers, printers and tokens of a terminal die, by either signal, in every phase of their life.

All at once, which is the worst and takes the least time. Meanwhile the terminal serves and its heartbeat says
what is the matter; then each device works again. Camera and faces are in `test_killed_children`.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from drivers.card_reader.protocol import Command
from drivers.card_reader.simulated_usb import SimulatedUsbReader
from drivers.card_reader.simulated_usb_backend import simulated_port
from drivers.card_reader.usb_address import parse
from drivers.card_reader.usb_link import UsbLink
from drivers.card_reader.virtual_card import IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import VirtualSlot
from drivers.contract import Failed, Ok, Outcome
from drivers.document_printer.simulated import Fault, VirtualPrinter
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_usb import UsbEnd
from drivers.worker import Worker
from kiosk.journey.events import IdleExpired
from tests.drivers.card_reader.card_service import running_service
from tests.drivers.card_reader.people import CARD, HELPER, RESIDENT
from tests.drivers.document_printer.rig import TWO_LISTS, document
from tests.drivers.receipt_printer.slips import slip
from tests.drivers.token import soft_tokens
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER
from tests.kiosk.terminal.hall import NO_CAMERA, Hall, hall

pytestmark = pytest.mark.xdist_group(ONE_READER)

NEVER = threading.Event()
LONG_S = 90.0
KINDS = ["card", "helper", "token", "printer", "a4"]
by_each_signal = pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV], ids=lambda how: how.name)


@dataclass(slots=True)
class Stand:
    """The terminal, and what is at the far end of its wires."""

    hall: Hall
    bus: UsbEnd
    pad: SimulatedUsbReader
    chip: VirtualCard
    slot: VirtualSlot
    pool: ThreadPoolExecutor
    jobs: int = 0

    def device(self, kind: str) -> Any:
        return self.hall.terminal.devices.named()[kind]

    def worker(self, kind: str) -> Worker:
        device = self.device(kind)
        owner = {"card": lambda: device._module._link, "printer": lambda: device._way}.get(
            kind, lambda: device
        )()
        worker = owner._worker
        assert isinstance(worker, Worker)
        return worker

    @property
    def a4(self) -> VirtualPrinter:
        assert self.hall.village._a4 is not None, "this machine has no print service"
        return self.hall.village._a4.printer

    def told(self, kind: str) -> bool:
        """Whether the next heartbeat says that this device does not work, and why."""
        surroundings = self.hall.terminal.surroundings
        body, usable = surroundings.heartbeat(), surroundings.statuses()[kind].usable
        named = {"device.unknown"} | {cause for cause in body["causes"] if cause.split(".")[0] == kind}
        return not usable and bool(named & set(body["causes"])) and body["state"] != "live"

    def all_fine(self) -> bool:
        return all(self.hall.terminal.surroundings.statuses()[kind].usable for kind in KINDS)

    def next_job(self) -> str:
        self.jobs += 1
        return f"0142-20261126-{self.jobs:04}"

    def use(self, kind: str) -> Any:
        """What the device is for, once: what its driver says of it."""
        match kind:
            case "card" | "helper":
                return self.device(kind).read(LONG_S, NEVER)
            case "token":
                return self.device(kind).tokens()
            case "printer":
                return self.device(kind).print_slip(slip(job_id=self.next_job()))
            case _:
                return self.device(kind).print_document(document(self.next_job()))

    def put_cards(self) -> None:
        self.pad.put_card(CARD)
        self.slot.put(self.chip)

    def take_cards(self) -> None:
        self.pad.take_card()
        self.slot.take()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ExitStack() as stack:
        slot = VirtualSlot(stack.enter_context(running_service()))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        bus, pad = UsbEnd(), SimulatedUsbReader()
        stack.enter_context(SimulatedPrinter(bus))
        stack.callback(pad.close)
        chip = VirtualCard(IdentityFileCard(HELPER))
        stack.callback(slot.take)
        link = partial(UsbLink, parse("usb:"), simulated_port, (pad.path,))
        patch.setattr("drivers.card_reader.links.link_to", lambda *_given: link())
        token = tmp_path_factory.mktemp("token")
        soft_tokens.make(token, "token", "ec", soft_tokens.new_issuer())
        patch.setenv("SOFTHSM2_CONF", str(soft_tokens.configure(token)))
        printer = partial(EscposPrinter, usb_bridge=bus.bridge)
        patch.setattr("drivers.receipt_printer.escpos_printer.EscposPrinter", printer)
        settings = {
            **NO_CAMERA,
            ("card_reader", "port"): "usb:",
            ("card_reader", "helper_kind"): "pcsc",
            ("receipt_printer", "address"): "usb:",
            ("token", "module"): str(soft_tokens.module()),
        }
        made = stack.enter_context(hall(tmp_path_factory.mktemp("wires"), settings=settings, use_a4=True))
        pool = stack.enter_context(ThreadPoolExecutor(len(KINDS)))
        stand = Stand(made, bus, pad, chip, slot, pool)
        stand.device("helper")._conversation_s = LONG_S  # its own is for a terminal with a machine to itself
        stand.device("token")._deadline_s = LONG_S
        yield stand


@pytest.fixture
def stand(standing: Stand) -> Stand:
    """Everything works, and nobody stands before it."""
    assert wait_until(standing.all_fine, LONG_S), standing.hall.terminal.surroundings.statuses()
    assert wait_until(lambda: all(standing.worker(kind).pid for kind in KINDS))
    for kind in KINDS:
        standing.worker(kind)._deaths_in_a_row = 0  # each test is about a first death, not about a storm
    return standing


@contextmanager
def instead_of_spawn(stand: Stand, kind: str, spawn: Callable[[Callable[[], Any]], Any]) -> Iterator[None]:
    """`spawn` is called in the place of the method that starts this device's children, and is given it."""
    worker = stand.worker(kind)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_spawn", partial(spawn, worker._spawn))
        yield


def end_all(stand: Stand, how: signal.Signals) -> None:
    for pid in [stand.worker(kind).pid for kind in KINDS]:
        assert pid is not None
        os.kill(pid, how)


def all_work_again(stand: Stand) -> None:
    assert wait_until(stand.all_fine, LONG_S), stand.hall.terminal.surroundings.statuses()
    stand.put_cards()
    card, helper, token, slip_, sheet = stand.pool.map(stand.use, KINDS)
    stand.take_cards()
    assert isinstance(card, Ok), card
    assert isinstance(helper, Ok), helper
    assert (card.value.document, helper.value.document) == (RESIDENT, HELPER)
    assert isinstance(token, Ok), token
    assert len(token.value) == 1
    assert (slip_.outcome, sheet.outcome) == (Outcome.DONE, Outcome.DONE), (slip_, sheet)


@by_each_signal
def test_ended_while_idle_each_is_told_and_the_terminal_serves(stand: Stand, how: signal.Signals) -> None:
    """No new child is started meanwhile: what is to be seen needs no luck."""
    goes_on = threading.Event()

    def held(spawn: Callable[[], Any]) -> Any:
        goes_on.wait()
        return spawn()

    with ExitStack() as stack:
        for kind in KINDS:
            stack.enter_context(instead_of_spawn(stand, kind, held))
        stack.callback(goes_on.set)
        end_all(stand, how)
        assert wait_until(lambda: all(stand.told(kind) for kind in KINDS)), "nothing is said of one of them"
        stand.hall.press("begin")
        stand.hall.play(wait_state="home")
        stand.hall.terminal.send(IdleExpired())
        stand.hall.play(wait_state="attract")
    all_work_again(stand)


@by_each_signal
def test_ended_while_it_starts_another_follows(stand: Stand, how: signal.Signals) -> None:
    ended: dict[str, int] = {}

    def short_lived(kind: str, spawn: Callable[[], Any]) -> Any:
        child = spawn()
        if kind not in ended:
            ended[kind] = child.process.pid
            os.kill(child.process.pid, how)
        return child

    with ExitStack() as stack:
        for kind in KINDS:
            stack.enter_context(instead_of_spawn(stand, kind, partial(short_lived, kind)))
            stand.worker(kind).restart()
        assert wait_until(lambda: ended.keys() == set(KINDS))
        assert wait_until(lambda: all(stand.worker(kind).pid for kind in KINDS), LONG_S)
    assert all(stand.worker(kind).pid != ended[kind] for kind in KINDS)
    all_work_again(stand)


@by_each_signal
def test_ended_in_the_middle_nothing_is_wrongly_called_done_and_nothing_done_twice(
    stand: Stand, how: signal.Signals
) -> None:
    asked, goes_on = threading.Event(), threading.Event()

    def stop_in_the_middle(apdu: bytes) -> None:
        if apdu[1] == 0xB0:
            asked.set()
            goes_on.wait()

    slips = len(stand.device("printer").unsettled().unknown)
    finds, sheets = stand.pad.heard(Command.FIND), len(stand.a4.begun())
    stand.chip.before_answer = stop_in_the_middle
    stand.slot.put(stand.chip)
    stand.bus.stall_after(6_000)
    stand.a4.set_fault(Fault.SLOW)
    using = {kind: stand.pool.submit(stand.use, kind) for kind in KINDS}
    try:
        assert wait_until(lambda: stand.pad.heard(Command.FIND) > finds)
        assert asked.wait(LONG_S)
        assert wait_until(lambda: stand.bus.stalled)
        assert wait_until(lambda: len(stand.a4.begun()) > sheets)
        questions = stand.a4.questions()
        assert wait_until(lambda: stand.a4.questions() >= questions + TWO_LISTS)
        end_all(stand, how)
        assert wait_until(using["printer"].done)
    finally:
        stand.chip.before_answer = None
        goes_on.set()
        stand.bus.stall_after(None)
        stand.a4.set_fault(Fault.NONE)
        stand.pad.put_card(CARD)
    card, helper, _, slip_, sheet = (using[kind].result(LONG_S) for kind in KINDS)
    stand.take_cards()
    for read, meant in ((card, RESIDENT), (helper, HELPER)):
        assert isinstance(read, Failed) or read.value.document == meant
    assert slip_.outcome is Outcome.UNKNOWN, "nobody knows what the paper shows"
    assert sheet.outcome is Outcome.DONE, "the print service has it, and the next child asks on"
    assert len(stand.a4.begun()) == sheets + 1
    assert len(stand.device("printer").unsettled().unknown) == slips + 1, "for staff to look at"
    assert stand.device("a4").unsettled().unknown == ()
    all_work_again(stand)
