"""A text in the form that the matchers read: one byte for each code point."""

from __future__ import annotations

from dataclasses import dataclass, field


class _Latin(dict[int, int]):
    """Code point to Latin-1 code point; what Latin-1 lacks becomes some letter or some sign, so offsets stay equal."""

    def __missing__(self, code: int) -> int:
        value = code if code < 0x100 else (0xFF if chr(code).isalnum() else 0x3F)
        self[code] = value
        return value


_LATIN = _Latin()


@dataclass(frozen=True, slots=True)
class Page:
    """A text and its Latin-1 image. An offset means the same place in both."""

    text: str = field(repr=False)
    data: bytes = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Page:
        """The page of `text`. Linear; ASCII text costs one copy."""
        if text.isascii():
            return cls(text, text.encode("ascii"))
        try:
            return cls(text, text.encode("latin-1"))
        except UnicodeEncodeError:
            return cls(text, text.translate(_LATIN).encode("latin-1"))

    def char(self, offset: int) -> str:
        """The character at `offset`, a space outside the text."""
        return self.text[offset] if 0 <= offset < len(self.text) else " "

    def line(self, offset: int, *, limit: int = 200) -> tuple[int, int]:
        """Start and end of the line around `offset`, at most `limit` characters to either side."""
        low, high = max(0, offset - limit), min(len(self.text), offset + limit)
        start = self.text.rfind("\n", low, offset) + 1
        end = self.text.find("\n", offset, high)
        return max(start, low), high if end < 0 else end
