# ruff: noqa: E501 - a table reads better in long lines
"""Organisations by rule: legal forms behind a name, and the words that institutions begin or end with."""

from __future__ import annotations

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page

_UPPER = r"[A-Z\xc0-\xde\xff]"
_WORD = rf"{_UPPER}[A-Za-z\xc0-\xff0-9]*(?:['.&-][A-Za-z\xc0-\xff0-9]+)*"
_NAME = rf"(?:{_WORD},? (?:(?:&|und|and|et|y|e|of|de|der|f\xfcr) )?){{1,5}}"
_LEGAL = (
    r"(?:GmbH(?: & Co\.? KGa?A?)?|mbH|gGmbH|AG|KGaA|KG|OHG|UG|e\. ?V\.|eG|Ltd\.?|Limited|LLC|L\.L\.C\.|LLP|Inc\.?|Incorporated|Corp\.?|"
    r"Corporation|PLC|plc|S\.A\.S?\.?|SARL|SAS|S\.p\.A\.|SpA|S\.r\.l\.|Srl|S\.L\.U?\.?|B\.V\.|BV|N\.V\.|NV|A/S|ApS|AB|ASA|Oyj?|"
    r"Sp\. z o\.o\.|sp\. z o\.o\.|s\.r\.o\.|a\.s\.|Lda\.?|Ltda\.?|S/A|Pty\.? Ltd\.?|Pte\.? Ltd\.?|K\.K\.|Kft\.?|Zrt\.?)"
)  # fmt: skip
_HEADS = (
    r"(?:University|Universit\xe4t|Universit\xe9|Universidad|Universidade|Universit\xe0|Universiteit|Uniwersytet|Bank|Ministry|Department|"
    r"Institute|College|Church|Museum|Academy|Amtsgericht|Landgericht|Klinikum|Sparkasse|Stadtwerke|Finanzamt|Mairie|Ayuntamiento|"
    r"Comune|Gemeente|Minist\xe8re|Ministerio|Ministero|Bundesministerium|Bundesamt|H\xf4pital|Hospital|Banco|Banca|Banque)"
)  # fmt: skip
_TAILS = (
    r"(?:University|Universit\xe4t|Institute|College|Foundation|Stiftung|Association|Hospital|Clinic|Klinik|Airlines|Airways|Bank|"
    r"Insurance|Versicherung|Industries|Holdings?|Pharmaceuticals|Motors|Railways|Council|Ministry|Party|Museum|Academy|Society|Orchestra)"
)  # fmt: skip
_ARTICLES_TEXT = """
The A An This That These Our Your My Their His Her Its Any Each Every Some In At By For From With Of And Or To If
"""
_ARTICLES = frozenset(_ARTICLES_TEXT.split())
_COMMON_TEXT = """
Foreign National Private Public Local Central Health Life Car Travel Data Food Political Third Other Community State
City Royal Open Free Research Medical Children General Old New First Online Internet Investment Savings West East
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def _notice(page: Page, start: int) -> bool:
    """Whether the place is in a line of a copyright notice or of a well-known licence, which are published anyway."""
    low, high = page.line(start)
    line = page.text[low:high].lower()
    return "copyright" in line or "free software" in line


def _named(page: Page, start: int, end: int) -> Verdict:
    """A name with its legal form; an article or preposition with a capital does not belong to it."""
    words = page.text[start:end].split(" ")
    while len(words) > 2 and words[0].rstrip(",") in _ARTICLES:
        start += len(words.pop(0)) + 1
    if _notice(page, start):
        return None
    glued = page.char(start - 1) in "_/.-@#$" or page.char(end) in "_/(="
    return None if glued or words[0] in _ARTICLES or len(words) < 2 else (start, end, 0.75)


def _institution(page: Page, start: int, end: int) -> Verdict:
    """An institution by its first or last word: needs a word beside it that is no plain adjective."""
    if _notice(page, start):
        return None
    words = page.text[start:end].split(" ")
    while len(words) > 1 and words[0] in _ARTICLES:
        start += len(words.pop(0)) + 1
    if (
        len(words) < 2
        or page.char(start - 1) in "_/.-@#$"
        or page.char(end) in "_/(="
        or (len(words) == 2 and words[0] in _COMMON)
    ):
        return None
    return (start, end, 0.6)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    of = r"(?:of|de|di|do|da|del|der|f\xfcr|des|van|voor|w)"
    return [
        LinearRecognizer(
            "ORGANIZATION",
            [
                Shape("legal-form", rf"\b{_NAME}{_LEGAL}(?:\b|$)", judge=_named),
                Shape("head", rf"\b{_HEADS} {of} (?:the )?{_WORD}(?: (?:and |of )?{_WORD}){{0,3}}", judge=_institution),
                Shape("tail", rf"\b(?:{_WORD} (?:(?:and|of|for|&) )?){{1,4}}{_TAILS}\b", judge=_institution),
            ],
            name="organisation-rules",
        )
    ]
