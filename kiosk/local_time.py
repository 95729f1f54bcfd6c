"""Times as people here read them: at +08:00."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

CHINA_TIME = ZoneInfo("Asia/Shanghai")


def local_minute(moment: str) -> str:
    """`2026-11-25 09:12` of an RFC 3339 time; a time that cannot be read stays as it came."""
    return _local(moment, "%Y-%m-%d %H:%M")


def local_day(moment: str) -> str:
    """`2026-11-25` of an RFC 3339 time; a time that cannot be read stays as it came."""
    return _local(moment, "%Y-%m-%d")


def _local(moment: str, form: str) -> str:
    try:
        return datetime.fromisoformat(moment).astimezone(CHINA_TIME).strftime(form)
    except (ValueError, OverflowError):
        return moment
