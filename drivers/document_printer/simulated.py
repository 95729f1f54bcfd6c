"""The far end: a cupsd of our own and a printer (`ippeveprinter`) that can misbehave.

For the demo and the tests, never on a terminal. Both are the real programs of Debian's `cups` and
`cups-ipp-utils`. cupsd lives wholly in one folder and listens on a socket there; ippeveprinter
listens on every address of the machine, as vpcd does, which is why a terminal must not have it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from drivers.contract import Failed, Ok
from drivers.document_printer.simulated_garbage import Garbage

QUEUE = "jiujin"
_START_S = 15.0
_STOP_S = 5.0
_POLL_S = 0.02
_LPADMIN = "/usr/sbin/lpadmin"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

_CUPSD_CONF = """\
LogLevel debug
AccessLogLevel all
Listen {socket}
WebInterface No
Browsing No
DirtyCleanInterval 0
PreserveJobHistory No
PreserveJobFiles No
ErrorPolicy abort-job
<Location />
  Order allow,deny
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
  </Limit>
</Policy>
"""
_CUPS_FILES_CONF = """\
ServerRoot {root}/etc
RequestRoot {root}/spool
TempDir {root}/spool/tmp
CacheDir {root}/cache
StateDir {root}/run
AccessLog {root}/log/access_log
ErrorLog {root}/log/error_log
PageLog {root}/log/page_log
Sandboxing relaxed
"""
_BUS_CONF = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
"""
_ENGINE = """\
#!/bin/sh
# The printer's engine: $1 is the document. It does what the file `fault` says, as it reads now.
cd "$(dirname "$0")"
pages=$(cat pages)
cancels() { grep -c "Cancel-Job successful" log; }
before=$(cancels)
until_not() {
  while [ "$(cat fault)" = "$1" ]; do
    # The program does not tell its engine of a cancellation, so the engine reads the log.
    [ "$(cancels)" = "$before" ] || { echo "STATE: -media-empty" >&2; exit 1; }
    sleep 0.05
  done
}
out() { echo "ATTR: job-impressions-completed=$1" >&2; }
echo "$IPP_JOB_ORIGINATING_USER_NAME $IPP_JOB_NAME" >> begun
until_not slow
case "$(cat fault)" in
  jam) echo "STATE: +media-jam" >&2; exit 1 ;;
  jam-after-a-page) out 1; echo "STATE: +media-jam" >&2; exit 1 ;;
  no-paper) echo "STATE: +media-empty" >&2; until_not no-paper; echo "STATE: -media-empty" >&2 ;;
  abort) exit 1 ;;
  nothing) exit 0 ;;
esac
cp "$1" "paper/$IPP_JOB_ID.pdf"
out "$pages"
"""


class Fault(StrEnum):
    """What the engine does with a job; those that wait go on when the fault is changed."""

    NONE = "none"
    JAM = "jam"
    JAM_AFTER_A_PAGE = "jam-after-a-page"
    NO_PAPER = "no-paper"
    SLOW = "slow"
    """Then does what the fault is changed to."""
    ABORT = "abort"
    NOTHING = "nothing"
    """Says completed, and no page came out."""


class PrintServiceFailure(StrEnum):
    """Why there is no virtual printer."""

    NOT_INSTALLED = "not_installed"
    DID_NOT_START = "did_not_start"


class _Program:
    """One process that was started here, and only that is ended.

    `setpriv` (util-linux) has the kernel end it when the thread that started it is gone.
    """

    def __init__(self, command: list[str], log: Path, environment: dict[str, str]) -> None:
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": _PATH, **environment},
                start_new_session=True,  # Ctrl-C at the keyboard is for its owner, who ends it in order
            )

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        self.process.send_signal(signal.SIGCONT)  # a frozen one would not hear the next
        self.process.terminate()
        try:
            self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class _Owner:
    """Has one program, which can be killed, frozen and thawed in the middle of whatever it does."""

    def __init__(self) -> None:
        self._program: _Program | None = None

    @property
    def runs(self) -> bool:
        return self._program is not None and self._program.runs

    def kill(self) -> None:
        """End it without a goodbye, as a crash or a pulled plug would."""
        if self._program is not None:
            self._program.kill()
            self._program = None

    def freeze(self) -> None:
        """It takes connections and says nothing."""
        if self._program is not None:
            self._program.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        if self._program is not None:
            self._program.process.send_signal(signal.SIGCONT)


class VirtualPrinter(_Owner):
    """ippeveprinter with an engine of ours. `paper` holds what came out, one file a job."""

    def __init__(self, folder: Path, name: str = "Virtual A4") -> None:
        super().__init__()
        self.folder = folder
        self.paper = folder / "paper"
        self.port = 0
        self._name = name
        self._bus: _Program | None = None
        self._garbage: Garbage | None = None
        self.paper.mkdir(parents=True)
        (folder / "spool").mkdir()
        (folder / "begun").touch()
        engine = folder / "engine"
        engine.write_text(_ENGINE, "ascii")
        engine.chmod(0o755)
        self.set_fault(Fault.NONE)
        self.set_pages(1)

    @property
    def uri(self) -> str:
        return f"ipp://localhost:{self.port}/ipp/print"

    def set_fault(self, fault: Fault) -> None:
        self._put("fault", fault.value)

    def set_pages(self, pages: int) -> None:
        """How many pages the engine says it printed of each job."""
        self._put("pages", str(pages))

    def _put(self, name: str, text: str) -> None:
        """Whole for whoever reads meanwhile."""
        fresh = self.folder / f".{name}.new"
        fresh.write_text(text + "\n", "ascii")
        fresh.replace(self.folder / name)

    @property
    def babbles(self) -> bool:
        return self._garbage is not None

    def babble(self) -> None:
        """End it; what answers at its port until it is started or killed is no printer."""
        self.kill()
        self._garbage = Garbage(port=self.port)

    def kill(self) -> None:
        super().kill()
        if self._garbage is not None:
            self._garbage.close()
            self._garbage = None

    def begun(self) -> list[str]:
        """User and title of every job that the engine ever began."""
        return (self.folder / "begun").read_text("utf-8").splitlines()

    def questions(self) -> int:
        """How often it was asked for its jobs."""
        return (self.folder / "log").read_text("utf-8", "replace").count(" Get-Jobs ")

    def start(self, *, port: int = 0) -> Ok[str] | Failed[PrintServiceFailure]:
        """The printer's address once it answers; `port` 0 takes a free one. One that runs is ended first."""
        self.kill()
        programs = _programs("ippeveprinter", "dbus-daemon")
        if isinstance(programs, Failed):
            return programs
        printer, bus = programs.value
        address = f"unix:path={self.folder / 'bus'}"
        if self._bus is None:
            # ippeveprinter does not start without a D-Bus on which it could look for Avahi.
            (self.folder / "bus.conf").write_text(_BUS_CONF.format(path=self.folder / "bus"), "ascii")
            self._bus = _Program(
                [bus, f"--config-file={self.folder / 'bus.conf'}", "--nofork", "--nopidfile"],
                self.folder / "log",
                {},
            )
            if not _wait(lambda: _accepts(self.folder / "bus"), self._bus):
                return Failed(PrintServiceFailure.DID_NOT_START, "dbus-daemon")
        self.port = port or _free_port()
        self._program = _Program(
            [
                *(printer, "-p", str(self.port), "-d", str(self.folder / "spool"), "-n", "localhost"),
                *("-f", "application/pdf", "-c", str(self.folder / "engine"), "-r", "off", self._name),
            ],
            self.folder / "log",
            {"DBUS_SYSTEM_BUS_ADDRESS": address, "TMPDIR": str(self.folder)},
        )
        if not _wait(lambda: _listens(self.port), self._program):
            return Failed(PrintServiceFailure.DID_NOT_START, "ippeveprinter")
        return Ok(self.uri)

    def close(self) -> None:
        self.set_fault(Fault.NONE)  # an engine that waits goes to its end
        self.kill()
        if self._bus is not None:
            self._bus.stop()
            self._bus = None


class VirtualPrintService(_Owner):
    """A cupsd whose configuration, spool, cache, logs and socket all lie in one folder of its own.

    The folder is made under the system's temporary one, open to be walked through: cupsd gives its
    filters to another user.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="jiujin-cups-"))
        self.folder.chmod(0o711)
        for name in ("etc", "spool", "cache", "run", "log"):
            (self.folder / name).mkdir(mode=0o755)
        (self.folder / "spool" / "tmp").mkdir()
        self.socket = self.folder / "run" / "cups.sock"
        (self.folder / "etc" / "cupsd.conf").write_text(_CUPSD_CONF.format(socket=self.socket), "ascii")
        (self.folder / "etc" / "cups-files.conf").write_text(
            _CUPS_FILES_CONF.format(root=self.folder), "ascii"
        )

    def start(self) -> Ok[str] | Failed[PrintServiceFailure]:
        """The socket's path once cupsd answers."""
        programs = _programs("cupsd", "lpadmin")
        if isinstance(programs, Failed):
            return programs
        etc = self.folder / "etc"
        self._program = _Program(
            [programs.value[0], "-f", "-c", str(etc / "cupsd.conf"), "-s", str(etc / "cups-files.conf")],
            self.folder / "log" / "output",
            {},
        )
        if not _wait(lambda: _accepts(self.socket), self._program):
            return Failed(PrintServiceFailure.DID_NOT_START, "cupsd")
        return Ok(str(self.socket))

    def add_queue(self, device_uri: str, *options: str, name: str = QUEUE) -> None:
        """Set a queue up, or set it up anew, as a technician does (`lpadmin`); the printer must answer."""
        self._lpadmin("-p", name, "-E", "-v", device_uri, "-m", "everywhere", *options)

    def change_queue(self, *options: str, name: str = QUEUE) -> None:
        """Change a queue, whether or not its printer answers."""
        self._lpadmin("-p", name, *options)

    def remove_queue(self, name: str = QUEUE) -> None:
        self._lpadmin("-x", name)

    def _lpadmin(self, *arguments: str) -> None:
        subprocess.run(
            [_LPADMIN, "-h", str(self.socket), *arguments],
            check=True,
            capture_output=True,
            timeout=_START_S,
            env={"PATH": _PATH, "CUPS_SERVER": str(self.socket)},
        )

    def forget_jobs(self) -> None:
        """What the install notes have done before each start of the service: nothing is printed late."""
        for file in (self.folder / "spool").glob("[cd]*"):
            file.unlink()

    def close(self) -> None:
        """End it, and remove the folder."""
        if self._program is not None:
            self._program.stop()
            self._program = None
        shutil.rmtree(self.folder)


def _programs(*names: str) -> Ok[tuple[str, ...]] | Failed[PrintServiceFailure]:
    found = {name: shutil.which(name, path=_PATH) for name in names}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        return Failed(PrintServiceFailure.NOT_INSTALLED, f"{', '.join(missing)} not found: run set-up")
    return Ok(tuple(path for path in found.values() if path is not None))


def _wait(condition: Callable[[], bool], program: _Program) -> bool:
    ends_s = time.monotonic() + _START_S
    while not condition():
        if not program.runs or time.monotonic() > ends_s:
            return False
        time.sleep(_POLL_S)
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fspath(path)) == 0
