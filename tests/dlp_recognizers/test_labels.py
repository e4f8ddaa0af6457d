"""Values whose key is their only context."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.labels import LONGEST_VALUE, with_labels, without_labels
from dlp_recognizers.local import LocalScanner
from gateway.model import Finding, ScanResult, SpanKind, TextSpan


@pytest.fixture(scope="module")
def scanner() -> LocalScanner:
    return LocalScanner(Engine(EngineSettings()))


@pytest.mark.parametrize(
    ("pointer", "value", "entity"),
    [
        ("/messages/0/content/0/input/password", "hunter2", "PASSWORD"),
        ("/messages/0/content/0/input/dbPassword", "Sommer2024!", "PASSWORD"),
        ("/metadata/client_secret", "abcD3fgh1jkl", "PASSWORD"),
        ("/messages/0/content/0/input/passwords/1", "hunter2", "PASSWORD"),
        ("/metadata/dateOfBirth", "1984-03-12", "DATE_OF_BIRTH"),
        ("/metadata/ssn", "219099999", "US_SSN"),
        ("/metadata/customerName", "Maria Lindqvist", "PERSON"),
        ("/metadata/phone", "4155552671", "PHONE_NUMBER"),
    ],
)
def test_a_value_is_found_by_its_key(scanner: LocalScanner, pointer: str, value: str, entity: str) -> None:
    found = scanner.scan_sync([TextSpan("/x", "nothing here"), TextSpan(pointer, value)]).findings
    assert [(each.span, each.start, each.end, each.entity) for each in found] == [(1, 0, len(value), entity)]


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/max_tokens", "4096"),
        ("/tools/0/function/name", "get_weather"),
        ("/messages/0/role", "user"),
        ("/x/0/1", "12"),
    ],
)
def test_innocent_values_stay_innocent(scanner: LocalScanner, pointer: str, value: str) -> None:
    assert scanner.scan_sync([TextSpan(pointer, value)]).findings == ()


def test_only_short_values_of_telling_keys_are_labelled() -> None:
    spans = [
        TextSpan("/password", "x" * (LONGEST_VALUE + 1)),
        TextSpan("/messages/0/content", "short"),
        TextSpan("/password", "hunter2", SpanKind.KEY),
        TextSpan("/a~1password", "hunter2"),
    ]
    labelled, shifts = with_labels(spans)
    assert labelled[:3] == spans[:3]
    assert labelled[3].text == "a/password: hunter2"
    assert shifts == {3: 12}


def test_findings_in_the_label_are_dropped_and_others_moved() -> None:
    found = (
        Finding(0, 0, 4, "PERSON", 1.0, "r"),
        Finding(0, 8, 15, "PASSWORD", 1.0, "r"),
        Finding(1, 3, 5, "X", 1.0, "r"),
    )
    moved = without_labels(ScanResult(found, complete=True), {0: 10}).findings
    assert [(each.span, each.start, each.end) for each in moved] == [(0, 0, 5), (1, 3, 5)]
