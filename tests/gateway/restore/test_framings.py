"""The framings by themselves: cut anywhere, damaged anywhere, too large, or something else altogether."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.restore.eventstream import ChunkStreamParser, EventStreamParser, encode_frame, event_frame
from gateway.restore.json_array import JsonArrayParser
from gateway.restore.ndjson import NdjsonParser
from gateway.restore.shape import Event

LIMIT = 1 << 16
FRAME = encode_frame({":event-type": "contentBlockDelta", ":message-type": "event"}, b'{"delta":{"text":"x"}}')


def cut(parser: Any, data: bytes, step: int = 1) -> list[Any]:
    found = [each for at in range(0, len(data), step) for each in parser.feed(data[at : at + step])]
    rest = parser.close()
    return found if rest is None else [*found, rest]


def code(parser: Any, data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        cut(parser, data, len(data))
    return caught.value.refusal.code


def test_botocore_reads_our_frames_and_we_read_them() -> None:
    buffer = EventStreamBuffer()
    frames = FRAME + event_frame("metadata", b"{}")
    buffer.add_data(frames)
    theirs = [(message.headers, message.payload) for message in buffer]
    ours = [(dict(frame.headers), frame.payload) for frame in cut(EventStreamParser(LIMIT), frames)]
    assert theirs == ours and len(ours) == 2


def test_a_changed_frame_keeps_its_headers_and_gets_new_checksums() -> None:
    (frame,) = cut(EventStreamParser(LIMIT), FRAME)
    buffer = EventStreamBuffer()
    buffer.add_data(frame.with_data(b'{"delta":{"text":"longer"}}'))
    (message,) = list(buffer)
    assert message.headers == frame.headers and message.payload == b'{"delta":{"text":"longer"}}'


def test_every_flipped_byte_is_noticed() -> None:
    for at in range(len(FRAME)):
        damaged = FRAME[:at] + bytes((FRAME[at] ^ 1,)) + FRAME[at + 1 :]
        assert code(EventStreamParser(LIMIT), damaged) == "llmgw_answer_unreadable", at


def framed(head: bytes, payload: bytes, *, head_length: int | None = None) -> bytes:
    lengths = struct.pack(">II", 16 + len(head) + len(payload), len(head) if head_length is None else head_length)
    whole = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


@pytest.mark.parametrize(
    "data",
    [
        framed(b"", b"xx", head_length=3),
        framed(b"", b"xx", head_length=1 << 20),
        framed(b"\x05ab", b""),
        framed(b"\x01a\x07\x00\x09x", b""),
        framed(b"\x01a\x63", b""),
        framed(b"\x01a\x07\x00\x01\xff", b""),
        framed(b"\x01a\x00" * 65, b""),
        struct.pack(">III", 4, 0, zlib.crc32(struct.pack(">II", 4, 0))),
    ],
    ids=["headers-behind-the-end", "too-many-header-bytes", "name", "value", "type", "utf-8", "too-many", "tiny"],
)
def test_frames_that_do_not_fit_are_refused(data: bytes) -> None:
    assert code(EventStreamParser(LIMIT), data) == "llmgw_answer_unreadable"


def test_every_header_type_is_passed_over() -> None:
    sizes = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
    head = b"".join(b"\x01a" + bytes((kind,)) + b"\0" * size for kind, size in sizes.items())
    head += b"\x01b\x06\x00\x02zz" + b"\x01c\x07\x00\x02yy"
    (frame,) = cut(EventStreamParser(LIMIT), framed(head, b"{}"))
    assert frame.headers == {"c": "yy"} and frame.with_data(b"{}") == frame.raw


def test_a_frame_above_the_bound_is_refused_before_it_has_come() -> None:
    assert code(EventStreamParser(1000), event_frame("x", b"y" * 1000)[:12]) == "llmgw_answer_too_large"


def test_a_chunk_that_is_no_base64_is_refused() -> None:
    (frame,) = cut(ChunkStreamParser(LIMIT), event_frame("chunk", b'{"bytes":"?"}'))
    with pytest.raises(Refused):
        _ = frame.data


LINES = b'{"a":1}\n\r\n{"b":"\xc3\xbc"}\r\n{"c":3}'


def test_lines() -> None:
    for step in range(1, len(LINES)):
        found = cut(NdjsonParser(LIMIT), LINES, step)
        assert b"".join(line.raw for line in found) == LINES
        assert [line.data for line in found] == [b'{"a":1}', None, b'{"b":"\xc3\xbc"}', b'{"c":3}']
    assert found[2].with_data(b"{}") == b"{}\r\n"
    assert NdjsonParser(9).render(Event({"a": 1})) == b'{"a":1}\n'
    assert code(NdjsonParser(10), b'{"a":"bcdefgh"}\n') == "llmgw_answer_too_large"
    assert code(NdjsonParser(10), b'{"a":"bcdefgh') == "llmgw_answer_too_large"


ARRAY = b' [\n{"a": "]},[\\"\\\\", "b": [1, {"c": []}]} ,\r\n {"d": 2}\n,"e", [3]\n]\n \n'


def test_arrays() -> None:
    for step in range(1, len(ARRAY)):
        found = cut(JsonArrayParser(LIMIT), ARRAY, step)
        assert b"".join(each.raw for each in found) == ARRAY
        elements = [json.loads(each.data) for each in found if each.data is not None]
        assert elements == json.loads(ARRAY)
        assert [each.ends for each in found].count(True) == 1


@given(st.lists(st.recursive(st.none() | st.integers() | st.text(), st.lists), max_size=6))
def test_any_array_comes_out_as_it_went_in(tree: list[Any]) -> None:
    data = json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")
    found = cut(JsonArrayParser(LIMIT), data)
    assert b"".join(each.raw for each in found) == data
    assert [each.data for each in found if each.data] == [
        json.dumps(each, ensure_ascii=False).encode("utf-8", "surrogatepass") for each in tree
    ]


@pytest.mark.parametrize("data", [b"{}", b'"x"', b"1 [", b"[1,]", b"[,1]", b"[1}", b"[] x", b"[]]", b"[1,,2]"])
def test_what_is_no_array_is_refused(data: bytes) -> None:
    assert code(JsonArrayParser(LIMIT), data) == "llmgw_answer_unreadable"


def test_an_element_above_the_bound_is_refused() -> None:
    assert code(JsonArrayParser(8), b'["123456789"') == "llmgw_answer_too_large"
    assert code(JsonArrayParser(8), b'["123456789",') == "llmgw_answer_too_large"


def test_an_event_of_ours_fits_where_it_stands() -> None:
    parser = JsonArrayParser(LIMIT)
    assert parser.render(Event({"a": 1}, error=True)) == b'[{"a":1}]'
    out = b"".join(each.raw for each in parser.feed(b"[1"))
    assert out == b""
    out = b"".join(each.raw for each in parser.feed(b",2"))
    assert json.loads(out + parser.render(Event({"a": 1}, error=True))) == [1, {"a": 1}]
