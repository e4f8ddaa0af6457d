"""Knows whether the end of a text is inside a URL: there nothing is restored, because a model that was told to put a
value into a link or an image sends it to whoever owns the address.
"""

from __future__ import annotations

import enum
import re
from typing import Final

_WINDOW: Final = 24
"""Characters of history that recognising the beginning of a URL may need; the longest opener is shorter."""

_CANDIDATE: Final = re.compile(r"[/:(=]")
_OPENER: Final = re.compile(
    r"""(?:(?P<dest>\]\()
    |(?P<attribute>\b(?:src|srcset|href|action|poster|background)\s{0,4}=)
    |(?P<css>\burl\()
    |(?P<quote>["']?)(?:(?:https?|wss?|ftps?):|(?:[a-z][a-z0-9+.\-]{0,12}:)?//|(?:https?|wss?|ftps?):[/\\]))\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_SPACE: Final = re.compile(r"\s*")
_BARE_END: Final = {
    "": re.compile(r"[\s<>`]"),
    '"': re.compile(r'[\s<>`"]'),
    "'": re.compile(r"[\s<>`']"),
}
_DESTINATION_STEP: Final = re.compile(r"[\s()]")
_END: Final = {
    "angle": re.compile(r"[>\r\n]"),
    '"': re.compile('"'),
    "'": re.compile("'"),
    "unquoted": re.compile(r"[\s>]"),
    "css": re.compile(r"[\s)]"),
}


class _Mode(enum.Enum):
    TEXT = enum.auto()
    PENDING = enum.auto()
    """Behind an opener whose URL has not begun yet."""
    URL = enum.auto()
    DESTINATION = enum.auto()
    """A Markdown destination without angle brackets: its parentheses balance."""


class LinkTracker:
    """Follows a text as it will be shown and says whether its end is inside a URL.

    A URL begins with `scheme://`, `//` or `https:`, and ends at white space, `<`, `>`, a backtick, or the quote that
    stood before it. The destination of a Markdown link or image (`](...)`), the value of an HTML attribute that names
    an address (`src=`, `href=`, ...) and CSS's `url(...)` count whatever they hold, relative ones too. The answer does
    not depend on how the text was cut.
    """

    def __init__(self) -> None:
        self._mode = _Mode.TEXT
        self._kind = ""
        self._end: re.Pattern[str] = _BARE_END[""]
        self._depth = 0
        self._tail = ""

    @property
    def inside(self) -> bool:
        """Whether the next character would belong to a URL."""
        return self._mode is not _Mode.TEXT

    def passed(self, text: str) -> None:
        """Take the next characters of the text."""
        if not text:
            return
        whole = self._tail + text
        position = len(self._tail)
        steps = {
            _Mode.TEXT: self._seek_opener,
            _Mode.PENDING: self._begin,
            _Mode.URL: self._seek_end,
            _Mode.DESTINATION: self._seek_destination_end,
        }
        while position < len(whole):
            position = steps[self._mode](whole, position)
        self._tail = whole[-_WINDOW:]

    def _seek_opener(self, whole: str, position: int) -> int:
        candidate = _CANDIDATE.search(whole, position)
        if candidate is None:
            return len(whole)
        end = candidate.end()
        match = _OPENER.search(whole[max(0, end - _WINDOW) : end])
        if match is not None:
            if match.lastgroup == "quote":
                self._mode, self._end = _Mode.URL, _BARE_END[match["quote"]]
            else:
                self._mode, self._kind = _Mode.PENDING, match.lastgroup or ""
        return end

    def _begin(self, whole: str, position: int) -> int:
        space = _SPACE.match(whole, position)
        start = space.end() if space else position
        if start == len(whole):
            return start
        char = whole[start]
        if self._kind == "dest" and char == "<":
            self._mode, self._end = _Mode.URL, _END["angle"]
            return start + 1
        if self._kind == "dest":
            self._mode, self._depth = _Mode.DESTINATION, 0
            return start
        if char in "\"'":
            self._mode, self._end = _Mode.URL, _END[char]
            return start + 1
        self._mode, self._end = _Mode.URL, _END["css" if self._kind == "css" else "unquoted"]
        return start

    def _seek_end(self, whole: str, position: int) -> int:
        match = self._end.search(whole, position)
        if match is None:
            return len(whole)
        self._mode = _Mode.TEXT
        return match.end()

    def _seek_destination_end(self, whole: str, position: int) -> int:
        match = _DESTINATION_STEP.search(whole, position)
        if match is None:
            return len(whole)
        char = match[0]
        if char == "(":
            self._depth += 1
        elif char == ")" and whole[match.start() - 1 : match.start()] != "\\":
            self._depth -= 1
        if char not in "()" or self._depth < 0:
            self._mode = _Mode.TEXT
        return match.end()
