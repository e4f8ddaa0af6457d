"""Knows how many JSON strings deep the end of a text is, so that a value is escaped as its place needs it."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile(r'\\+|"|[^\\"]+')
_JSON_SO_FAR: Final = re.compile(r"(?:```[a-z]*)?(?:\s|\\+[nrt])*[\[{](?:[\[{\]},:.\d+\-\s]|true|false|null|\\+[nrt])*")
"""What may stand before the first quote of a JSON object or array (in a Markdown fence, or JSON-escaped itself)."""
_PREFIX_MAX: Final = 256


class JsonNesting:
    """Follows a text that may be JSON, in whose strings there may be JSON again, and so on.

    A text or string counts as JSON if everything before its first quote could begin a JSON object or array. The answer
    does not depend on how the text was cut.
    """

    def __init__(self, *, certain: bool) -> None:
        """`certain`: the outermost text is known to be JSON."""
        self._levels: list[bool | None] = [True if certain else None]
        """For the text and each string open in it: whether it is JSON itself; None: no quote in it yet."""
        self._prefixes: list[str] = [""]
        self._slashes = 0

    @property
    def depth(self) -> int:
        """How many times a value must be JSON-escaped here; 0 in plain text."""
        return len(self._levels) - 1

    def passed(self, text: str) -> None:
        """Take the next characters, as the upstream wrote them."""
        for match in _TOKEN.finditer(text):
            token = match[0]
            if token[0] == "\\":
                self._slashes += len(token)
                self._note(token)
            elif token == '"':
                self._quote(self._slashes)
                self._slashes = 0
            else:
                self._slashes = 0
                self._note(token)

    def _note(self, text: str) -> None:
        if self._levels[-1] is None:
            self._prefixes[-1] = (self._prefixes[-1] + text)[: _PREFIX_MAX + 1]

    def _quote(self, slashes: int) -> None:
        # A quote behind an odd run of backslashes is text of its string, and a quote in what that string says.
        level = 1
        while slashes % 2:
            level += 1
            slashes //= 2
        if level < len(self._levels):
            del self._levels[level:], self._prefixes[level:]
        elif level == len(self._levels):
            if self._levels[-1] is None:
                # The backslashes that escape this quote came last; they are not part of what precedes it.
                prefix = self._prefixes[-1].rstrip("\\")
                self._levels[-1] = len(prefix) <= _PREFIX_MAX and _JSON_SO_FAR.fullmatch(prefix) is not None
            if self._levels[-1]:
                self._levels.append(None)
                self._prefixes.append("")
