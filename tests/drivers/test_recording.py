from __future__ import annotations

import contextlib
import os
import stat
import time
from pathlib import Path

import pytest

from drivers.recording import Piece, Recorder, RecordingError, load
from drivers.tap import Direction
from tests.drivers.waiting import wait_until

ROOM = 1_000_000


def record(path: Path, *pieces: tuple[str, Direction, bytes], limit_bytes: int = ROOM) -> None:
    recorder = Recorder(path, limit_bytes, {"terminal": "0142"})
    for wire, direction, data in pieces:
        recorder.tap(wire)(direction, data, time.monotonic_ns())
    recorder.close()
    recorder.close()


def test_what_passed_is_read_back_in_order_and_by_wire(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    record(
        path,
        ("card", Direction.TO_DEVICE, b"\xaa\x96"),
        ("printer", Direction.TO_DEVICE, b"\x10\x04\x01"),
        ("card", Direction.FROM_DEVICE, b""),
        ("card", Direction.LINE, b"lost"),
    )
    recording = load(path)
    assert recording.complete
    assert recording.about["terminal"] == "0142"
    assert recording.wires == ("card", "printer")
    assert [(p.direction, p.data) for p in recording.of("card")] == [
        (Direction.TO_DEVICE, b"\xaa\x96"),
        (Direction.FROM_DEVICE, b""),
        (Direction.LINE, b"lost"),
    ]
    moments = [piece.at_us for piece in recording.pieces]
    assert moments == sorted(moments)
    assert min(moments) >= 0


def test_only_the_terminals_user_may_read_it(tmp_path: Path) -> None:
    record(tmp_path / "one.jsonl")
    assert stat.S_IMODE((tmp_path / "one.jsonl").stat().st_mode) == 0o600


def test_it_never_writes_over_another_recording(tmp_path: Path) -> None:
    record(tmp_path / "one.jsonl")
    with pytest.raises(FileExistsError):
        Recorder(tmp_path / "one.jsonl", ROOM, {})


def test_it_stops_at_its_limit_with_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    record(path, *[("card", Direction.FROM_DEVICE, bytes(100))] * 50, limit_bytes=4000)
    recording = load(path)
    assert path.stat().st_size <= 4000
    assert 0 < len(recording.pieces) < 50
    assert not recording.complete


def test_a_disk_that_takes_no_more_stops_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(tmp_path / "one.jsonl", ROOM, {})
    take = recorder.tap("card")
    with Path("/dev/full").open("wb") as full:
        os.dup2(full.fileno(), recorder._file.fileno())
    take(Direction.FROM_DEVICE, b"x", time.monotonic_ns())
    recorder.close()
    take(Direction.FROM_DEVICE, b"x", time.monotonic_ns())
    assert "the recording stopped: No space left on device" in caplog.text
    assert not recorder._thread.is_alive()


def test_a_disk_that_hangs_holds_the_end_up_no_longer_than_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.recording._WAITING_PIECES", 2)
    monkeypatch.setattr("drivers.recording._CLOSE_S", 0.05)
    path = tmp_path / "one.jsonl"
    recorder = Recorder(path, ROOM, {})
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write_end, bytes(65536))
    os.set_blocking(write_end, True)
    take = recorder.tap("card")
    take(Direction.FROM_DEVICE, b"x", time.monotonic_ns())
    assert wait_until(lambda: path.read_bytes().count(b"\n") == 2), "it writes, until the disk hangs"
    os.dup2(write_end, recorder._file.fileno())
    given = 0
    while given - recorder.dropped < 3:  # one hangs at the disk, two fill the queue
        take(Direction.FROM_DEVICE, b"x", time.monotonic_ns())
        given += 1
    recorder.close()
    assert recorder._thread.is_alive(), "it waits for the disk, and nobody waits for it"
    for end in (write_end, read_end):
        os.close(end)
    monkeypatch.setattr("drivers.recording._CLOSE_S", 5.0)
    recorder.close()  # the disk answers again, if only by an error
    assert not recorder._thread.is_alive()


def test_a_file_cut_by_a_crash_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    record(path, ("card", Direction.FROM_DEVICE, b"abc"), ("card", Direction.FROM_DEVICE, b"def"))
    path.write_bytes(path.read_bytes().rsplit(b'{"end"', 1)[0][:-9])
    recording = load(path)
    assert [piece.data for piece in recording.pieces] == [b"abc"]
    assert not recording.complete


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"", "1"),
        (b"[]\n", "1"),
        (b'{"schema": "jiujin.recording/2"}\n', "1"),
        (b'{"schema": "jiujin.recording/1"}\nno json\n', "2"),
        (b'{"schema": "jiujin.recording/1"}\n{"wire": "card", "way": "up", "hex": "", "at_us": 0}\n', "2"),
        (b'{"schema": "jiujin.recording/1"}\n{"wire": "card", "way": "line", "hex": "0", "at_us": 0}\n', "2"),
        (
            b'{"schema": "jiujin.recording/1"}\n{"wire": "card", "way": "line", "hex": "", "at_us": 1e999}\n',
            "2",
        ),
        pytest.param(b"[" * 100_000 + b"\n", "1", id="nested too deep, at the top"),
        pytest.param(
            b'{"schema": "jiujin.recording/1"}\n' + b"[" * 100_000 + b"\n", "2", id="nested too deep"
        ),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path, content: bytes, where: str) -> None:
    path = tmp_path / "one.jsonl"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=rf"one\.jsonl:{where}: "):
        load(path)


def test_a_piece_says_its_bytes_in_hex() -> None:
    line = Piece("card", Direction.TO_DEVICE, b"\x00\xff", 7).to_line()
    assert b'"00ff"' in line
