"""The organisation's own data inside the engine: more recognizers, one more finder, and values that are left alone."""

from __future__ import annotations

from collections.abc import Iterator

from dlp_recognizers.hits import Hit
from dlp_recognizers.linear import LinearRecognizer, Shape
from dlp_recognizers.own.bundle import NOTHING, OwnData
from dlp_recognizers.own.custom import CustomRecognizer
from dlp_recognizers.own.document_copies import KIND as COPIES
from dlp_recognizers.own.document_copies import CopyFinder, Threshold
from dlp_recognizers.own.exact_match import RecordFinder
from dlp_recognizers.own.terms import TermFinder
from dlp_recognizers.own.words import words_of
from dlp_recognizers.page import Page


class OwnFinder:
    """Terms, records and documents. The words of a page are read once for all three."""

    def __init__(self, own: OwnData = NOTHING) -> None:
        """Raises DocumentError when a table cannot be mapped."""
        self.version = own.version
        self.recognizers = tuple(_linear(each) for each in own.recognizers if each.patterns)
        self._allowed = own.allowed
        self._terms = TermFinder(own.lists) if own.lists else None
        self._records = [RecordFinder(each.header) for each in own.tables if each.source.kind != COPIES]
        self._copies = [
            CopyFinder(each.header, Threshold(each.source.passage, each.source.share))
            for each in own.tables
            if each.source.kind == COPIES
        ]

    @property
    def idle(self) -> bool:
        """Whether there is nothing to look for beside the recognizers."""
        return self._terms is None and not self._records and not self._copies

    def allows(self, entity: str, value: str) -> bool:
        """Whether `value` is listed, exactly so, as no finding of `entity`."""
        return (entity, value) in self._allowed

    def find(self, page: Page, shape: Shape) -> Iterator[Hit]:
        """Every term, record value and document copy in a page."""
        words = words_of(page.text)
        if self._terms is not None:
            yield from self._terms.find(page.text, words)
        for records in self._records:
            yield from records.find(page.text, words)
        for copies in self._copies:
            yield from copies.find(page.text, words)


def _linear(custom: CustomRecognizer) -> LinearRecognizer:
    shapes = [
        Shape(f"{index}", pattern, judge=custom.judge, gate=custom.gate(pattern))
        for index, pattern in enumerate(custom.patterns)
    ]
    return LinearRecognizer(custom.entity, shapes, name=custom.name)
