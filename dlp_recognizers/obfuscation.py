"""The sign that a text hides something which is not read: a finding that raises the level and is never redacted."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import re2

from dlp_recognizers.hits import Hit
from dlp_recognizers.linear import options
from dlp_recognizers.page import Page
from dlp_recognizers.views.ciphers import BRAILLE, MORSE, SPELLED, SPELLED_GATE, WORDS, is_morse

ENTITY: Final = "OBFUSCATION"
_SCORE: Final = 0.6
_SPELLED_WORDS: Final = 7
"""Names of digits in a row from which on they are a number that somebody spelled out."""
_BLOB: Final = re.compile(
    r"[A-Za-z0-9+/_-]{160,}+(?:\r?\n[ \t]{0,16}[A-Za-z0-9+/_-]{40,}+)*={0,2}"
    r"|(?:[A-Za-z0-9+/]{56,80}+\r?\n[ \t]{0,16}){3,}[A-Za-z0-9+/]*={0,2}"
)
_BLOB_GATE: Final = r"[A-Za-z0-9+/_-]{160}|(?:[A-Za-z0-9+/]{56,80}\r?\n[ \t]{0,16}){3}"
_GATES: Final = (
    _BLOB_GATE,
    r"(?:[.-]{1,6}[ /|]{1,3}){7}[.-]",
    SPELLED_GATE,
)
_MEDIA: Final = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"\0\0\1\0", b"wOFF", b"wOF2", b"\0\1\0\0", b"OTTO", b"%PDF",
    b"OggS", b"ID3", b"\xff\xfb", b"fLaC", b"\0asm", b"\0\0\0", b"\x1aE\xdf\xa3", b"II*\0", b"MM\0*",
    b"\x30\x82", b"\x30\x81", b"\x30\x59", b"\0\0\0\x07ssh-", b"\0\0\0\x0bssh-", b"\0\0\0\x13ecdsa",
)  # fmt: skip
"""How images, fonts, sounds, documents, certificates and public keys begin: they say what they are."""


def _entropy(text: str) -> float:
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values())


def _is_unknown(blob: str, before: str) -> bool:
    """Whether a long run of base64 characters says nothing about itself."""
    bare = "".join(blob.split()).rstrip("=")
    if _entropy(bare[:4096]) < 5.2 or "PUBLIC KEY" in before or "CERTIFICATE" in before:
        return False
    if not (any(map(str.isdigit, bare)) and any(map(str.isupper, bare)) and any(map(str.islower, bare))):
        return False
    head = bare[:64].replace("-", "+").replace("_", "/")
    try:
        data = base64.b64decode(head[: len(head) // 4 * 4])
    except binascii.Error:
        return False
    return not data.startswith(_MEDIA) and data[4:8] != b"ftyp" and not _readable(data)


def _readable(data: bytes) -> bool:
    return sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in data) > 0.9 * len(data)


class Obfuscation:
    """Looks for what hides. Cheap: one automaton over a text that holds no sign of it."""

    version: Final = "obfuscation 2"

    def __init__(self) -> None:
        self._set = re2.Set.SearchSet(options(memory=16 << 20))
        for gate in _GATES:
            self._set.Add(gate.encode("latin-1"))
        self._sentinel = self._set.Add(b"")
        self._set.Compile()

    def find(self, page: Page) -> Iterator[Hit]:
        """What in `page` is written so that it is not read."""
        matched = set(self._set.Match(page.data))
        everything = self._sentinel not in matched
        if 0 in matched or everything:
            for match in _BLOB.finditer(page.text):
                if _is_unknown(match.group(), page.text[max(0, match.start() - 48) : match.start()]):
                    yield _hit(match, "unknown blob")
        if 1 in matched or everything:
            yield from (_hit(match, "Morse") for match in MORSE.finditer(page.text) if is_morse(match.group()))
        if 2 in matched or everything:
            found = SPELLED.finditer(page.text)
            yield from (_hit(match, "spelled digits") for match in found if _is_number(match.group()))
        if not page.text.isascii():
            yield from (_hit(match, "Braille") for match in BRAILLE.finditer(page.text) if _is_writing(match.group()))


def _is_number(run: str) -> bool:
    words = [word for word in re.findall(r"\w+", run.lower()) if word in WORDS]
    if len(words) < _SPELLED_WORDS or len(set(words)) < 3:
        return False
    values = [int(WORDS[word]) for word in words]
    return {after - before for before, after in pairwise(values)} not in ({1}, {-1})  # else somebody counts


def _is_writing(run: str) -> bool:
    cells = [ord(cell) for cell in run if cell != " "]
    # A spinner turns by a dot or two with every frame; letters do not.
    turning = all((before ^ after).bit_count() <= 2 for before, after in pairwise(cells))
    return len(run) >= 10 and len(set(run)) >= 4 and not turning


def _hit(match: re.Match[str], name: str) -> Hit:
    return Hit(match.start(), match.end(), ENTITY, _SCORE, name)


__all__ = ["ENTITY", "Obfuscation"]
