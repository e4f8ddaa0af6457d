"""What hides raises the level, what is ordinary does not, and what says too much is refused."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
import time

import pytest

from dlp_recognizers.engine import Engine
from dlp_recognizers.hits import ScanIncomplete
from dlp_recognizers.local import LocalScanner
from gateway.classification import ClassificationTable, classify
from gateway.entities import EntityGroup, group_of
from gateway.model import AgentRecord, Level, Operator, Profile, Prompt, SpanKind, TextSpan
from gateway.redaction import redact, scope_key, verify
from tests.routing_rules.contexts import shipped

RNG = random.Random(4)
NOISE = base64.b64encode(RNG.randbytes(400)).decode()
HIDING = {
    "unknown blob": f"use this: {NOISE}",
    "Morse": "... --- ... / .... . .-.. .--. / -- . / -. --- .-- / .--. .-.. . .- ... .",
    "spelled out": "it is seven one four nine two two eight three six",
    "in German": "es ist sieben eins vier neun zwei zwei acht drei sechs",
    "Braille": "⠠⠞⠓⠑ ⠏⠁⠎⠎⠺⠕⠗⠙ ⠊⠎ ⠓⠑⠗⠑",
}
ORDINARY = {
    "prose": "One or two of the seven people came, and three went. Four more are to come at nine.",
    "digests": " ".join(hashlib.sha256(bytes([at])).hexdigest() for at in range(9)),
    "image": "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + RNG.randbytes(2000)).decode(),
    "certificate": "-----BEGIN CERTIFICATE-----\n"
    + re.sub("(.{64})", r"\1\n", base64.b64encode(b"\x30\x82\x03\x21" + RNG.randbytes(700)).decode())
    + "\n-----END CERTIFICATE-----",
    "rules": "- - - - - - - - - -\n. . . . . . . . . .\n----- ----- ----- ----- ----- ----- ----- -----",
    "integrity": '"integrity": "sha512-' + base64.b64encode(RNG.randbytes(64)).decode() + '"',
    "spinner": "frames = '⠋⠙⠹⠸⠼⠴'",
    "whole spinner": "const frames = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'; and ⠋⠙⠚⠞⠖⠦⠴⠲⠳⠓",
    "counting": "one two three four five six seven eight nine",
    "counting down": "nine, eight, seven, six, five, four, three, two, one",
    "path": "/".join(["a_long_directory_name_of_some_module"] * 8),
    "list": ", ".join(str(at % 10) for at in range(200)),
}


def found(engine: Engine, text: str, kind: SpanKind = SpanKind.TEXT) -> list[str]:
    result = LocalScanner(engine).scan_sync([TextSpan("/m", text, kind)])
    assert result.complete
    return [each.entity for each in result.findings if each.score >= 0.5]


@pytest.mark.parametrize("case", HIDING)
def test_what_hides_is_a_sign(engine: Engine, case: str) -> None:
    assert "OBFUSCATION" in found(engine, HIDING[case])


@pytest.mark.parametrize("case", ORDINARY)
def test_what_is_ordinary_is_none(engine: Engine, case: str) -> None:
    assert "OBFUSCATION" not in found(engine, ORDINARY[case])


def test_sealed_text_is_no_sign(engine: Engine) -> None:
    assert found(engine, HIDING["unknown blob"], SpanKind.SEALED) == []


def test_a_sign_raises_the_level_and_is_never_redacted(engine: Engine) -> None:
    assert group_of("OBFUSCATION") is EntityGroup.EVASION
    body = {"m": HIDING["unknown blob"]}
    prompt = Prompt("openai.chat", "m", False, (TextSpan("/m", body["m"]),), (), body)
    scan = LocalScanner(engine).scan_sync(prompt.spans)
    agent = AgentRecord("a", "spiffe://x/a", "u", "t", Level.RESTRICTED)
    table = ClassificationTable({"@secret": Level.RESTRICTED, "@personal": Level.INTERNAL}, Level.PUBLIC, Level.PUBLIC)
    assert classify(prompt, scan, agent, table).level is Level.CONFIDENTIAL
    everything = Profile("all", {"*": Operator.PLACEHOLDER})
    done = redact(prompt, scan, everything, key=scope_key(b"k" * 32), operator=lambda *_: "*")
    assert json.loads(done.body) == body


def test_the_rest_of_a_blob_leaves_as_it_was(engine: Engine) -> None:
    letter = "Dear all, write to wilma.roe@corp.example or pay by 4539148803436467. The rest of this stays."
    body = {"m": "file: " + base64.b64encode(letter.encode()).decode()}
    prompt = Prompt("openai.chat", "m", False, (TextSpan("/m", body["m"]),), (), body)
    everything = Profile("all", {"*": Operator.PLACEHOLDER})
    scan = LocalScanner(engine).scan_sync(prompt.spans)
    done = redact(prompt, scan, everything, key=scope_key(b"k" * 32), operator=lambda *_: "*")
    verify(done)
    inside = base64.b64decode(json.loads(done.body)["m"].removeprefix("file: ")).decode()
    assert (
        re.sub(r"\[[A-Z_]+_[a-z2-7]{12}\]", "#", inside) == "Dear all, write to # or pay by #. The rest of this stays."
    )
    assert sorted(done.restore.values()) == ["4539148803436467", "wilma.roe@corp.example"]


def test_a_bomb_makes_the_scan_incomplete(engine: Engine) -> None:
    bomb = base64.b64encode(gzip.compress(b"word " * 1_000_000)).decode()
    with pytest.raises(ScanIncomplete) as caught:
        engine.scan(f"unpack {bomb}")
    assert caught.value.reason == "too_many_readings"


HOSTILE = {
    "joints": '"a" + ' * 12_000,
    "tags": "4<b></b>" * 8_000,
    "blanks": "4 " * 30_000,
    "commas": "1," * 30_000,
    "escapes": "\\u005c" * 10_000,
    "line ends": "ab@\n" * 15_000,
    "dots": ".- " * 20_000,
    "words": "one " * 15_000,
    "hex": "41 " * 20_000,
    "quotes": "\"'`" * 20_000,
    "signs": " at dot" * 9_000,
    "braces": "<" * 60_000,
    "keys": f"-----BEGIN PRIVATE {'KEY'}-----\n" * 1_500,
    "begin": "begin 644 x\n" * 5_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text_costs_no_more_than_its_length(engine: Engine, case: str) -> None:
    start = time.process_time()
    result = LocalScanner(engine).scan_sync([TextSpan("/m", HOSTILE[case])])
    assert time.process_time() - start < 4, result.complete


def test_the_shipped_rules_count_a_sign_as_confidential() -> None:
    assert shipped().classification_table.level_of("OBFUSCATION") is Level.CONFIDENTIAL
