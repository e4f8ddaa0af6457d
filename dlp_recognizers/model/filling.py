# ruff: noqa: E501 - a table reads better in long lines
"""Fills the holes of a template and keeps count of where the names stand."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from dlp_recognizers.model.people import Source

_HOLE = re.compile(r"\{\{|\}\}|\{([A-Z])\}")
_MONTHS = (
    "January",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "October",
    "Januar",
    "März",
    "juin",
    "agosto",
    "settembre",
    "maart",
)
_DAYS = ("Monday", "Tuesday", "Friday", "Sunday", "Montag", "Freitag", "lundi", "martes", "Wednesday", "Saturday")
Span = tuple[int, int, str]
KIND = {
    "P": "PERSON",
    "F": "PERSON",
    "G": "PERSON",
    "N": "PERSON",
    "L": "LOCATION",
    "C": "LOCATION",
    "O": "ORGANIZATION",
    "A": "ADDRESS",
}


@dataclass(slots=True)
class Labelled:
    """A text, its names, and stretches of which nobody knows what they are (no lesson is drawn from those)."""

    text: str
    spans: list[Span] = field(default_factory=list)
    unknown: list[tuple[int, int]] = field(default_factory=list)


class Builder:
    """Makes labelled texts from templates."""

    def __init__(self, rng: random.Random, source: Source) -> None:
        self.rng = rng
        self.source = source

    def value(self, hole: str) -> str:
        """A fresh value for a hole."""
        source = self.source
        makers = {
            "P": source.person, "F": source.full, "G": source.first, "N": source.last, "L": source.place, "C": source.city,
            "O": source.organisation, "A": source.address, "D": self._date, "M": self._mail, "X": self._number, "S": self._state, "K": self._code,
        }  # fmt: skip
        return makers[hole]()

    def fill(self, template: str) -> Labelled:
        """The template with every hole filled."""
        parts: list[str] = []
        spans: list[Span] = []
        length = last = 0
        for match in _HOLE.finditer(template):
            before = template[last : match.start()]
            value = self.value(match.group(1)) if match.group(1) else match.group()[0]
            parts += (before, value)
            length += len(before)
            if match.group(1) in KIND:
                spans.append((length, length + len(value), KIND[match.group(1)]))
            length += len(value)
            last = match.end()
        return Labelled("".join(parts) + template[last:], spans)

    def _date(self) -> str:
        rng = self.rng
        day, month, year = rng.randrange(1, 29), rng.choice(_MONTHS), rng.randrange(1930, 2027)
        forms = (
            f"{month} {day}, {year}",
            f"{day} {month} {year}",
            f"{year}-0{rng.randrange(1, 9)}-{day:02}",
            rng.choice(_DAYS),
            f"{day}.{rng.randrange(1, 12)}.{year}",
            month,
        )
        return rng.choice(forms)

    def _mail(self) -> str:
        rng = self.rng
        name = self.source.full().lower().replace(" ", rng.choice((".", "_", "")))
        return f"{name}@{rng.choice(('example', 'mail', 'corp'))}.{rng.choice(('com', 'org', 'de', 'test'))}"

    def _number(self) -> str:
        return str(self.rng.randrange(10 ** self.rng.randrange(1, 7)))

    def _code(self) -> str:
        """A number or code of a shape that is no name: account, telephone, card, UUID, version, plate."""
        rng = self.rng
        letters = "ABCDEFGHJKLMNPRSTUVWXYZ"
        shapes = (
            "AA99 9999 9999 9999 9999 99", "AA99AAAA99999999999999", "+99 999 9999999", "(999) 999-9999", "9999 9999 9999 9999",
            "999-99-9999", "99.9.99.9", "99.99.9999", "A99-AAA-9999", "AA 999 999 A", "AAA-AA 999", "99:99:AA:9A:A9:99", "v9.99.9",
            "AAA9999999", "99/99/9999", "9999-99-99 99:99", "AAAA9A9A999", "A9999999", "AA9A 9AA", "99 99 99 999 999 99", "#99999",
        )  # fmt: skip
        made = "".join(
            rng.choice(letters) if c == "A" else rng.choice("0123456789") if c == "9" else c for c in rng.choice(shapes)
        )
        return made if rng.random() < 0.85 else made.lower()

    def _state(self) -> str:
        from dlp_recognizers.model.styles import state

        return state(self.rng)
