"""Opening librime: settings that learn nothing, logging that writes nothing, and proof of both."""

from __future__ import annotations

import ctypes
import os
import threading
from enum import StrEnum
from pathlib import Path

from drivers.contract import Failed, Ok
from screens.keyboard.rime import SCHEMA, Rime
from screens.keyboard.rime_library import LIBRARY, Config, Traits, counted, load

SHARED_DATA = Path("/usr/share/rime-data")
"""Where Debian puts the dictionaries."""
APP_NAME = b"rime.jiujin"
"""Kept for ever: glog stores the pointer. Without a name librime logs everything to standard error."""
FATAL_ONLY = 3
"""glog's highest level: below it, a message might one day quote what is typed."""
LEARNS = "translator/enable_user_dict"
SETTINGS = {
    "default.custom.yaml": f"patch:\n  schema_list:\n    - schema: {SCHEMA}\n",
    # Of the schema only the pinyin translator is left: reverse look-up would compile a second
    # dictionary. One candidate a page, because every step copies the whole page.
    f"{SCHEMA}.custom.yaml": (
        f"patch:\n  {LEARNS}: false\n  engine/translators: [script_translator]\n"
        "  schema/dependencies: []\n  menu/page_size: 1\n"
    ),
}
"""Files of the user folder, by name; written anew at each opening."""
KNOWN_WORD = ("beijing", "北京")
"""Letters and the word that leads their candidates when the dictionary is whole."""


class RimeFailure(StrEnum):
    """Why pinyin is not available."""

    LIBRARY_MISSING = "rime.library_missing"
    DATA_MISSING = "rime.data_missing"
    FOLDER_UNUSABLE = "rime.folder_unusable"
    NOT_DEPLOYED = "rime.not_deployed"
    WOULD_LEARN = "rime.would_learn"
    IN_USE = "rime.in_use"


class _Process:
    """What librime keeps once per process: its logging is set up once, one engine at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open = False
        self._logging = False

    def acquire(self) -> bool:
        with self._lock:
            free, self._open = not self._open, True
            return free

    def release(self) -> None:
        with self._lock:
            self._open = False

    def begin(self, library: ctypes.CDLL, traits: Traits) -> None:
        """RimeSetup may run once only: glog aborts the process at a second one."""
        with self._lock:
            if not self._logging:
                library.RimeSetup(ctypes.byref(traits))
            self._logging = True
        library.RimeInitialize(ctypes.byref(traits))


_PROCESS = _Process()


def open_rime(
    folder: Path, *, shared_data: Path = SHARED_DATA, library_name: str = LIBRARY
) -> Ok[Rime] | Failed[RimeFailure]:
    """Open librime with its settings and compiled schema in `folder`. Takes 0.3 to 2 s: not for the UI."""
    if not _PROCESS.acquire():
        return Failed(RimeFailure.IN_USE)
    opened = _open(folder, shared_data, library_name)
    if isinstance(opened, Failed):
        _PROCESS.release()
    return opened


def _open(folder: Path, shared_data: Path, library_name: str) -> Ok[Rime] | Failed[RimeFailure]:
    try:
        library = load(library_name)
    except (OSError, AttributeError) as error:
        return Failed(RimeFailure.LIBRARY_MISSING, str(error))
    if not (shared_data / f"{SCHEMA}.schema.yaml").is_file():
        return Failed(RimeFailure.DATA_MISSING, f"{SCHEMA} is not in {shared_data}")
    try:
        _write_settings(folder)
    except OSError as error:
        return Failed(RimeFailure.FOLDER_UNUSABLE, str(error))
    _PROCESS.begin(library, _traits(folder, shared_data))
    # The full check costs 0.3 s; the quick one trusts file times, which a wrong clock falsifies.
    library.RimeStartMaintenance(1)
    library.RimeJoinMaintenanceThread()
    rime = Rime(library, _PROCESS.release)
    failure = _unfit(library, rime)
    if failure is not None:
        rime.close()
        return failure
    return Ok(rime)


def _write_settings(folder: Path) -> None:
    (folder / "log").mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in SETTINGS.items():
        (folder / name).write_text(text, encoding="utf-8")


def _traits(folder: Path, shared_data: Path) -> Traits:
    traits = Traits()
    traits.data_size = counted(Traits)
    traits.shared_data_dir = os.fsencode(shared_data)
    traits.user_data_dir = os.fsencode(folder)
    traits.distribution_name = traits.distribution_code_name = b"jiujin"
    traits.distribution_version = b"1"
    traits.app_name = APP_NAME
    traits.min_log_level = FATAL_ONLY
    traits.log_dir = os.fsencode(folder / "log")
    return traits


def _unfit(library: ctypes.CDLL, rime: Rime) -> Failed[RimeFailure] | None:
    """Refuse what would learn, before a first session is made, and what does not know a common word.

    librime falls back silently: to the schema of the package, which learns, when our settings cannot be
    applied (rime-prelude missing), and to characters without frequencies when rime-essay is missing.
    """
    config, learns = Config(), ctypes.c_int(1)
    if not library.RimeSchemaOpen(SCHEMA.encode(), ctypes.byref(config)):
        return Failed(RimeFailure.NOT_DEPLOYED, f"no compiled {SCHEMA}")
    said = library.RimeConfigGetBool(ctypes.byref(config), LEARNS.encode(), ctypes.byref(learns))
    library.RimeConfigClose(ctypes.byref(config))
    if not said or learns.value:
        return Failed(RimeFailure.WOULD_LEARN, f"{LEARNS} is on in the compiled {SCHEMA}")
    letters, word = KNOWN_WORD
    found = rime.candidates(letters)
    if not found or found[0].text != word:
        return Failed(RimeFailure.NOT_DEPLOYED, f"{SCHEMA} does not know {word}: is rime-essay installed?")
    return None
