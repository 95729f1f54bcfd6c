"""Reading aloud by an external program, such as espeak-ng, in a process of its own."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Sequence

log = logging.getLogger(__name__)
VOICES = {"zh": "cmn", "en": "en"}
"""espeak-ng's names of the voices."""
STOP_S = 2.0


class Speaker:
    """Says one text at a time; a new one or a new screen stops the old. No command: silent."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._ready = bool(command) and shutil.which(command[0]) is not None
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def wanted(self) -> bool:
        """Whether this terminal is meant to read aloud at all."""
        return bool(self._command)

    @property
    def ready(self) -> bool:
        return self._ready

    def say(self, text: str, language: str) -> None:
        """Begin to speak; the text goes through a pipe, never through a command line or a file."""
        self.stop()
        if not self._ready:
            return
        with self._lock:
            try:
                self._process = subprocess.Popen(
                    [*self._command, "-v", VOICES[language], "--stdin"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            except OSError as error:
                log.error("the speech program does not start: errno %d", error.errno or 0)
                self._ready = False
                return
            try:
                if self._process.stdin is not None:
                    with self._process.stdin as pipe:
                        pipe.write(text.encode())
            except BrokenPipeError:
                log.warning("the speech program ended before it had heard all")

    def stop(self) -> None:
        with self._lock:
            if self._process is None:
                return
            if self._process.poll() is None:
                self._process.terminate()
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def close(self) -> None:
        self.stop()
