"""Values that something stands in the middle of: quotes, tags, blanks, line ends. Pure; linear.

Each closer takes the joints out, and what lies around them is read once more. These readings are guesses, so only what
proves itself counts in them (`Reading.strict`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from dlp_recognizers.views.view import Piece, View, build, zones

type Pieces = Callable[[str], Iterator[Piece]]

_CLOSE: Final = 192
"""How far around a joint is read again, in characters."""
_WORTH: Final = re.compile(r"@|[0-9](?:[^0-9]{0,16}[0-9]){3}|[A-Z0-9]{16}|[A-Za-z0-9_-]{24}|-----BEGIN")
"""What a stretch holds that is worth it: a sign of an address, several digits, a token or a key."""


@dataclass(frozen=True, slots=True)
class Closer:
    """One way of cutting a value, undone."""

    name: str
    gate: str
    """RE2 over Latin-1: matches wherever there is a joint."""
    pieces: Pieces

    def close(self, text: str) -> tuple[View, list[tuple[int, int]]] | None:
        """The text without this closer's joints, and the ranges of it that are worth a look; None: there are none."""
        view = build(text, self.pieces(text))
        if len(view.text) == len(text) and view.text == text:
            return None
        ranges = [(low, high) for low, high in zones(view, _CLOSE) if _WORTH.search(view.text, low, high)]
        return (view, ranges) if ranges else None


_QUOTED = re.compile(r"=(40|2E|2D|20|5F|2B|3A)")


def _sub_quoted(text: str) -> Iterator[Piece]:
    """Quoted-printable where only single characters are quoted."""
    for match in _QUOTED.finditer(text):
        yield match.start(), match.end(), chr(int(match.group(1), 16))


def _sub(pattern: re.Pattern[str], value: str = "") -> Pieces:
    def pieces(text: str) -> Iterator[Piece]:
        for match in pattern.finditer(text):
            yield match.start(), match.end(), value

    return pieces


_BEFORE = r"(?<=[\w@.+=/: -])"
_AFTER = r"(?=[\w@.+=/: -])"
_LITERALS = re.compile(
    _BEFORE
    + r"[\"'`](?:\s{0,40}(?:\+|\.{1,2}|&|\|\||<<|~|\\)?\s{0,40}|[;\s]{0,9}[\w.$]{1,24}\s?[+.]=\s?)"
    + r"[fFrRbBuU]{0,2}[\"'`]"
    + _AFTER
)
_LITERALS_GATE = (
    r"[\w@.+=/: -][\"'`](?:\s*(?:\+|\.{1,2}|&|\|\||<<|~|\\)?\s*|[;\s]*[\w.$]+\s?[+.]=\s?)"
    r"[fFrRbBuU]{0,2}[\"'`][\w@.+=/: -]"
)
_ITEMS = re.compile(_BEFORE + r"[\"'`]\s{0,40},\s{0,40}[\"'`]" + _AFTER)
_ITEMS_GATE = r"(?i)(?:join|concat)|(?:[\"'][\w@.+ -]{1,6}[\"'],\s{0,20}){2}"
_INSIDE = re.compile(
    _BEFORE + r"(?:</?[A-Za-z][^<>\n]{0,120}>|<!--[^<>]{0,80}-->|/\*[^*]{0,40}\*/|\*{1,3}|~~|`{1,3}|[$#]?\{[\"'`]{2}\}"
    r"|\\\r?\n[ \t]{0,40})+" + _AFTER
)
_INSIDE_GATE = (
    r"[\w@.+=/: -](?:</?[A-Za-z]|<!--|/\*|\*{1,3}[\w@.+]|~~|`{1,3}[\w@.+]|[$#]?\{[\"'`]{2}\}|\\\r?\n[ \t]*[\w@.+=/:-])"
)
_CELLS = re.compile(r"(?<=[\w@.+-]) {0,2}\| {0,2}(?=[\w@.+-])")
_MARKS = re.compile(r"\\(?=[@._+=(){}\[\]#*!&$%^~|:;,<> -])")
_LINES = re.compile(
    r"(?<=[\w@.+=/-]{2})[ \t]{0,2}\\?\r?\n[ \t]{0,24}(?:(?:[>#|]|[+*-](?![+*-])|//)[ \t]{0,2}){0,3}(?=[\w@.+=/-]{2})"
    # What stands before a function is no address.
    r"(?!@[\w.]+(?:\(|\r?\n\s*(?:@|def |class |async )))"
)
_LINES_GATE = r"[\w@.+=/-]{2}[ \t]{0,2}\\?\r?\n[ \t]*(?:(?:[>+#|*-]|//)[ \t]*){0,3}[\w@.+=/-]{2}"

_AT = r"at|@|ät|arobase|arroba|chiocciola|klammeraffe|apenstaartje|malpa|snabel-a"
_DOT = r"dot|punkt|punto|point|punt|kropka|ponto|\."
_SIGN = re.compile(
    rf"(?i)(?<=[\w.+-])(?:\s{{0,3}}[\[({{<]\s{{0,2}}(?:(?P<at>{_AT})|(?P<dot>{_DOT}))\s{{0,2}}[\])}}>]\s{{0,3}}"
    r"|\s{1,3}(?:(?P<at2>at|ät|@|arobase|arroba|chiocciola)|(?P<dot2>dot|punkt|punto|point|punt|kropka|ponto|\.))\s{1,3}"
    r"|[_-](?:(?P<at3>at)|(?P<dot3>dot))[_-])(?=\w)"
)
_SIGN_GATE = (
    r"(?i)[\[({<]\s{0,2}(?:at|@|\xe4t|arobase|arroba|chiocciola|klammeraffe|apenstaartje|malpa|snabel-a|dot|punkt|punto"
    r"|point|punt|kropka|ponto|\.)\s{0,2}[\])}>]|\w\s{1,3}(?:@|arobase|arroba|chiocciola)\s{1,3}\w"
    r"|\w(?:\s{1,3}|[_-])(?:dot|punkt|punto|kropka|ponto)(?:\s{1,3}|[_-])\w"
)


def _signs(text: str) -> Iterator[Piece]:
    for match in _SIGN.finditer(text):
        yield match.start(), match.end(), "@" if (match.lastgroup or "").startswith("at") else "."


_ELEMENT = r"(?:[A-Za-z0-9@+._-]{1,4}| )"
_SEPARATED = re.compile(
    rf"(?<![\w@+.]){_ELEMENT}( {{0,2}}[,;/|_·*~:-] {{0,2}}|\r?\n|\t){_ELEMENT}(?:\1{_ELEMENT}){{3,}}(?![\w@])"
)
_BLANKED = re.compile(r"(?<!\S)\S{1,4}(?: {1,5}\S{1,4}){4,}(?!\S)")
_APART_GATE = (
    r"[\w@+.-]{1,4} {0,2}[,;/|_\xb7*~:\n\t-][,;/|_\xb7*~:\r\n\t -]{0,8}[\w@+.-]{1,4} {0,2}[,;/|_\xb7*~:\r\n\t-]"
    r"[,;/|_\xb7*~:\r\n\t -]{0,8}[\w@+.-]{1,4} {0,2}[,;/|_\xb7*~:\r\n\t-]|(?:\S{1,4} {1,5}){4}\S{1,4}"
)
_ENOUGH: Final = re.compile(r"@|(?:[0-9][^0-9]*){5}|(?:[A-Z][^A-Za-z0-9]{1,3}){10}")
_MANY: Final = 16
"""Separators in a row that are enough by themselves."""
_BLANKS: Final = re.compile(" {1,5}")


def _apart(text: str) -> Iterator[Piece]:
    """What stands between short pieces, taken out; a separator that stands three times belongs to the value."""
    last = 0
    for match in sorted((*_SEPARATED.finditer(text), *_BLANKED.finditer(text)), key=lambda found: found.start()):
        sign = match.group(1) if match.re is _SEPARATED else " "
        if match.start() < last or not (_ENOUGH.search(match.group()) or match.group().count(sign) >= _MANY):
            continue
        last = match.end()
        joint = _BLANKS if sign == " " else re.compile(rf"(?:{re.escape(sign)})+")
        for found in joint.finditer(text, match.start(), match.end()):
            times = (found.end() - found.start()) // len(sign)
            yield found.start(), found.end(), sign if times > 2 else ""


_KEY: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}-----")
_KEY_LINE: Final = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}|(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{1,15}={0,2}[^A-Za-z0-9+/=]*$")


def _keys(text: str) -> Iterator[Piece]:
    """What stands beside the lines of a private key: prefixes of a log, a diff, a table."""
    last = 0
    for begin in _KEY.finditer(text):
        closing = _KEY_END.search(text, begin.end())
        if closing is None or begin.start() < last:
            continue
        at = begin.end()
        while at < closing.start():
            stop = text.find("\n", at, closing.start())
            stop = closing.start() if stop < 0 else stop
            found = _KEY_LINE.search(text, at, stop)
            low, high = found.span() if found is not None else (stop, stop)
            yield at, low, "\n"
            yield high, stop, ""
            at = stop + 1
        last = closing.end()


CLOSERS: Final = (
    Closer("literals", _LITERALS_GATE, _sub(_LITERALS)),
    Closer("items", _ITEMS_GATE, _sub(_ITEMS)),
    Closer("inside", _INSIDE_GATE, _sub(_INSIDE)),
    Closer("cells", r"[\w@.+-] {0,2}\| {0,2}[\w@.+-]", _sub(_CELLS)),
    Closer("marks", r"\\[@._+=(){}\[\]#*!&$%^~|:;,<> -]", _sub(_MARKS)),
    Closer("lines", _LINES_GATE, _sub(_LINES)),
    Closer("signs", _SIGN_GATE, _signs),
    Closer("apart", _APART_GATE, _apart),
    Closer("keys", r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY", _keys),
    Closer("quoted", r"[\w.]=(?:40|2E|2D|20|5F|2B|3A)[\w.]", _sub_quoted),
)
