"""Which device node is the camera that kiosk.ini names: asked of sysfs at every opening.

A number is no name: after a replug `/dev/video0` may be another camera, or the metadata node of the
same one. So a camera is named by its USB ids, or by a link that udev keeps under `/dev/v4l`.
"""

from __future__ import annotations

import contextlib
import errno
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
VIDIOC_REQBUFS = 0xC0145608
"""_IOWR('V', 8, struct v4l2_requestbuffers), 20 bytes (linux/videodev2.h)."""
BUFFER_REQUEST = struct.Struct("III8x")
BUFFERS_OF_CAPTURE, BUFFERS_OF_CAPTURE_MPLANE = 1, 9
MEMORY_MMAP = 1
CAP_VIDEO_CAPTURE = 0x0000_0001
CAP_VIDEO_CAPTURE_MPLANE = 0x0000_1000
CAP_DEVICE_CAPS = 0x8000_0000

FAILURE_OF: dict[int | None, CameraFailure] = {
    errno.EACCES: CameraFailure.DENIED,
    errno.EPERM: CameraFailure.DENIED,
    errno.EBUSY: CameraFailure.BUSY,
    errno.ENOENT: CameraFailure.ABSENT,
    errno.ENODEV: CameraFailure.ABSENT,
    errno.ENXIO: CameraFailure.ABSENT,
}
"""What the kernel answers to opening a node; any other error is `UNOPENABLE`."""
KNOWS_NO_SUCH_REQUEST = (errno.ENOTTY, errno.EINVAL)

Capabilities = Callable[[Path], Ok[int | None] | Failed[CameraFailure]]


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
    or N. ABSENT when nothing fits, AMBIGUOUS when two devices do, REFUSED what only a demo may use;
    DENIED, BUSY, UNOPENABLE when the node that fits cannot be had.
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


def are_one(one: str, other: str, roots: Roots = THIS_MACHINE) -> bool:
    """Whether both sources may mean the same camera, as things are plugged now: two nodes of one USB device are one.

    Of what is no device, in a demo, the file or the address decides. A source that nothing fits is no camera.
    """
    if one == other or Path(one).resolve() == Path(other).resolve():
        return True
    nodes = list(_nodes(roots))
    mine, its = (
        {node.usb_device or node.path for node in nodes if _means(source, node, roots)}
        for source in (one, other)
    )
    return not mine.isdisjoint(its)


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


def plugged(source: str, roots: Roots = THIS_MACHINE) -> frozenset[tuple[str, int, int]]:
    """What `source` is now, to be compared with later: another value after each plugging-in.

    A device node is made anew by every plug. Other rights on it make another value too: what was
    found out without them is worth no more.
    """
    paths = [node.path for node in _nodes(roots) if _means(source, node, roots)] or [Path(source)]
    found = set()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            seen = path.stat()
            found.add((path.name, seen.st_ino, seen.st_ctime_ns))
    return frozenset(found)


def query_capabilities(node: Path) -> Ok[int | None] | Failed[CameraFailure]:
    """`device_caps` of a node by VIDIOC_QUERYCAP, None when it knows no such request; why it cannot be had.

    No buffers are asked for as well: the kernel refuses even that while another program captures.
    """
    try:
        descriptor = os.open(node, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return _refused(error)
    try:
        answer = fcntl.ioctl(descriptor, VIDIOC_QUERYCAP, bytes(CAPABILITY.size))
        *_, whole, of_this_node = CAPABILITY.unpack(answer)
        known = int(of_this_node if whole & CAP_DEVICE_CAPS else whole)
        return Failed(CameraFailure.BUSY) if _is_taken(descriptor, known) else Ok(known)
    except OSError as error:
        return Ok(None) if error.errno in KNOWS_NO_SUCH_REQUEST else _refused(error)
    finally:
        os.close(descriptor)


def _refused(error: OSError) -> Failed[CameraFailure]:
    return Failed(FAILURE_OF.get(error.errno, CameraFailure.UNOPENABLE), error.strerror or "")


def _is_taken(descriptor: int, known: int) -> bool:
    """Another program has the node's buffers: many drivers let everybody open, and one capture."""
    if not known & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE):
        return False
    kind = BUFFERS_OF_CAPTURE if known & CAP_VIDEO_CAPTURE else BUFFERS_OF_CAPTURE_MPLANE
    try:
        fcntl.ioctl(descriptor, VIDIOC_REQBUFS, BUFFER_REQUEST.pack(0, kind, MEMORY_MMAP))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


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
        captures = _captures(node, capabilities)
        if isinstance(captures, Failed):
            return captures
        if captures.value:
            return Ok(str(node.path))
    return Failed(CameraFailure.ABSENT, "no node captures" if real else "")


def _by_path(
    path: Path, demo: bool, roots: Roots, capabilities: Capabilities
) -> Ok[str] | Failed[CameraFailure]:
    for node in _nodes(roots):
        if node.path.name == path.name:
            if node.is_virtual and not demo:
                return Failed(CameraFailure.REFUSED, "a virtual device")
            if node.usb_device is None and not demo:
                # A platform device may be a program's as well: its node looks like any other.
                return Failed(CameraFailure.REFUSED, "not on USB")
            captures = _captures(node, capabilities)
            if isinstance(captures, Failed):
                return captures
            if captures.value:
                return Ok(str(node.path))
            return Failed(CameraFailure.ABSENT, "this node does not capture")
    return Failed(CameraFailure.ABSENT)


def _captures(node: _Node, capabilities: Capabilities) -> Ok[bool] | Failed[CameraFailure]:
    """Pictures and not metadata. Of what knows no such request the first of its interface captures."""
    answer = capabilities(node.path)
    if isinstance(answer, Failed):
        return answer
    if answer.value is None:
        return Ok(node.index == 0)
    return Ok(bool(answer.value & (CAP_VIDEO_CAPTURE | CAP_VIDEO_CAPTURE_MPLANE)))


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
