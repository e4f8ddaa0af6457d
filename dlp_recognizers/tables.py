"""Columns: the header of a CSV, TSV or Markdown table tells what the values below it are.

A table is read again as lines of `label: value`, one for each cell below a telling header, by every other recognizer.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from dlp_recognizers.hits import Hit
from dlp_recognizers.labels import TELLING, words_of
from dlp_recognizers.linear import LinearRecognizer, Shape, compiled
from dlp_recognizers.page import Page
from dlp_recognizers.prefilter import Prefilter

_LONGEST: Final = 128
"""Code points of a cell that is looked at."""
_ROWS: Final = 20_000
"""Rows of one table."""
_MARKS: Final = ",;\t|"
_NAME: Final = r"[ \x22']{0,2}[A-Za-z_\x80-\xff][A-Za-z0-9_ '\x80-\xff./#-]*[\x22']?[ ]{0,8}"
_HEADER: Final = rf"(?m)^\|?{_NAME}(?:[,;\t|]{_NAME})+\|?\r?$"
"""A line of names."""
_GATE: Final = r"(?m)^[^\n(){}\[\]<>=:]+[,;\t|][^\n(){}\[\]<>=:]+$"

type _Cell = tuple[int, int]


def _cells(text: str, start: int, end: int, mark: str) -> list[_Cell]:
    """The cells of a line, without blanks and quotes around them."""
    cells, low = [], start
    for part in text[start:end].split(mark):
        cells.append((low, low + len(part)))
        low += len(part) + 1
    if '"' not in text[start:end]:
        return [_bare(text, *cell) for cell in cells]
    joined: list[_Cell] = []
    opened = -1
    for low, high in cells:
        odd = text.count('"', low, high) % 2
        if opened < 0 and odd:
            opened = low
        elif opened < 0 or odd:
            joined.append((low if opened < 0 else opened, high))
            opened = -1
    return [_bare(text, *cell) for cell in joined]


def _bare(text: str, low: int, high: int) -> _Cell:
    part = text[low:high]
    low += len(part) - len(part.lstrip(" \t\"'\r"))
    return low, max(low, low + len(part.strip(" \t\"'\r")))


def _names(text: str, start: int, end: int) -> tuple[str, dict[int, str], int] | None:
    """The separator of a header, the telling columns with their labels, and how many columns there are."""
    line = text[start:end]
    mark = max(_MARKS, key=line.count)
    cells = _cells(text, start, end, mark)
    labels: dict[int, str] = {}
    for column, (low, high) in enumerate(cells):
        name = text[low:high]
        if len(name) > 48 or len(name.split()) > 5 or sum(map(str.isdigit, name)) > 2 or (low == high and mark != "|"):
            return None
        label = words_of(name)
        if TELLING.search(label):
            labels[column] = label
    return (mark, labels, len(cells)) if labels else None


def columns(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Label, start and end of every cell below the header at [start, end). Linear."""
    names = _names(text, start, end)
    if names is None:
        return
    mark, labels, width = names
    for _ in range(_ROWS):
        start = end + 1
        if start >= len(text):
            return
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        cells = _cells(text, start, min(end, start + 8000), mark)
        if len(cells) != width:
            return
        for column, label in labels.items():
            low, high = cells[column]
            if 0 < high - low <= _LONGEST:
                yield label, low, high


class ColumnRecognizer(LinearRecognizer):
    """Reads tables with the other recognizers."""

    def __init__(self, others: Sequence[LinearRecognizer]) -> None:
        super().__init__("PASSWORD", [Shape("columns", _HEADER, gate=_GATE)], name="column")
        self._prefilter = Prefilter(others)
        self._header = compiled(_HEADER)

    def find(self, page: Page, shape: Shape) -> Iterator[Hit]:
        """Every hit of any recognizer in a cell that its header helped to find."""
        parts: list[str] = []
        starts: list[int] = []
        places: list[tuple[int, int]] = []
        size = done = 0
        while (header := self._header.search(page.data, done)) is not None:
            done = header.end() + 1
            for label, low, high in columns(page.text, *header.span()):
                head = f"{label}: "
                starts.append(size + len(head))
                places.append((low, high))
                parts.append(f"{head}{page.text[low:high]}\n\n")
                size += len(parts[-1])
                done = max(done, high)
        if not parts:
            return
        inner = Page.of("".join(parts))
        for recognizer, each in self._prefilter.lanes(inner):
            for hit in recognizer.find(inner, each):
                at = bisect_right(starts, hit.start) - 1
                if at < 0:
                    continue
                low, high = places[at]
                start, end = low + hit.start - starts[at], low + hit.end - starts[at]
                if low <= start < end <= high:
                    yield Hit(start, end, hit.entity, hit.score, hit.recognizer)
