"""Header blocks are read once, into the very message mitmproxy would make, and never more leniently than it judges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.net.http import validate
from mitmproxy.net.http.http1 import read
from mitmproxy.proxy.layers.http import HTTPMode, validate_request

from addons import hotspots
from addons.proxy.head import LeftToMitmproxy, is_checked, read_answer, read_request
from gateway.errors import Refusal

NAMES = st.sampled_from([b"Content-Length", b"transfer-encoding", b"Accept", b"Trailer", b"bad name"]) | st.binary(
    min_size=1, max_size=4
)
VALUES = (
    st.sampled_from([b"0", b"5", b"007", b"+5", b"5, 5", b"chunked", b"gzip, chunked", b"identity", b""])
    | st.text(alphabet="019azAZ ,;:\t\x0b\x00\xff\r\n", max_size=8).map(lambda text: text.encode("latin-1"))
    | st.binary(max_size=6)
)
ANY_FIELD = st.tuples(NAMES, st.sampled_from([b":", b": ", b":\t ", b" :"]), VALUES).map(b"".join)
PLAIN_FIELD = st.tuples(
    st.sampled_from([b"Accept", b"accept", b"X-A", b"x-a", b"!#$%&'*+-.^_`|~", b"Connection"]),
    st.sampled_from([b":", b": ", b":\t "]),
    st.text(alphabet='09azAZ ,;:="\t\x80\xa0\x85\xff', max_size=8).map(lambda text: text.encode("latin-1")),
).map(b"".join)
LENGTHS = [b"Content-Length: 5", b"content-length:0 ", b"CONTENT-LENGTH:\t123456789012345", b"Content-Length: 007"]
FRAMING = st.sampled_from([*LENGTHS, b"Transfer-Encoding: chunked", b"transfer-encoding:\tChunked "])
PLAIN = st.tuples(st.lists(PLAIN_FIELD, max_size=4), st.lists(FRAMING, max_size=1)).map(lambda two: two[0] + two[1])
FIELDS = st.one_of(PLAIN, PLAIN.flatmap(st.permutations), PLAIN, st.lists(ANY_FIELD | PLAIN_FIELD, max_size=5))
METHODS = st.sampled_from([b"POST"] * 5 + [b"GET", b"HEAD", b"PUT", b"CONNECT", b"get", b"OPTIONS"])
TARGETS = st.sampled_from(
    [b"/", b"/v1/chat?a=b#c", b"//host/x", b"/a:443/http://b"] * 5 + [b"*", b"http://a/", b"a:443", b"/\xff", b""]
)
VERSIONS = st.sampled_from([b"HTTP/1.1"] * 9 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 "])
STATUSES = st.sampled_from([b"200", b"204", b"304", b"401", b"503"] * 4 + [b"101", b"100", b"099", b"2000", b"2"])
REASONS = st.sampled_from([b"", b" ", b" OK", b"   Two  words ", b" \t\x0b\x0cX\x1c", b" \xff"] * 3 + [b"\tX"])
HOSTS = st.sampled_from([[b"Host: a"], [b"host:  a "], [b"Host: a", b"X-A: 1"]] * 3 + [[]])


def request_head(method: bytes, target: bytes, version: bytes, fields: list[bytes]) -> bytes:
    return b"\r\n".join([b"%b %b %b" % (method, target, version), *fields])


def state(message: http.Message) -> dict[str, Any]:
    """All that a message is, but for when it came."""
    found = dict(vars(message.data))
    found.pop("timestamp_start")
    found["headers"] = message.headers.fields
    return found


def same_look_ups(message: http.Message) -> None:
    """The index that came with the fields is the one that would be made of them."""
    fresh = http.Headers(message.headers.fields)
    assert hotspots._index(message.headers) == hotspots._index(fresh)


@settings(max_examples=600, deadline=None)
@given(METHODS, TARGETS, VERSIONS, HOSTS, FIELDS)
@example(b"POST", b"/", b"HTTP/1.1", [b"Host: a"], [b"Transfer-Encoding: \tchunked "])
@example(b"POST", b"/", b"HTTP/1.1", [b"Host: a"], [b"Content-Length:\t5 ", b"accept: a", b"Accept:b "])
def test_an_accepted_request_is_what_mitmproxy_reads_and_accepts(
    method: bytes, target: bytes, version: bytes, hosts: list[bytes], fields: list[bytes]
) -> None:
    head = request_head(method, target, version, hosts + fields)
    found = read_request(head, 100)
    if isinstance(found, (Refusal, LeftToMitmproxy)):
        return
    theirs = read.read_request_head(head.split(b"\r\n"))
    assert state(found.request) == state(theirs)
    assert found.size == read.expected_http_body_size(theirs)
    assert hotspots._body_size(found.request) == found.size
    assert validate_request(HTTPMode.transparent, theirs, True) is None
    assert is_checked(found.request)
    same_look_ups(found.request)


@settings(max_examples=600, deadline=None)
@given(METHODS, VERSIONS, STATUSES, REASONS, FIELDS)
@example(b"POST", b"HTTP/1.1", b"200", b" OK", [b"Transfer-Encoding: \tchunked "])
@example(b"HEAD", b"HTTP/1.1", b"200", b"", [b"Content-Length: 7"])
@example(b"POST", b"HTTP/1.0", b"200", b" ", [])
def test_an_accepted_answer_is_what_mitmproxy_reads_and_accepts(
    method: bytes, version: bytes, status: bytes, reason: bytes, fields: list[bytes]
) -> None:
    head = b"\r\n".join([b"%b %b%b" % (version, status, reason), *fields])
    found = read_answer(head, method)
    if found is None or isinstance(found, LeftToMitmproxy):
        return
    request = http.Request.make("GET", "http://a/")
    request.data.method = method
    theirs = read.read_response_head(head.split(b"\r\n"))
    assert state(found.response) == state(theirs)
    assert found.size == read.expected_http_body_size(request, theirs)
    assert hotspots._body_size(request, found.response) == found.size
    validate.validate_headers(theirs)
    assert is_checked(found.response)
    same_look_ups(found.response)


REFUSED_BY_MITMPROXY = [
    [b"bad name: x"],
    [b"b\xc3\xa4d: x"],
    [b": x"],
    [b"Content-Length: 5", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"],
    [b"Transfer-Encoding: chunked", b"transfer-encoding: identity"],
    [b"Transfer-Encoding: chun\xe2\x84\xaaed"],
    [b"Transfer-Encoding: unknown"],
    [b"Transfer-Encoding: chunked, chunked"],
    [b"Transfer-Encoding: "],
    [b"Content-Length: 5", b"Content-Length: 5"],
    [b"Content-Length: 5", b"content-length: 6"],
    *([b"Content-Length: " + value] for value in (b"", b"x", b"-1", b"+1", b"007", b"00", b"5, 5", b"0x5", b"1_0")),
    [b"Content-Length: " + b"\xd9\xa3"],
]
"""What `validate_headers` says no to, each rule of it at least once."""


@pytest.mark.parametrize("fields", REFUSED_BY_MITMPROXY, ids=repr)
@pytest.mark.parametrize("method", [b"POST", b"GET"])
def test_what_mitmproxy_validation_refuses_never_passes_as_checked(fields: list[bytes], method: bytes) -> None:
    pairs = tuple((name, value.strip()) for name, value in (field.split(b":", 1) for field in fields))
    for message in (http.Request.make("POST", "http://a/"), http.Response.make(200)):
        message.headers = http.Headers(pairs)
        with pytest.raises(ValueError, match=r"header|encoding"):
            validate.validate_headers(message)
    asked = read_request(request_head(method, b"/", b"HTTP/1.1", [b"Host: a", *fields]), 100)
    assert isinstance(asked, (Refusal, LeftToMitmproxy))
    answer = read_answer(b"\r\n".join([b"HTTP/1.1 200 OK", *fields]), method)
    assert answer is None or isinstance(answer, LeftToMitmproxy)


@pytest.mark.parametrize("coding", [b"compress", b"deflate", b"gzip", b"identity", b"gzip, chunked"])
def test_no_other_coding_than_chunked_passes(coding: bytes) -> None:
    field = b"Transfer-Encoding: " + coding
    assert isinstance(read_request(request_head(b"POST", b"/", b"HTTP/1.1", [b"Host: a", field]), 9), Refusal)
    assert read_answer(b"HTTP/1.1 200 OK\r\n" + field, b"POST") is None


@pytest.mark.parametrize("line", [b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No Content"])
def test_no_answer_is_chunked_where_mitmproxy_allows_none(line: bytes) -> None:
    head = line + b"\r\nTransfer-Encoding: chunked"
    assert read_answer(head, b"POST") is None
    with pytest.raises(ValueError, match="unexpected HTTP transfer-encoding"):
        validate.validate_headers(read.read_response_head(head.split(b"\r\n")))


def test_connect_is_left_to_mitmproxy() -> None:
    head = request_head(b"CONNECT", b"/", b"HTTP/1.1", [b"Host: a"])
    assert read_request(head, 9) is LeftToMitmproxy.YES
    assert validate_request(HTTPMode.transparent, read.read_request_head(head.split(b"\r\n")), True)


def test_changed_fields_are_not_checked_ones() -> None:
    found = read_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5", b"POST")
    assert found is not None
    assert not isinstance(found, LeftToMitmproxy)
    found.response.headers["content-length"] = "5, 5"
    assert not is_checked(found.response)
    assert not is_checked(http.Response.make(200))
    assert not is_checked(None)
