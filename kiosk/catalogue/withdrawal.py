"""How a case is withdrawn, as a definition: the same notice, consent, card and recognition as every service.

It belongs to the program and not to a publisher: it is no service of a department, stands on no tile, and a case of
a service that this terminal does not offer is withdrawn by it as well.
"""

from __future__ import annotations

from pathlib import Path

from kiosk.catalogue.load import Rejection, read
from kiosk.catalogue.model import Definition

FILE = Path(__file__).with_name("withdrawal.json")


def withdrawal(responsible_body: str) -> Definition:
    """The definition, with who is responsible. RuntimeError when the program's own file is not sound."""
    found = read(FILE)
    if isinstance(found, Rejection):
        message = f"{found.file}: {found.message_en}"
        raise RuntimeError(message)
    return found.model_copy(update={"department": responsible_body})
