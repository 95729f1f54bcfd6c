"""The queue is of use to any program: it runs with nothing of this house beside it, and its README runs too."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import offline_queue
from offline_queue import Committed, ItemState, ItemSummary, new_item_id
from offline_queue.seal import SealingKey
from tests.offline_queue.authority import Authority
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TERMINAL, TerminalKit, draft

PACKAGE = Path(offline_queue.__file__).parent
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
EVERYTHING = """
import pkgutil, sys
from importlib import import_module
import offline_queue
for name in offline_queue.__all__:
    getattr(offline_queue, name)
for module in pkgutil.iter_modules(offline_queue.__path__):
    import_module(f"offline_queue.{module.name}")
house = {"kivy", "kiosk", "drivers", "central", "screens", "serial", "smartcard", "cv2", "fastapi"}
print(offline_queue.__file__)
print(*sorted(house & {name.partition(".")[0] for name in sys.modules}))
"""


def test_every_part_of_it_loads_where_nothing_else_of_the_house_is(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "offline_queue", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded_from, of_the_house = done.stdout.split("\n")[:2]
    assert Path(loaded_from).is_relative_to(tmp_path)
    assert of_the_house == ""


def test_its_names_are_those_of_its_rooms() -> None:
    for name in set(offline_queue.__all__) - {"new_item_id"}:
        assert getattr(offline_queue, name).__module__.startswith("offline_queue.")
    assert not hasattr(offline_queue, "Inbox")


def test_the_example_of_the_readme_runs(
    kit: TerminalKit, authority: Authority, centre: Centre, tmp_path: Path
) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 12
    centre.terminals[TERMINAL] = kit.signing_key.public_key()
    given = {
        "folder": tmp_path / "readme", "key": kit.database_key, "signing": kit.signing_key,
        "sealing": SealingKey("seal-1", kit.sealing_private.public_key()), "address": centre.url,
        "ca_file": authority.ca_file, "centre_keys": {centre.key_id: centre.key.public_key()},
        "draft": draft(id=new_item_id()),
    }  # fmt: skip
    exec(compile(example, "README.md", "exec"), given)  # noqa: S102 - it is our own page
    assert isinstance(given["answer"], Committed)
    summary = given["summary"]
    assert isinstance(summary, ItemSummary)
    assert summary.state is ItemState.ACKNOWLEDGED
    assert centre.order == [summary.id]
