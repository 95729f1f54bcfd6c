"""Signs the demo's definitions and calibration with the keys that set-up made on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from drivers.face import calibration
from kiosk import keys
from kiosk.catalogue.publish import PublishError, is_published, sign_definition
from kiosk.catalogue.signature import signature_path
from kiosk.settings import load_text


def sign_demo(project: Path) -> Iterator[str]:
    """One line for each file that is new or wrong.

    A definition without a signature is checked and signed. One whose signature no longer fits was
    changed after signing: it is named and left alone, since only its author may sign it again.
    """
    settings, _ = load_text((project / "kiosk.ini").read_text("utf-8-sig"), "kiosk.ini", project)
    if settings is None:
        yield "kiosk.ini is wrong: run python main.py config check"
        return
    trust = settings.trust.publisher_key.parent
    publisher = keys.private_key(trust / "publisher.key")
    for file in sorted(settings.catalogue.directory.glob("*.json")):
        if signature_path(file).is_file():
            if not is_published(file, publisher):
                yield f"{file.name}: 签名后改过，请用 catalogue sign 重新签名 / changed after signing: use catalogue sign"
            continue
        try:
            sign_definition(file, publisher)
            yield f"{file.name}: 已签名 / signed"
        except PublishError as error:
            yield f"{file.name}: {error}"
    file = settings.face.calibration
    body = json.loads(file.read_text("utf-8"))
    signature = calibration.sign(body, keys.private_key(trust / "calibration.key"))
    target = calibration.signature_path(file)
    if not target.is_file() or target.read_bytes().split() != [signature]:
        target.write_bytes(signature + b"\n")
        yield f"{file.name}: 已签名 / signed"
