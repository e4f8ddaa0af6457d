"""National numbers: Presidio's own recognizers give the checksums, this file the shapes, the context and the doubt."""

from __future__ import annotations

from presidio_analyzer import predefined_recognizers as stock
from stdnum.it import iva as it_iva

from dlp_recognizers.boundaries import alone, in_column
from dlp_recognizers.gates import SIX_DIGITS
from dlp_recognizers.linear import LinearRecognizer, Near, Shape, Verdict, worded
from dlp_recognizers.numbered import Number, presidio, recognizers_of
from dlp_recognizers.page import Page

NUMBERS = (
    Number(
        "US_ITIN",
        r"\b9[0-9]{2}[- ](?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[- ][0-9]{4}\b",
        r"\b(?:itin|taxpayer|tax)",
        alone=0.6,
        named=0.95,
    ),
    Number("US_ITIN", r"\b9[0-9]{2}(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])[0-9]{4}\b", r"\b(?:itin|taxpayer)"),
    Number(
        "UK_NINO",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        r"\b(?:national insurance|ni number|ni no|nino)",
        alone=0.7,
        named=0.95,
    ),
    Number(
        "UK_NINO",
        r"(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]\b",
        r"\b(?:national insurance|ni number|ni no|nino)",
    ),
    Number(
        "UK_NHS",
        r"\b[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}\b",
        r"\bnhs|health service|patient",
        presidio(stock.NhsRecognizer),
        alone=0.65,
        named=0.95,
    ),
    Number("UK_NHS", r"\b[0-9]{10}\b", r"\bnhs\b|national health service", presidio(stock.NhsRecognizer), named=0.9),
    Number(
        "IT_FISCAL_CODE",
        r"(?i)\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T][0-9LMNP-V]{2}[A-MZ][0-9LMNP-V]{3}[A-Z]\b",
        r"\bcodice|\bfiscale|\bcf\b",
        presidio(stock.ItFiscalCodeRecognizer),
        gate=r"(?i)\b[A-Z]{6}[0-9LMNP-V]{2}[A-EHLMPR-T]",
        alone=0.95,
        named=1.0,
        unsure=0.6,
    ),
    Number("IT_VAT_CODE", r"\b(?:IT ?)?[0-9]{11}\b", r"\bpartita|\bp\.? ?iva|\bvat\b", it_iva.is_valid),
    Number("IT_PASSPORT", r"\b[A-Z]{2}[0-9]{7}\b", r"\bpassaporto"),
    Number(
        "IT_IDENTITY_CARD",
        r"\b(?:[A-Z]{2} ?[0-9]{7}|[A-Z]{2}[0-9]{5}[A-Z]{2}|[0-9]{7}[A-Z]{2})\b",
        r"\bcarta d.identit|\bcie\b",
    ),
    Number("IT_DRIVER_LICENSE", r"\b(?:[A-Z]{2}[0-9]{7}[A-Z]|U1[A-Z0-9]{7}[A-Z])\b", r"\bpatente"),
    Number(
        "ES_NIF",
        r"\b[0-9]{8}-?[A-HJ-NP-TV-Z]\b",
        r"\bdni\b|\bnif\b|identidad",
        presidio(stock.EsNifRecognizer),
        alone=0.6,
        named=0.95,
        unsure=0.5,
    ),
    Number(
        "ES_NIE",
        r"\b[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]\b",
        r"\bnie\b|extranjer",
        presidio(stock.EsNieRecognizer),
        alone=0.7,
        named=0.95,
        unsure=0.5,
    ),
    Number("ES_PASSPORT", r"\b[A-Z]{3}[0-9]{6}\b", r"\bpasaporte"),
    Number(
        "PL_PESEL",
        r"\b[0-9]{2}(?:[02468][1-9]|[13579][012])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}\b",
        r"\bpesel",
        presidio(stock.PlPeselRecognizer),
        prose=0.5,
        named=0.95,
    ),
    Number(
        "FI_PERSONAL_IDENTITY_CODE",
        r"\b[0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-FHJ-NPR-Y]\b",
        r"\bhetu|henkil|personal identity",
        presidio(stock.FiPersonalIdentityCodeRecognizer),
        alone=0.9,
        named=1.0,
        squeeze=False,
    ),
    Number(
        "SE_PERSONNUMMER",
        r"\b(?:(?:18|19|20)?[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]|[6-8][0-9]|9[01]))[-+][0-9]{4}\b",
        r"\bpersonnummer|samordningsnummer|personal identity",
        presidio(stock.SePersonnummerRecognizer),
        alone=0.6,
        named=0.95,
        squeeze=False,
    ),
    Number(
        "SE_PERSONNUMMER",
        r"\b[0-9]{10}(?:[0-9]{2})?\b",
        r"\bpersonnummer|samordningsnummer",
        presidio(stock.SePersonnummerRecognizer),
    ),
    Number(
        "SE_ORGANISATIONSNUMMER",
        r"\b[0-9]{6}-?[0-9]{4}\b",
        r"\borganisationsnummer|\borg\.? ?nr",
        presidio(stock.SeOrganisationsnummerRecognizer),
        squeeze=False,
    ),
    Number(
        "DE_TAX_ID",
        r"\b[1-9][0-9]{10}\b",
        r"\bsteuer|\bidnr|\bbzst|\btax",
        presidio(stock.DeTaxIdRecognizer),
        prose=0.6,
        named=0.95,
    ),
    Number(
        "DE_TAX_ID",
        r"\b[1-9][0-9] [0-9]{3} [0-9]{3} [0-9]{3}\b",
        r"\bsteuer|\bidnr|\bbzst|\btax",
        presidio(stock.DeTaxIdRecognizer),
        alone=0.6,
        named=0.95,
    ),
    Number("DE_TAX_NUMBER", r"\b[0-9]{2,3}/[0-9]{3,4}/[0-9]{4,5}\b", r"\bsteuer|\bst\.?-?nr|finanzamt"),
    Number("DE_TAX_NUMBER", r"\b(?:0[1-9]|1[0-6])[0-9]{11}\b", r"\bsteuernummer|\bst\.?-?nr|finanzamt"),
    Number(
        "DE_ID_CARD",
        r"\b[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}[0-9]\b",
        r"ausweis|identity card|id card|national id",
        presidio(stock.DeIdCardRecognizer),
        named=0.9,
        unsure=0.5,
    ),
    Number(
        "DE_PASSPORT",
        r"\b[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7}[0-9]\b",
        r"reisepass|\bpass-?(?:nr|nummer)|passport",
        presidio(stock.DePassportRecognizer),
        named=0.9,
        unsure=0.5,
    ),
    Number(
        "DE_SOCIAL_SECURITY",
        r"\b[0-9]{2} ?(?:0[1-9]|[12][0-9]|3[01]|5[1-9]|[67][0-9]|8[01])(?:0[1-9]|1[0-2])[0-9]{2} ?[A-Z] ?[0-9]{3}\b",
        r"versicherungsnummer|rentenversicherung|\brvnr|\bsvnr|\bsv-",
        presidio(stock.DeSocialSecurityRecognizer),
        alone=0.7,
        named=0.95,
        unsure=0.5,
    ),
    Number(
        "DE_HEALTH_INSURANCE",
        r"\b[A-Z][0-9]{9}\b",
        r"krankenversich|versichertennummer|kvnr|krankenkasse|gesundheitskarte|\begk\b|\baok\b|barmer",
        presidio(stock.DeHealthInsuranceRecognizer),
        unsure=0.5,
    ),
    Number(
        "DE_KFZ",
        r"\b[A-Z\xc4\xd6\xdc]{1,3}[- ][A-Z]{1,2}[- ]?[0-9]{1,4}[EH]?\b",
        r"kennzeichen|nummernschild|license plate|number plate",
    ),
    Number(
        "MEDICAL_LICENSE",
        r"\b[A-HJ-MPR-UX][A-Z][0-9]{7}\b",
        r"\bdea\b|medical licen",
        presidio(stock.MedicalLicenseRecognizer),
    ),
)


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


_SSN = r"\b(?:ssn|social security|socialsecurity|social sec|soc sec|ss#|ss no|taxpayer)"
_SSN_WORDS = Near(_SSN)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each national number."""
    ssn = LinearRecognizer(
        "US_SSN",
        [
            Shape("separated", r"\b[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}\b", judge=_ssn, retry=True, gate=SIX_DIGITS),
            Shape("compact", r"\b[0-9]{9}\b", judge=_ssn_compact, gate=f"(?i){worded(_SSN)}"),
        ],
        name="us_ssn",
    )
    return [*recognizers_of(NUMBERS), ssn]
