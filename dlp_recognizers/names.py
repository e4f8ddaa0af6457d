"""Finders of names, organisations and places: the seam for spaCy pipelines and for models to come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import spacy
from spacy.language import Language

from dlp_recognizers.hits import Hit
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
