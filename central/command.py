"""`python main.py central`: the front door's way in."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from central.departments.port import Departments
from central.departments.simulated import simulated_departments
from central.enrolment import KeyChangedError
from central.rechecks import CatalogueError
from central.server import serve
from central.settings import CentreSettings
from central.trust import TrustError

EXIT_NOT_CONFIGURED = 78
"""EX_CONFIG of sysexits.h."""


def serve_command(
    database: str,
    trust: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    as_json: bool = False,
    production: bool = False,
    heartbeat_s: float = 300.0,
    catalogue: Path | None = None,
    simulated: bool = False,
    daily_quotas: Mapping[str, int] | None = None,
) -> int:
    """Serve until a signal; the exit code. One line on standard output when ready.

    With `as_json` it is `{"url": ..., "ops": ...}`. `simulated`: departments of an invented county answer.
    """
    if simulated and production:
        sys.stderr.write("正式环境不能用模拟部门 / simulated departments are refused in production\n")
        return EXIT_NOT_CONFIGURED
    settings = CentreSettings(
        database=database,
        trust=trust,
        host=host,
        production=production,
        heartbeat_interval_s=heartbeat_s,
        catalogue=catalogue,
        departments=simulated_departments() if simulated else Departments(),
        daily_quotas=daily_quotas or {},
    )

    def ready(url: str) -> None:
        ops = f"{url}/ops"
        line = json.dumps({"url": url, "ops": ops}) if as_json else f"centre {url}, operations pages {ops}"
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    try:
        serve(settings, port, ready)
    except (TrustError, KeyChangedError, CatalogueError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_CONFIGURED
    return 0
