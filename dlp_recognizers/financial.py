"""Cards, bank accounts, wallets: a checksum alone is no proof, so shape and neighbours count too."""

from __future__ import annotations

from typing import Final

from presidio_analyzer.predefined_recognizers import CryptoRecognizer

from dlp_recognizers.boundaries import alone, digits, in_column, strangers
from dlp_recognizers.gates import SIX_DIGITS
from dlp_recognizers.linear import Judge, LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page

_CARD_WORDS = Near(
    r"\b(?:card|visa|mastercard|master card|amex|american express|discover|jcb|diners|maestro|cc|credit|debit|"
    r"kreditkarte|karte|carte|tarjeta|carta|pan|cvv|cvc|payment)|card",
    before=48,
)
_IBAN_WORDS = Near(r"\b(?:iban|bank|account|konto|transfer|\xfcberweisung|compte|cuenta|conto)", before=48)
_WALLET_WORDS = Near(r"\b(?:wallet|btc|bitcoin|crypto|eth|ether|ethereum)")

IBAN_LENGTHS = {
    "AD": 24,
    "AE": 23,
    "AL": 28,
    "AT": 20,
    "AZ": 28,
    "BA": 20,
    "BE": 16,
    "BG": 22,
    "BH": 22,
    "BI": 27,
    "BR": 29,
    "BY": 28,
    "CH": 21,
    "CR": 22,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DJ": 27,
    "DK": 18,
    "DO": 28,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FK": 18,
    "FO": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GI": 23,
    "GL": 18,
    "GR": 27,
    "GT": 28,
    "HN": 28,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IQ": 23,
    "IS": 26,
    "IT": 27,
    "JO": 30,
    "KW": 30,
    "KZ": 20,
    "LB": 28,
    "LC": 32,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "LY": 25,
    "MC": 27,
    "MD": 24,
    "ME": 22,
    "MK": 19,
    "MN": 20,
    "MR": 27,
    "MT": 31,
    "MU": 30,
    "NI": 28,
    "NL": 18,
    "NO": 15,
    "OM": 23,
    "PK": 24,
    "PL": 28,
    "PS": 29,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "RU": 33,
    "SA": 24,
    "SC": 31,
    "SD": 18,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "SO": 23,
    "ST": 25,
    "SV": 28,
    "TL": 23,
    "TN": 24,
    "TR": 26,
    "UA": 29,
    "VA": 22,
    "VG": 24,
    "XK": 20,
    "YE": 30,
}
"""Characters in an IBAN by country (SWIFT IBAN registry)."""


_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
"""Each digit to the sum of the digits of its double."""


def luhn(number: str) -> bool:
    """Whether the check digit of `number` (digits only) is right by ISO/IEC 7812-1."""
    total = sum(map(int, number[-1::-2])) + sum(map(int, number[-2::-2].translate(_DOUBLED)))
    return total % 10 == 0


def issuer(number: str) -> bool:
    """Whether length and first digits are those of a card scheme."""
    size, two, four = len(number), int(number[:2]), int(number[:4])
    return (
        (number[0] == "4" and size in {13, 16, 19})
        or (size == 16 and (51 <= two <= 55 or 2221 <= four <= 2720))
        or (size == 15 and two in {34, 37})
        or (size in {16, 17, 18, 19} and (four == 6011 or 644 <= four // 10 <= 649 or two in {62, 65}))
        or (size == 14 and (300 <= four // 10 <= 305 or two in {36, 38, 39}))
        or (size in {16, 17, 18, 19} and 3528 <= four <= 3589)
    )


def _card(page: Page, start: int, end: int) -> Verdict:
    if not alone(page, start, end):
        return None
    text = page.text[start:end]
    number = text.replace(" ", "").replace("-", "")
    if luhn(number):
        if issuer(number):
            written = len(text) > len(number) or _CARD_WORDS(page, start, end)
            return (start, end, 1.0) if written else _bare_card(page, start, end)
        if (
            _CARD_WORDS(page, start, end)
            and len(number) in range(13, 20)
            and number[0] in "3456"
            and len(set(number)) > 2
        ):
            return (start, end, 0.7)
        return None
    grouped = [len(part) for part in text.replace("-", " ").split()]
    if grouped in ([4, 4, 4, 4], [4, 6, 5]) and number[0] in "23456" and _CARD_WORDS(page, start, end):
        return (start, end, 0.6)
    return None


def _bare_card(page: Page, start: int, end: int) -> Verdict:
    """A run of digits without separators or a word: no card if it stands among runs like it that fail the checksum."""
    wrong = sum(not luhn(other) for other in strangers(page, start, end))
    figures = in_column(page, start, end) or page.char(start - 1) in "-_"
    return (start, end, 0.3 if wrong >= 2 or figures else 0.7)


def _spread_card(page: Page, start: int, end: int) -> Verdict:
    """A card whose digits are written apart, at the start of a run of digits: inside one, chance makes cards."""
    text = page.text[start : min(end, start + 96)]
    places = [offset for offset, char in enumerate(text) if char.isdigit()]
    number = digits(text)
    if page.char(start - 1).isalnum() or page.text[max(0, start - 4) : start].rstrip(" \t\n")[-1:].isdigit():
        return None
    for size in (19, 16, 15, 14, 13):
        if len(number) >= size and issuer(number[:size]) and luhn(number[:size]):
            stop = start + places[size - 1] + 1
            if len(number) > size and places[size] == places[size - 1] + 1:
                continue
            if page.text[start:stop].replace(".", "", 1).isdigit():
                return None  # a decimal number
            if not alone(page, start, stop) or (size < 16 and not _CARD_WORDS(page, start, stop)):
                continue
            return (start, stop, 0.8)
    return None


def mod97(iban: str) -> bool:
    """Whether the check digits of `iban` (upper case, no separators) are right by ISO 13616."""
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


def _iban(page: Page, start: int, end: int) -> Verdict:
    if page.char(start - 1).isalnum() or page.char(start - 1) == "_":
        return None
    size = IBAN_LENGTHS.get(page.text[start : start + 2].upper())
    if size is None:
        return None
    value: list[str] = []
    offset = start
    gap = 0
    while len(value) < size:
        char = page.char(offset)
        if char.isascii() and char.isalnum():
            value.append(char)
            gap = 0
        elif char in " -./\t\n" and gap < 2 and offset < len(page.text):
            gap += 1
        else:
            return None
        offset += 1
    if page.char(offset).isalnum() or page.char(offset) == "_":
        return None
    written = page.text[start:offset]
    grouped = all(len(part) == 4 for part in written.split()[:-1])
    if "-" in written and not all(len(part) == 4 for part in written.split("-")[:-1]):
        return None  # a piece of a UUID
    if mod97("".join(value).upper()):
        # Words in lower case make a valid IBAN now and then, when blanks may stand anywhere.
        return (start, offset, 1.0) if grouped or written == written.upper() else None
    if written.upper() == written and sum(map(str.isdigit, value)) > size // 2 and _IBAN_WORDS(page, start, offset):
        return (start, offset, 0.6)
    return None


def _bitcoin() -> Judge:
    reference = CryptoRecognizer()

    def judge(page: Page, start: int, end: int) -> Verdict:
        return (start, end, 1.0) if reference.validate_result(page.text[start:end]) else None

    return judge


def _ethereum(page: Page, start: int, end: int) -> Verdict:
    body = page.text[start + 2 : end]
    mixed = body != body.lower() and body != body.upper()
    return (start, end, 0.7) if (mixed or _WALLET_WORDS(page, start, end)) and len(set(body)) > 6 else None


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    return [
        LinearRecognizer(
            "CREDIT_CARD",
            [
                Shape(
                    "grouped",
                    (
                        r"\b[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}\b|"
                        r"\b3[0-9]{3}[ -]?[0-9]{6}[ -]?[0-9]{4,5}\b|\b4[0-9]{12}\b"
                    ),
                    judge=_card,
                    retry=True,
                    gate=SIX_DIGITS,
                ),
                Shape(
                    "apart",
                    (
                        r"\b[2-6](?:[ .\-/\n\r\t]{1,3}[0-9]{1,4}|"
                        r"[0-9]{1,3}[ .\-/\n\r\t]{1,3}[0-9])(?:[ .\-/\n\r\t]{0,3}[0-9]){10,}"
                    ),
                    judge=_spread_card,
                    gate=r"[0-9](?:[ .\-/\n\r\t]{0,3}[0-9]){5}",
                ),
            ],
            name="card",
        ),
        LinearRecognizer(
            "IBAN_CODE",
            [
                Shape(
                    "iban",
                    r"(?i)\b[A-Z]{2}[ -]?[0-9][ -]?[0-9](?:[ \-./\t\n]{0,2}[A-Z0-9]){11}",
                    judge=_iban,
                    retry=True,
                    gate=r"(?i)\b[A-Z]{2}[ -]?[0-9][ -]?[0-9]",
                ),
            ],
            name="iban",
        ),
        LinearRecognizer(
            "CRYPTO",
            [
                Shape(
                    "bitcoin",
                    r"\b(?:bc1[a-z0-9]{25,87}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b",
                    judge=_bitcoin(),
                    gate=r"\bbc1[a-z0-9]|\b[13][1-9A-HJ-NP-Za-km-z]{8}",
                ),
                Shape("ethereum", r"\b0x[0-9A-Fa-f]{40}\b", judge=_ethereum, gate=r"\b0x[0-9A-Fa-f]{8}"),
            ],
            name="crypto",
        ),
    ]
