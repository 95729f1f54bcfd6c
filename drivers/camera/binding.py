"""Which device node is the camera that kiosk.ini names: asked of sysfs at every opening.

A number is no name: after a replug `/dev/video0` may be another camera, or the metadata node of the
same one. So a camera is named by its USB ids, or by a link that udev keeps under `/dev/v4l`.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.camera.contract import CameraFailure
from drivers.contract import Failed, Nameplate, Ok

USB_SOURCE = re.compile(r"usb:([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?", re.IGNORECASE)
NUMBERED = re.compile(r"(?:/dev/video)?(\d{1,3})")
NODE_NAME = re.compile(r"video\d{1,3}")
VIRTUAL_PARENTS = ("virtual", "vhci_hcd", "dummy_hcd", "vivid", "vimc")
"""Names in a sysfs path of devices that somebody's program feeds: v4l2loopback (`virtual`), USB over
the network, gadgets looped back, the kernel's test drivers."""

VIDIOC_QUERYCAP = 0x80685600
"""_IOR('V', 0, struct v4l2_capability), 104 bytes (linux/videodev2.h)."""
CAPABILITY = struct.Struct("16s32s32sIII12x")
CAP_VIDEO_CAPTURE = 0x0000_0001
CAP_VIDEO_CAPTURE_MPLANE = 0x0000_1000
CAP_DEVICE_CAPS = 0x8000_0000

Capabilities = Callable[[Path], int | None]


@dataclass(frozen=True, slots=True)
class Roots:
    """Where the kernel shows its devices; a test brings its own trees."""

    sys: Path = Path("/sys")
    dev: Path = Path("/dev")


THIS_MACHINE = Roots()


@dataclass(frozen=True, slots=True)
class _Node:
    """One video node. `usb_device`: its directory in sysfs, None for what does not hang on USB."""

    path: Path
    index: int
    is_virtual: bool
    usb_device: Path | None


def resolve(
    source: str, *, demo: bool, roots: Roots = THIS_MACHINE, capabilities: Capabilities | None = None
) -> Ok[str] | Failed[CameraFailure]:
    """What to open for `source` now: a device node, or in a demo also a file or an address.

    `usb:VID:PID[:serial]`, a path under `/dev/v4l/`; in a demo also a file, an address, `/dev/videoN`
    or N. ABSENT when nothing fits, AMBIGUOUS when two devices do, REFUSED what only a demo may use.
    Nothing is captured here: a node is asked for its capabilities, which lights no lamp.
    """
    asked = capabilities or query_capabilities
    usb = USB_SOURCE.fullmatch(source)
    if usb is not None:
        return _by_usb(usb.group(1).lower(), usb.group(2).lower(), usb.group(3), demo, roots, asked)
    if source.startswith("/dev/v4l/"):
        link = roots.dev / source.removeprefix("/dev/")
        return _by_path(link.resolve(), demo, roots, asked)
    if not demo:
        return Failed(CameraFailure.REFUSED, "not bound to a device")
    numbered = NUMBERED.fullmatch(source)
    if numbered is not None:
        return _by_path(roots.dev / f"video{numbered.group(1)}", demo, roots, asked)
    if "://" in source or Path(source).is_file():
        return Ok(source)
    return Failed(CameraFailure.ABSENT)


def nameplate(source: str, roots: Roots = THIS_MACHINE) -> Nameplate:
    """What the USB device behind `source` says of itself, by sysfs; empty unless exactly one fits.

    The firmware is `bcdDevice`, the release number that the maker gave the device.
    """
    devices = {node.usb_device for node in _nodes(roots) if _means(source, node, roots)}
    device = devices.pop() if len(devices) == 1 else None
    if device is None:
        return Nameplate()
    ids = f"usb:{_text(device / 'idVendor')}:{_text(device / 'idProduct')}"
    words = (_text(device / "manufacturer"), _text(device / "product"), ids)
    return Nameplate(" ".join(filter(None, words)), _text(device / "bcdDevice"), _text(device / "serial"))


def _means(source: str, node: _Node, roots: Roots) -> bool:
    usb, numbered = USB_SOURCE.fullmatch(source), NUMBERED.fullmatch(source)
    if usb is not None:
        return _is_usb(node, usb.group(1).lower(), usb.group(2).lower(), usb.group(3))
    if source.startswith("/dev/v4l/"):
        return node.path.name == (roots.dev / source.removeprefix("/dev/")).resolve().name
    return numbered is not None and node.path.name == f"video{numbered.group(1)}"


def _is_usb(node: _Node, vendor: str, product: str, serial: str | None) -> bool:
    device = node.usb_device
    return (
        device is not None
        and (_text(device / "idVendor"), _text(device / "idProduct")) == (vendor, product)
        and (serial is None or _text(device / "serial") == serial)
    )


def query_capabilities(node: Path) -> int | None:
    """`device_caps` of a node by VIDIOC_QUERYCAP; None when it cannot be asked."""
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        answer = fcntl.ioctl(descriptor, VIDIOC_QUERYCAP, bytes(CAPABILITY.size))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    *_, whole, of_this_node = CAPABILITY.unpack(answer)
    return int(of_this_node if whole & CAP_DEVICE_CAPS else whole)


def _by_usb(
    vendor: str, product: str, serial: str | None, demo: bool, roots: Roots, capabilities: Capabilities
) -> Ok[str] | Failed[CameraFailure]:
    fitting = [node for node in _nodes(roots) if _is_usb(node, vendor, product, serial)]
    real = [node for node in fitting if demo or not node.is_virtual]
    if fitting and not real:
        return Failed(CameraFailure.REFUSED, "a virtual device")
    if len({node.usb_device for node in real}) > 1:
        return Failed(CameraFailure.AMBIGUOUS)
    for node in sorted(real, key=lambda node: (node.index, node.path.name)):
        if _captures(node, capabilities):
            return Ok(str(node.path))
    return Failed(CameraFailure.ABSENT, "no node captures" if real else "")


def _by_path(
    path: Path, demo: bool, roots: Roots, capabilities: Capabilities
) -> Ok[str] | Failed[CameraFailure]:
    for node in _nodes(roots):
        if node.path.name == path.name:
            if node.is_virtual and not demo:
                return Failed(CameraFailure.REFUSED, "a virtual device")
            if not _captures(node, capabilities):
                return Failed(CameraFailure.ABSENT, "this node does not capture")
            return Ok(str(node.path))
    return Failed(CameraFailure.ABSENT)


def _captures(node: _Node, capabilities: Capabilities) -> bool:
    """Pictures and not metadata. A node that cannot be asked counts as the first of its interface."""
    known = capabilities(node.path)
    if known is None:
        return node.index == 0
    return bool(known & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE))


def _nodes(roots: Roots) -> Iterator[_Node]:
    """Every video node whose device file is there too."""
    shown = roots.sys / "class" / "video4linux"
    for entry in sorted(shown.iterdir()) if shown.is_dir() else ():
        path = roots.dev / entry.name
        if not NODE_NAME.fullmatch(entry.name) or not path.exists():
            continue
        device = entry.resolve()
        inside = device.relative_to(roots.sys.resolve()).parts
        index = _text(device / "index")
        yield _Node(
            path,
            int(index) if index.isdecimal() else 0,
            any(part == name or part.startswith(f"{name}.") for part in inside for name in VIRTUAL_PARENTS),
            next((parent for parent in device.parents if (parent / "idVendor").is_file()), None),
        )


def _text(file: Path) -> str:
    """One attribute of sysfs; '' when it is not there (any more)."""
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
