"""Values that something stands in the middle of: quotes, tags, blanks, line ends. Pure; linear.

Each closer takes the joints out, and what lies around them is read once more. These readings are guesses, so only what
proves itself counts in them (`Reading.strict`).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dlp_recognizers.linear import compiled
from dlp_recognizers.page import Page
from dlp_recognizers.views.separated import APART_GATE, SIGN_GATE, apart, keys, signs
from dlp_recognizers.views.view import Piece, View, build, zones

type Pieces = Callable[[str, bytes], Iterator[Piece]]
"""The joints of a text, given with its page's bytes."""

_CLOSE: Final = 192
"""How far around a joint is read again, in characters."""
_DIGITS: Final = re.compile(r"[0-9](?:[^0-9]{0,16}[0-9]){3}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}+")


def _worth(text: str, low: int, high: int) -> bool:
    """Whether a stretch holds what is worth a look: a sign of an address, several digits, a token or a key."""
    if text.find("@", low, high) >= 0 or _DIGITS.search(text, low, high) is not None:
        return True
    tokens = (match.group() for match in _TOKEN.finditer(text, low, high))
    return any(token.isupper() or any(map(str.isdigit, token)) or "-----" in token for token in tokens)


@dataclass(frozen=True, slots=True)
class Closer:
    """One way of cutting a value, undone."""

    name: str
    gate: str
    """RE2 over Latin-1: matches wherever there is a joint."""
    pieces: Pieces

    def close(self, page: Page) -> tuple[View, list[tuple[int, int]]] | None:
        """The text without this closer's joints, and the ranges of it that are worth a look; None: there are none."""
        text = page.text
        view = build(text, self.pieces(text, page.data))
        if len(view.text) == len(text) and view.text == text:
            return None
        ranges = [(low, high) for low, high in zones(view, _CLOSE) if _worth(view.text, low, high)]
        return (view, ranges) if ranges else None


_QUOTED_GATE: Final = r"[\w.]=(?:40|2E|2D|20|5F|2B|3A)[\w.]"
_QUOTED: Final = re.compile(r"=(40|2E|2D|20|5F|2B|3A)")


def _quoted(text: str, _data: bytes) -> Iterator[Piece]:
    """Quoted-printable where only single characters are quoted."""
    for match in _QUOTED.finditer(text):
        yield match.start(), match.end(), chr(int(match.group(1), 16))


_program = functools.cache(compiled)


def _joints(regex: str) -> Pieces:
    """What `regex` matches, but for its first and its last character, which tell what it stands between."""

    def pieces(_text: str, data: bytes) -> Iterator[Piece]:
        search, at = _program(regex).search, 0
        while (match := search(data, at)) is not None:
            start, end = match.span()
            yield start + 1, end - 1, ""
            at = end - 1

    return pieces


_CHAR = r"[\w@.+=/:;%&#\\ -]"
_LITERALS = (
    _CHAR
    + r"[\"'`](?:\s{0,40}(?:\+|\.{1,2}|&|\|\||<<|~|\\)?\s{0,40}|[;\s]{0,9}[\w.$]{1,24}\s?[+.]=\s?)[fFrRbBuU]{0,2}[\"'`]"
    + _CHAR
)
_ITEMS = _CHAR + r"[\"'`]\s{0,40},\s{0,40}[\"'`]" + _CHAR
_ITEMS_GATE = r"(?i)(?:join|concat)|(?:[\"'][\w@.+ -]{1,6}[\"'],\s{0,20}){2}"
_AROUND_TAGS = r"[\w@.+=/:;%&#\\,<>\"' -]"
_INSIDE = (
    _AROUND_TAGS
    + r"(?:</?[A-Za-z][^<>\n]{0,120}>|<!--[^<>]{0,80}-->)+"
    + _AROUND_TAGS
    + "|"
    + _CHAR
    + r"(?:</?[A-Za-z][^<>\n]{0,120}>|/\*[^*]{0,40}\*/|\*{1,3}|~~|`{1,3}|[$#]?\{[\"'`]{2}\}|\\\r?\n[ \t]{0,40})+"
    + _CHAR
)
_CELLS = r"[0-9@.+-] {0,2}\| {0,2}[\w@.+-]|[A-Za-z_] {0,2}\| {0,2}[0-9@.+-]"
_MARKS = r"[^\\]\\[@._+=(){}\[\]#*!&$%^~|:;,<> -]"
_LINES = r"[\w@.+=/-][ \t]{0,2}\\?\r?\n[ \t]{0,24}(?:(?:[>#|]|//)[ \t]{0,2}|[+*-][ \t]{1,2}){0,3}[+*-]?[\w@.+=/]"
_FUNCTION: Final = re.compile(r"@[\w.]+(?:\(|\r?\n\s*(?:@|def |class |async ))")
"""What stands before a function is no address."""


def _lines(text: str, data: bytes) -> Iterator[Piece]:
    for start, end, _ in _joints(_LINES)(text, data):
        if _FUNCTION.match(text, end) is None:
            yield start, end, ""


CLOSERS: Final = (
    Closer("literals", _LITERALS, _joints(_LITERALS)),
    Closer("items", _ITEMS_GATE, _joints(_ITEMS)),
    Closer("inside", _INSIDE, _joints(_INSIDE)),
    Closer("cells", _CELLS, _joints(_CELLS)),
    Closer("soft", r"[\w@.-]=\r?\n[\w@.-]", _joints(r"[\w@.-]=\r?\n[\w@.-]")),
    Closer("marks", _MARKS, _joints(_MARKS)),
    Closer("lines", _LINES, _lines),
    Closer("signs", SIGN_GATE, signs),
    Closer("apart", APART_GATE, apart),
    Closer("keys", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY", keys),
    Closer("quoted", _QUOTED_GATE, _quoted),
)
