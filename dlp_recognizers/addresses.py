# ruff: noqa: E501 - a table reads better in long lines
"""Postal addresses by their shape: street and number, postcode and town, as many countries write them."""

from __future__ import annotations

from dlp_recognizers.linear import LinearRecognizer, Shape, Verdict
from dlp_recognizers.page import Page

_UPPER = r"[A-Z\xc0-\xde\xff]"
_LOWER = r"[a-z\xdf-\xff]"
_CAPITAL = rf"{_UPPER}{_LOWER}+(?:[-']{_UPPER}?{_LOWER}+)*"
_NUMBER = r"[0-9]{1,4}(?: ?[a-zA-Z]\b)?(?:[-/][0-9]{1,4})?"
_TOWN = rf"{_CAPITAL}(?: (?:am|an der|im|de|la|le|del|di|do|sur|upon) {_CAPITAL}| {_CAPITAL}){{0,2}}"
_ENGLISH = (
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Ln\.?|Drive|Dr\.?|Court|Ct\.?|Boulevard|Blvd\.?|Terrace|Place|Pl\.?|Square|Sq\.?|"
    r"Crescent|Close|Highway|Hwy\.?|Parkway|Pkwy\.?|Way|Walk|Gardens|Grove|Mews|Row|Circle|Cir\.?)"
)  # fmt: skip
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Flat|Floor|Fl|#)\.? ?#?[0-9A-Za-z]{1,5}\b)?"
_US_TOWN = rf"(?:,|\n|,\n)? ?{_TOWN},? [A-Z]{{2}},? [0-9]{{5}}(?:-[0-9]{{4}})?"
_UK_TOWN = rf"(?:, {_TOWN})?,? [A-Z]{{1,2}}[0-9][0-9A-Z]? [0-9][A-Z]{{2}}\b"
_CODE = (
    r"(?:[A-Z]{1,2}-)?(?:[0-9]{5}|[0-9]{4} ?[A-Z]{2}|[0-9]{4}|[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3})"
)
_CODE_TOWN = rf"(?:,? {_CODE} {_TOWN})?"
_LINE_TOWN = rf"(?:(?:,|\n|, ?\n) ?{_CODE} {_TOWN})?"
_GERMAN = (
    rf"(?:{_UPPER}{_LOWER}{{2,25}}(?:stra\xdfe|strasse|str\.|weg|allee|gasse|platz|ring|damm|ufer|chaussee)|"
    rf"{_CAPITAL}(?:-{_CAPITAL}){{0,2}}(?:-| )(?:Stra\xdfe|Strasse|Str\.|Weg|Allee|Platz|Ring|Damm))"
)
_ROMANCE = (
    r"(?:(?i:rue|avenue|av\.|boulevard|bd|impasse|all\xe9e|chemin|quai|place|cours|calle|c/|avenida|avda\.?|plaza|paseo|carrer|via|"
    r"viale|piazza|corso|vicolo|largo|rua|travessa|pra\xe7a|estrada|ulica|ul\.|al\.|pl\.|strada|bulevardul))"
)  # fmt: skip
_LINKS = r"(?: (?:de la|de las|de los|du|des|de|del|della|delle|dei|di|da|do|dos|l'|San|Santa|St\.?))?"
_DUTCH = (
    rf"{_UPPER}{_LOWER}{{2,25}}(?:straat|laan|plein|gracht|kade|dreef|weg|gatan|v\xe4gen|gade|vej|gata|veien|katu|tie)"
)


def _street(page: Page, start: int, end: int) -> Verdict:
    """An address, unless it is part of a path, a version or a name of code."""
    if page.char(start - 1) in "/._-$@#=&" or page.char(end) in "_(/=":
        return None
    return (start, end, 0.8)


def _weak(page: Page, start: int, end: int) -> Verdict:
    """A postcode and a town: only where a line begins and ends with them, or a comma stands before."""
    low, high = page.line(start)
    head, tail = page.text[low:start].strip(), page.text[end:high].strip()
    alone = not tail and (not head or head[-1] in ",:;|>")
    return (start, end, 0.6) if alone and page.char(start - 1) not in "-/._" else None


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    ordinal = r"(?:[0-9]{1,3}(?:st|nd|rd|th))"
    direction = r"(?:[NSEW]\.? |North |South |East |West )?"
    english = rf"\b[0-9]{{1,5}}[a-zA-Z]?,? {direction}(?:{_CAPITAL} |{ordinal} ){{1,3}}{_ENGLISH}\b{_UNIT}(?:{_US_TOWN}|{_UK_TOWN})?"
    romance = rf"(?:\b{_NUMBER}(?: bis| ter)?,? )?\b{_ROMANCE}{_LINKS} ?{_CAPITAL}(?:{_LINKS} {_CAPITAL}){{0,3}},? (?:n[\xba\xb0o.] ?)?{_NUMBER}\b{_CODE_TOWN}"
    french = rf"\b{_NUMBER}(?: bis| ter)?,? (?i:rue|avenue|av\.|boulevard|bd|impasse|all\xe9e|chemin|quai|place|cours){_LINKS} ?{_CAPITAL}(?:[ -](?:de |la |du |des )?{_CAPITAL}){{0,3}}{_CODE_TOWN}"
    return [
        LinearRecognizer(
            "ADDRESS",
            [
                Shape("english", english, judge=_street),
                Shape("german", rf"\b{_GERMAN} {_NUMBER}\b{_LINE_TOWN}", judge=_street),
                Shape("northern", rf"\b{_DUTCH} {_NUMBER}\b{_LINE_TOWN}", judge=_street),
                Shape("romance", romance, judge=_street),
                Shape("french", french, judge=_street),
                Shape(
                    "box",
                    r"\b(?:P\.? ?O\.? Box|Postfach|Apartado|Bo\xeete [Pp]ostale|Postbus) [0-9]{2,6}\b",
                    judge=_street,
                ),
                Shape(
                    "town",
                    rf"\b(?:[A-Z]{{1,2}}-)?(?:[0-9]{{5}}|[0-9]{{2}}-[0-9]{{3}}|[0-9]{{4}} [A-Z]{{2}}) {_TOWN}",
                    judge=_weak,
                ),
            ],
            name="address-shapes",
        )
    ]
