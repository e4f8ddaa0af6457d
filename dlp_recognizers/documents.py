"""Numbers of documents, vehicles, devices and accounts, and what only a label tells: twelve languages."""

from __future__ import annotations

from stdnum import imei as stdnum_imei
from stdnum import luhn
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat

from dlp_recognizers.boundaries import alone
from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict, compiled, worded
from dlp_recognizers.numbered import Number, recognizers_of
from dlp_recognizers.page import Page

_PASSPORT = (
    r"passports?|reisepass|pass-?(?:nr|nummer)|passeport|pasaporte|passaporto|paspoort|passaporte|paszport\w{0,3}|"
    r"passnummer|pasnummer|passi(?:n numero)?|passinumero"
)
_LICENCE = (
    r"driver'?s?.? licen[cs]e|driving licen[cs]e|driver.?licen[cs]e|führerschein|fuehrerschein|fahrerlaubnis|"
    r"permis de conduire|permiso de conducir|carn[eé] de conducir|patente(?: di guida)?|rijbewijs|"
    r"carta de condu[cç][aã]o|cnh|prawo jazdy|körkort|kørekort|førerkort|ajokortti|licen[cs]e no"
)
_PLATE = (
    r"licen[cs]e plate|number ?plate|registration (?:plate|number|no)|vehicle reg(?:istration)?|\bvrm\b|kennzeichen|"
    r"nummernschild|plaque(?: d.immatriculation)?|immatriculation|matr[ií]cula|targa|kenteken|"
    r"numer rejestracyjny|nr rej|registreringsnummer|nummerplade|rekisterinumero|plate no"
)
_ID = (
    r"identity card|id.?card|national id(?:entity)?|personalausweis|ausweisnummer|carte (?:nationale )?d.identit[eé]|"
    r"documento (?:nacional )?de identidad|\bdni\b|carta d.identit[aà]|identiteitskaart|bilhete de identidade|"
    r"cart[aã]o de cidad[aã]o|dow[oó]d osobisty|id-kort|legitimation|henkil[oö]kortti|identitetskort"
)
_TAX = (
    r"tax.?(?:id|number|no|payer id)|\btin\b|steuer.?(?:nummer|nr|id)|num[eé]ro fiscal|n[uú]mero fiscal|codice fiscale|"
    r"fiscaal nummer|numer podatkowy|skattenummer|verotunniste"
)
_HEALTH = (
    r"(?:insurance|plan)[ _-](?:policy|member|group|card|id|no|number)|health[ _-](?:insurance|plan|policy|card)"
    r"(?:[ _-](?:policy|member|card))?|policy[ _-](?:no|number|id)|(?:member|subscriber)[ _-]?id|"
    r"krankenversicherung\w{0,10}|"
    r"versicherten-?(?:nummer|nr)|versicherungsnummer|kvnr|num[eé]ro d.assur[eé]|num[eé]ro d.adh[eé]rent|mutuelle|"
    r"tarjeta sanitaria|n[uú]mero de p[oó]liza|p[oó]liza|tessera sanitaria|polizza|polisnummer|zorgverzekering|"
    r"ap[oó]lice|numer polisy|försäkringsnummer|forsikringsnummer|vakuutusnumero|sundhedskort|sygesikring"
)
_ACCOUNT = (
    r"(?:bank.?|checking |savings )?account.?(?:number|no|nr|num|#)|acct|kontonummer|konto-?nr|num[eé]ro de compte|"
    r"n[uú]mero de cuenta|cuenta bancaria|conto corrente|numero di conto|rekeningnummer|n[uú]mero da? conta|"
    r"conta banc[aá]ria|numer konta|numer rachunku|kontonr|bankkonto|tilinumero"
)
_VAT = (
    r"\bvat\b|ust.?-?id|umsatzsteuer|\buid\b|\btva\b|\biva\b|\bbtw\b|\bnip\b|\bmoms|\bmva\b|\balv\b|\bdph\b|tax|"
    r"intracom|\bnif\b|arvonlis"
)


_GLUE = (
    r"[\x22'*_]{0,3}[ -]?\s{0,2}(?:(?:(?:no|nr|number|num|id|nummer|code|num\xe9ro|n\xfamero|numero|numer|is|ist|est|"
    r"es|jest|er|on)\b\.?|n[\xb0\xba]|\xe8|\xe9|\xe4r)\s?){0,2}[\x22'*_]{0,3}\s{0,3}[:=#|>,\t-]{0,2}[\s#:|]{0,3}[\x22'*_]{0,3}"
)


_GROUPS = r"[A-Za-z]{0,4}[ -]?[0-9][A-Za-z0-9]{0,12}(?:[ ./-][0-9][A-Za-z0-9]{0,11}){0,4}"
"""Groups that begin with a digit: a word behind the number is none of them."""


def _labelled(words: str, value: str, *, digits: int, score: float = 0.85) -> list[Shape]:
    """A value behind its label; at least `digits` digits make a value of what would be a word otherwise."""
    head = f"(?i)(?:\\b|_){worded(words)}{_GLUE}"
    label, whole = compiled(head), compiled(f"(?i){value}")

    def judge(page: Page, start: int, end: int) -> Verdict:
        match = label.match(page.data, start, end)
        found = None if match is None else whole.match(page.data, match.end(), end)
        if found is None or page.char(end).isalnum():
            return None
        low, high = found.span()
        text = page.text[low:high]
        if sum(map(str.isdigit, text)) < digits or page.char(low - 1).isalnum() or page.char(start - 1) == "-":
            return None
        return (low, high, score) if len(set(text)) > 2 else None

    pattern = f"{head}(?:{value})"
    return [Shape("labelled", pattern, judge=judge, gate=f"(?i){worded(words)}")]


_MRZ_LINE = r"[A-Z0-9<]"


def _check(value: str, digit: str) -> bool:
    """ICAO 9303: weights 7 3 1 over digits, letters from 10 and fillers as 0, modulo 10."""
    weights = (7, 3, 1)
    total = sum((0 if char == "<" else int(char, 36)) * weights[place % 3] for place, char in enumerate(value))
    return (digit == "<" and total == 0) or digit == str(total % 10)


def _mrz(page: Page, start: int, end: int) -> Verdict:
    """A machine readable zone of two or three lines whose check digits for number, birth and expiry are right."""
    lines = page.text[start:end].split()
    sizes = [len(line) for line in lines]
    if sizes == [30, 30, 30]:
        good = (
            _check(lines[0][5:14], lines[0][14])
            + _check(lines[1][:6], lines[1][6])
            + _check(lines[1][8:14], lines[1][14])
        )
    elif sizes in ([36, 36], [44, 44]):
        second = lines[1]
        good = _check(second[:9], second[9]) + _check(second[13:19], second[19]) + _check(second[21:27], second[27])
    else:
        return None
    return (start, end, 0.98 if good == 3 else 0.7) if good >= 2 else None


def _vin(value: str) -> bool:
    """ISO 3779 in its North American form: the ninth character checks the others. Elsewhere it need not."""
    values = {**{str(digit): digit for digit in range(10)}, **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", _VIN, strict=True))}
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    rest = sum(values[char] * weight for char, weight in zip(value, weights, strict=True)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))


_VIN = (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)


def _any_vat(value: str) -> bool:
    return gb_vat.is_valid(value) if value.startswith("GB") else eu_vat.is_valid(value)


def _imsi(value: str) -> bool:
    return 200 <= int(value[:3]) <= 799


def _vin_check(page: Page, start: int, end: int) -> Verdict:
    value = page.text[start:end]
    if not alone(page, start, end) or sum(map(str.isdigit, value)) < 4 or sum(map(str.isalpha, value)) < 3:
        return None
    if _VIN_WORDS(page, start, end):
        return (start, end, 0.85)
    return (start, end, 0.55) if _vin(value) and value[12:].isdigit() else None


_VIN_WORDS = Near(
    r"\bvin\b|chassis|fahrgestell|fahrzeug-?ident|num[eé]ro de s[eé]rie|bastidor|telaio|vehicle id|\bfin\b"
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module."""
    numbers = [
        Number("VAT_ID", r"\b(?:AT ?U|BE ?[01]|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|GB|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|"
               r"SI|SK|XI)(?: ?[0-9A-Z]){7,12}\b", _VAT, _any_vat, alone=0.55),
        Number("IMEI", r"\b[0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{6}[ -]?[0-9]\b", r"\bimei\b", stdnum_imei.is_valid),
        Number("IMSI", r"\b[0-9]{14,15}\b", r"\bimsi\b", _imsi, named=0.85),
        Number("UK_SORT_CODE", r"\b[0-9]{2}[- ]?[0-9]{2}[- ]?[0-9]{2}\b", r"sort.?code", named=0.85),
        Number("BIC", r"\b[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b", r"\bbic\b|swift", named=0.8, squeeze=False),
        Number("CARD_SECURITY_CODE", r"\b[0-9]{3,4}\b", r"\bcv[vc]2?\b|security code|prüfziffer|card verification",
               named=0.8, before=16),
        Number("IMEI", r"\b[0-9]{2}-[0-9]{6}-[0-9]{6}-[0-9]\b", r"\bimei\b", luhn.is_valid),
    ]  # fmt: skip
    code = r"[A-Za-z0-9][A-Za-z0-9-]{5,17}"
    return [
        *recognizers_of(numbers),
        _recognizer(
            "PASSPORT",
            "passport",
            _labelled(_PASSPORT, r"[A-Za-z]{0,3} ?[0-9][A-Za-z0-9]{5,9}|[A-Za-z0-9]{7,10}", digits=3),
        ),
        _recognizer("DRIVER_LICENSE", "driving-licence", _labelled(_LICENCE, code, digits=3, score=0.8)),
        _recognizer(
            "VEHICLE_PLATE",
            "vehicle-plate",
            _labelled(_PLATE, r"[A-Za-z0-9\xc4\xd6\xdc]{1,8}(?:[ -][A-Za-z0-9]{1,4}){0,3}", digits=1, score=0.75),
        ),
        _recognizer("NATIONAL_ID", "national-id", _labelled(_ID, _GROUPS, digits=4)),
        _recognizer("TAX_ID", "tax-id", _labelled(_TAX, _GROUPS, digits=6)),
        _recognizer(
            "HEALTH_INSURANCE_NUMBER",
            "health-insurance",
            _labelled(_HEALTH, r"[A-Za-z0-9][A-Za-z0-9-]{5,19}", digits=4),
        ),
        _recognizer(
            "BANK_ACCOUNT", "bank-account", _labelled(_ACCOUNT, r"[0-9](?:[ -]?[0-9]){5,25}", digits=6, score=0.8)
        ),
        _recognizer(
            "MRZ",
            "machine-readable-zone",
            [
                Shape(
                    "lines",
                    rf"\b(?:[PVIAC][A-Z<][A-Z<]{{3}}{_MRZ_LINE}{{39}}\r?\n{_MRZ_LINE}{{44}}|"
                    rf"[PVIAC][A-Z<][A-Z<]{{3}}{_MRZ_LINE}{{31}}\r?\n{_MRZ_LINE}{{36}}|"
                    rf"[IAC][A-Z0-9<][A-Z<]{{3}}{_MRZ_LINE}{{25}}\r?\n{_MRZ_LINE}{{30}}\r?\n{_MRZ_LINE}{{30}})",
                    judge=_mrz,
                    gate="<<<",
                )
            ],
        ),
        _recognizer(
            "VIN",
            "vehicle-identification",
            [Shape("vin", r"\b[A-HJ-NPR-Z0-9]{17}\b", judge=_vin_check, retry=True, gate=r"\b[A-HJ-NPR-Z0-9]{17}\b")],
        ),
    ]


def _recognizer(entity: str, name: str, shapes: list[Shape]) -> LinearRecognizer:
    return LinearRecognizer(entity, shapes, name=name)
