"""Whose hands a command works with: root's own files in the terminal's folder would lock the terminal out."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def act_as_owner(folder: Path) -> str | None:
    """When root runs a command, go on as the user whom `folder` belongs to, for good; the user's name.

    None: not root, no such folder, root's own folder, or an owner whom this machine does not know.
    The user's groups come along, since they open the devices (dialout, video, lp).
    """
    if os.geteuid() != 0:
        return None
    try:
        owner = pwd.getpwuid(folder.stat().st_uid)
    except (OSError, KeyError):
        return None
    if owner.pw_uid == 0:
        return None
    os.initgroups(owner.pw_name, owner.pw_gid)
    os.setgid(owner.pw_gid)
    os.setuid(owner.pw_uid)
    return owner.pw_name
