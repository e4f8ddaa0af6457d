"""The page on dialects lists those that there are."""

from __future__ import annotations

from tests.docs.dialects_table import PAGE, page


def test_the_table_is_the_code() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "run: python -m tests.docs.dialects_table"
