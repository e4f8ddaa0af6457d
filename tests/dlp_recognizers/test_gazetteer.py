"""The table of known words."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dlp_recognizers import gazetteer as gz
from dlp_recognizers.gazetteer import Gazetteer
from gateway.errors import ConfigurationError


@pytest.fixture(scope="module")
def table() -> Gazetteer:
    return Gazetteer.load()


@pytest.mark.parametrize(
    ("word", "bit"),
    [
        ("Sabine", gz.FIRST),
        ("michael", gz.COMMON_FIRST),
        ("Kowalczyk", gz.LAST),
        ("Smith", gz.COMMON_LAST),
        ("Lisbon", gz.PLACE),
        ("new york", gz.PLACE),
        ("Österreich", gz.COUNTRY),
        ("gmbh", gz.ORG_WORD),
        ("Straße", gz.STREET),
        ("Frau", gz.HONORIFIC),
        ("between", gz.FREQUENT),
        ("Portuguese", gz.DEMONYM),
    ],
)
def test_what_is_known(table: Gazetteer, word: str, bit: int) -> None:
    assert table.bits(word) & bit


def test_unknown_words_and_plain_words(table: Gazetteer) -> None:
    assert table.bits("qxzzyfoo") == 0
    assert not table.bits("between") & gz.NAME_BITS


def test_an_entry_is_found_however_it_is_composed_or_cased() -> None:
    table = Gazetteer.of({"josé": gz.FIRST, "o'neill": gz.LAST})
    assert table.bits("JOSÉ") == table.bits("José") == gz.FIRST
    assert table.bits("O’Neill") == gz.LAST
    assert table.bits("jose") == 0


def test_loading_is_quick_and_the_file_small(table: Gazetteer) -> None:
    started = time.perf_counter()
    Gazetteer.load()
    assert time.perf_counter() - started < 0.3
    assert gz.DEFAULT_PATH.stat().st_size < 5_000_000
    assert len(table) > 100_000


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    Gazetteer.of({"ada": gz.FIRST, "lee": gz.LAST | gz.FIRST}).save(tmp_path / "g")
    read = Gazetteer.load(tmp_path / "g")
    assert (read.bits("Ada"), read.bits("Lee"), len(read)) == (gz.FIRST, gz.LAST | gz.FIRST, 2)


@pytest.mark.parametrize("content", [b"", b"nonsense", b"LLMGWGZ1" + b"x" * 7])
def test_a_damaged_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g").write_bytes(content)
    with pytest.raises(ConfigurationError, match="damaged"):
        Gazetteer.load(tmp_path / "g")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing"):
        Gazetteer.load(tmp_path / "none")
