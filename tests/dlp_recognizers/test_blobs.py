"""Base64 and hex within a text: what they hold is found, and what is cut is the whole of them."""

from __future__ import annotations

import base64
import time

import pytest

from dlp_recognizers.engine import Engine, EngineSettings, create
from dlp_recognizers.views import unescaped

MAIL = "wilma.steinbrueck@posteo-kunden.de"


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(EngineSettings())


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


BLOBS = {
    "base64": base64_of(MAIL),
    "unpadded": base64_of(MAIL).rstrip("="),
    "URL-safe": base64.urlsafe_b64encode(f"?>?>~~~{MAIL}".encode()).decode(),
    "sentence": base64_of(f"Please write to {MAIL}, thank you – as soon as you can."),
    "JSON": base64_of(f'{{"to": "{MAIL}"}}'),
    "twice": base64_of(base64_of(MAIL)),
    "hex": MAIL.encode().hex(),
    "upper hex": MAIL.encode().hex().upper(),
    "hex in base64": base64_of(MAIL.encode().hex()),
    "percent in base64": base64_of(MAIL.replace("@", "%40")),
}


@pytest.mark.parametrize("case", BLOBS)
@pytest.mark.parametrize("frame", ["{}", "hello {} bye", "data:text/plain;base64,{}", '{{"x": "{}"}}', "x={}&y=%20"])
def test_what_a_blob_holds_is_found_and_the_blob_goes(engine: Engine, case: str, frame: str) -> None:
    text = frame.format(BLOBS[case])
    hits = [hit for hit in engine.scan(text) if hit.entity == "EMAIL_ADDRESS"]
    assert [text[hit.start : hit.end] for hit in hits] == [BLOBS[case]]


@pytest.mark.parametrize("width", [60, 64, 76])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_wrapped_blob_is_one(engine: Engine, width: int, end: str) -> None:
    blob = base64_of("word " * 20 + MAIL + " word" * 20)
    wrapped = end.join(blob[at : at + width] for at in range(0, len(blob), width))
    text = f"see:\n{wrapped}\n\nregards"
    hits = [hit for hit in engine.scan(text) if hit.entity == "EMAIL_ADDRESS"]
    assert len(hits) == 1
    assert wrapped.rstrip("=") in text[hits[0].start : hits[0].end] + "="


QUIET = [
    "internationalization and interoperability of characteristically long words",
    "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "AbstractSingletonProxyFactoryBean.getObjectForBeanInstance",
    "0000000000000000000000000000 1111111111111111 ________________ ----------------------",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
]


@pytest.mark.parametrize("text", QUIET)
def test_words_and_digests_hold_nothing(text: str) -> None:
    assert unescaped(text) is None


def test_long_blobs_cost_little(engine: Engine) -> None:
    for text in ("A" * 200_000, ("A" * 16 + "\n") * 10_000, base64.b64encode(bytes(range(256)) * 800).decode()):
        start = time.perf_counter()
        engine.scan(text)
        assert time.perf_counter() - start < 3


def test_a_token_that_shows_behind_an_escape_is_not_taken_for_a_blob() -> None:
    head, body = (
        base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"HS256"}', b'{"sub":"8138473"}')
    )
    token = f"{head}.{body}.ggbn41WUqms0L10KOl5IQvq0KPdi5uKC5cFlfHjDqWc"
    text = f'"first line\\n{token}\\nlast line"'
    found = create({}).scan(text)
    assert any(hit.start <= text.index(token) and hit.end >= text.index(token) + len(token) for hit in found)
