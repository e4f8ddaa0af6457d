"""The engine as a whole: complete or an error, quiet, off-line, the same with and without its prefilter, linear."""

from __future__ import annotations

import json
import logging
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.engine import Engine, EngineSettings, Hit, ScanIncomplete, create
from dlp_recognizers.page import Page
from gateway.errors import ConfigurationError
from tests.dlp_recognizers.values import KINDS


class Broken:
    """A finder of names that fails with the text in its message, as libraries do."""

    version = "broken-1"

    def find(self, text: str) -> Iterator[Hit]:
        raise TimeoutError(f"gave up on {text!r}")
        yield


def test_a_finder_that_fails_makes_the_scan_incomplete_without_its_message() -> None:
    engine = Engine(EngineSettings(), names=[Broken()])
    with pytest.raises(ScanIncomplete) as caught:
        engine.scan("jane@corp.example")
    assert caught.value.reason == "recognizer_failed:TimeoutError"
    assert "jane" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_judge_that_fails_makes_the_scan_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(EngineSettings())
    monkeypatch.setattr("dlp_recognizers.financial.luhn", lambda number: number / 0)
    with pytest.raises(ScanIncomplete, match="TypeError"):
        engine.scan("card 4539 1488 0343 6467")


def test_an_empty_text_has_no_hits(engine: Engine) -> None:
    assert engine.scan("") == []


@pytest.mark.parametrize(
    "text", ["\ud800", "a\udfffb jane@corp.example", "\x00" * 10, "😀" * 50, "\u0661" * 40, "\\ud800", "%", "&#0;"]
)
def test_odd_text_is_scanned(engine: Engine, text: str) -> None:
    for hit in engine.scan(text):
        assert 0 <= hit.start < hit.end <= len(text)


def test_hits_are_in_order_and_inside_the_text(engine: Engine) -> None:
    rng = random.Random(5)
    text = "\n".join(kind.make(rng) for kind in KINDS)
    hits = engine.scan(text)
    assert len(hits) >= len(KINDS)
    assert [hit.start for hit in hits] == sorted(hit.start for hit in hits)
    assert all(0 <= hit.start < hit.end <= len(text) and 0 < hit.score <= 1 for hit in hits)


PIECES = (
    "password=", "+49 30 ", "DE89", "4539 1488 ", "@", "corp.example", "-----BEGIN PRIVATE KEY-----", "eyJ", "\\u00",
    "%4", "&#",
    "Dr. ", "born ", "TLP:", "://", ":", "(", "1.2.3.4", "\u200b", "١", "é", "\n", "sk-ant-", "<password>",
    "\"", "'", "=", " is ",
)  # fmt: skip


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=14))
def test_no_text_breaks_a_recognizer(engine: Engine, pieces: list[str]) -> None:
    text = "".join(pieces)
    for hit in engine.scan(text):
        assert 0 <= hit.start < hit.end <= len(text)
        assert 0 < hit.score <= 1


def texts() -> Iterator[str]:
    rng = random.Random(3)
    for _ in range(10):
        yield " and ".join(kind.make(rng) for kind in rng.sample(KINDS, 8))
    for file in sorted(Path(random.__file__).parent.glob("*.py"))[::25]:
        yield file.read_text(encoding="utf-8")
    yield json.dumps([{"n": rng.getrandbits(60), "s": f"{rng.getrandbits(80):x}"} for _ in range(300)])


def test_the_prefilter_leaves_out_nothing(engine: Engine) -> None:
    """Every lane over the whole text finds what the gated lanes find."""
    for text in texts():
        page = Page.of(text)
        gated = {(recognizer.label, shape.name) for recognizer, shape in engine._prefilter.lanes(page)}
        for recognizer in engine._recognizers:
            for shape in recognizer.shapes:
                if (recognizer.label, shape.name) not in gated:
                    assert list(recognizer.find(page, shape)) == [], (recognizer.label, shape.name)


def test_an_automaton_out_of_memory_runs_every_lane(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Exhausted:
        def Match(self, data: bytes) -> list[int]:
            return []

    for gates in engine._prefilter._sets:
        for matches in (gates._gates, *gates._crowds.values()):
            monkeypatch.setattr(matches, "_set", Exhausted())
    assert [hit.entity for hit in engine.scan("mail jane@corp.example")] == ["EMAIL_ADDRESS"]


def test_nothing_opens_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **keywords: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    engine = Engine(EngineSettings())
    engine.warm()
    rng = random.Random(1)
    assert engine.scan("\n".join(kind.make(rng) for kind in KINDS))


def test_no_matched_text_is_logged_or_printed(
    engine: Engine, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(2)
    made = [kind.make(rng) for kind in KINDS]
    with caplog.at_level(logging.NOTSET):
        engine.scan("\n".join(made))
        engine.scan("IBAN XX00 1234, DE99 0000 0000 0000 0000 00")
    output = caplog.text + "".join(capsys.readouterr())
    assert output == ""


def test_a_hit_and_a_page_do_not_print_their_text(engine: Engine) -> None:
    assert "jane" not in repr(engine.scan("jane@corp.example"))
    assert "jane" not in repr(Page.of("jane@corp.example"))


def test_the_version_names_the_settings() -> None:
    assert create({}).version == create({}).version
    assert Engine(EngineSettings(), names=[Broken()]).version != create({}).version


@pytest.mark.parametrize("config", [{"spacy_pipelines": "en"}, {"allow_examples": "yes"}, {"other": 1}])
def test_a_wrong_configuration_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="expected"):
        create(config)


WORST = {
    "digits": "4539148803436467",
    "spaced digits": "4 5 3 9 ",
    "dashes": "4-",
    "dotted": "1.2.3.",
    "at signs": "a@",
    "local parts": "a.b-c_d+",
    "domains": "a@b.c.d.",
    "colons": "abcd:",
    "hex": "deadbeef12",
    "begin lines": "-----BEGIN PRIVATE KEY----- AAAAAAAAAAAAAAAAAAAAAAAA ",
    "assignments": "password=",
    "quoted assignments": 'password="',
    "urls": "http://a:b",
    "database urls": "postgres://a:",
    "jwt": "eyJhbGciOi.",
    "names": "Mr. Aaaa Bbbb ",
    "name words": "Aaaa ",
    "labels": "Name: ",
    "iban starts": "DE12 3456 ",
    "plus": "+49 30 12 ",
    "nanp": "212-555-",
    "born": "born on ",
    "markings": "**CONFIDENTIAL",
    "blank lines": " \t>*#=-",
    "brackets": "((((",
    "diagnosed": "diagnosed with a ",
    "conditions": "patient with cancer ",
    "backslashes": "\\",
    "escapes": "\\u0041",
    "percents": "%41",
    "ampersands": "&amp;",
    "zero width": "a\u200b",
    "wide digits": "４",
    "cyrillic": "раз ",
    "tokens": "sk-ghp_xoxb-",
    "basic": "basic QUJD ",
    "newlines": "4\n",
}


@pytest.mark.parametrize("name", WORST)
def test_worst_cases_stay_linear(engine: Engine, name: str) -> None:
    """Eight times the text costs no more than about eight times the CPU. A ratio, not a time; small times are noise."""

    def cost(size: int) -> float:
        text = (WORST[name] * (size // len(WORST[name]) + 1))[:size]
        engine.scan(text)
        best = 9e9
        for _ in range(2):
            begin = time.process_time()
            engine.scan(text)
            best = min(best, time.process_time() - begin)
        return best

    large = cost(64_000)
    if large > 0.05:
        assert large / max(cost(8_000), 1e-4) < 20, name
    assert large < 5.0
