from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.code_reader.contract import Code128Wanted, CodeFailure, QrWanted
from drivers.code_reader.payload import text_of
from drivers.contract import Failed, Ok

ANY = QrWanted()

WRONG = {
    "nothing": ([], CodeFailure.NO_CODE),
    "two": ([b"one", b"two"], CodeFailure.SEVERAL),
    "another encoding": (["清河镇".encode("gb18030")], CodeFailure.NOT_TEXT),
    "bytes": ([b"\xff\xfe\x00"], CodeFailure.NOT_TEXT),
    "a printer's command": ([b"abc\x1b@def"], CodeFailure.CONTROL_CHARACTERS),
    "a line end": ([b"abc\n"], CodeFailure.CONTROL_CHARACTERS),
    "reversed": (["abc\u202edef".encode()], CodeFailure.CONTROL_CHARACTERS),
    "nothing visible": (["abc\u200b".encode()], CodeFailure.CONTROL_CHARACTERS),
    "empty": ([b""], CodeFailure.CHECK_FAILED),
    "long": ([b"x" * 513], CodeFailure.TOO_LONG),
    "long in Chinese": (["字".encode() * 600], CodeFailure.TOO_LONG),
    "very long": ([b"\xff" * 2049], CodeFailure.TOO_LONG),
}


@pytest.mark.parametrize(("payloads", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_no_text_to_use_says_why(payloads: list[bytes], reason: CodeFailure) -> None:
    assert text_of(payloads, ANY) == Failed(reason)


def test_chinese_and_the_longest_text_are_taken() -> None:
    assert text_of(["清河镇".encode()], ANY) == Ok("清河镇")
    assert text_of([b"x" * 512], ANY) == Ok("x" * 512)


def test_a_payload_that_fails_its_own_check_is_no_value() -> None:
    def ends_in_seven(text: str) -> bool:
        return text.endswith("7")

    for wanted in (Code128Wanted(ends_in_seven), QrWanted(ends_in_seven)):
        assert text_of([b"1237"], wanted) == Ok("1237")
        assert text_of([b"ZW.::@9G!8"], wanted) == Failed(CodeFailure.CHECK_FAILED)


@given(st.lists(st.binary(max_size=80), max_size=2))
def test_any_bytes_are_a_clean_text_or_a_reason(payloads: list[bytes]) -> None:
    answer = text_of(payloads, ANY)
    if isinstance(answer, Ok):
        assert [answer.value.encode()] == payloads
        assert (
            answer.value.isprintable()
            or "\u3000" in answer.value
            or "\u00a0" in answer.value
            or " " in answer.value
        )
