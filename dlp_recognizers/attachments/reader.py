"""What a format's reader is given and gives: one document under one budget."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from dlp_recognizers.attachments.budget import Budget
from gateway.attached import PartRole, ReadPart

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word that OCR read."""

    start: int
    end: int
    """Offsets into the PIXELS text."""
    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels."""


@dataclass(slots=True)
class Document:
    """One document while it is read: its budget, and the texts so far. Nested files share it."""

    budget: Budget
    nested: Callable[[bytes, str, int], None]
    """Opens a file within: its bytes, its name, the depth at which it stands."""
    ocr: str = ""
    """Path of the Tesseract program; empty: there is none."""
    depth: int = 0
    parts: list[ReadPart] = field(default_factory=list, repr=False)
    words: list[Word] = field(default_factory=list, repr=False)

    def source(self, text: str) -> None:
        """The file itself is this text. At depth 0 it can be redacted in place; within another file it is a view."""
        self._add(PartRole.SOURCE if self.depth == 0 else PartRole.VIEW, text)

    def view(self, text: str) -> None:
        """Something that a reader of the format gets at."""
        self._add(PartRole.VIEW, text)

    def pixels(self, text: str, words: list[Word]) -> None:
        """What OCR read in an image."""
        if self.depth == 0:
            self.words = words
        self._add(PartRole.PIXELS if self.depth == 0 else PartRole.VIEW, text)

    def unknown(self, reason: str) -> None:
        """Note that something was not read."""
        self.budget.unknown(reason)

    def _add(self, role: PartRole, text: str) -> None:
        if not text or text.isspace():
            return
        if not text.isprintable() and _SURROGATE.search(text):
            text = _SURROGATE.sub("\ufffd", text)
        fits = self.budget.text(len(text))
        if fits < len(text):
            # What is cut is no longer the file: it must not be written back.
            role, text = PartRole.VIEW, text[:fits]
        if text:
            self.parts.append(ReadPart(role, text))
