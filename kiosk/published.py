"""What the centre published for this terminal: definitions and configuration, judged, kept, and the former ones as last good.

A publication counts from the moment that `active.json` names it, which is written whole or not at all, after everything
that it names is on the disk. So a cut at any moment leaves the former publication, and the same is fetched again.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kiosk.catalogue.bundle import read_bundle, unpack
from kiosk.catalogue.load import Catalogue, load_catalogue
from kiosk.clock import Clock
from kiosk.durable import write_durably
from kiosk.settings.from_afar import problems_of, read_configuration
from offline_queue.inbox_wire import Reference

log = logging.getLogger(__name__)

Subject = Literal["definitions", "configuration"]
FOLDER = "published"
REASON_MAX = 160
"""Characters of why a publication was not taken; names of files and rules, never a resident's."""


class Taken(BaseModel):
    """A publication that was judged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Annotated[int, Field(ge=1)]
    sha256: str
    files: int = 0
    """Definitions in it; as many must be there when it is read again."""


class Refused(Taken):
    """One that was not taken, and why."""

    reason: str


class Shown(BaseModel):
    """`active.json`: by subject what counts, what counted before it, and what was refused last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    active: dict[Subject, Taken] = {}
    former: dict[Subject, Taken] = {}
    refused: dict[Subject, Refused] = {}


class Published:
    """A `Shelf` for the sender; read by the journey between visits."""

    def __init__(self, state: Path, publisher: Ed25519PublicKey, clock: Clock, region: str) -> None:
        self._folder = state / FOLDER
        self._publisher = publisher
        self._clock = clock
        self._region = region
        self._lock = threading.Lock()
        self._shown = _read(self._folder / "active.json")
        self._changed = False

    # What the sender asks (offline_queue.collector.Shelf):
    def lacks(self, reference: Reference) -> bool:
        with self._lock:
            judged = [told.get(reference.subject) for told in (self._shown.active, self._shown.refused)]
        # Both: going back publishes a former text under a new number.
        known = [(one.version, one.sha256) for one in judged if one is not None]
        return (max(_number(reference.version), 1), reference.sha256) not in known

    def put(self, reference: Reference, content: str) -> None:
        subject, version = reference.subject, _number(reference.version)
        reason, files = self._judge(subject, version, content)
        with self._lock:
            shown = self._shown
            if reason:
                log.error("%s %s of the centre were not taken: %s", subject, reference.version, reason)
                bad = Refused(version=max(version, 1), sha256=reference.sha256, reason=reason[:REASON_MAX])
                self._write(shown.model_copy(update={"refused": {**shown.refused, subject: bad}}))
            else:
                good = Taken(version=version, sha256=reference.sha256, files=files)
                former = {**shown.former}
                if subject in shown.active:
                    former[subject] = shown.active[subject]
                refused = {name: one for name, one in shown.refused.items() if name != subject}
                active = {**shown.active, subject: good}
                self._write(Shown(active=active, former=former, refused=refused))
                self._sweep(subject)
            self._changed = True

    def _judge(self, subject: Subject, version: int, content: str) -> tuple[str, int]:
        """Why it is not taken, empty when it is; how many definitions it has. On return what is good is on the disk."""
        active = self._shown.active.get(subject)
        if version < 1:
            return "version", 0
        if active is not None and version <= active.version:
            return f"older than {active.version}", 0
        if subject == "configuration":
            return self._judge_configuration(version, content), 0
        bundle = read_bundle(content)
        if bundle is None:
            return "form", 0
        folder = self._place(subject, version)
        shutil.rmtree(folder, ignore_errors=True)  # what a cut left behind
        unpack(bundle, folder)
        faulty = self._load((folder,)).faulty
        if faulty:
            shutil.rmtree(folder, ignore_errors=True)
            return f"{faulty[0].file}: {faulty[0].reason}", 0
        return "", len(bundle.files)

    def _judge_configuration(self, version: int, content: str) -> str:
        configuration = read_configuration(content)
        if configuration is None:
            return "form"
        problems = problems_of(configuration.settings)
        if problems:
            return f"{problems[0].key}: {problems[0].message_en}"
        write_durably(self._place("configuration", version), content.encode(), 0o600)
        return ""

    # What the terminal asks:
    def load(self, installed: Path) -> Catalogue:
        """The installed definitions with the published ones; those before them when these were damaged on the disk."""
        with self._lock:
            known = [
                told["definitions"]
                for told in (self._shown.active, self._shown.former)
                if "definitions" in told
            ]
        for taken in known:
            folder = self._place("definitions", taken.version)
            whole = len(list(folder.glob("*.json"))) == taken.files and not self._load((folder,)).faulty
            if whole:
                return self._load((installed, folder))
            log.error("definitions %s are damaged on the disk", taken.version)
        return self._load((installed,))

    def settings(self) -> Mapping[str, str]:
        """`section.key` -> value; of the configuration before it when this one was damaged on the disk."""
        with self._lock:
            told = (self._shown.active.get("configuration"), self._shown.former.get("configuration"))
        for taken in (one for one in told if one is not None):
            try:
                text = self._place("configuration", taken.version).read_text("utf-8")
            except (OSError, UnicodeDecodeError):
                continue
            found = read_configuration(text)
            if found is not None and not problems_of(found.settings):
                return found.settings
        return {}

    def changed(self) -> bool:
        """Whether something was taken since this was asked last."""
        with self._lock:
            changed, self._changed = self._changed, False
            return changed

    def told(self) -> tuple[dict[str, str], dict[str, str]]:
        """For the heartbeat: the versions that count; those that were refused last, with the reason."""
        with self._lock:
            shown = self._shown
        active: dict[str, str] = {subject: str(taken.version) for subject, taken in shown.active.items()}
        return active, {subject: f"{one.version} {one.reason}" for subject, one in shown.refused.items()}

    def _load(self, directories: tuple[Path, ...]) -> Catalogue:
        return load_catalogue(directories, self._publisher, self._clock.now().wall_utc, self._region)

    def _place(self, subject: Subject, version: int) -> Path:
        return self._folder / (
            f"definitions-{version}" if subject == "definitions" else f"configuration-{version}.json"
        )

    def _write(self, shown: Shown) -> None:
        write_durably(self._folder / "active.json", shown.model_dump_json().encode(), 0o600)
        self._shown = shown

    def _sweep(self, subject: Subject) -> None:
        """Only what counts and what counted before stays."""
        kept = {
            self._place(subject, told[subject].version)
            for told in (self._shown.active, self._shown.former)
            if subject in told
        }
        for path in self._folder.glob(f"{subject}-*"):
            if path not in kept:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def _read(file: Path) -> Shown:
    """Nothing counts when it cannot be read: what is published is fetched again."""
    try:
        return Shown.model_validate(json.loads(file.read_bytes()))
    except FileNotFoundError:
        return Shown()
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        log.error("what was published cannot be read (%s): it is fetched again", type(error).__name__)
        return Shown()


def _number(version: str) -> int:
    """0 for what is no version."""
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
