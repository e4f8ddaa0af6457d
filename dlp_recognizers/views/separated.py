"""Values whose characters stand apart, addresses in words, and keys with something beside their lines. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dlp_recognizers.views.view import Piece

_AT = r"at|@|ät|arobase|arroba|chiocciola|klammeraffe|apenstaartje|malpa|snabel-a"
_DOT = r"dot|punkt|punto|point|punt|kropka|ponto|\."
_SIGN = re.compile(
    rf"(?i)(?<=[\w.+-])(?:\s{{0,3}}[\[({{<]\s{{0,2}}(?:(?P<at>{_AT})|(?P<dot>{_DOT}))\s{{0,2}}[\])}}>]\s{{0,3}}"
    r"|\s{1,3}(?:(?P<at2>at|ät|@|arobase|arroba|chiocciola)|(?P<dot2>dot|punkt|punto|point|punt|kropka|ponto|\.))\s{1,3}"
    r"|[_-](?:(?P<at3>at)|(?P<dot3>dot))[_-])(?=\w)"
)
SIGN_GATE: Final = (
    r"(?i)[\[({<]\s{0,2}(?:at|@|\xe4t|arobase|arroba|chiocciola|klammeraffe|apenstaartje|malpa|snabel-a|dot|punkt|punto"
    r"|point|punt|kropka|ponto|\.)\s{0,2}[\])}>]|\w\s{1,3}(?:@|arobase|arroba|chiocciola)\s{1,3}\w"
    r"|\w(?:\s{1,3}|[_-])(?:dot|punkt|punto|kropka|ponto)(?:\s{1,3}|[_-])\w"
)


def signs(text: str, _data: bytes) -> Iterator[Piece]:
    for match in _SIGN.finditer(text):
        yield match.start(), match.end(), "@" if (match.lastgroup or "").startswith("at") else "."


_ELEMENT = r"(?:[A-Za-z0-9@+._-]{1,4}| )"
_SEPARATED = re.compile(
    rf"(?<![\w@+.]){_ELEMENT}( {{0,2}}[,;/|_·*~:-] {{0,2}}|\r?\n|\t){_ELEMENT}(?:\1{_ELEMENT}){{3,}}(?![\w@])"
)
_BLANKED = re.compile(r"(?<![^\s\"'(>:])[A-Za-z0-9@+._-]{1,4}(?: {1,5}[A-Za-z0-9@+._-]{1,4}){4,}(?![\w@+-])")
_ONE = "[A-Za-z0-9@+._-]"
_FEW = "[A-Za-z0-9@+._-]{1,4}"
_GAP = r"(?: {0,2}[,;/|_\xb7*~:-] {0,2}|\r?\n|\t)"
APART_GATE: Final = (
    rf"(?:\b| ){_ONE}(?: {{1,5}}{_ONE}){{5}}|{_FEW} {{1,5}}[A-Za-z0-9+._-]{{0,3}}@[A-Za-z0-9+._-]{{0,3}} {{1,5}}{_FEW}"
    rf"|\b[A-Za-z+]{{0,3}}[0-9][A-Za-z0-9+-]{{0,3}}(?: {{1,5}}{_FEW}){{4}}|\b{_FEW}(?: {{1,5}}{_FEW}){{9}}"
    rf"|\b{_ONE}(?:{_GAP}{_ONE}){{5}}|{_FEW}{_GAP}[A-Za-z0-9+._-]{{0,3}}@[A-Za-z0-9+._-]{{0,3}}{_GAP}{_FEW}"
    rf"|\b[A-Za-z+]{{0,3}}[0-9][A-Za-z0-9+-]{{0,3}}(?:{_GAP}{_FEW}){{3}}|\b{_FEW}(?:{_GAP}{_FEW}){{9}}"
)
_ENOUGH: Final = re.compile(r"@|(?:[0-9][^0-9]*){5}|(?:[A-Z][^A-Za-z0-9]{1,3}){10}")
_MANY: Final = 16
"""Separators in a row that are enough by themselves."""
_BLANKS: Final = re.compile(" {1,5}")


def apart(text: str, _data: bytes) -> Iterator[Piece]:
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


def keys(text: str, _data: bytes) -> Iterator[Piece]:
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
