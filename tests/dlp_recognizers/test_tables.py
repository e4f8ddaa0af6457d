"""The header of a column tells what stands below it."""

from __future__ import annotations

import time

import pytest

from dlp_recognizers.engine import Engine

TABLES = {
    "csv": "name,ssn,city\nA,219099999,X\nB,219099998,Y\n",
    "quoted": '"name","ssn","city"\n"A, B","219099999","X"\n"B","219099998","Y"\n',
    "semicolon": "name;ssn;city\nA;219099999;X\nB;219099998;Y\n",
    "tab": "name\tssn\tcity\nA\t219099999\tX\nB\t219099998\tY\n",
    "markdown": "| name | ssn | city |\n|---|---|---|\n| A | 219099999 | X |\n| B | 219099998 | Y |\n",
    "crlf": "name,ssn,city\r\nA,219099999,X\r\nB,219099998,Y\r\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_every_cell_of_a_telling_column_is_found(engine: Engine, kind: str) -> None:
    text = TABLES[kind]
    found = [text[hit.start : hit.end] for hit in engine.scan(text) if hit.entity == "US_SSN" and hit.score >= 0.5]
    assert found == ["219099999", "219099998"]


@pytest.mark.parametrize(
    ("header", "value", "entity"),
    [
        ("password", "hunter22", "PASSWORD"),
        ("date of birth", "1985-04-12", "DATE_OF_BIRTH"),
        ("dateOfBirth", "12.04.1985", "DATE_OF_BIRTH"),
        ("phone", "4155552671", "PHONE_NUMBER"),
        ("pesel", "44051401359", "PL_PESEL"),
        ("bsn", "111222333", "NL_BSN"),
        ("passport_no", "X1234567", "PASSPORT"),
    ],
)
def test_what_a_header_names(engine: Engine, header: str, value: str, entity: str) -> None:
    text = f"id,{header},note\n" + "".join(f"{row},,\n" for row in range(30)) + f"31,{value},ok\n"
    assert any(hit.entity == entity and text[hit.start : hit.end] == value for hit in engine.scan(text))


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens,4096\n1,2\n",
        "id,size\n219099999,12\n",
        "card, table, chair\nred, green, blue\n",
        "password,\nhunter22,\n",
    ],
)
def test_other_tables_are_left_alone(engine: Engine, text: str) -> None:
    names = {"PERSON", "LOCATION", "ORGANIZATION", "ADDRESS"}
    assert [hit.entity for hit in engine.scan(text) if hit.score >= 0.5 and hit.entity not in names] == []


@pytest.mark.parametrize("unit", ["a,ssn\n", "ssn,", "ssn,b\n1,2\n", '"ssn,', "ssn|\n"])
def test_tables_cost_little(engine: Engine, unit: str) -> None:
    text = (unit * 20_000)[:60_000]
    engine.scan(text)
    begin = time.process_time()
    engine.scan(text)
    assert time.process_time() - begin < 3
