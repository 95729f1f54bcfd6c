"""The address that the police wrote on the chip after the card was printed (30 03).

Whoever moved has a printed address that is wrong. So the evidence says which one was read.
"""

from __future__ import annotations

from dataclasses import replace

from drivers.card_reader import layout
from drivers.card_reader.contract import Document, DocumentKind
from drivers.card_reader.module_status import meaning
from drivers.card_reader.protocol import Command
from drivers.card_reader.reader_state import Patience
from drivers.card_reader.sam import SamModule
from drivers.contract import Check, CheckOutcome, Failed
from drivers.evidence import CheckName

_KINDS = frozenset({DocumentKind.RESIDENT, DocumentKind.HMT_PERMIT})


def newest_address(module: SamModule, document: Document, patience: Patience) -> tuple[Document, Check]:
    """Ask once, right after the card was read; without an answer the printed address stays, and is not passed."""
    if document.kind not in _KINDS:
        return document, _check(CheckOutcome.NOT_DONE, "this kind of card has no address")
    if patience.over:
        return document, _check(CheckOutcome.NOT_DONE, "no time was left to ask")
    answer = module.command(Command.READ_EXTRA, patience)
    if isinstance(answer, Failed):
        return document, _check(CheckOutcome.FAILED, answer.detail or answer.reason.value)
    match answer.value.status:
        case 0x90:
            address = layout.decode_address(answer.value.data)
            if isinstance(address, Failed):
                return document, _check(CheckOutcome.FAILED, address.detail)
            if address.value:
                return replace(document, address=address.value), _check(CheckOutcome.PASSED, "from the chip")
            return document, _check(CheckOutcome.PASSED, "none on the chip, the printed one holds")
        case 0x91:
            return document, _check(CheckOutcome.PASSED, "none on the chip, the printed one holds")
        case 0x21:
            return document, _check(CheckOutcome.NOT_DONE, "the module does not know the question")
        case status:
            return document, _check(CheckOutcome.FAILED, meaning(status).text)


def _check(outcome: CheckOutcome, detail: str) -> Check:
    return Check(CheckName.NEWEST_ADDRESS, outcome, detail)
