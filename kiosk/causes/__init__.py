"""The closed vocabulary of what can be wrong, with words for resident and technician."""

from kiosk.causes.devices import OF_DEVICES
from kiosk.causes.office import OF_OFFICE
from kiosk.causes.text import CauseText

__all__ = ["CAUSES", "CauseText"]

CAUSES: dict[str, CauseText] = {**OF_DEVICES, **OF_OFFICE}
"""Every cause that a terminal may report."""
