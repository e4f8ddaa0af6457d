"""National numbers: Presidio's own recognizers give the checksums, this file the shapes, the context and the doubt."""

from __future__ import annotations

from dataclasses import dataclass

from presidio_analyzer import PatternRecognizer
from presidio_analyzer import predefined_recognizers as stock

from dlp_recognizers.boundaries import alone, digits, in_column, in_prose, strangers
from dlp_recognizers.linear import Judge, LinearRecognizer, Near, Shape, Verdict
from dlp_recognizers.page import Page


@dataclass(frozen=True, slots=True)
class _Number:
    """One national number. `alone`: score of a valid one without context; `prose`: of one in running text;
    `named`: of one with a word of its kind near; `unsure`: of one with a word near and a wrong checksum."""

    entity: str
    regex: str
    words: str
    reference: type[PatternRecognizer] | None = None
    alone: float = 0.0
    prose: float = 0.0
    named: float = 0.85
    unsure: float = 0.0
    squeeze: bool = True
    """Whether separators are taken out before the checksum."""
    gated: bool = False
    """Whether the words themselves gate the pattern, which is too common otherwise."""


_NUMBERS = (
    _Number(
        "US_ITIN",
        r"\b9[0-9]{2}[- ](?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[- ][0-9]{4}\b",
        r"\b(?:itin|taxpayer|tax)",
        alone=0.6,
        named=0.95,
    ),
    _Number(
        "US_ITIN", r"\b9[0-9]{2}(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[0-9]{4}\b", r"\b(?:itin|taxpayer)", gated=True
    ),
    _Number(
        "UK_NINO",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        r"(?i)\b(?:national insurance|ni number|ni no|nino)",
        alone=0.7,
        named=0.95,
    ),
    _Number(
        "UK_NINO",
        r"(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]\b",
        r"(?i)\b(?:national insurance|ni number|ni no|nino)",
        gated=True,
    ),
    _Number(
        "UK_NHS",
        r"\b[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}\b",
        r"(?i)\bnhs|health service|patient",
        stock.NhsRecognizer,
        alone=0.65,
        named=0.95,
    ),
    _Number(
        "UK_NHS", r"\b[0-9]{10}\b", r"(?i)\bnhs\b|national health service", stock.NhsRecognizer, named=0.9, gated=True
    ),
    _Number(
        "IT_FISCAL_CODE",
        r"(?i)\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-MZ][0-9LMNP-V]{3}[A-Z]\b",
        r"(?i)\bcodice|\bfiscale|\bcf\b",
        stock.ItFiscalCodeRecognizer,
        alone=0.95,
        named=1.0,
        unsure=0.6,
    ),
    _Number(
        "IT_VAT_CODE",
        r"\b(?:IT ?)?[0-9]{11}\b",
        r"(?i)\bpartita|\bp\.? ?iva|\bvat\b",
        stock.ItVatCodeRecognizer,
        gated=True,
    ),
    _Number("IT_PASSPORT", r"\b[A-Z]{2}[0-9]{7}\b", r"(?i)\bpassaporto", gated=True),
    _Number(
        "IT_IDENTITY_CARD",
        r"\b(?:[A-Z]{2} ?[0-9]{7}|[A-Z]{2}[0-9]{5}[A-Z]{2}|[0-9]{7}[A-Z]{2})\b",
        r"(?i)\bcarta d.identit|\bcie\b",
        gated=True,
    ),
    _Number("IT_DRIVER_LICENSE", r"\b(?:[A-Z]{2}[0-9]{7}[A-Z]|U1[A-Z0-9]{7}[A-Z])\b", r"(?i)\bpatente", gated=True),
    _Number(
        "ES_NIF",
        r"\b[0-9]{8}-?[A-HJ-NP-TV-Z]\b",
        r"(?i)\bdni\b|\bnif\b|identidad",
        stock.EsNifRecognizer,
        alone=0.6,
        named=0.95,
        unsure=0.5,
    ),
    _Number(
        "ES_NIE",
        r"\b[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]\b",
        r"(?i)\bnie\b|extranjer",
        stock.EsNieRecognizer,
        alone=0.7,
        named=0.95,
        unsure=0.5,
    ),
    _Number("ES_PASSPORT", r"\b[A-Z]{3}[0-9]{6}\b", r"(?i)\bpasaporte", gated=True),
    _Number(
        "PL_PESEL",
        r"\b[0-9]{2}(?:[02468][1-9]|[13579][012])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}\b",
        r"(?i)\bpesel",
        stock.PlPeselRecognizer,
        prose=0.5,
        named=0.95,
    ),
    _Number(
        "FI_PERSONAL_IDENTITY_CODE",
        r"\b[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]\b",
        r"(?i)\bhetu|henkil|personal identity",
        stock.FiPersonalIdentityCodeRecognizer,
        alone=0.9,
        named=1.0,
        squeeze=False,
    ),
    _Number(
        "SE_PERSONNUMMER",
        r"\b(?:(?:18|19|20)?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|[6-8][0-9]|9[01]))[-+][0-9]{4}\b",
        r"(?i)\bpersonnummer|samordningsnummer|personal identity",
        stock.SePersonnummerRecognizer,
        alone=0.6,
        named=0.95,
        squeeze=False,
    ),
    _Number(
        "SE_PERSONNUMMER",
        r"\b[0-9]{10}(?:[0-9]{2})?\b",
        r"(?i)\bpersonnummer|samordningsnummer",
        stock.SePersonnummerRecognizer,
        gated=True,
    ),
    _Number(
        "SE_ORGANISATIONSNUMMER",
        r"\b[0-9]{6}-?[0-9]{4}\b",
        r"(?i)\borganisationsnummer|\borg\.? ?nr",
        stock.SeOrganisationsnummerRecognizer,
        gated=True,
        squeeze=False,
    ),
    _Number(
        "DE_TAX_ID",
        r"\b[1-9][0-9]{10}\b",
        r"(?i)\bsteuer|\bidnr|\bbzst|\btax",
        stock.DeTaxIdRecognizer,
        prose=0.6,
        named=0.95,
    ),
    _Number(
        "DE_TAX_ID",
        r"\b[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}\b",
        r"(?i)\bsteuer|\bidnr|\bbzst|\btax",
        stock.DeTaxIdRecognizer,
        alone=0.6,
        named=0.95,
    ),
    _Number(
        "DE_TAX_NUMBER", r"\b[0-9]{2,3}/[0-9]{3,4}/[0-9]{4,5}\b", r"(?i)\bsteuer|\bst\.?-?nr|finanzamt", gated=True
    ),
    _Number(
        "DE_TAX_NUMBER", r"\b(?:0[1-9]|1[0-6])[0-9]{11}\b", r"(?i)\bsteuernummer|\bst\.?-?nr|finanzamt", gated=True
    ),
    _Number(
        "DE_ID_CARD",
        r"\b[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}[0-9]\b",
        r"(?i)ausweis|identity card|id card|national id",
        stock.DeIdCardRecognizer,
        named=0.85,
        unsure=0.5,
        gated=True,
    ),
    _Number(
        "DE_PASSPORT",
        r"\b[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}[0-9]\b",
        r"(?i)reisepass|\bpass-?(?:nr|nummer)|passport",
        stock.DePassportRecognizer,
        named=0.9,
        unsure=0.5,
        gated=True,
    ),
    _Number(
        "DE_SOCIAL_SECURITY",
        r"\b[0-9]{2} ?(?:0[1-9]|[12][0-9]|3[01]|5[1-9]|[67][0-9]|8[01])(?:0[1-9]|1[0-2])[0-9]{2} ?[A-Z] ?[0-9]{3}\b",
        r"(?i)versicherungsnummer|rentenversicherung|\brvnr|\bsvnr|\bsv-",
        stock.DeSocialSecurityRecognizer,
        alone=0.7,
        named=0.95,
        unsure=0.5,
    ),
    _Number(
        "DE_HEALTH_INSURANCE",
        r"\b[A-Z][0-9]{9}\b",
        r"(?i)krankenversich|versichertennummer|kvnr|krankenkasse|gesundheitskarte|\begk\b|\baok\b|barmer",
        stock.DeHealthInsuranceRecognizer,
        unsure=0.5,
        gated=True,
    ),
    _Number(
        "DE_KFZ",
        r"\b[A-Z\xc4\xd6\xdc]{1,3}[- ][A-Z]{1,2}[- ]?[0-9]{1,4}[EH]?\b",
        r"(?i)kennzeichen|nummernschild|license plate|number plate",
        gated=True,
    ),
    _Number(
        "MEDICAL_LICENSE",
        r"\b[A-HJ-MPR-UX][A-Z][0-9]{7}\b",
        r"(?i)\bdea\b|medical licen",
        stock.MedicalLicenseRecognizer,
        gated=True,
    ),
)


def _judge(number: _Number, near: Near) -> Judge:
    reference = None if number.reference is None else number.reference()  # type: ignore[call-arg]

    def judge(page: Page, start: int, end: int) -> Verdict:
        if not alone(page, start, end):
            return None
        named = near(page, start, end)
        if number.gated and not named:
            return None
        text = page.text[start:end]
        value = text.replace(" ", "").replace("-", "") if number.squeeze else text
        if number.entity == "IT_VAT_CODE":
            value = digits(value)
        if reference is not None and reference.validate_result(value.upper()) is False:
            return (start, end, number.unsure) if named and number.unsure else None
        if named:
            return (start, end, number.named)
        if " " in text and in_column(page, start, end):
            return None
        if number.alone or not in_prose(page, start, end):
            return (start, end, number.alone) if number.alone else None
        # One in ten counters passes a checksum; the others of its column do not.
        alike = not reference or all(reference.validate_result(other) for other in strangers(page, start, end)[:8])
        return (start, end, number.prose) if number.prose and alike else None

    return judge


def _ssn(page: Page, start: int, end: int) -> Verdict:
    """Social security numbers by the rules of issue: area, group and serial are never zero, 666 and 9xx unused."""
    text = page.text[start:end]
    area, group, serial = text[:3], text[4:6], text[7:]
    if text[3] != text[6] or area in {"000", "666"} or area[0] == "9" or group == "00" or serial == "0000":
        return None
    near = _SSN_WORDS(page, start, end)
    if not alone(page, start, end) or (text[3] == " " and in_column(page, start, end) and not near):
        return None
    return (start, end, 0.95 if near else (0.8 if text[3] == "-" else 0.5))


def _ssn_compact(page: Page, start: int, end: int) -> Verdict:
    text = page.text[start:end]
    if not alone(page, start, end) or text[0] == "9" or text[:3] in {"000", "666"} or not _SSN_WORDS(page, start, end):
        return None
    return (start, end, 0.8)


_SSN_WORDS = Near(r"\b(?:ssn|social security|social sec|soc sec|ss#|taxpayer)")


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each national number."""
    shapes: dict[str, list[Shape]] = {}
    for number in _NUMBERS:
        words = number.words.removeprefix("(?i)")
        made = shapes.setdefault(number.entity, [])
        gate = rf"(?i)(?:{words})" if number.gated else ""
        made.append(Shape(f"shape {len(made)}", number.regex, judge=_judge(number, Near(words)), retry=True, gate=gate))
    shapes["US_SSN"] = [
        Shape("separated", r"\b[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}\b", judge=_ssn, retry=True),
        Shape("compact", r"\b[0-9]{9}\b", judge=_ssn_compact, gate=r"(?i)\bssn|social sec|soc sec|taxpayer"),
    ]
    return [LinearRecognizer(entity, made, name=entity.lower()) for entity, made in shapes.items()]
