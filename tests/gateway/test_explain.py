"""Questions that `explain` is asked, as they are read."""

from __future__ import annotations

import json

import pytest

from gateway.errors import ConfigurationError
from gateway.explain import parse_question


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_a_body_deeper_than_the_encoder_goes_is_still_a_question() -> None:
    question = parse_question(f'{{"id": "deep", "body": {{"model": "m", "messages": {nested(400)}}}}}'.encode())
    assert json.loads(question.body)["model"] == "m"


def test_deeper_than_the_decoder_goes_is_an_error_of_the_line() -> None:
    with pytest.raises(ConfigurationError, match="not JSON"):
        parse_question(f'{{"body": {nested(5_000)}}}'.encode())
