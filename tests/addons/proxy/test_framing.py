"""A body that is all here is taken in one go; any other is left to be read step by step."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from h11._readers import ChunkedReader, ContentLengthReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.proxy import events

from addons.proxy.framing import whole_body

CONNECTION = cast("Any", None)
DATA = events.DataReceived(CONNECTION, b"")


def half(reader: object, received: bytes) -> Any:
    """What a half of a connection has at hand while it reads a body."""
    buffer = ReceiveBuffer()
    buffer += received
    return SimpleNamespace(body_reader=reader, buf=buffer)


def test_a_whole_body_is_taken_and_what_follows_it_stays() -> None:
    reading = half(ContentLengthReader(5), b"12345GET /")
    assert whole_body(reading, DATA) == b"12345"
    assert bytes(reading.buf) == b"GET /"


@pytest.mark.parametrize(
    ("reader", "received"),
    [
        (ContentLengthReader(5), b"1234"),
        (ContentLengthReader(0), b""),
        (ChunkedReader(), b"5\r\n12345\r\n0\r\n\r\n"),
    ],
    ids=["not all here", "empty", "chunked"],
)
def test_anything_else_is_left_untouched(reader: object, received: bytes) -> None:
    reading = half(reader, received)
    assert whole_body(reading, DATA) is None
    assert bytes(reading.buf) == received


def test_the_rest_of_a_body_that_has_begun_is_left() -> None:
    reader = ContentLengthReader(5)
    reading = half(reader, b"12")
    reader(reading.buf)
    reading.buf += b"345"
    assert whole_body(reading, DATA) is None


def test_the_end_of_a_connection_is_no_body() -> None:
    assert whole_body(half(ContentLengthReader(3), b"123"), events.ConnectionClosed(CONNECTION)) is None
