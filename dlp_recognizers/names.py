"""Finders of names, organisations and places: the embedded model, or spaCy pipelines by name, by language.

With pipelines configured the language of each span decides which of them reads it; where that is not clear, the
setting `dlp.unknown_language` does: every pipeline, the embedded model, or the span is refused as not scanned.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

import spacy
from spacy.language import Language

from dlp_recognizers.embedded import EmbeddedFinder
from dlp_recognizers.hits import Hit, ScanIncomplete
from dlp_recognizers.languages import Detector
from gateway.errors import ConfigurationError

_LABELS = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "persName": "PERSON",
    "ORG": "ORGANIZATION",
    "ORGANIZATION": "ORGANIZATION",
    "orgName": "ORGANIZATION",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "LOCATION": "LOCATION",
    "placeName": "LOCATION",
}
_WINDOW = 20_000
_OVERLAP = 300
_SCORE = 0.85


class NameFinder(Protocol):
    """Finds names in a text."""

    @property
    def version(self) -> str:
        """Changes whenever the finder may find something else."""
        ...

    def find(self, text: str) -> Iterator[Hit]:
        """Every name in the whole of `text`. Raises rather than leaving a part out."""
        ...


class SpacyFinder:
    """The entities of one installed spaCy pipeline."""

    def __init__(self, pipeline: str) -> None:
        self._name = pipeline
        self._language = load_pipeline(pipeline)
        self._language.max_length = max(self._language.max_length, _WINDOW + 1)

    @property
    def language(self) -> str:
        """The pipeline's language, `xx` for several."""
        return str(self._language.lang)

    @property
    def version(self) -> str:
        """Name and version of the pipeline."""
        meta = self._language.meta
        return f"{meta.get('lang')}_{meta.get('name')}-{meta.get('version')}"

    def find(self, text: str) -> Iterator[Hit]:
        """Windows that overlap, so that throughput and memory do not depend on the text's length."""
        for start in range(0, max(len(text), 1), _WINDOW - _OVERLAP):
            yield from self._window(text[start : start + _WINDOW], start)
            if start + _WINDOW >= len(text):
                return

    def _window(self, text: str, offset: int) -> list[Hit]:
        # spaCy's vocabulary grows with every new word; what a zone made is given back at its end.
        with self._language.memory_zone():
            document = self._language(text)
            return [
                Hit(
                    offset + span.start_char,
                    offset + span.end_char,
                    _LABELS[span.label_],
                    _SCORE,
                    f"spacy:{self._language.lang}",
                )
                for span in document.ents
                if span.label_ in _LABELS
            ]


UNKNOWN = ("all", "embedded", "refuse")
"""What may happen to a span whose language is not clear."""
MODES = ("embedded", "rules")
"""Where names come from when no pipeline is configured: the model of this package and the rules, or the rules alone."""
_SPAN = re.compile(r"\n\s*\n")
_SHORTEST_SPAN = 200


class ByLanguage:
    """Several pipelines: each span of a text is read by those of its language."""

    def __init__(self, finders: Sequence[SpacyFinder], unknown: str, fallback: NameFinder | None) -> None:
        self._finders: dict[str, list[SpacyFinder]] = {}
        for finder in finders:
            self._finders.setdefault(finder.language, []).append(finder)
        self._everywhere = self._finders.pop("xx", [])
        self._unknown = unknown
        self._fallback = fallback
        self._detector = Detector({*self._finders, "en"})

    @property
    def version(self) -> str:
        """Of every pipeline, and of what happens to the rest."""
        parts = [finder.version for finders in [*self._finders.values(), self._everywhere] for finder in finders]
        return "|".join([*parts, self._unknown, self._fallback.version if self._fallback else ""])

    def find(self, text: str) -> Iterator[Hit]:
        """Raises ScanIncomplete for a span of unknown language where the setting says so."""
        for start, end in spans(text):
            span = text[start:end]
            for finder in self._readers(span):
                for hit in finder.find(span):
                    yield Hit(hit.start + start, hit.end + start, hit.entity, hit.score, hit.recognizer)

    def _readers(self, span: str) -> Sequence[NameFinder]:
        language = self._detector.language(span)
        if language in self._finders:
            return (*self._finders[language], *self._everywhere)
        if not any(map(str.isalpha, span)):
            return ()
        if self._unknown == "refuse" and not self._everywhere:
            raise ScanIncomplete("language_unknown")
        if self._unknown == "embedded" and self._fallback is not None:
            return (self._fallback, *self._everywhere)
        return (*(finder for finders in self._finders.values() for finder in finders), *self._everywhere)


def spans(text: str) -> Iterator[tuple[int, int]]:
    """The paragraphs of `text`, short ones together with the next, so that each is long enough to tell its language."""
    start = 0
    for match in _SPAN.finditer(text):
        if match.end() - start >= _SHORTEST_SPAN:
            yield start, match.end()
            start = match.end()
    if start < len(text):
        yield start, len(text)


def finders(pipelines: Sequence[str], mode: str, unknown: str) -> tuple[NameFinder, ...]:
    """The finders of an engine. Raises ConfigurationError for a pipeline that is not there or says nothing."""
    if mode not in MODES or unknown not in UNKNOWN:
        raise ConfigurationError(
            f"dlp.names is one of {', '.join(MODES)}, dlp.unknown_language one of {', '.join(UNKNOWN)}"
        )
    loaded = [SpacyFinder(name) for name in pipelines]
    if not loaded:
        return (EmbeddedFinder(),) if mode == "embedded" else ()
    if len(loaded) == 1:
        return (loaded[0],)
    return (ByLanguage(loaded, unknown, EmbeddedFinder() if unknown == "embedded" else None),)


def load_pipeline(pipeline: str) -> Language:
    """The installed pipeline, by package name or path. Raises ConfigurationError with the fix."""
    try:
        language = spacy.load(pipeline, exclude=["parser", "lemmatizer", "textcat", "senter"])
    except OSError:
        raise ConfigurationError(
            f"dlp.spacy_pipelines: the spaCy pipeline {pipeline!r} is not installed. Install it into the gateway's "
            f"environment (python -m spacy download {pipeline}), or take it out of the list."
        ) from None
    if not {"ner", "entity_ruler", "span_ruler"} & set(language.pipe_names):
        raise ConfigurationError(
            f"dlp.spacy_pipelines: {pipeline!r} has no entity recognizer, so it would find nothing. Name a pipeline "
            "with an `ner` or `entity_ruler` component."
        )
    return language
