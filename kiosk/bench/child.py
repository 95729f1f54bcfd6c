"""A child process that cannot outlive the demo: its own session, its own log, one sure end."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

STOP_S = 10.0
"""How long a process may take to end in good order."""
_POLL_S = 0.05


class Child:
    """Started at once. `setpriv` (util-linux) has the kernel end it if this process is killed.

    The kernel watches the *thread* that starts the child, so start children from one that stays.
    A command that does not exist ends with code 127 and says so in the log.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path,
        cwd: Path,
        environment: Mapping[str, str] | None = None,
        pass_fds: Sequence[int] = (),
        read_stdout: bool = False,
    ) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self._since_s = time.monotonic()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if read_stdout else output,
                stderr=output,
                cwd=cwd,
                env={**os.environ, **(environment or {})},
                pass_fds=pass_fds,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> IO[bytes]:
        """The pipe of `read_stdout`."""
        if self._process.stdout is None:
            message = "this child's standard output goes to its log"
            raise ValueError(message)
        return self._process.stdout

    @property
    def lived_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._since_s

    def poll(self) -> int | None:
        """The exit code (negative: the signal) once it has ended; what it left of its group ends too."""
        if self._process.returncode is None and self._has_exited():
            self._reap()
        return self._process.returncode

    def end(self, patience_s: float = STOP_S) -> int:
        """Ask it to end, wait, then kill its whole group. Returns the exit code; may be called twice."""
        if self._process.returncode is None:
            if not self._has_exited():
                # The leader alone: it ends its workers itself and must not see them vanish. Not by
                # `Popen.send_signal`, which reaps one that has just ended (see `_has_exited`).
                os.kill(self.pid, signal.SIGTERM)
            ends_s = time.monotonic() + patience_s
            while not self._has_exited() and time.monotonic() < ends_s:
                time.sleep(_POLL_S)
            self._reap()
        return self._process.returncode

    def _has_exited(self) -> bool:
        # Not reaped yet: so the group's number cannot pass to a stranger before `_reap` kills it.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _reap(self) -> None:
        os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        # Workers whose parent is dead are ours if this process adopts orphans; else there is nobody to wait for.
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-self.pid, 0)
        if self._process.stdout is not None:
            self._process.stdout.close()
