"""What kiosk.ini means on this machine as its devices are plugged now. Apart from `check`, which needs the file alone."""

from __future__ import annotations

from pathlib import Path

from drivers.camera import binding
from kiosk.causes import CAUSES
from kiosk.settings import Problem, Settings, load_text
from kiosk.settings.ini import parse


def problems_here(path: Path, roots: binding.Roots = binding.THIS_MACHINE) -> tuple[Problem, ...]:
    """What is wrong only here; empty for a file that `check` finds unusable. No device is opened.

    A running terminal's health has the same as `config.one_camera`.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ()
    settings, _ = load_text(text, path.name, path.parent)
    if settings is None or not _phones_by_face_camera(settings, roots):
        return ()
    name = "document_camera.source"
    line = next(entry.line for entry in parse(text, path.name)[0] if f"{entry.section}.{entry.key}" == name)
    words = CAUSES["config.one_camera"]
    zh, en = (f"{words.technician[it]}: {words.action[it]}" for it in ("zh", "en"))
    return (Problem(path.name, line, name, zh, en, fatal=False),)


def _phones_by_face_camera(settings: Settings, roots: binding.Roots) -> bool:
    """That `[code_reader] camera` itself names the face's camera is told by `check` already."""
    face, desk = settings.camera.source, settings.document_camera.source
    wanted = "qr" in settings.recognition.offered and settings.code_reader.camera == "document_camera"
    return wanted and bool(face and desk) and binding.are_one(face, desk, roots)
