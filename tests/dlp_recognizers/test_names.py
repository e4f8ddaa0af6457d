"""spaCy pipelines by name or path: labels, windows, and errors that say the fix."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.names import _WINDOW, SpacyFinder
from gateway.errors import ConfigurationError


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> str:
    language = spacy.blank("en", meta={"name": "tiny", "version": "1.2.3"})
    ruler = language.add_pipe("entity_ruler")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": "Jane Roe"},
            {"label": "PER", "pattern": "Omar Haddad"},
            {"label": "ORG", "pattern": "Example Widgets"},
            {"label": "GPE", "pattern": "Springfield"},
            {"label": "DATE", "pattern": "yesterday"},
        ]
    )
    path = tmp_path_factory.mktemp("pipelines") / "tiny"
    language.to_disk(path)
    return str(path)


def test_labels_become_entities(pipeline: str) -> None:
    engine = Engine(EngineSettings(spacy_pipelines=(pipeline,)))
    text = "Jane Roe and Omar Haddad left Example Widgets in Springfield yesterday."
    assert [(text[hit.start : hit.end], hit.entity, hit.recognizer) for hit in engine.scan(text)] == [
        ("Jane Roe", "PERSON", "spacy:en"),
        ("Omar Haddad", "PERSON", "spacy:en"),
        ("Example Widgets", "ORGANIZATION", "spacy:en"),
        ("Springfield", "LOCATION", "spacy:en"),
    ]


def test_long_texts_are_read_to_their_end(pipeline: str) -> None:
    finder = SpacyFinder(pipeline)
    text = "word " * (_WINDOW // 5) + "Jane Roe " + "word " * _WINDOW + "Springfield"
    assert {(text[hit.start : hit.end], hit.start) for hit in finder.find(text)} == {
        ("Jane Roe", text.index("Jane")),
        ("Springfield", len(text) - len("Springfield")),
    }


def test_a_name_on_the_border_of_two_windows_is_found(pipeline: str) -> None:
    finder = SpacyFinder(pipeline)
    for shift in range(0, 20, 3):
        text = "x" * (_WINDOW - shift - 1) + " Jane Roe and more"
        assert ("Jane Roe") in {text[hit.start : hit.end] for hit in finder.find(text)}


def test_the_version_names_the_pipeline(pipeline: str) -> None:
    assert SpacyFinder(pipeline).version == "en_tiny-1.2.3"
    assert Engine(EngineSettings(spacy_pipelines=(pipeline,))).version != Engine(EngineSettings(names="rules")).version


def test_the_vocabulary_does_not_grow(pipeline: str) -> None:
    finder = SpacyFinder(pipeline)
    list(finder.find("start"))
    before = len(finder._language.vocab.strings)
    for number in range(50):
        list(finder.find(f"neverseen{number} another{number}"))
    assert len(finder._language.vocab.strings) <= before + 5


def test_a_missing_pipeline_is_an_error_with_its_fix() -> None:
    with pytest.raises(ConfigurationError, match="python -m spacy download xx_not_there"):
        Engine(EngineSettings(spacy_pipelines=("xx_not_there",)))


def test_a_pipeline_that_finds_nothing_is_refused(tmp_path: Path) -> None:
    spacy.blank("en").to_disk(tmp_path / "blank")
    with pytest.raises(ConfigurationError, match="no entity recognizer"):
        Engine(EngineSettings(spacy_pipelines=(str(tmp_path / "blank"),)))
