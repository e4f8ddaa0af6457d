"""What stands in the place of a value holds nothing of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlp_recognizers.operators import PresidioOperator
from gateway.model import Operator
from gateway.ports import ValueOperator

OPERATE: ValueOperator = PresidioOperator(salt=b"0123456789abcdef")


@pytest.mark.parametrize("value", ["x", "jane@corp.example", "ä" * 500])
def test_a_mask_does_not_tell_the_length(value: str) -> None:
    assert OPERATE(Operator.MASK, "EMAIL_ADDRESS", value) == "********"


@given(st.text(min_size=1))
def test_a_hash_is_the_same_for_the_same_value_and_key(value: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    made = OPERATE(Operator.HASH, "US_SSN", value)
    assert re.fullmatch(r"<US_SSN:[0-9a-f]{16}>", made)
    assert made == OPERATE(Operator.HASH, "US_SSN", value)
    assert made != PresidioOperator()(Operator.HASH, "US_SSN", value)


def test_removal_leaves_nothing() -> None:
    assert OPERATE(Operator.REMOVE, "API_KEY", "value") == ""


def test_placeholders_are_not_made_here() -> None:
    with pytest.raises(ValueError, match="redaction"):
        OPERATE(Operator.PLACEHOLDER, "API_KEY", "value")


def test_a_short_salt_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        PresidioOperator(salt=b"short")
