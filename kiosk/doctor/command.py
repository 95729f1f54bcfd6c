"""`main.py doctor`: one look at a terminal, for whoever stands before it with a screwdriver."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kiosk.cli import NOT_FINE, config_option, json_option, load_or_exit, show


@click.command()
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> None:
    """What is connected, what is wrong, what to do.

    A running terminal is asked and not disturbed. Of a stopped one the devices are opened, looked at
    and closed again; nothing is printed and nothing sent but one empty, signed question to the centre.

    Exit code 0: nobody has to come. 1: something is wrong or its state unknown.
    """
    from kiosk.doctor.examine import examine
    from kiosk.doctor.machine import connected

    def progress(what: str) -> None:
        if not as_json and sys.stderr.isatty():
            click.echo(f"… {what}", err=True)

    plugged = connected()
    diagnosis = examine(load_or_exit(config), progress, config.parent)
    data = {
        "ok": diagnosis.well,
        "schema": "jiujin.doctor/1",
        "terminal": diagnosis.terminal,
        "running": diagnosis.running,
        "findings": [finding.to_json() for finding in diagnosis.in_order()],
        "devices": [device.to_json() for device in diagnosis.devices],
        "connected": [device.to_json() for device in plugged],
    }
    how = "正在运行，由它自己说 / running, its own word" if diagnosis.running else "没有运行 / not running"
    lines = [f"终端 terminal {diagnosis.terminal}: {how}", ""]
    for finding in diagnosis.in_order():
        lines += finding.lines()
    if diagnosis.devices:
        lines += ["", "这台终端的设备 / the devices of this terminal:"]
        lines += [device.line() for device in diagnosis.devices]
    lines += ["", "接在这台机器上的 / connected to this machine:"]
    lines += [device.line() for device in plugged] or ["   没有看到 / nothing seen"]
    last = "都好，不用来人 / all well" if diagnosis.well else "有事要处理，见 → / see the arrows"
    show(as_json, data, [*lines, "", last])
    sys.exit(0 if diagnosis.well else NOT_FINE)
