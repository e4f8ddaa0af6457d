"""Personal and tax numbers outside Europe: the Americas, Asia, Oceania, Africa."""

from __future__ import annotations

from presidio_analyzer import predefined_recognizers as stock
from stdnum import luhn, verhoeff
from stdnum.au import tfn as au_tfn
from stdnum.br import cnpj as br_cnpj
from stdnum.br import cpf as br_cpf
from stdnum.ca import sin as ca_sin
from stdnum.cl import rut as cl_rut
from stdnum.cn import ric as cn_ric
from stdnum.in_ import pan as in_pan
from stdnum.kr import rrn as kr_rrn
from stdnum.mx import curp as mx_curp
from stdnum.us import ein as us_ein
from stdnum.us import rtn as us_rtn
from stdnum.za import idnr as za_idnr

from dlp_recognizers.linear import LinearRecognizer
from dlp_recognizers.numbered import Number, presidio, recognizers_of


def us_npi(value: str) -> bool:
    """National provider identifier: Luhn behind the prefix 80840."""
    return value[0] in "12" and luhn.is_valid("80840" + value)


def aadhaar(value: str) -> bool:
    """Aadhaar: Verhoeff, no 0 or 1 in front, no palindrome."""
    return value[0] not in "01" and value != value[::-1] and verhoeff.is_valid(value)


def au_medicare(value: str) -> bool:
    """Australian Medicare: weights 1 3 7 9 over eight digits, modulo 10; the tenth counts the cards."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9)
    return sum(int(char) * weight for char, weight in zip(value, weights, strict=False)) % 10 == int(value[8])


def nric(value: str) -> bool:
    """Singapore NRIC and FIN: weights 2 7 6 5 4 3 2, an offset for each series, modulo 11."""
    weights = (2, 7, 6, 5, 4, 3, 2)
    total = sum(int(char) * weight for char, weight in zip(value[1:8], weights, strict=True))
    series = value[0]
    total += {"S": 0, "F": 0, "T": 4, "G": 4, "M": 3}[series]
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "KLJNPQRTUWX"}
    return letters[series][total % 11 if series != "M" else 10 - total % 11] == value[8]


_MEDICARE = r"medicare"
_MBI_LETTER = "[AC-HJKMNP-RT-Y]"
_MBI_ANY = "[0-9AC-HJKMNP-RT-Y]"
_MBI = (
    rf"[1-9]{_MBI_LETTER}{_MBI_ANY}[0-9]{{dash}}{_MBI_LETTER}{_MBI_ANY}[0-9]"
    rf"{{dash}}{_MBI_LETTER}{_MBI_LETTER}[0-9][0-9]"
)

NUMBERS = (
    Number("US_EIN", r"\b[0-9]{2}-?[0-9]{7}\b", r"\bein\b|employer id|federal tax|\bfein\b|tax id", us_ein.is_valid),
    Number("US_NPI", r"\b[12][0-9]{9}\b", r"\bnpi\b|provider id|national provider", us_npi),
    Number("US_MBI", rf"\b{_MBI.format(dash='-')}\b", rf"{_MEDICARE}|\bmbi\b", alone=0.75, gate=r"[A-Z][0-9]-[A-Z]"),
    Number("US_MBI", rf"\b{_MBI.format(dash='[ -]?')}\b", rf"{_MEDICARE}|\bmbi\b|beneficiary"),
    Number(
        "US_MEDICARE_HICN", r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}-?[A-Z][0-9A-Z]?\b", rf"{_MEDICARE}|\bhicn?\b", named=0.85
    ),
    Number(
        "ABA_ROUTING_NUMBER",
        r"\b[0-3678][0-9]{3}-?[0-9]{4}-?[0-9]\b",
        r"\baba\b|routing|\brtn\b|transit number|\bach\b|wire",
        us_rtn.is_valid,
    ),
    Number(
        "CA_SIN",
        r"\b[1-9][0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}\b",
        r"\bsin\b|social insurance|\bnas\b|assurance sociale",
        ca_sin.is_valid,
    ),
    Number(
        "CA_HEALTH_CARD",
        r"\b[0-9]{4}[ -]?[0-9]{3}[ -]?[0-9]{3}(?:[ -]?[A-Z]{2})?\b|\b[A-Z]{4} ?[0-9]{4} ?[0-9]{4}\b",
        r"\bohip\b|health card|\bramq\b|carte sant|assurance maladie",
        named=0.75,
    ),
    Number("AU_TFN", r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{2,3}\b", r"\btfn\b|tax file", au_tfn.is_valid),
    Number(
        "AU_MEDICARE",
        r"\b[2-6][0-9]{3}[ -]?[0-9]{5}[ -]?[0-9](?:[ -/]?[1-9])?\b",
        _MEDICARE,
        au_medicare,
    ),
    Number(
        "AU_ABN",
        r"\b[1-9][0-9](?: ?[0-9]{3}){3}\b",
        r"\babn\b|business number",
        presidio(stock.AuAbnRecognizer),
        named=0.75,
    ),
    Number(
        "IN_AADHAAR", r"\b[2-9][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}\b", r"aadha?ar|\buidai\b|\buid\b", aadhaar, alone=0.5
    ),
    Number("IN_AADHAAR", r"\b[2-9][0-9]{11}\b", r"aadha?ar|\buidai\b", aadhaar),
    Number(
        "IN_PAN",
        r"\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\b",
        r"\bpan\b|permanent account|income tax",
        in_pan.is_valid,
        alone=0.6,
        gate=r"[A-Z]{2}[0-9]{4}[A-Z]",
    ),
    Number("BR_CPF", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", r"\bcpf\b", br_cpf.is_valid, alone=0.85, unsure=0.5),
    Number("BR_CPF", r"\b[0-9]{11}\b", r"\bcpf\b", br_cpf.is_valid),
    Number(
        "BR_CNPJ",
        r"\b[0-9A-Z]{2}\.?[0-9A-Z]{3}\.?[0-9A-Z]{3}/[0-9A-Z]{4}-[0-9]{2}\b",
        r"\bcnpj\b",
        br_cnpj.is_valid,
        alone=0.8,
    ),
    Number("BR_CNPJ", r"\b[0-9]{14}\b", r"\bcnpj\b", br_cnpj.is_valid),
    Number("SG_NRIC_FIN", r"\b[STFGM][0-9]{7}[A-Z]\b", r"\bnric\b|\bfin\b|identity card", nric, alone=0.6),
    Number(
        "ZA_ID_NUMBER",
        r"\b[0-9]{2}[01][0-9][0-3][0-9] ?[0-9]{4} ?[01][0-9]{2}\b",
        r"\bid\b|\bidentity|south afric",
        za_idnr.is_valid,
    ),
    Number(
        "MX_CURP",
        r"\b[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]\b",
        r"\bcurp\b",
        mx_curp.is_valid,
        alone=0.95,
        unsure=0.7,
    ),
    Number("MX_RFC", r"\b[A-Z&]{3,4}[0-9]{2}[01][0-9][0-3][0-9][A-Z0-9]{3}\b", r"\brfc\b|contribuyente", named=0.85),
    Number("CL_RUT", r"\b[0-9]{1,2}\.?[0-9]{3}\.?[0-9]{3}-[0-9K]\b", r"\brut\b|\brun\b", cl_rut.is_valid),
    Number(
        "KR_RRN",
        r"\b[0-9]{2}[01][0-9][0-3][0-9]-[1-8][0-9]{6}\b",
        r"주민|\brrn\b|resident registration",
        kr_rrn.is_valid,
        alone=0.7,
    ),
    Number(
        "CN_RESIDENT_ID",
        r"\b[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]\b",
        r"身份证|resident id|identity card|\bid card",
        cn_ric.is_valid,
        alone=0.8,
    ),
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each entity."""
    return recognizers_of(NUMBERS)
