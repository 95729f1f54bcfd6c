"""The whole demo: display, centre, village, bench page, terminal. Up in this order, down in reverse."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from kiosk.bench.centre import Centre
from kiosk.bench.child import Child
from kiosk.bench.configure import village_ini
from kiosk.bench.display import Size, VirtualDisplay, size_of
from kiosk.bench.ending import EndRequest
from kiosk.bench.keeper import Keeper, Say
from kiosk.bench.mirror import mirror_of
from kiosk.bench.page_server import PageServer
from kiosk.bench.registers import SimulatedRegisters
from kiosk.bench.smart_cards import CardKind
from kiosk.bench.village import Village
from kiosk.bench.web import create_page
from kiosk.settings import NotConfiguredError, load_text

TICK_S = 0.2
TOOLS = {
    "setpriv": "util-linux",
    "xdpyinfo": "x11-utils",
    "xdotool": "xdotool",
    "import": "imagemagick",
    "Xvfb": "xvfb",
}
"""Programs that the demo needs -> their Debian packages."""


class NotSetUpError(Exception):
    """Something that set-up brings is missing."""

    def __init__(self, missing: str) -> None:
        super().__init__(missing)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Plan:
    """What to put up. `terminal` is the command in the terminal's place; empty: `main.py run`."""

    project: Path
    folder: Path
    bench_port: int = 8642
    virtual_display: bool = False
    helper_slot: bool = True
    card_kind: CardKind = "sdt"
    terminal: tuple[str, ...] = ()


class Stage:
    """Starts everything in `__init__`; `run` keeps it going, `close` ends everything.

    Raises NotSetUpError, NotConfiguredError, `village.NoCardServiceError`, `display.NoDisplayError`,
    `centre.CentreNotStartedError`,
    and EndRequestedError when the end is wished for on the way; nothing is left then either.
    """

    def __init__(self, plan: Plan, say: Say, request: EndRequest) -> None:
        panel = _panel(plan.project)
        _require_set_up(plan.project)
        self.folder = plan.folder
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            self._say, self._stack = say, stack
            self.virtual, self.display = self._open_display(plan.virtual_display, panel)
            request.check()
            self.registers = SimulatedRegisters()
            stack.callback(self.registers.close)
            self.centre = self._open_centre(plan.project)
            request.check()
            self.village = self._open_village(plan)
            request.check()
            self.page = self._open_page(plan.bench_port)
            request.check()
            self.keeper = self._open_terminal(plan)
            self.village.terminal = lambda: self.keeper.child.pid
            self._stack = stack.pop_all()

    def run(self, request: EndRequest) -> bool:
        """Until the end is wished for (True) or the terminal is given up (False)."""
        centre_lives = True
        while not request.wait(TICK_S):
            if not self.keeper.step():
                return False
            if centre_lives and not self.centre.is_alive():
                centre_lives = False
                log = self.folder / "centre.log"
                self._say(f"中心平台停了，终端会离线工作。日志 {log}", f"the centre has ended, see {log}")
        return True

    def close(self) -> None:
        self._stack.close()

    def _open_display(self, virtual: bool, panel: Size) -> tuple[bool, str]:
        name = os.environ.get("DISPLAY", "")
        size = size_of(name) if name and not virtual else None
        if size is not None:
            self._say(f"1/5 显示：用现有的 {name}，{size}", f"display: the one at hand, {name}, {size}")
            if not size.holds(panel):
                self._say(
                    f"    它比终端屏幕（{panel}）小；加 --virtual-display 可以另开一个，在试验台上看",
                    f"it is smaller than the panel ({panel}); --virtual-display opens one to watch on the bench",
                )
            return False, name
        display = VirtualDisplay(panel, self._log("display"))
        self._stack.callback(display.close)
        reason_zh = f"{name} 没有应答，" if name and not virtual else ""
        reason_en = f"{name} does not answer, " if name and not virtual else ""
        self._say(
            f"1/5 显示：{reason_zh}启动了虚拟显示 Xvfb {display.name}，{panel}，请在试验台上看",
            f"display: {reason_en}started Xvfb {display.name}, {panel}, watch it on the bench page",
        )
        return True, display.name

    def _open_centre(self, project: Path) -> Centre:
        trust = project / ".setup" / "trust"
        options = self.registers.options()
        centre = Centre(project, self.folder / "centre.sqlite", trust, self._log("centre"), *options)
        self._stack.callback(centre.close)
        self._say(f"2/5 中心平台：{centre.url}", f"central platform: {centre.url}")
        return centre

    def _open_village(self, plan: Plan) -> Village:
        village = Village(
            plan.project / ".setup" / "faces",
            self.centre.port,
            use_helper_slot=plan.helper_slot,
            use_a4=True,
            card_kind=plan.card_kind,
            registers=self.registers,
        )
        self._stack.callback(village.close)
        self.ini = self.folder / "kiosk.ini"
        self.ini.write_text(village_ini(plan.project, village.settings(), self.folder / "state"), "utf-8")
        self._say(
            f"3/5 模拟设备：设置写在 {self.ini}", f"simulated devices: their settings are in {self.ini}"
        )
        if plan.helper_slot and not village.helper_slot:
            self._say(
                "    没有协理员卡槽：智能卡服务没有运行",
                "no slot for a helper's card: the smart-card service does not run",
            )
        if not village.a4:
            self._say("    没有 A4 打印机：打印服务没有运行", "no A4 printer: the print service does not run")
        return village

    def _open_page(self, port: int) -> PageServer:
        page = PageServer(create_page(self.village, mirror_of(self.display), self.centre.ops_url), port)
        self._stack.callback(page.close)
        if port not in (0, page.port):
            self._say(f"    端口 {port} 已被占用，换一个", f"port {port} is taken, using another one")
        self._say(f"4/5 试验台：{page.url}", f"bench page: {page.url}")
        return page

    def _open_terminal(self, plan: Plan) -> Keeper:
        command = plan.terminal or (
            sys.executable,
            str(plan.project / "main.py"),
            "run",
            "--config",
            str(self.ini),
        )
        log = self._log("terminal")
        environment = {"DISPLAY": self.display, "PYTHONUNBUFFERED": "1"}

        def start() -> Child:
            return Child(command, log=log, cwd=plan.project, environment=environment)

        keeper = Keeper(start, log, self._say)
        self._stack.callback(keeper.close)
        pid = keeper.child.pid
        self._say(f"5/5 终端：进程 {pid}，日志 {log}", f"terminal: process {pid}, log {log}")
        return keeper

    def _log(self, name: str) -> Path:
        """A new log; the one of the run before stays beside it."""
        log = self.folder / f"{name}.log"
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        return log


def _panel(project: Path) -> Size:
    settings, problems = load_text((project / "kiosk.ini").read_text("utf-8-sig"), "kiosk.ini", project)
    if settings is None:
        raise NotConfiguredError(problems)
    return Size(settings.screen.width_px, settings.screen.height_px)


def _require_set_up(project: Path, which: Callable[[str], str | None] = shutil.which) -> None:
    missing = [package for program, package in TOOLS.items() if which(program) is None]
    missing += [f".setup/{name}" for name in ("trust", "faces") if not (project / ".setup" / name).is_dir()]
    if missing:
        raise NotSetUpError(" ".join(missing))
