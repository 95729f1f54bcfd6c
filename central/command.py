"""`python main.py central`: the front door's way in."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from central.departments.over_http import HttpDepartment
from central.departments.port import Department, Departments
from central.departments.simulated import simulated_departments
from central.enrolment import KeyChangedError
from central.rechecks import CatalogueError, published
from central.server import serve
from central.settings import CentreSettings
from central.trust import TrustError

REGISTER_NAME_MAX = 64
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
    registers: Mapping[str, str] | None = None,
    register_ca: Path | None = None,
    recheck_again_s: float = 60.0,
    sms_gateway: str = "",
    find_person: bool = False,
    services: Sequence[tuple[str, str]] = (),
) -> int:
    """Serve until a signal; the exit code. One line on standard output when ready.

    With `as_json` it is `{"url": ..., "ops": ...}`. `simulated`: departments of an invented county answer.
    `registers`: name -> address; `register_ca`: the certificates that vouch for them and
    for `sms_gateway`, the address of a gateway for short messages, else the system's. `find_person`: the operations
    pages look for a person's cases. `services`: service -> address of the department that answers for it, in place of an
    invented one; with a `catalogue` only services that it has.
    """
    if simulated and production:
        sys.stderr.write("正式环境不能用模拟部门 / simulated departments are refused in production\n")
        return EXIT_NOT_CONFIGURED
    registers = registers or {}
    try:
        far_ends = {
            name: HttpDepartment(_far_url(f"--register {name}", name, url, production), register_ca)
            for name, url in registers.items()
        }
        departments = simulated_departments() if simulated else Departments()
        answering = _answering(services, catalogue, production, register_ca)
        departments = replace(departments, by_service={**departments.by_service, **answering})
        if sms_gateway:
            gateway = HttpDepartment(_far_url("--sms-gateway", "sms", sms_gateway, production), register_ca)
            departments = replace(departments, messages=gateway)
    except (
        ValueError,
        OSError,
        CatalogueError,
    ) as error:  # ssl's error about a file of certificates is an OSError
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_CONFIGURED
    settings = CentreSettings(
        database=database,
        trust=trust,
        host=host,
        production=production,
        heartbeat_interval_s=heartbeat_s,
        catalogue=catalogue,
        departments=departments,
        daily_quotas=daily_quotas or {},
        registers=far_ends,
        recheck_again_s=recheck_again_s,
        find_person=find_person,
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


def _answering(
    services: Sequence[tuple[str, str]], catalogue: Path | None, production: bool, ca_file: Path | None
) -> dict[str, Department]:
    """Service -> who answers for it. One address is one department, and so one line, whatever number of services it has."""
    known = {service for service, _version in published(catalogue)} if catalogue else None
    at: dict[str, HttpDepartment] = {}
    found: dict[str, Department] = {}
    for service, url in services:
        option = f"--department {service}"
        if service in found:
            message = f"{option}: 写了两次，一个事项只有一个部门答复 / given twice: one department answers for a service"
            raise ValueError(message)
        if known is not None and service not in known:
            message = (
                f"{option}: --catalogue 里没有这个事项，请对照事项编码"
                f" / no such service in --catalogue, compare its code; there are: {', '.join(sorted(known))}"
            )
            raise ValueError(message)
        far = _far_url(option, service, url, production)
        found[service] = at[far] = at.get(far) or HttpDepartment(far, ca_file)
    return found


def _far_url(option: str, name: str, url: str, production: bool) -> str:
    """The address of a register, a department or a gateway, if it is one. Persons' numbers go there: in production over TLS only."""
    parts = urlsplit(url)
    if len(name) > REGISTER_NAME_MAX or parts.scheme not in ("http", "https") or not parts.hostname:
        message = (
            f"{option} {url}: 要写成 名称 https://地址，名称最多 {REGISTER_NAME_MAX} 字"
            f" / give a name of at most {REGISTER_NAME_MAX} characters and an http(s) address"
        )
        raise ValueError(message)
    if production and parts.scheme != "https":
        message = (
            f"{option}: 正式环境只能用 https，里面有居民的号码"
            " / https only in production: residents' numbers go there"
        )
        raise ValueError(message)
    return url
