"""A camera is found by what it is, not by its number. On fake trees: untested on hardware."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from drivers.camera import binding
from drivers.camera.binding import (
    CAP_DEVICE_CAPS,
    CAP_VIDEO_CAPTURE,
    CAPABILITY,
    VIRTUAL_PARENTS,
    Roots,
    resolve,
)
from drivers.camera.contract import CameraFailure
from drivers.contract import Failed, Ok
from tests.drivers.camera.usb_tree import UsbTree

FACE = ("0c45", "6366", "SN0001")
DESK = ("0c45", "6366", "SN0002")
OTHER = ("046d", "0825", "77AA")
METADATA = 0x0080_0000


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    return UsbTree(tmp_path)


def node(tree: UsbTree, source: str, *, demo: bool = False) -> str | CameraFailure:
    """The name of the node that `source` is now, or why there is none."""
    match resolve(source, demo=demo, roots=tree.roots, capabilities=lambda _node: Ok(None)):
        case Ok(path):
            return Path(path).name
        case Failed(reason):
            return reason


def test_a_number_given_anew_does_not_matter(tree: UsbTree) -> None:
    tree.plug(0, usb=FACE)
    tree.plug(1, usb=OTHER, port="1-3")
    assert node(tree, "usb:0c45:6366") == "video0"
    tree.unplug(0)
    assert node(tree, "usb:0c45:6366") is CameraFailure.ABSENT
    tree.unplug(1)
    tree.plug(0, usb=OTHER, port="1-3")
    tree.plug(4, usb=FACE, port="2-1.3")
    assert node(tree, "usb:0C45:6366:SN0001") == "video4"


def test_the_serial_tells_twins_apart_and_without_it_nothing_is_guessed(tree: UsbTree) -> None:
    tree.plug(0, usb=FACE)
    tree.plug(2, usb=DESK, port="1-3")
    assert node(tree, "usb:0c45:6366") is CameraFailure.AMBIGUOUS
    assert node(tree, "usb:0c45:6366:SN0002") == "video2"
    assert node(tree, "usb:0c45:6366:SN0003") is CameraFailure.ABSENT


@pytest.mark.parametrize("source", ["usb:0c45:6366", "by-id"])
def test_a_metadata_node_is_not_the_camera(tree: UsbTree, source: str) -> None:
    tree.plug(1, usb=FACE, index=0)
    tree.plug(0, usb=FACE, index=1)
    if source == "by-id":
        assert node(tree, tree.link("usb-SN0001-video-index1", 0)) is CameraFailure.ABSENT
        source = tree.link("usb-SN0001-video-index0", 1)
    assert node(tree, source) == "video1"


def test_the_node_itself_says_what_it_does(tree: UsbTree) -> None:
    """A camera whose first node gives metadata only."""
    tree.plug(0, usb=FACE, index=0)
    tree.plug(1, usb=FACE, index=1)
    known = {"video0": METADATA, "video1": CAP_VIDEO_CAPTURE}
    found = resolve(
        "usb:0c45:6366", demo=False, roots=tree.roots, capabilities=lambda path: Ok(known[path.name])
    )
    assert found == Ok(str(tree.roots.dev / "video1"))


def test_a_link_of_udev_is_followed_at_every_opening(tree: UsbTree) -> None:
    tree.plug(0, usb=FACE)
    source = tree.link("usb-SN0001-video-index0", 0)
    assert node(tree, source) == "video0"
    tree.unplug(0)
    assert node(tree, source) is CameraFailure.ABSENT
    tree.plug(3, usb=FACE, port="1-4")
    tree.link("usb-SN0001-video-index0", 3)
    assert node(tree, source) == "video3"


@pytest.mark.parametrize(
    ("usb", "beneath"),
    [
        (None, "virtual"),
        (FACE, "platform/vhci_hcd.0/usb3"),
        (FACE, "platform/dummy_hcd.0/usb4"),
        (None, "platform/vivid.0"),
        (None, "platform/vimc.0"),
        (None, "platform/a-module-of-somebody.0"),
    ],
)
def test_a_device_that_a_program_feeds_is_refused(
    tree: UsbTree, usb: tuple[str, str, str] | None, beneath: str
) -> None:
    tree.plug(0, usb=usb, beneath=beneath)
    sources = [tree.link("camera", 0)] + (["usb:0c45:6366"] if usb else [])
    for source in sources:
        assert node(tree, source) is CameraFailure.REFUSED
        assert node(tree, source, demo=True) == "video0"


def test_the_rule_of_udev_shuts_the_same_devices() -> None:
    """What the driver refuses by its path is not even readable for the terminal's user."""
    rules = (Path(__file__).parents[3] / "deploy" / "udev" / "70-jiujin-camera.rules").read_text("utf-8")
    shut = [
        line for line in rules.splitlines() if line and not line.startswith("#") and 'MODE="0000"' in line
    ]
    for name in VIRTUAL_PARENTS:
        assert any(f'DEVPATH=="*/{name}' in line for line in shut), name
    assert all(line.startswith('SUBSYSTEM=="video4linux"') for line in shut)
    modules = (Path(__file__).parents[3] / "deploy" / "modprobe.d" / "jiujin-cameras.conf").read_text("utf-8")
    refused = {line.split()[1] for line in modules.splitlines() if line.startswith("install ")}
    assert {"v4l2loopback", "vhci_hcd", "dummy_hcd", "vivid", "vimc"} <= refused


def test_a_camera_of_the_same_kind_with_another_serial_is_not_it(tree: UsbTree) -> None:
    tree.plug(0, usb=(FACE[0], FACE[1], "SN0666"))
    assert node(tree, "usb:0c45:6366:SN0001") is CameraFailure.ABSENT


def test_a_virtual_twin_does_not_stand_in_for_the_real_one(tree: UsbTree) -> None:
    tree.plug(0, usb=FACE, beneath="platform/vhci_hcd.0/usb3")
    tree.plug(1, usb=FACE, port="1-3")
    assert node(tree, "usb:0c45:6366") == "video1"


@pytest.mark.parametrize("source", ["0", "/dev/video0", "http://127.0.0.1:9/x.mjpg", "{file}", "", "../x"])
def test_what_names_no_device_is_for_the_demo_only(tree: UsbTree, tmp_path: Path, source: str) -> None:
    tree.plug(0, usb=FACE)
    file = tmp_path / "clip.avi"
    file.write_bytes(b"film")
    assert node(tree, source.format(file=file)) is CameraFailure.REFUSED


def test_the_demo_takes_numbers_addresses_and_films(tree: UsbTree, tmp_path: Path) -> None:
    tree.plug(0, usb=FACE)
    file = tmp_path / "clip.avi"
    file.write_bytes(b"film")
    assert node(tree, "0", demo=True) == node(tree, "/dev/video0", demo=True) == "video0"
    assert node(tree, str(file), demo=True) == "clip.avi"
    assert resolve("http://127.0.0.1:9/x", demo=True, roots=tree.roots) == Ok("http://127.0.0.1:9/x")
    for missing in ("7", str(tmp_path / "no such film.avi")):
        assert node(tree, missing, demo=True) is CameraFailure.ABSENT


def test_a_machine_without_any_camera(tmp_path: Path) -> None:
    nothing = Roots(tmp_path / "sys", tmp_path / "dev")
    assert resolve("usb:0c45:6366", demo=False, roots=nothing) == Failed(CameraFailure.ABSENT)


def test_capabilities_are_those_of_the_node_and_not_of_the_whole_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """struct v4l2_capability of linux/videodev2.h, written by hand."""
    file = tmp_path / "video0"
    file.write_bytes(b"")
    assert binding.query_capabilities(file) == Ok(None)  # a plain file knows no such request
    gone = binding.query_capabilities(tmp_path / "video9")
    assert isinstance(gone, Failed)
    assert gone.reason is CameraFailure.ABSENT
    whole, of_this_node = CAP_DEVICE_CAPS | CAP_VIDEO_CAPTURE | METADATA, METADATA

    def answer(_descriptor: int, request: int, room: bytes) -> bytes:
        if (request, len(room)) != (0x80685600, 104):
            raise OSError(errno.ENOTTY, "")
        return (
            b"uvcvideo".ljust(16, b"\0") + b"Camera".ljust(32, b"\0") + b"usb-1".ljust(32, b"\0")
            + (0x060100).to_bytes(4, "little") + whole.to_bytes(4, "little")
            + of_this_node.to_bytes(4, "little") + bytes(12)
        )  # fmt: skip

    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert CAPABILITY.size == 104
    assert binding.query_capabilities(file) == Ok(METADATA)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (errno.EACCES, CameraFailure.DENIED),
        (errno.EPERM, CameraFailure.DENIED),
        (errno.EBUSY, CameraFailure.BUSY),
        (errno.ENODEV, CameraFailure.ABSENT),
        (errno.EIO, CameraFailure.UNOPENABLE),
    ],
)
@pytest.mark.parametrize("source", ["usb:0c45:6366", "by-id"])
def test_a_node_that_cannot_be_opened_is_no_camera_that_works(
    tree: UsbTree, monkeypatch: pytest.MonkeyPatch, source: str, error: int, why: CameraFailure
) -> None:
    """And is one again as soon as it can be: nothing has to be restarted."""
    tree.plug(0, usb=FACE)
    tree.plug(1, usb=FACE, index=1)
    if source == "by-id":
        source = tree.link("usb-SN0001-video-index0", 0)
    really_open = os.open

    def refuse(path: Path, flags: int) -> int:
        if path.name == "video0":
            raise OSError(error, os.strerror(error))
        return really_open(path, flags)

    with monkeypatch.context() as kernel:
        kernel.setattr(os, "open", refuse)
        found = resolve(source, demo=False, roots=tree.roots)
        assert isinstance(found, Failed)
        assert found.reason is why
    assert resolve(source, demo=False, roots=tree.roots) == Ok(str(tree.roots.dev / "video0"))


@pytest.mark.parametrize(
    ("capability", "kind"), [(CAP_VIDEO_CAPTURE, 1), (binding.CAP_VIDEO_CAPTURE_MPLANE, 9)]
)
def test_a_camera_from_which_another_program_captures_is_busy_until_it_lets_go(
    tree: UsbTree, monkeypatch: pytest.MonkeyPatch, capability: int, kind: int
) -> None:
    """Everybody may open such a node; only the buffers are one program's. None are asked for."""
    tree.plug(0, usb=FACE)
    taken = True

    def answer(_descriptor: int, request: int, room: bytes) -> bytes:
        if request == 0x80685600:
            return CAPABILITY.pack(b"", b"", b"", 0, CAP_DEVICE_CAPS, capability)
        expected = bytes(4) + kind.to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(8)
        assert (request, room) == (0xC0145608, expected)
        if taken:
            raise OSError(errno.EBUSY, "")
        return room

    monkeypatch.setattr(fcntl, "ioctl", answer)
    assert resolve("usb:0c45:6366", demo=False, roots=tree.roots) == Failed(CameraFailure.BUSY)
    taken = False
    assert resolve("usb:0c45:6366", demo=False, roots=tree.roots) == Ok(str(tree.roots.dev / "video0"))


@pytest.mark.parametrize("source", ["usb:0c45:6366", "0"])
def test_a_camera_that_is_plugged_in_anew_is_another_one(tree: UsbTree, source: str) -> None:
    tree.plug(0, usb=FACE)
    before = binding.plugged(source, tree.roots)
    assert before
    assert binding.plugged(source, tree.roots) == before
    tree.unplug(0)
    assert binding.plugged(source, tree.roots) == frozenset()
    tree.plug(0, usb=FACE)
    assert binding.plugged(source, tree.roots) != before


def test_one_device_under_two_names_is_one_camera_and_two_of_a_kind_are_two(
    tree: UsbTree, tmp_path: Path
) -> None:
    tree.plug(0, usb=FACE)
    tree.plug(1, usb=FACE, index=1)
    tree.plug(2, usb=DESK, port="1-3")
    tree.plug(3, usb=OTHER, port="1-4")
    face, pictures, desk, other = (
        tree.link(f"usb-{name}-video", number)
        for number, name in enumerate(("face", "second", "desk", "other"))
    )
    by_serial = "usb:0C45:6366:SN0001"
    same = [(face, face), (face, by_serial), (by_serial, face), (face, pictures), (face, "/dev/video0")]
    apart = [
        (face, desk),
        (by_serial, desk),
        (by_serial, "usb:0c45:6366:SN0002"),
        (face, other),
        ("usb:046d:0825", face),
    ]
    assert [binding.are_one(*pair, tree.roots) for pair in same] == [True] * len(same)
    assert [binding.are_one(*pair, tree.roots) for pair in apart] == [False] * len(apart)
    assert binding.are_one("usb:0c45:6366", desk, tree.roots), "without a serial it may be either"
    tree.unplug(0)
    tree.unplug(1)
    assert not binding.are_one(by_serial, face, tree.roots), "nothing fits, and nothing can be opened"
    film, link = tmp_path / "film.avi", tmp_path / "link.avi"
    film.write_bytes(b"")
    link.symlink_to(film)
    assert binding.are_one(str(film), str(link), tree.roots)
    assert not binding.are_one("http://127.0.0.1:9/x", "http://127.0.0.1:9/y", tree.roots)
