"""Characters that are not seen, and characters that look like others. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from dlp_recognizers.views.view import View, build

_DASHES: Final = "‐‑‒–—―−﹘﹣－⁃˗➖"
_DOTS: Final = "․﹒．｡。･ꞏ܁܂"
_LETTERS: Final = {
    "a": "аɑαа⍺ạꭺᴀ", "b": "ƅЬᏏʙ", "c": "сϲᴄⅽꮯ", "d": "ԁɗⅾժᴅ", "e": "еҽєᴇ℮ё", "f": "ẝքғ", "g": "ɡցɢɢ",
    "h": "һհʜ", "i": "іıɩιᎥⅰɪӏ", "j": "јϳᴊ", "k": "κᴋк", "l": "ⅼℓʟ", "m": "ⅿᴍм", "n": "ոռɴп", "o": "оοօσᴏ०",
    "p": "рρᴘ", "q": "ԛգզ", "r": "гᴦʀꭇ", "s": "ѕꜱ", "t": "τᴛт", "u": "υսᴜ", "v": "νѵᴠⅴ", "w": "ԝѡɯᴡ",
    "x": "хχⅹ", "y": "уүγყʏ", "z": "ᴢ",
    "A": "АΑᎪꓮ", "B": "ВΒᏴꓐ", "C": "СϹᏟꓚⅭ", "D": "ᎠꓓⅮ", "E": "ЕΕᎬꓰ", "F": "Ϝꓝ", "G": "ԌᏀꓖ",
    "H": "НΗᎻꓧ", "I": "ІΙӀꓲⅠ", "J": "ЈᎫꓙ", "K": "КΚᏦꓗ", "L": "ԼᏞꓡⅬ", "M": "МΜᎷꓟⅯ", "N": "Νꓠ", "O": "ОΟՕꓳ",
    "P": "РΡᏢꓑ", "Q": "ԚႳ", "R": "ᎡᏒꓣ", "S": "ЅՏᏚꓢ", "T": "ТΤᎢꓔ", "U": "Սꓴ", "V": "ѴᏙꓦⅤ", "W": "ԜᎳꓪ",
    "X": "ХΧꓫⅩ", "Y": "ҮΥꓬ", "Z": "ΖᏃꓜ",
    "@": "＠﹫", "-": _DASHES, ".": _DOTS, ":": "ː∶꞉", "/": "⁄∕⟋", "+": "＋﹢➕", "_": "＿﹍﹎",
    "·": "•∙⋅・‧●", "3": "З", "'": "’ʼ",
}  # fmt: skip
"""What each ASCII character is mistaken for (after Unicode TR39's idea of confusables; our own short list)."""
_LOOKALIKES: Final = {
    char: plain for plain, chars in _LETTERS.items() for char in chars if not char.isascii() and char not in "’०ё"
}
_SHIFTED: Final = ((0x1F170, 26, "A"), (0x1F150, 26, "A"), (0x1F1E6, 26, "A"), (0xE0020, 95, " "))
"""Letters on squares and discs, those that flags are made of, and invisible "tag" letters, which models read."""


class _Fold(dict[int, str]):
    """Code point to what it is read as; the empty string for what is not seen at all."""

    def __missing__(self, code: int) -> str:
        value = _fold(chr(code))
        self[code] = value
        return value


def _fold(char: str) -> str:
    if char.isascii():
        return char
    if char in _LOOKALIKES:
        return _LOOKALIKES[char]
    for first, size, letter in _SHIFTED:
        if first <= ord(char) < first + size:
            return chr(ord(letter) + ord(char) - first)
    category = unicodedata.category(char)
    if category in {"Cf", "Mn", "Me"} or char in "\u115f\u1160\u3164\uffa0\u2800\u034f":
        return ""
    if category == "Zs":
        return " "
    if category in {"Zl", "Zp"}:
        return "\n"
    digit = unicodedata.digit(char, None)
    plain = unicodedata.normalize("NFKC", char)
    if digit is not None or len(plain) > 8:
        return char if digit is None else str(digit)
    return "".join(_LOOKALIKES.get(part, part) for part in plain)


_FOLD: Final = _Fold()


def folded(text: str) -> View | None:
    """`text` without what cannot be seen, every digit and look-alike as ASCII; None if that changes nothing."""
    if text.isascii():
        return None
    read = {char: _FOLD[ord(char)] for char in set(text) if not char.isascii()}
    changed = [char for char, value in read.items() if value != char]
    if not changed:
        return None
    found = re.compile("[" + "".join(map(re.escape, changed)) + "]").finditer(text)
    return build(text, ((match.start(), match.end(), read[match.group()]) for match in found))
