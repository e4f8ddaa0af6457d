"""The coverage contract: no place of any client package's types is passed unseen, and the page says what happens."""

from __future__ import annotations

from typing import Any

import pytest
from typing_extensions import TypedDict

from gateway.dialects import BY_NAME
from gateway.dialects.shapes import Found
from tests.coverage import judge
from tests.coverage.operations import Operation, operations
from tests.coverage.sites import of, request, sites
from tests.coverage.table import PAGE, page, rows

OPERATIONS = {operation.title: operation for operation in operations()}


@pytest.mark.parametrize("title", OPERATIONS)
def test_no_place_is_passed_unseen(title: str) -> None:
    found = list(rows(OPERATIONS[title]))
    assert found
    assert [row for row in found if judge.PASSED in row[2]] == []


def test_the_page_is_what_the_code_does() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run `python -m tests.coverage.table` and look at the difference"


class _Today(TypedDict):
    model: str


class _Tomorrow(TypedDict):
    model: str
    whispered: str
    nested: list[dict[str, str]]


def test_a_new_field_changes_the_page() -> None:
    def lines(hint: Any) -> set[str]:
        operation = Operation("openai.chat", "x", of(hint), fixed={"model": "gpt-4.1", "messages": []})
        return {f"{path}: {what}" for _, path, what in rows(operation)}

    assert lines(_Tomorrow) - lines(_Today) == {
        "whispered: scanned, redacted",
        "nested[].* (name): scanned, redacted",
        "nested[].*: scanned, redacted",
    }


def test_a_place_that_is_not_looked_at_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.dialects.dialect.walk", lambda body, shape: Found())
    body = {"model": "gpt-4.1", "messages": [{"content": judge.MARKER}]}
    assert judge.request(BY_NAME["openai.chat"], {}, body) == judge.PASSED


def test_every_way_of_writing_a_type_is_read() -> None:
    paths = {
        site.path for site in sites(request({"a": str, "b": dict[str, bytes], "c": list[str | int], "d": Any}), "M")
    }
    assert paths == {"a", "b.* (name)", "b.*", "c[]", "d", "d.* (name)"}
