"""The changes to mitmproxy give the same answers as what they stand in for."""

from __future__ import annotations

import copy
from importlib import metadata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http
from mitmproxy.net.http.http1 import read

from addons import hotspots
from gateway.errors import ConfigurationError

NAMES = st.sampled_from([b"Host", b"host", b"Content-Length", b"x-a", b"X-A", b"transfer-encoding"])
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=6)), max_size=6)


def folded(fields: list[tuple[bytes, bytes]], name: bytes) -> str | None:
    """What RFC 9110 section 5.2 makes of repeated fields."""
    values = [value for key, value in fields if key.lower() == name.lower()]
    return b", ".join(values).decode("utf-8", "surrogateescape") if values else None


@given(FIELDS, NAMES)
def test_look_ups_fold_repeated_fields_whatever_their_case(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    headers = http.Headers(fields)
    assert hotspots._header(headers, name) == folded(fields, name)
    assert hotspots._has_header(headers, name.decode()) == (folded(fields, name) is not None)


@given(FIELDS, NAMES)
def test_a_look_up_sees_every_change_made_after_the_one_before(fields: list[tuple[bytes, bytes]], name: bytes) -> None:
    headers = http.Headers(fields)
    hotspots._header(headers, name)
    headers[name] = "new"
    assert hotspots._header(headers, name) == "new"
    del headers[name]
    assert hotspots._header(headers, name, "none") == "none"
    with pytest.raises(KeyError):
        hotspots._header_or_key_error(headers, name)


def test_a_copy_does_not_answer_for_the_original() -> None:
    headers = http.Headers([(b"a", b"1")])
    hotspots._header(headers, "a")
    other = copy.deepcopy(headers)
    other["a"] = "2"
    assert (hotspots._header(headers, "a"), hotspots._header(other, "a")) == ("1", "2")


def test_the_size_of_a_body_follows_fields_method_and_status() -> None:
    request, answer = http.Request.make("POST", "http://a/"), http.Response.make(200, b"12345")
    for method, status, length in [("POST", 200, "5"), ("HEAD", 200, "5"), ("POST", 204, "5"), ("POST", 200, "7")]:
        request.method, answer.status_code = method, status
        answer.headers["content-length"] = length
        for _ in range(2):
            assert hotspots._body_size(request, answer) == read.expected_http_body_size(request, answer)


def test_a_size_that_is_no_number_is_an_error_every_time() -> None:
    request = http.Request.make("POST", "http://a/")
    request.headers["content-length"] = "x"
    for _ in range(2):
        with pytest.raises(ValueError, match="content-length"):
            hotspots._body_size(request)


def test_another_release_of_mitmproxy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _name: "99.0.0")
    with pytest.raises(ConfigurationError, match=r"99\.0\.0"):
        hotspots.apply()
