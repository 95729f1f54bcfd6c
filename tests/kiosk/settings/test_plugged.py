"""Two names of one camera, found out before a resident is: by what is plugged in where kiosk.ini is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.settings import check
from kiosk.settings.plugged import problems_here
from tests.drivers.camera.usb_tree import UsbTree

FACE = ("0c45", "6366", "SN0001")
DESK = ("0c45", "6366", "SN0002")
BY_SERIAL = "usb:0c45:6366:SN0001"


def written(
    folder: Path, face: str, desk: str, ways: str = "face, qr", through: str = "document_camera"
) -> Path:
    path = folder / "kiosk.ini"
    path.write_text(
        f"[terminal]\nnumber = 0142\n[camera]\nsource = {face}\nsize = 2592x1944\n"
        f"[code_reader]\ncamera = {through}\n[recognition]\nways = {ways}\n[document_camera]\nsource = {desk}\n",
        "utf-8",
    )
    return path


@pytest.fixture
def tree(tmp_path: Path) -> UsbTree:
    """The camera for faces with its two nodes, and another of the same model."""
    made = UsbTree(tmp_path)
    made.plug(0, usb=FACE)
    made.plug(1, usb=FACE, index=1)
    made.plug(2, usb=DESK, port="1-3")
    return made


@pytest.mark.parametrize("desk", [BY_SERIAL, "usb:0C45:6366:SN0001", "usb:0c45:6366", "by-id"])
def test_two_names_of_one_camera_are_told_with_both_keys_and_what_to_do(
    tree: UsbTree, tmp_path: Path, desk: str
) -> None:
    desk = tree.link("usb-second-node", 1) if desk == "by-id" else desk
    path = written(tmp_path, BY_SERIAL, desk)
    assert check(path) == (), "the file alone says nothing of it"
    [problem] = problems_here(path, tree.roots)
    assert (problem.line, problem.key, problem.fatal) == (11, "document_camera.source", False)
    for said in (problem.message_zh, problem.message_en):
        for word in ("[camera] source", "[document_camera] source", "[recognition] ways", "qr"):
            assert word in said


def test_another_camera_and_a_way_that_is_not_offered_are_no_problem(tree: UsbTree, tmp_path: Path) -> None:
    for face, desk, ways, through in (
        (BY_SERIAL, "usb:0c45:6366:SN0002", "face, qr", "document_camera"),
        (BY_SERIAL, BY_SERIAL, "face", "document_camera"),
        (BY_SERIAL, BY_SERIAL, "face, qr", "none"),
        ("", "", "face, qr", "document_camera"),
        (BY_SERIAL, BY_SERIAL, "face, nobody", "document_camera"),
    ):
        assert problems_here(written(tmp_path, face, desk, ways, through), tree.roots) == ()


def test_what_is_plugged_elsewhere_later_is_seen(tree: UsbTree, tmp_path: Path) -> None:
    path = written(tmp_path, BY_SERIAL, tree.link("usb-desk", 2))
    assert problems_here(path, tree.roots) == ()
    tree.link("usb-desk", 0)
    assert problems_here(path, tree.roots)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_has_its_complaint_from_check(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "kiosk.ini"
    if content is not None:
        path.write_bytes(content)
    assert check(path)
    assert problems_here(path) == ()
