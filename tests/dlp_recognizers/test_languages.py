"""Languages by stop words, and which pipeline reads which span."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import spacy

from dlp_recognizers.hits import ScanIncomplete
from dlp_recognizers.languages import Detector
from dlp_recognizers.names import ByLanguage, SpacyFinder, finders, spans
from gateway.errors import ConfigurationError

GERMAN = "Der Vertrag wurde gestern von der Firma unterschrieben, und wir haben ihn nicht mehr geändert."
ENGLISH = "The contract was signed by the company yesterday, and we have not changed it since then."
SAMPLES = {
    "de": GERMAN,
    "en": ENGLISH,
    "fr": "Le contrat a été signé hier par la société, et nous ne l'avons pas modifié depuis.",
    "es": "El contrato fue firmado ayer por la empresa, y no lo hemos cambiado desde entonces.",
    "it": "Il contratto è stato firmato ieri dalla società e non lo abbiamo più cambiato da allora.",
    "nl": "Het contract is gisteren door het bedrijf getekend en we hebben het daarna niet meer gewijzigd.",
    "pt": "O contrato foi assinado ontem pela empresa e não o alterámos desde então, como já foi dito.",
    "pl": "Umowa została wczoraj podpisana przez firmę i od tego czasu nie została już zmieniona, ale to nic.",
}


@pytest.mark.parametrize("language", SAMPLES)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert Detector(SAMPLES).language(SAMPLES[language]) == language


@pytest.mark.parametrize("text", ["", "ok", "0x1f 0x2e 44 55", "Lorem", "def main(argv): return argv"])
def test_what_is_no_sentence_has_no_language(text: str) -> None:
    assert Detector(SAMPLES).language(text) is None


def test_spans_hold_the_whole_text() -> None:
    text = f"{GERMAN}\n\nshort\n\n{ENGLISH * 3}\n\n{GERMAN}"
    found = list(spans(text))
    assert found[0][0] == 0 and found[-1][1] == len(text)
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert list(spans("")) == []


def _pipeline(folder: Path, language: str, name: str) -> str:
    made = spacy.blank(language, meta={"name": f"tiny{language}", "version": "1.0"})
    made.add_pipe("entity_ruler").add_patterns([{"label": "PER", "pattern": name}])  # type: ignore[attr-defined]
    path = folder / language
    made.to_disk(path)
    return str(path)


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("languages")
    return [_pipeline(folder, "de", "Vertrag"), _pipeline(folder, "en", "contract")]


def _found(finder: object, text: str) -> set[str]:
    return {text[hit.start : hit.end] for hit in finder.find(text)}  # type: ignore[attr-defined]


def test_each_span_is_read_by_the_pipeline_of_its_language(pipelines: list[str]) -> None:
    (finder,) = finders(pipelines, "embedded", "all")
    text = f"{GERMAN} contract {GERMAN * 2}\n\n{ENGLISH} Vertrag {ENGLISH * 2}"
    hits = sorted((hit.start, text[hit.start : hit.end]) for hit in finder.find(text))
    assert {word for start, word in hits if start < text.index("\n\n")} == {"Vertrag"}
    assert {word for start, word in hits if start > text.index("\n\n")} == {"contract"}


def test_an_unknown_language_is_read_by_all(pipelines: list[str]) -> None:
    (finder,) = finders(pipelines, "embedded", "all")
    assert _found(finder, "contract / Vertrag") == {"contract", "Vertrag"}


def test_an_unknown_language_is_refused_where_the_setting_says_so(pipelines: list[str]) -> None:
    (finder,) = finders(pipelines, "embedded", "refuse")
    with pytest.raises(ScanIncomplete, match="language_unknown"):
        list(finder.find("contract / Vertrag"))
    assert _found(finder, "12345 --- 67") == set()
    assert _found(finder, ENGLISH) == {"contract"}


def test_an_unknown_language_is_read_by_the_embedded_model(pipelines: list[str]) -> None:
    (finder,) = finders(pipelines, "embedded", "embedded")
    assert "Margaret Thompson" in _found(finder, "contact: Margaret Thompson, contract")


def test_a_language_that_the_detector_cannot_know_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no way to detect"):
        Detector(["qq"])


@pytest.mark.parametrize(("mode", "unknown"), [("off", "all"), ("embedded", "some")])
def test_settings_outside_the_list_are_refused(mode: str, unknown: str) -> None:
    with pytest.raises(ConfigurationError, match="is one of"):
        finders([], mode, unknown)


def test_versions_differ_by_policy(pipelines: list[str]) -> None:
    loaded = [SpacyFinder(path) for path in pipelines]
    assert ByLanguage(loaded, "all", None).version != ByLanguage(loaded, "refuse", None).version
