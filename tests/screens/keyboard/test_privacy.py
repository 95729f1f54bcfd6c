"""Nothing that a resident types is kept: not on the disk, not in the order of candidates, not in a log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from screens.keyboard.rime import SCHEMA, Rime
from tests.screens.keyboard.traces import NAMES, TYPED, commit_inside, traces, tree, type_names

ROOT = Path(__file__).parents[3]


def test_typing_and_choosing_changes_no_file(rime: Rime, rime_folder: Path) -> None:
    before = tree(rime_folder)
    assert f"{SCHEMA}.custom.yaml" in before
    type_names(rime)
    rime.forget()
    assert tree(rime_folder) == before
    assert not list(rime_folder.rglob("*.userdb"))
    (rime_folder / "planted").write_text(NAMES["zhangguiying"], encoding="gb18030")
    assert traces(rime_folder, TYPED) == ["planted"]
    (rime_folder / "planted").unlink()


def test_the_order_of_candidates_stays_even_if_the_engine_commits(rime: Rime, rime_folder: Path) -> None:
    before, asked = tree(rime_folder), ("zhangguiying", "guiying", "zhang")
    order = [rime.candidates(letters) for letters in asked]
    for _ in range(5):
        commit_inside(rime, "zhangguiying", 2)
        commit_inside(rime, "guiying", 3)
        commit_inside(rime, "zhang", 7)
    type_names(rime)
    assert [rime.candidates(letters) for letters in asked] == order
    assert tree(rime_folder) == before


def test_no_word_of_it_is_logged(tmp_path: Path) -> None:
    """A process of its own, since logging is set up once in a process."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from screens.keyboard.rime_opening import open_rime\n"
        "rime = open_rime(Path(sys.argv[1])).value\n"
        "for letters in sys.argv[2:]:\n"
        "    for single in (False, True):\n"
        "        assert rime.candidates(letters, single=single)\n"
        "rime.close()\n"
        "print('typed')\n"
    )
    folder, temporary = tmp_path / "rime", tmp_path / "temporary"
    temporary.mkdir()
    logs_before = set(Path("/tmp").glob("rime.jiujin*"))  # noqa: S108 - where glog writes when it is not told
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder), *NAMES],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (b"typed\n", b"")
    assert list((folder / "log").iterdir()) == []
    assert list(temporary.iterdir()) == []
    assert set(Path("/tmp").glob("rime.jiujin*")) == logs_before  # noqa: S108 - as above
    assert traces(folder, TYPED) == []
    assert (folder / "build").is_dir()
