"""What the devices are: asked when a technician wants to know, by whoever owns them, never for a resident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from drivers.contract import Device, Named, Nameplate


def nameplates(devices: Mapping[str, Device]) -> dict[str, Nameplate]:
    """Kind -> nameplate of each device that can say what it is; may take some seconds."""
    return {kind: device.nameplate() for kind, device in devices.items() if isinstance(device, Named)}


def to_json(told: Mapping[str, Nameplate]) -> dict[str, Any]:
    return {kind: asdict(nameplate) for kind, nameplate in told.items()}


def from_json(plain: Mapping[str, Any]) -> dict[str, Nameplate]:
    """What `to_json` wrote; a field that this program does not know is left out."""
    return {
        kind: Nameplate(*(str(told.get(name, "")) for name in Nameplate.__slots__))
        for kind, told in plain.items()
    }
