"""IPP as bytes. The vectors with hexadecimal text follow RFC 8010, so that coder and reader are not each
other's only witness; the tests with a real printer are the second."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Failed, Ok
from drivers.document_printer.ipp import Group, Operation, Tag, decode, encode

SUCCESS = bytes.fromhex("0200 0000 00000007")
CHARSET = b"\x47\x00\x12attributes-charset\x00\x05utf-8"
LANGUAGE = b"\x48\x00\x1battributes-natural-language\x00\x02en"


def test_a_question_is_what_the_standard_draws() -> None:
    uri = "ipp://a/ipp/print"
    asked = encode(
        Operation.GET_PRINTER_ATTRIBUTES,
        7,
        ((Tag.URI, "printer-uri", (uri,)), (Tag.KEYWORD, "requested-attributes", ("a", "bc"))),
    )
    assert asked == (
        bytes.fromhex("0200 000b 00000007 01")
        + CHARSET
        + LANGUAGE
        + b"\x45\x00\x0bprinter-uri\x00\x11ipp://a/ipp/print"
        + b"\x44\x00\x14requested-attributes\x00\x01a"
        + b"\x44\x00\x00\x00\x02bc"
        + b"\x03"
    )


def test_an_answer_is_read_by_group_and_what_nobody_asks_for_is_left_out() -> None:
    data = (
        SUCCESS
        + b"\x01"
        + CHARSET
        + b"\x02"
        + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x05"
        + b"\x23\x00\x09job-state\x00\x04\x00\x00\x00\x08"
        + b"\x13\x00\x19job-impressions-completed\x00\x00"  # no-value
        + b"\x31\x00\x04date\x00\x0b\x07\xea\x0b\x19\x00\x00\x00\x00+\x00\x00"
        + b"\x22\x00\x02ok\x00\x01\x01"
        + b"\x02"
        + b"\x42\x00\x08job-name\x00\x06\xe5\xb0\xb1\xe8\xbf\x91"
        + b"\x03"
    )
    read = decode(data)
    assert isinstance(read, Ok)
    assert (read.value.status, read.value.request_id) == (0, 7)
    first, second = read.value.group(Group.JOB)
    assert dict(first) == {
        "job-id": (5,),
        "job-state": (8,),
        "job-impressions-completed": (),
        "date": (),
        "ok": (True,),
    }
    assert dict(second) == {"job-name": ("就近",)}
    for length in range(len(data)):
        assert isinstance(decode(data[:length]), Failed), "a torn answer is none"


def test_a_value_before_any_name_or_group_is_no_answer() -> None:
    assert decode(SUCCESS + b"\x02\x21\x00\x00\x00\x04\x00\x00\x00\x05\x03") == Failed("nameless")
    assert decode(SUCCESS + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x05\x03") == Failed("torn")


@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: SUCCESS + b"\x02" + tail))
def test_no_bytes_are_a_defect(data: bytes) -> None:
    assert isinstance(decode(data), Ok | Failed)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((Tag.NAME, Tag.KEYWORD, Tag.URI)),
            st.text("abc-", min_size=1, max_size=8),
            st.lists(st.text(max_size=8), min_size=1, max_size=3).map(tuple),
        ),
        unique_by=lambda item: item[1],
        max_size=5,
    )
)
def test_what_is_written_is_read(attributes: list[tuple[Tag, str, tuple[str, ...]]]) -> None:
    read = decode(encode(Operation.GET_JOBS, 1, attributes))
    assert isinstance(read, Ok)
    ((_tag, found),) = read.value.groups
    assert {name: found[name] for _tag, name, _values in attributes} == {n: v for _, n, v in attributes}
