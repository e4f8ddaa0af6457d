from __future__ import annotations

import pytest

from routing_rules.urls import BadUrl, is_loopback, is_private, parse_base_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://api.openai.com/v1", ("https", "api.openai.com", 443, "")),
        ("https://api.openai.com/v1/", ("https", "api.openai.com", 443, "")),
        ("https://api.openai.com", ("https", "api.openai.com", 443, "")),
        ("https://Gateway.Example:8443/llm/v1", ("https", "gateway.example", 8443, "/llm")),
        ("https://gateway.example/v1/v1", ("https", "gateway.example", 443, "/v1")),
        ("https://gateway.example/av1", ("https", "gateway.example", 443, "/av1")),
        ("http://127.0.0.1:9101", ("http", "127.0.0.1", 9101, "")),
        ("http://[::1]:9101/v1", ("http", "::1", 9101, "")),
    ],
)
def test_parts(text: str, expected: tuple[str, str, int, str]) -> None:
    url = parse_base_url(text)
    assert (url.scheme, url.host, url.port, url.prefix) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not an http"),
        ("api.openai.com", "not an http"),
        ("ftp://api.openai.com", "not an http"),
        ("https:///v1", "not an http"),
        ("https://user@api.openai.com", "user or password"),
        ("https://user:word@api.openai.com", "user or password"),
        ("https://api.openai.com?x=1", "query or fragment"),
        ("https://api.openai.com/?", "query or fragment"),
        ("https://api.openai.com/#", "query or fragment"),
        ("https://api.openai.com:0", "path or port"),
        ("https://api.openai.com:99999", "cannot be read"),
        ("https://api.openai.com:x", "cannot be read"),
        ("https://[::1", "cannot be read"),
        ("https://api.openai.com/a b", "path or port"),
        ("https://api.openai.com/%2e%2e/", "path or port"),
        ("https://api.openai.com/../x", "path or port"),
        ("https://api.openai.com//v1", "path or port"),
        ("https://api_openai.com", "no usable host"),
        ("https://api..com", "no usable host"),
        ("https://1.2.3", "no usable host"),
        ("https://0x7f000001", "no usable host"),
        ("https://0x7f.1", "no usable host"),
        ("https://127.1", "no usable host"),
        ("https://аpi.openai.com", "not an http"),
        ("https://fe80::1%25eth0", "cannot be read"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(BadUrl, match=message) as caught:
        parse_base_url(text)
    assert caught.value.fix
    assert "word" not in str(caught.value).replace("password", "")


def test_private_and_loopback() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.9.9.9", "::1", "10.0.0.1", "llm.example")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    assert [is_private(host) for host in ("localhost", "10.0.0.1", "fd00::1", "169.254.169.254", "1.1.1.1")] == [
        True, True, True, True, False,
    ]  # fmt: skip
