"""Seed phrases: words of the BIP-39 list whose last bits check the others."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from mnemonic import Mnemonic

from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page

_SIZES: Final = (24, 21, 18, 15, 12)
_WORD: Final = re.compile(r"[a-z]{3,8}")
_NEAR = Near(r"\b(?:seed|mnemonic|recovery|wallet|phrase|ledger|metamask|trezor|bip-?39|wiederherstellung|backup)")


@cache
def _list() -> tuple[Mnemonic, frozenset[str]]:
    """The English list, read at its first use."""
    made = Mnemonic("english")
    return made, frozenset(made.wordlist)


def _phrase(page: Page, start: int, end: int) -> Verdict:
    """The longest run of listed words that is a phrase; a word beside it makes up for a wrong check."""
    reference, known = _list()
    run: list[re.Match[str]] = []
    for match in [*_WORD.finditer(page.text.lower(), start, min(end, start + 600)), None]:
        if match is not None and match.group() in known:
            run.append(match)
            continue
        found = _longest(reference, run, page)
        if found is not None:
            return found
        run = []
    return None


def _longest(reference: Mnemonic, run: list[re.Match[str]], page: Page) -> Verdict:
    for size in _SIZES:
        for at in range(len(run) - size + 1):
            words = run[at : at + size]
            low, high = words[0].start(), words[-1].end()
            spelled = [word.group() for word in words]
            if spelled == sorted(spelled) and len(set(spelled)) > 3:
                continue  # the list itself, or a piece of it
            if reference.check(" ".join(spelled)):
                return (low, high, 0.95)
            if len(run) == size and _NEAR(page, low, high):
                return (low, high, 0.8)
    return None


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    word = r"[a-z]{3,8}"
    glue = r"[ ,;\x22'\t\r\n0-9.)]{1,8}"
    return [
        LinearRecognizer(
            "SEED_PHRASE",
            [
                Shape("words", rf"(?i)\b{word}(?:{glue}{word}){{11,29}}", judge=_phrase, gate=_NEAR_WORDS),
                Shape("line", rf"{_LINE}(?: [a-z]{{3,8}}){{0,12}}[\x22' .]{{0,4}}$", judge=_phrase, gate=_LINE),
            ],
            name="seed-phrase",
        )
    ]


_LINE: Final = r"(?m)^[\x22' ]{0,4}[a-z]{3,8}(?: [a-z]{3,8}){11}"
_NEAR_WORDS: Final = r"(?i)\b(?:seed|mnemonic|recovery|wallet|ledger|metamask|trezor|bip-?39|wiederherstellung)"
