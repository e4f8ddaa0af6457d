"""E-mail addresses and phone numbers: how a person is reached."""

from __future__ import annotations

import phonenumbers

from dlp_recognizers.boundaries import alone, digits, in_column
from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page

_REGIONS = ("US", "GB", "DE", "FR", "IT", "ES", "AT", "CH", "NL", "BE", "PL", "IE", "PT", "SE")
_PHONE_WORDS = Near(
    r"\b(?:tel(?:ephone|efon|efono)?|mobil|cell|call(?:s|ed|ing)?|dial|fax|ruf|handy|sms|text|whatsapp|signal|"
    r"contact|reach|ring|rang|hotline|extension|num\xe9ro|portable|m\xf3vil|cellulare|rufnummer|telefoonnummer)\b"
    r"|phone|telefon|mobile",
    before=40,
)


def _email(page: Page, start: int, end: int) -> Verdict:
    local, _, domain = page.text[start:end].rpartition("@")
    stripped = local.lstrip(".'-")
    start += len(local) - len(stripped)
    stripped_end = stripped.rstrip(".")
    if not stripped_end or len(stripped) > 200 or len(domain) > 253:
        return None
    if stripped == "git" and page.char(end) in ":/":
        return None
    if page.char(end) in "(@" or page.text[max(0, start - 3) : start] == "://":
        return (start, end, 0.5)
    return (start, end, 0.95)


def _international(page: Page, start: int, end: int) -> Verdict:
    left = page.char(start - 1)
    text = page.text[start:end]
    if left.isalnum() or left in "_+" or (text.count(".") == 1 and text.replace(".", "")[1:].isdigit()):
        return None
    plus = start if text[0] == "+" else -1
    if plus < 0 and not alone(page, start, end):
        return None
    number = "+" + digits(text if plus >= 0 else text[2:])
    parsed = _parse(number, None)
    while parsed is None or not phonenumbers.is_possible_number(parsed):
        shorter = _shorter(text)
        if shorter is None:
            return None
        text = shorter
        number = "+" + digits(text if plus >= 0 else text[2:])
        parsed = _parse(number, None)
    end = start + len(text)
    if page.char(end).isalnum() or (page.char(end) in ".:-" and page.char(end + 1).isdigit()):
        return None
    if phonenumbers.is_valid_number(parsed):
        # Two zeros begin a time of day, too: 00:39 written as in a log.
        figures = plus < 0 and in_column(page, start, end) and not _PHONE_WORDS(page, start, end)
        return None if figures else (start, end, 0.9)
    at_margin = left == "\n" or start == 0
    if plus < 0 and not _PHONE_WORDS(page, start, end):
        return None
    if at_margin and len(number) < 11 and not _PHONE_WORDS(page, start, end):
        return (start, end, 0.4)
    return (start, end, 0.7)


def _shorter(text: str) -> str | None:
    """`text` without its last group of digits, or None when nothing that could be a number is left."""
    cut = len(text)
    while cut and text[cut - 1].isdigit():
        cut -= 1
    while cut and not text[cut - 1].isdigit():
        cut -= 1
    return text[:cut] if len(digits(text[:cut])) >= 7 else None


def _parse(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None


def _american(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    if text[0] == "(" and ")" not in text:
        start += 1
        text = text[1:]
    if not alone(page, start, end) or (in_column(page, start, end) and not _PHONE_WORDS(page, start, end)):
        return None
    if _PHONE_WORDS(page, start, end):
        return (start, end, 0.9)
    number = digits(text)[-10:]
    if number[:3] == "555" or "(" in text:
        return (start, end, 0.7)
    parsed = _parse(number, "US")
    if parsed is not None and phonenumbers.is_valid_number(parsed):
        return (start, end, 0.7 if "-" in text or "(" in text else 0.55)
    return (start, end, 0.5) if "-" in text else None


def _national(page: Page, start: int, end: int) -> Verdict:
    """A number with a trunk zero: a shape of some European country, and valid there."""
    if page.text[start] == "(" and ")" not in page.text[start:end]:
        start += 1
    if not alone(page, start, end):
        return None
    text = page.text[start:end]
    number = digits(text)
    if not 8 <= len(number) <= 13 or _is_date(text):
        return None
    if _PHONE_WORDS(page, start, end):
        return (start, end, 0.85)
    shape = [len(part) for part in text.replace(".", "-").replace(" ", "-").split("-")]
    if in_column(page, start, end) or len(set(number)) < 3 or len(number) < 9 or shape == [3, 2, 4]:
        return None
    for region in _REGIONS:
        parsed = _parse(number, region)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            return (start, end, 0.6)
    return None


def _is_date(text: str) -> bool:
    """A date or a decimal number rather than a phone number."""
    parts = text.replace("/", " ").replace(".", " ").replace("-", " ").split()
    if text.count(".") == 1 and len(parts) == 2:
        return True  # a decimal number, or seconds and their fraction
    if len(parts[0]) == 2 and len(parts) > 1 and len(parts[1]) == 2 and text[2] == text[5:6] == "-" and len(parts) == 3:
        return int(parts[0]) <= 31 and int(parts[1]) <= 31
    if len(parts) == 2 and len(parts[0]) == 2 and "." in text and "-" in text:
        return True
    if len(parts) < 3 or not all(part.isdigit() for part in parts):
        return False
    day, month, year = parts[:3]
    if len(day) <= 2 and len(month) <= 2 and len(year) == 4:
        return int(day) <= 31 and int(month) <= 31
    return len(parts) == 3 and len(number := "".join(parts)) <= 8 and int(number[:2]) <= 31


def _labelled(page: Page, start: int, end: int) -> Verdict:
    """Digits that only the word before them makes a phone number."""
    while page.text[start] not in "0123456789(":
        start += 1
    number = digits(page.text[start:end])
    return (start, end, 0.75) if alone(page, start, end) and 7 <= len(number) <= 13 else None


_PHONE_LABEL = (
    r"(?i)(?:\b(?:tel(?:ephone|efon|efono)?|mobile?|mobil|cell|fax|rufnummer|handy|whatsapp|portable|m\xf3vil|cellulare|"
    r"call(?: me| him| her| us)?(?: at| on)?)|phone)(?:[ _-]?(?:number|nummer|no|nr))?"
    r"(?:[ :.#=\x22'>|,-]|\bis\b|\bat\b|\bon\b){0,6}"
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    phones = [
        Shape("plus", r"\+\(?[1-9][0-9 ().\-/]{5,22}[0-9]", judge=_international, gate=r"\+\(?[1-9][0-9 ().\-/]"),
        Shape("double zero", r"\b00[1-9][0-9 ().\-/]{7,22}[0-9]", judge=_international, gate=r"\b00[1-9][0-9 ().\-/]"),
        Shape(
            "american",
            r"(?:\b1[ .-])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}\b",
            judge=_american,
            retry=True,
            gate=r"[0-9]{3}[ .-][0-9]{4}",
        ),
        Shape(
            "national",
            r"(?:\(0[1-9][0-9]{1,4}\)|\b0[1-9][0-9]{0,3})[ /.-]{1,3}[0-9](?:[ /.-]?[0-9]){5,10}\b",
            judge=_national,
            gate=r"\b0[1-9][0-9]{0,3}\)?[ /.-]{1,3}[0-9]",
        ),
        Shape(
            "labelled",
            _PHONE_LABEL + r"[0-9(][0-9 ().\-/]{5,16}[0-9]\b",
            judge=_labelled,
            gate=_PHONE_LABEL.partition("(?:[ :.#=")[0],
        ),
    ]
    return [
        LinearRecognizer(
            "EMAIL_ADDRESS",
            [
                Shape(
                    "address",
                    (
                        r"[A-Za-z0-9_+\x80-\xff]"
                        r"[A-Za-z0-9_.+'\x80-\xff-]*@(?:[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]"
                        r"*[A-Za-z0-9\x80-\xff])?\.)+[A-Za-z\x80-\xff][A-Za-z0-9\x80-\xff-]*[A-Za-z\x80-\xff]"
                    ),
                    judge=_email,
                    gate="@",
                ),
            ],
            name="email",
        ),
        LinearRecognizer("PHONE_NUMBER", phones, name="phone"),
    ]
