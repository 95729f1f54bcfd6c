"""Reading aloud never takes the terminal with it, whatever the program does."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from kiosk.speech import Speaker


def program(folder: Path, script: str) -> Path:
    file = folder / "speak"
    file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    file.chmod(0o755)
    return file


def test_the_words_come_through_a_pipe_and_never_on_the_command_line(tmp_path: Path) -> None:
    file = program(
        tmp_path, f'echo "$@" > {tmp_path}/arguments; cat > {tmp_path}/heard; touch {tmp_path}/done'
    )
    speaker = Speaker([str(file)])
    speaker.say("您好，赵测试", "zh")
    assert speaker._process is not None
    speaker._process.wait(30)
    assert (tmp_path / "heard").read_text("utf-8") == "您好，赵测试"
    assert (tmp_path / "arguments").read_text("utf-8") == "-v cmn --stdin\n"
    speaker.close()


def test_a_program_that_does_not_listen_is_no_defect(tmp_path: Path) -> None:
    speaker = Speaker([str(program(tmp_path, "exec <&-; exit 1"))])
    for _ in range(5):
        speaker.say("很长的话" * 50_000, "zh")  # more than a pipe holds
    assert speaker.ready
    speaker.close()


def test_a_program_that_was_taken_away_is_said_to_be_not_ready(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = program(tmp_path, "cat > /dev/null")
    speaker = Speaker([str(file)])
    assert speaker.ready
    file.unlink()
    with caplog.at_level(logging.INFO):
        speaker.say("赵测试", "zh")
    assert (speaker.ready, speaker.wanted) == (False, True)
    assert "does not start" in caplog.text
    assert "赵测试" not in caplog.text
    speaker.close()


def test_a_terminal_without_a_program_is_silent() -> None:
    speaker = Speaker(())
    speaker.say("您好", "zh")
    assert (speaker.ready, speaker.wanted, speaker._process) == (False, False, None)
