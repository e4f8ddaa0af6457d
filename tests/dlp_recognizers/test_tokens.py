"""Vendor tokens: every format is found as a whole, wherever it stands; placeholders and words are not."""

from __future__ import annotations

import random

import pytest

from dlp_recognizers.engine import Engine
from dlp_recognizers.secret_contexts import CONTEXTS
from dlp_recognizers.secret_tokens import GATES, TOKENS, WEAK
from tests.dlp_recognizers.kinds import Kind, coverage
from tests.dlp_recognizers.secret_values import VENDOR_CONTEXTS, VENDOR_TOKENS


def test_there_are_enough_formats() -> None:
    names = [name for name, _ in TOKENS]
    assert len(names) == len(set(names)) >= 190
    assert len(CONTEXTS) >= 65
    assert set(GATES) <= set(names) and set(WEAK) <= set(names)


@pytest.mark.parametrize("kind", [*VENDOR_TOKENS, *VENDOR_CONTEXTS], ids=lambda kind: kind.make.__name__)
def test_a_generated_token_is_found(engine: Engine, kind: Kind) -> None:
    found, named, total = coverage(engine, kind, seeds=range(2))
    assert found >= 0.97 * total
    assert named >= 0.7 * total


INNOCENT = (
    "AKIA" + "IOSFODNN7EXAMPLE",
    "api_key = your-api-key-here",
    "token: <token>",
    "token: ${TOKEN}",
    "password: changeme",
    "secret = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
    "sk-your-key-goes-here-and-nowhere-else",
    "ghp_" + "x" * 36,
    '"NextToken": "' + "CpHNsscimcV5oH7bSbub03CI2Qms5" + '"',
    "{'compass': 0x263C}",
    "the cohere and mistral models are compared in table 32",
    "heroku: see https://devcenter.example/articles/limits",
    "test_generated_values_are_covered_wherever_they_stand_1234567890",
    "sha256:" + "ab12" * 16,
    '"auth": "none"',
)


@pytest.mark.parametrize("text", INNOCENT)
def test_what_only_looks_like_one(engine: Engine, text: str) -> None:
    assert [(hit.entity, hit.recognizer) for hit in engine.scan(text) if hit.score >= 0.5] == []


def test_a_token_in_the_middle_of_a_word_is_none(engine: Engine) -> None:
    value = VENDOR_TOKENS[0].make(random.Random(1))
    assert not [hit for hit in engine.scan(f"abc{value}") if hit.recognizer == "vendor-token"]
