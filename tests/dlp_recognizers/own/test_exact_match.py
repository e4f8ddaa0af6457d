from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlp_recognizers.hits import Hit
from dlp_recognizers.own.exact_match import RecordFinder
from dlp_recognizers.own.match_build import BuildReport, Column, TableBuilder, TableName
from dlp_recognizers.own.records import forms_of, kind_of
from dlp_recognizers.own.table_file import read_header, verify_body
from dlp_recognizers.own.words import words_of
from gateway.diagnostics import DocumentError
from gateway.errors import ConfigurationError

KEY = secrets.token_bytes(32)
HEADER = ("customer_no", "first", "last", "email", "city")
ROWS = (
    ("KD-2024-88123", "Jane", "Doe-Example", "jane.doe@corp.example", "Springfield"),
    ("KD-2024-88124", "José", "Müller", "J.Mueller@corp.example", "Paris"),
    ("KD-2024-88125", "Anna Lena", "O'Brien", "", ""),
)


def build(path: Path, columns: str, rows: Sequence[Sequence[str]] = ROWS, key: bytes = KEY) -> BuildReport:
    builder = TableBuilder([Column.parse(each, "CUSTOMER_RECORD") for each in columns.split(",")], key)
    builder.add_all(HEADER, rows)
    return builder.write(path, TableName("crm", "k1", key, "restricted"))


def find(path: Path, text: str) -> list[Hit]:
    finder = RecordFinder(read_header(path, "exact-match", [("k1", KEY)]))
    return list(finder.find(text, words_of(text)))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "crm.match"
    build(path, "customer_no,first+last,email")
    return path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("call Jane Doe-Example now", "Jane Doe-Example"),
        ("DOE EXAMPLE, JANE", "DOE EXAMPLE, JANE"),
        ("jane doe example", "jane doe example"),
        ('"Jane","Doe-Example"', 'Jane","Doe-Example'),
        ("José Müller", "José Müller"),
        ("jose muller", "jose muller"),
        ("Jose Mueller", "Jose Mueller"),
        ("Anna Lena O'Brien", "Anna Lena O'Brien"),
        ("Ref KD-2024-88123.", "KD-2024-88123"),
        ("kd 2024 88123", "kd 2024 88123"),
        ("KD202488123", "KD202488123"),
        ("<jane.doe@corp.example>", "jane.doe@corp.example"),
        ("JANE.DOE@CORP.EXAMPLE.", "JANE.DOE@CORP.EXAMPLE"),
    ],
)
def test_a_value_is_found_as_people_write_it(table: Path, text: str, value: str) -> None:
    hits = find(table, text)
    assert value in [text[hit.start : hit.end] for hit in hits]
    assert {(hit.entity, hit.recognizer) for hit in hits} == {("CUSTOMER_RECORD", "records:crm")}


def test_names_that_are_little_words_count_in_order_and_with_capitals(tmp_path: Path) -> None:
    path = tmp_path / "t.match"
    build(path, "first+last", [("", "Anna", "To", "", ""), ("", "Marta", "de Boer", "", "")])
    assert [(hit.start, hit.end) for hit in find(path, "ask Anna To, please")] == [(4, 11)]
    assert find(path, "send it to Anna, introduce Anna to Ben") == []
    assert find(path, "marta de boer") and find(path, "DE BOER, MARTA")


@pytest.mark.parametrize(
    "text",
    ["Jane", "Doe", "Jane Smith", "José Doe-Example", "KD-2024-88129", "xKD-2024-88123y", "jane.doe@corp.examples",
     "xjane.doe@corp.example", "Paris", "Jane and many other people, Doe-Example", ""],
)  # fmt: skip
def test_parts_and_strangers_are_left_alone(table: Path, text: str) -> None:
    assert find(table, text) == []


def test_a_word_alone_proves_nothing_and_the_report_says_so(tmp_path: Path) -> None:
    report = build(tmp_path / "x.match", "first,city,email")
    assert report.rows == 3
    assert report.values == {"first": 1, "city": 0, "email": 2}  # `Anna Lena` has two words
    assert report.skipped == {"first": 2, "city": 2, "email": 0}
    with pytest.raises(ConfigurationError, match="no cell holds"):
        build(tmp_path / "y.match", "city")


def test_columns_have_entities_and_kinds_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "x.match"
    build(path, "email:email=PERSONAL_MAIL,customer_no:number=CUSTOMER_RECORD")
    text = "KD-2024-88123 jane.doe@corp.example"
    assert {hit.entity for hit in find(path, text)} == {"CUSTOMER_RECORD", "PERSONAL_MAIL"}
    assert sorted(read_header(path, "exact-match", [("k1", KEY)]).facts["entities"]) == [
        "CUSTOMER_RECORD",
        "PERSONAL_MAIL",
    ]


@pytest.mark.parametrize(
    ("columns", "says"),
    [("nope", "column nope"), ("email:phone", "write name"), ("email=MARKING_PUBLIC", "MARKING_PUBLIC"),
     ("email=MY_THING", "begin with SECRET_"), ("first+last:number", "are words"), ("email=secret", "write name")],
)  # fmt: skip
def test_columns_that_cannot_be(tmp_path: Path, columns: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        build(tmp_path / "x.match", columns)


def test_a_ragged_row_is_named_by_number_and_not_by_content(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(tmp_path / "x.match", "email", [*ROWS, ("KD-1", "topsecretname")])
    assert "row 4 has 2 cells" in str(caught.value)
    assert "topsecretname" not in str(caught.value)


def test_no_value_is_in_the_file(table: Path) -> None:
    data = table.read_bytes().lower()
    for row in ROWS:
        for cell in row:
            for form in {cell, *forms_of(cell, kind_of([cell]))} - {""}:
                assert form.lower().encode() not in data
                assert form.lower().encode("utf-16-le") not in data
    assert KEY not in data


def broken(path: Path, key: bytes = KEY, kind: str = "exact-match", key_id: str = "k1") -> str:
    with pytest.raises(DocumentError) as caught:
        verify_body(read_header(path, kind, [(key_id, key)]))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.fix
    assert diagnostic.file == str(path)
    return diagnostic.code


def test_every_way_in_which_a_file_can_be_wrong(table: Path) -> None:
    good = table.read_bytes()
    assert broken(table.with_name("none")) == "file-missing"
    assert broken(table.parent) == "file-access"
    assert broken(table, key=secrets.token_bytes(32)) == "table-key"
    assert broken(table, key_id="k2") == "table-key"
    assert broken(table, kind="fingerprints") == "table-kind"
    for data, code in (
        (b"", "table-format"), (b"PK\x03\x04" + good, "table-format"), (good[:8], "table-format"),
        (good[:40], "table-truncated"), (good[:-64], "table-truncated"), (good + b"\0", "table-truncated"),
        (good.replace(b'"version": 1', b'"version": 2'), "table-version"),
        (good.replace(b'"restricted"', b'"public"    '), "table-key"),
        (good[:-64] + bytes([good[-64] ^ 1]) + good[-63:], "table-damaged"),
        (good[:12] + b"[" + good[13:], "table-format"),
    ):  # fmt: skip
        table.write_bytes(data)
        assert broken(table) == code, (code, data[:20])


def test_a_new_table_takes_the_place_of_the_old_one_and_others_may_not_read_it(table: Path) -> None:
    before = read_header(table, "exact-match", [("k1", KEY)])
    finder = RecordFinder(before)
    build(table, "email")
    assert list(finder.find("KD-2024-88123", words_of("KD-2024-88123"))), "a process that has the old one goes on"
    assert read_header(table, "exact-match", [("k1", KEY)]).identity != before.identity
    assert table.stat().st_mode & 0o007 == 0
    assert not list(table.parent.glob("*.new"))


names = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=3, max_size=9)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(names, names), min_size=1, max_size=8), st.sampled_from(["{0} {1}", "{1}, {0}", "x {0}\t{1} y"])
)
def test_every_record_is_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], form: str
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.match"
    build(path, "first+last", [("", first, last, "", "") for first, last in pairs])
    for first, last in pairs:
        text = form.format(first, last)
        assert any(hit.end - hit.start >= len(first) + len(last) for hit in find(path, text)), text
    assert find(path, "qqqq zzzzz") == [] or any({"qqqq", "zzzzz"} == {a, b} for a, b in pairs)
