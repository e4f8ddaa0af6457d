"""National numbers that Presidio has no recognizer for; the checksums are those that each country publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from dlp_recognizers.boundaries import alone, digits, in_column, in_prose
from dlp_recognizers.linear import Judge, LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page


def fr_nir(value: str) -> bool:
    """French NIR: the last two digits are 97 minus the rest modulo 97 (Corsica's 2A and 2B count as 19 and 18)."""
    body = value[:-2].upper().replace("2A", "19").replace("2B", "18")
    return body.isdigit() and value[-2:].isdigit() and 97 - int(body) % 97 == int(value[-2:])


def nl_bsn(value: str) -> bool:
    """Dutch BSN: the eleven test, last digit with weight minus one."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(value) == 9 and sum(int(char) * weight for char, weight in zip(value, weights, strict=True)) % 11 == 0


def be_nrn(value: str) -> bool:
    """Belgian national register number: 97 minus the first nine digits modulo 97, a 2 put before them since 2000."""
    check = int(value[-2:])
    return 97 - int(value[:9]) % 97 == check or 97 - int("2" + value[:9]) % 97 == check


def at_svnr(value: str) -> bool:
    """Austrian social insurance number: the fourth digit checks the others modulo 11."""
    weights = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
    return sum(int(char) * weight for char, weight in zip(value, weights, strict=True)) % 11 == int(value[3])


def ch_ahv(value: str) -> bool:
    """Swiss AHV number: an EAN-13."""
    total = sum(int(char) * (3 if place % 2 else 1) for place, char in enumerate(value[:12]))
    return value[:3] == "756" and (10 - total % 10) % 10 == int(value[12])


def pt_nif(value: str) -> bool:
    """Portuguese NIF: weights 9 to 2, modulo 11."""
    rest = sum(int(char) * weight for char, weight in zip(value[:8], range(9, 1, -1), strict=True)) % 11
    return int(value[8]) == (0 if rest < 2 else 11 - rest)


def no_fnr(value: str) -> bool:
    """Norwegian birth number: two check digits modulo 11."""
    if not (1 <= int(value[:2]) % 40 <= 31 and 1 <= int(value[2:4]) % 40 <= 12):
        return False
    first = sum(int(char) * weight for char, weight in zip(value, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), strict=False)) % 11
    second = sum(int(char) * weight for char, weight in zip(value, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)) % 11
    return first == 0 and second == 0


def ie_pps(value: str) -> bool:
    """Irish PPS number: a letter that checks seven digits, and a second letter, modulo 23."""
    extra = ord(value[8]) - 64 if len(value) == 9 and value[8] != "W" else 0
    total = sum(int(char) * weight for char, weight in zip(value[:7], range(8, 1, -1), strict=True)) + extra * 9
    return value[7] == "WABCDEFGHIJKLMNOPQRSTUV"[total % 23]


def dk_cpr(value: str) -> bool:
    """Danish CPR number: a date that exists; the old checksum is no longer kept."""
    try:
        date(2000 + int(value[4:6]) % 100, int(value[2:4]), int(value[:2]))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Number:
    entity: str
    regex: str
    words: str
    valid: Callable[[str], bool]
    alone: float = 0.0
    """Score of a valid one with no word of its kind near; 0: such a word is needed."""


_NUMBERS = (
    _Number(
        "FR_NIR",
        r"\b[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        r"\bnir\b|s\xe9curit\xe9 sociale|\binsee\b|securite sociale",
        fr_nir,
        0.7,
    ),
    _Number("NL_BSN", r"\b[0-9]{9}\b|\b[0-9]{4}\.[0-9]{2}\.[0-9]{3}\b", r"\bbsn\b|burgerservice|sofinummer", nl_bsn),
    _Number(
        "BE_NRN",
        r"\b[0-9]{2}\.(?:0[0-9]|1[0-2])\.[0-3][0-9][- ][0-9]{3}[.-][0-9]{2}\b",
        r"rijksregister|registre national|\bnrn\b|\bniss\b|\binsz\b",
        be_nrn,
        0.9,
    ),
    _Number("BE_NRN", r"\b[0-9]{11}\b", r"rijksregister|registre national|\bnrn\b|\bniss\b|\binsz\b", be_nrn),
    _Number(
        "AT_SVNR",
        r"\b[1-9][0-9]{3} ?[0-3][0-9](?:0[1-9]|1[0-5])[0-9]{2}\b",
        r"\bsvnr|sozialversicherung|versicherungsnummer|\bsv-n",
        at_svnr,
    ),
    _Number("CH_AHV", r"\b756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}\b", r"\bahv\b|\bavs\b|\bavs-", ch_ahv, 0.9),
    _Number("PT_NIF", r"\b[1-35689][0-9]{2} ?[0-9]{3} ?[0-9]{3}\b", r"\bnif\b|contribuinte", pt_nif),
    _Number("DK_CPR", r"\b[0-3][0-9][01][0-9]{3}-[0-9]{4}\b", r"\bcpr\b|personnummer", dk_cpr, 0.55),
    _Number("DK_CPR", r"\b[0-3][0-9][01][0-9]{7}\b", r"\bcpr\b", dk_cpr),
    _Number(
        "NO_FNR", r"\b[0-7][0-9][0-5][0-9]{3} ?[0-9]{5}\b", r"f\xf8dselsnummer|fodselsnummer|personnummer", no_fnr, 0.6
    ),
    _Number("IE_PPS", r"\b[0-9]{7}[A-W][A-IW]?\b", r"\bpps\b|\bppsn\b|public service number", ie_pps, 0.6),
)


def _judge(number: _Number) -> Judge:
    near = Near(number.words)

    def judge(page: Page, start: int, end: int) -> Verdict:
        text = page.text[start:end]
        value = "".join(char for char in text if char.isalnum())
        if not alone(page, start, end) or not number.valid(value):
            return None
        if near(page, start, end):
            return (start, end, 0.9)
        if not number.alone or (" " in text and in_column(page, start, end)):
            return None
        bare = value == text and digits(value) == value
        return (start, end, number.alone) if not bare or in_prose(page, start, end) else None

    return judge


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each national number."""
    shapes: dict[str, list[Shape]] = {}
    for number in _NUMBERS:
        made = shapes.setdefault(number.entity, [])
        gate = "" if number.alone else rf"(?i)(?:{number.words})"
        made.append(Shape(f"shape {len(made)}", number.regex, judge=_judge(number), retry=True, gate=gate))
    return [LinearRecognizer(entity, made, name=entity.lower()) for entity, made in shapes.items()]
