"""A run with an unexplained skip fails, and says which and why; an explained one passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.explained_skips import LIST, explained

PROJECT = Path(__file__).resolve().parent.parent
CONFTEST = """
import sys
from pathlib import Path
sys.path.insert(0, {project!r})
from tests import explained_skips
from tests.explained_skips import pytest_make_collect_report, pytest_runtest_makereport
explained_skips.LIST = Path(__file__).with_name("explained_skips.txt")
"""
KNOWN = "test_it.py | no camera here | it runs where there is one\n"


def run(folder: Path, test: str) -> tuple[int, str]:
    """A run of its own over one test file."""
    (folder / "conftest.py").write_text(CONFTEST.format(project=str(PROJECT)), "utf-8")
    (folder / "explained_skips.txt").write_text(KNOWN, "utf-8")
    (folder / "test_it.py").write_text("import pytest\n\n" + test, "utf-8")
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-ra",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            str(folder),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return finished.returncode, finished.stdout.decode()


UNEXPLAINED = {
    "skipped in the test": "def test_a():\n    pytest.skip('later')\n",
    "skipped by a mark": "@pytest.mark.skip(reason='later')\ndef test_a(): ...\n",
    "skipped by a condition": "@pytest.mark.skipif(True, reason='later')\ndef test_a(): ...\n",
    "skipped in its set-up": "@pytest.fixture\ndef f():\n    pytest.skip('later')\n\ndef test_a(f): ...\n",
    "expected to fail": "@pytest.mark.xfail(reason='later')\ndef test_a():\n    raise ValueError\n",
    "given up": "def test_a():\n    pytest.xfail('later')\n",
}
WITHOUT_REASON = {
    "skipped in the test": "def test_a():\n    pytest.skip()\n",
    "skipped by a mark": "@pytest.mark.skip\ndef test_a(): ...\n",
    "expected to fail": "@pytest.mark.xfail\ndef test_a():\n    raise ValueError\n",
}


@pytest.mark.parametrize("test", UNEXPLAINED.values(), ids=UNEXPLAINED)
def test_a_reason_that_is_not_in_the_list_fails_the_run(tmp_path: Path, test: str) -> None:
    code, said = run(tmp_path, test)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "its reason is not in explained_skips.txt: later" in said
    assert "= 1 " in said.splitlines()[-1], "the last line is pytest's own summary"
    assert "skipped" not in said.splitlines()[-1]


@pytest.mark.parametrize("test", WITHOUT_REASON.values(), ids=WITHOUT_REASON)
def test_no_reason_fails_the_run(tmp_path: Path, test: str) -> None:
    code, said = run(tmp_path, test)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "was not run to its end and gives no reason" in said


def test_a_whole_module_that_is_left_out_fails_the_run(tmp_path: Path) -> None:
    code, said = run(tmp_path, "pytest.importorskip('no_such_module')\n\ndef test_a(): ...\n")
    assert code == pytest.ExitCode.INTERRUPTED
    assert "could not import 'no_such_module'" in said


def test_an_explained_skip_passes(tmp_path: Path) -> None:
    code, said = run(tmp_path, "def test_a():\n    pytest.skip('no camera here')\n\ndef test_b(): ...\n")
    assert code == pytest.ExitCode.OK
    assert "1 passed, 1 skipped" in said.splitlines()[-1]


def test_the_explanation_of_one_file_is_none_for_another(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text(
        "import pytest\n\ndef test_a():\n    pytest.skip('no camera here')\n"
    )
    code, _ = run(tmp_path, "def test_b(): ...\n")
    assert code == pytest.ExitCode.TESTS_FAILED


def test_every_line_of_the_list_is_still_said_by_a_test() -> None:
    """In the file that it names, or in what that file uses (a rig)."""
    lines = explained(LIST)
    texts = [file.read_text("utf-8") for file in (PROJECT / "tests").rglob("*.py")]
    assert lines
    for line in lines:
        assert (PROJECT / line.file).is_file(), line
        assert any(f'"{line.reason}"' in text for text in texts), line


def test_a_line_without_a_why_is_refused(tmp_path: Path) -> None:
    short = tmp_path / "list.txt"
    short.write_text("# said\n\ntests/test_a.py | no camera here\n", "utf-8")
    with pytest.raises(ValueError, match=r"list\.txt:3"):
        explained(short)
