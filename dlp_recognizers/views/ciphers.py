"""Writings that are no encoding: backwards, rot13, spelled-out digits, Morse, Braille, letters for digits. Pure.

Each is tried only where the text shows a sign of it. Some of them are a sign of evasion by themselves.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import re2

from dlp_recognizers.linear import options
from dlp_recognizers.page import Page
from dlp_recognizers.views.view import Origin, Piece, build, over, same

type Cipher = Callable[[str], tuple[str, Origin] | None]


@dataclass(frozen=True, slots=True)
class Writing:
    """One such writing."""

    name: str
    gate: str
    """RE2 over Latin-1; empty: `read` says so itself."""
    read: Cipher
    deeper: bool = True
    """Whether what is read may hold escapes and encodings in its turn."""


_LOWER = "abcdefghijklmnopqrstuvwxyz"
_ROT13: Final = str.maketrans(_LOWER + _LOWER.upper(), _LOWER[13:] + _LOWER[:13] + (_LOWER[13:] + _LOWER[:13]).upper())


def _backwards(text: str) -> tuple[str, Origin]:
    size = len(text)
    return text[::-1], lambda start, end: (size - end, size - start)


_TURNED_REACH: Final = 48
"""Characters around digits that may be a number written backwards: longer than any number."""
_TURNED: Final = (
    r"[0-9]{16}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}|\b[0-9]{4}-[0-9]{2}-[0-9]{3}\b|[0-9]\+(?:\W|$)"
)
_TURNED_PLACES: Final = re2.compile(_TURNED.encode(), options())


def _numbers_backwards(text: str) -> tuple[str, Origin] | None:
    """As `_backwards`, for the surroundings of what may be a number, each turned round on its own."""
    ranges: list[tuple[int, int]] = []
    for match in _TURNED_PLACES.finditer(Page.of(text).data):
        low, high = max(0, match.start() - _TURNED_REACH), min(len(text), match.end() + _TURNED_REACH)
        if ranges and low <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], high)
        else:
            ranges.append((low, high))
    if not ranges:
        return None
    turned = "".join(text[low:high][::-1] for low, high in ranges)
    starts = list(accumulate((high - low for low, high in ranges), initial=0))

    def place(start: int, end: int) -> tuple[int, int] | None:
        index = bisect_right(starts, start) - 1
        low, high = ranges[index]
        shift = high + starts[index]
        return None if end > starts[index] + high - low else (shift - end, shift - start)

    return turned, place


def _rot13(text: str) -> tuple[str, Origin]:
    return text.translate(_ROT13), same


def _viewed(text: str, pieces: Iterator[Piece]) -> tuple[str, Origin] | None:
    view = build(text, pieces)
    return None if view.text == text else (view.text, over(view, same))


_NAMES = (
    "zero one two three four five six seven eight nine",
    "oh won too tree fower fife six seven ait niner",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "null ein zwo drei vier fuenf sechs sieben acht neun",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero uno due tre quattro cinque sei sette otto nove",
    "zero um dois três quatro cinco seis sete oito nove",
    "nul een twee drie vier vijf zes zeven acht negen",
    "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
    "noll ett två tre fyra fem sex sju åtta nio",
    "nul en to tre fire fem seks syv otte ni",
    "N I II III IV V VI VII VIII IX",
)
WORDS: Final = {word: str(digit) for names in reversed(_NAMES) for digit, word in enumerate(names.lower().split())} | {
    str(digit): str(digit) for digit in range(10)
}
"""Names of the digits to the digit."""
_WORD = "|".join(sorted((re.escape(word) for word in WORDS if not word.isdigit()), key=len, reverse=True))
SPELLED: Final = re.compile(rf"(?i)(?<!\w)(?:{_WORD})(?:[\s,;.-]{{1,3}}(?:{_WORD}|double|[0-9])){{4,}}(?!\w)")
_LATIN_WORD = "|".join(
    sorted({re.escape("".join(c if ord(c) < 256 else "." for c in word)) for word in WORDS if not word.isdigit()})
).replace("\\.", "[\\x80-\\xff?]")
_LATIN_WORD = "".join(c if ord(c) < 128 else f"\\x{ord(c):02x}" for c in _LATIN_WORD)
SPELLED_GATE: Final = rf"(?i)(?:{_LATIN_WORD})(?:[\s,;.-]{{1,3}}(?:{_LATIN_WORD}|double|[0-9])){{4}}"
_TOKENS = re.compile(r"\w+|\W+")


def _spelled(text: str) -> Iterator[Piece]:
    for match in SPELLED.finditer(text):
        for token in _TOKENS.finditer(text, match.start(), match.end()):
            yield token.start(), token.end(), WORDS.get(token.group().lower(), "")


_CODE = """
.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..
----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- .--.-. -....- .-.-. ..--.-
"""
_MORSE: Final = dict(
    zip(
        _CODE.split(),
        f"{_LOWER}0123456789.@-+_",
        strict=True,
    )
)
MORSE: Final = re.compile(r"(?<![\w.-])[.-]{1,6}(?:[ /|]{1,3}[.-]{1,6}){7,}(?![\w.-])")


def _morse(text: str) -> Iterator[Piece]:
    for match in MORSE.finditer(text):
        for token in re.finditer(r"[.-]+|[^.-]+", match.group()):
            yield match.start() + token.start(), match.start() + token.end(), _MORSE.get(token.group(), "")


def is_morse(run: str) -> bool:
    """Whether a run of dots and dashes says something."""
    groups = re.findall(r"[.-]+", run)
    return len(set(groups)) >= 5 and sum(group in _MORSE for group in groups) >= 0.9 * len(groups)


_CELLS: Final = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", _LOWER, strict=True)) | {
    "⠲": ".", "⠤": "-", "⠖": "+", "⠀": " ", "⠸": "", "⠈": "", "⠠": "",
}  # fmt: skip
BRAILLE: Final = re.compile("[\u2801-\u283f][\u2800-\u283f ]{8,}")
_CELL: Final = re.compile("⠈⠁|⠸⠤|⠼[⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚]|.")
_NUMBERS: Final = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚", "1234567890", strict=True))


def _braille(text: str) -> tuple[str, Origin] | None:
    return None if text.isascii() else _viewed(text, _cells(text))


def _cells(text: str) -> Iterator[Piece]:
    for match in BRAILLE.finditer(text):
        for cell in _CELL.finditer(text, match.start(), match.end()):
            sign = cell.group()
            value = {"⠈⠁": "@", "⠸⠤": "_"}.get(sign) or (
                _NUMBERS[sign[1]] if len(sign) == 2 else _CELLS.get(sign, sign)
            )
            yield cell.start(), cell.end(), value


_FOR_DIGITS: Final = str.maketrans("OoQDIlSsBZzGbgqA", "0000115582269994")
_LETTERED_REACH: Final = 64
"""Characters, more than a number written with letters has."""
_MIXED: Final = re2.compile(rb"[0-9][ -]?[OolISBZ]|[OolISBZ][ -]?[0-9]")
"""A letter beside a digit: in numbers without one, nothing is to be read."""
_LETTERED: Final = re.compile(r"(?<![\w@.+/=-])\+?[0-9OolISBZ](?:[ -]?[0-9OolISBZ]){8,22}(?![\w@+/=])")


def _leet(text: str) -> Iterator[Piece]:
    done = 0
    for low, high in _mixed(text):
        for match in _LETTERED.finditer(text, max(low, done), high):
            run = match.group()
            done = match.end()
            if done == high < len(text) or run.isdigit():
                continue  # cut, or nothing to read
            if sum(map(str.isdigit, run)) * 2 >= sum(map(str.isalnum, run)) and not run.replace(" ", "").isdigit():
                yield match.start(), match.end(), run.translate(_FOR_DIGITS)


def _mixed(text: str) -> Iterator[tuple[int, int]]:
    """The stretches around letters that stand beside digits, in order."""
    low = high = -1
    for match in _MIXED.finditer(Page.of(text).data):
        start, end = match.span()
        if start - _LETTERED_REACH > high:
            if high >= 0:
                yield low, high
            low = max(0, start - _LETTERED_REACH)
        high = min(len(text), end + _LETTERED_REACH)
    if high >= 0:
        yield low, high


def _same_length(text: str, pieces: Iterator[Piece]) -> tuple[str, Origin] | None:
    parts: list[str] = []
    done = 0
    for start, end, value in pieces:
        parts += (text[done:start], value)
        done = end
    return ("".join((*parts, text[done:])), same) if parts else None


WRITINGS: Final = (
    Writing(
        "backwards",
        r"elpmaxe\b|\b(?:moc|gro|ten|ed|ku|oi|rf|ti|se)\.[a-z][a-z.-]*@|[0-9]{2}[A-Z]{2}\b|_(?:phg|ohg|shg)\b"
        r"|[A-Z2-7]{16}AIKA|\b[A-Za-z0-9]{16,}[-_](?:ks|tap)\b"
        r"|(?i:\breversed?\b|\bbackwards?\b|r\xfcckw\xe4rts|umgekehrt|\[::-1\]|strrev|\.reverse\()"
        r"|NIGEB",
        _backwards,
    ),
    Writing("numbers backwards", _TURNED, _numbers_backwards, deeper=False),
    Writing(
        "rot13",
        r"(?i:\b(?:gur|naq|guvf|gung|jvgu|cnffjbeq|frperg|cyrnfr|rznvy|pneq)\b)|\.(?:pbz|arg|bet|rknzcyr|qr|rqh|hx|vb)\b"
        r"|\b(?:tuc|tub|tuf|tuh|fx|kbko|kbkc|tycng)[-_][A-Za-z0-9]{8}|\b[NF][XF]VN[A-Z0-9]{16}"
        r"|\b[A-Z]{2}[0-9]{2} ?[0-9A-Z]{4} ?[0-9]{4}"
        r"|ORTVA",
        _rot13,
    ),
    Writing("spelled", SPELLED_GATE, lambda text: _viewed(text, _spelled(text))),
    Writing("Morse", r"(?:[.-]{1,6}[ /|]{1,3}){7}[.-]", lambda text: _viewed(text, _morse(text))),
    Writing("Braille", "", _braille),
    Writing(
        "letters for digits",
        r"[0-9OolISBZ](?:[ -]?[0-9OolISBZ]){8}",
        lambda text: _same_length(text, _leet(text)),
        False,
    ),
)
