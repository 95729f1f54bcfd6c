"""The benchmark of faces: its command, its verdicts, its picture."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from drivers.face.evaluation.report import Curve
from tests.benchmarks.__main__ import main
from tests.benchmarks.faces_plot import COLOURS, KEY_IN_PNG, MARGIN_PX, SIDE_PX, write_det_plot
from tests.benchmarks.figures import Figure, RateFigure
from tests.drivers.face.evaluation.folders import small_folder


def test_the_whole_report_of_a_small_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tests.benchmarks.faces.faces_visit", lambda _say: [Figure("a visit", math.nan, "ms", 1.0, {})]
    )
    folder, plot = small_folder(tmp_path), tmp_path / "det.png"
    before = sorted(folder.rglob("*"))
    run = CliRunner().invoke(main, ["faces", "--data", str(folder), "--plot", str(plot), "--json"])
    assert run.exit_code == 0, run.stderr
    figures = {figure["name"]: figure for figure in json.loads(run.stdout)["faces"]}
    for condition in ("original", "jpeg_2048", "jpeg_1024"):
        for side in ("card", "live"):
            assert figures[f"{condition} {side} FTE"]["value"] == 0.0
    asked = figures["jpeg_2048 rule all FNMR at FMR 0.001"]
    assert (asked["goal"], asked["verdict"], asked["reached"]) == (2.0, "not measurable", None)
    assert asked["beside"]["comparisons"] == 2
    assert asked["labels"] == {
        "condition": "jpeg_2048", "system": "rule", "kind": "FNMR", "people": "all", "target_fmr": "0.001"
    }  # fmt: skip
    twins = figures["original frf twins FMR at FMR 0.001"]
    assert (twins["value"], twins["verdict"]) == (100.0, "not reached"), "two comparisons are enough for this"
    for name in ("detect_p95", "align_and_embed_dlib_p95", "align_and_embed_frf_p95", "card_photo_p95"):
        assert figures[name]["value"] >= figures[name]["beside"]["p50"] > 0
    able = [figures[f"people with at least {frames} live pictures"] for frames in (1, 2, 3)]
    assert [(one["value"], one["verdict"]) for one in able] == [
        (4.0, ""),
        (0.0, "not measurable"),
        (0.0, "not measurable"),
    ]
    behind = "people with 1 pictures or more, behind the quality gate,"
    gated = figures[f"jpeg_2048 rule by one frame, {behind} FNMR at FMR 0.001"]
    assert (gated["value"], gated["beside"]["comparisons"]) == (0.0, 2)
    assert gated["beside"]["calibrated_comparisons"] == 2
    assert gated["labels"]["gate"] == "behind the quality gate"
    of_two = "jpeg_2048 rule by any rule, people with 2 pictures or more, every frame, FNMR"
    assert (figures[of_two]["value"], figures[of_two]["verdict"]) == (None, "not measurable")
    assert figures["one_frame_decision_p95"]["goal"] == 250.0
    assert 100 < figures["worker_rss_highest"]["value"] < 4000
    assert (figures["a visit"]["value"], figures["a visit"]["reached"]) == (None, None)
    assert "embedding 24 of 24" in run.stderr
    with Image.open(plot) as picture:
        assert len(json.loads(picture.text[KEY_IN_PNG])) == 9  # type: ignore[attr-defined]
    assert sorted(folder.rglob("*")) == sorted([*before, plot]), "nothing else is written"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["faces"], "faces needs --data DIR: a folder with images.csv"),
        (["faces", "--data", "nowhere"], "does not exist"),
        (["devices", "--plot", "x.png"], "for the suite faces"),
        (["faces", "--full", "--data", "."], "--full is not for faces"),
        (["face"], "no suite face; there are: devices, live, queue, faces"),
        (["faces", "--data", "."], "images.csv, line 0, the table: cannot be read"),
    ],
)
def test_wrong_usage_says_what_is_wanted(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 2
    assert said in run.stderr
    assert "Traceback" not in run.output


def test_too_few_people_are_said_and_no_traceback(tmp_path: Path) -> None:
    folder = small_folder(tmp_path)
    table = (folder / "images.csv").read_text("utf-8").splitlines()
    (folder / "images.csv").write_text("\n".join(table[:3]), "utf-8")
    run = CliRunner().invoke(main, ["faces", "--data", str(folder)])
    assert run.exit_code == 2
    assert "images.csv: the choosing half needs somebody with" in run.stderr
    assert "embedding" not in run.stderr, "it is said before the work"


def figure(value: float, goal: float | None, *, measurable: bool) -> RateFigure:
    return RateFigure("x", value, "%", goal, {}, {}, measurable)


def test_a_verdict_needs_a_goal_and_comparisons_enough() -> None:
    assert figure(1.0, 2.0, measurable=True).verdict == "reached"
    assert figure(3.0, 2.0, measurable=True).verdict == "not reached"
    assert figure(1.0, 2.0, measurable=False).verdict == "not measurable"
    assert figure(1.0, None, measurable=True).verdict == ""
    assert figure(1.0, 2.0, measurable=False).to_json()["reached"] is None
    assert figure(float("nan"), None, measurable=True).to_json()["value"] is None


def test_the_curves_are_in_the_picture(tmp_path: Path) -> None:
    """On normal-deviate axes 50 % and the lowest rate have known places; the line between is straight."""
    straight = Curve("dlib", np.array([0.0, 1e-4, 0.1, 0.6]), np.array([1.0, 0.1, 0.1, 0.0]))
    write_det_plot(tmp_path / "det.png", {"original": [straight], "jpeg_2048": [straight]})
    assert (tmp_path / "det.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    with Image.open(tmp_path / "det.png") as opened:
        told = json.loads(opened.text[KEY_IN_PNG])  # type: ignore[attr-defined]
        pixels = np.asarray(opened.convert("RGB"))
    assert [(one["system"], one["condition"]) for one in told] == [
        ("dlib", "original"),
        ("dlib", "jpeg_2048"),
    ]
    assert told[0]["fmr"] == [0.0, 1e-4, 0.1, 0.6]
    assert told[0]["fnmr"] == [1.0, 0.1, 0.1, 0.0]
    # Deviates: 1e-4 -3.719, 0.1 -1.2816, 0.6 0.2533; so 0.1 lies at 0.6136 of the way.
    level = round(MARGIN_PX + (1 - 0.6136) * SIDE_PX)
    drawn = (pixels == COLOURS[0]).all(axis=2)
    columns = np.flatnonzero(drawn[level, : MARGIN_PX + SIDE_PX])
    assert columns.min() <= MARGIN_PX + 1
    assert abs(columns.max() - (MARGIN_PX + 0.6136 * SIDE_PX)) <= 2
    assert not drawn[level - 5, MARGIN_PX + 5 : MARGIN_PX + round(0.6 * SIDE_PX)].any()
