"""National, tax, health and social-insurance numbers of western Europe; python-stdnum gives most checksums."""

from __future__ import annotations

from stdnum import luhn, verhoeff
from stdnum.at import tin as at_tin
from stdnum.at import vnr as at_vnr
from stdnum.be import nn as be_nn
from stdnum.be import vat as be_vat
from stdnum.ch import ssn as ch_ssn
from stdnum.ch import uid as ch_uid
from stdnum.es import cif as es_cif
from stdnum.fr import nif as fr_nif
from stdnum.fr import nir as fr_nir
from stdnum.gb import utr as gb_utr
from stdnum.ie import pps as ie_pps
from stdnum.lu import tva as lu_tva
from stdnum.nl import bsn as nl_bsn
from stdnum.pt import cc as pt_cc
from stdnum.pt import nif as pt_nif

from dlp_recognizers.linear import LinearRecognizer
from dlp_recognizers.numbered import Number, recognizers_of


def es_nss(value: str) -> bool:
    """Spanish social security number: province and serial modulo 97 give the last two digits."""
    body = int(value[2:10])
    whole = int(value[:2]) * (10**7 if body < 10**7 else 10**8) + body
    return whole % 97 == int(value[10:])


def pt_niss(value: str) -> bool:
    """Portuguese social security number: primes as weights, modulo 10."""
    weights = (29, 23, 19, 17, 13, 11, 7, 5, 3, 2)
    return 9 - sum(int(char) * weight for char, weight in zip(value, weights, strict=False)) % 10 == int(value[10])


def lu_matricule(value: str) -> bool:
    """Luxembourg's 13-digit matricule: a Luhn digit and a Verhoeff digit over the first eleven."""
    return luhn.is_valid(value[:12]) and verhoeff.is_valid(value[:11] + value[12])


def fr_siren(value: str) -> bool:
    """SIREN and SIRET: Luhn."""
    return luhn.is_valid(value)


_BE = (
    r"rijksregister|registre national|nationalregister|\bnrn\b|\bniss\b|\binsz\b|\brrn\b|num[eé]ro national|"
    r"nationaal nummer"
)
_AT_SV = r"\bsvnr|sozialversicherung|versicherungsnummer|\bsv-n|e-card|social insurance|social security"
_NIR = (
    r"\bnir\b|s[eé]curit[eé] sociale|\binsee\b|num[eé]ro de s[eé]cu|carte vitale|\bn.? ?s[eé]cu|social security|\bnss\b"
)
_UTR = r"\butr\b|unique taxpayer|self.assessment|tax reference|tax ref"

_FR_TAX = (
    r"num[eé]ro fiscal|n. fiscal|identifiant fiscal|\bspi\b|r[eé]f[eé]rence fiscale|imp[oô]ts|tax (?:id|number)|\bnif\b"
)

NUMBERS = (
    Number(
        "FR_NIR",
        r"\b[1-478] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3}[ /-]?[0-9]{2}\b",
        _NIR,
        fr_nir.is_valid,
        alone=0.7,
        unsure=0.5,
    ),
    Number(
        "FR_TAX_ID",
        r"\b[0-3][0-9](?: ?[0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{3})\b",
        _FR_TAX,
        fr_nif.is_valid,
        unsure=0.5,
    ),
    Number(
        "FR_CNI",
        r"\b(?:[0-9]{12}|[A-Z0-9]{9})\b",
        r"carte (?:nationale )?d.identit[eé]|\bcni\b|titre d.identit",
        named=0.6,
    ),
    Number("FR_SIREN", r"\b[0-9]{3} ?[0-9]{3} ?[0-9]{3}(?: ?[0-9]{5})?\b", r"\bsiren\b|\bsiret\b", fr_siren, named=0.8),
    Number(
        "NL_BSN",
        r"\b[0-9]{9}\b|\b[0-9]{4}[. ][0-9]{2}[. ][0-9]{3}\b|\b[0-9]{3}[. ][0-9]{3}[. ][0-9]{3}\b",
        r"\bbsn|burgerservice|sofinummer|sofi-|citizen service",
        nl_bsn.is_valid,
    ),
    Number(
        "BE_NRN",
        r"\b[0-9]{2}\.(?:[024][0-9]|[135][0-2])\.[0-3][0-9][- ][0-9]{3}[.-][0-9]{2}\b",
        _BE,
        be_nn.is_valid,
        alone=0.9,
        unsure=0.6,
    ),
    Number("BE_NRN", r"\b[0-9]{6}[ -]?[0-9]{3}[ -]?[0-9]{2}\b", _BE, be_nn.is_valid),
    Number(
        "BE_ENTERPRISE",
        r"\b[01][0-9]{3}\.[0-9]{3}\.[0-9]{3}\b",
        r"\bkbo|\bbce|ondernemings|entreprise|btw|tva",
        be_vat.is_valid,
        named=0.7,
    ),
    Number("AT_SVNR", r"\b[1-9][0-9]{3}[ /-]?[0-3][0-9](?:0[1-9]|1[0-5])[0-9]{2}\b", _AT_SV, at_vnr.is_valid),
    Number(
        "AT_TAX_ID",
        r"\b[0-9]{2}[ -]?[0-9]{3}/?[0-9]{4}\b",
        r"steuernummer|steuer-?nr|abgabenkonto|st\.?-?nr|finanzamt",
        at_tin.is_valid,
    ),
    Number(
        "CH_AHV",
        r"\b756[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}\b",
        r"\bahv|\bavs\b|\bavs-|\bnavs|sozialversicherung|assurance sociale|\boasi\b|\bssn\b",
        ch_ssn.is_valid,
        alone=0.9,
        unsure=0.6,
    ),
    Number(
        "CH_UID",
        r"\bCHE-?[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}\b",
        r"\buid\b|mwst|\btva\b|\biva\b",
        ch_uid.is_valid,
        alone=0.6,
        gate=r"\bCHE",
    ),
    Number(
        "PT_NIF",
        r"\b[1-35689][0-9]{2}[ .]?[0-9]{3}[ .]?[0-9]{3}\b",
        r"\bnif\b|contribuinte|\bnipc\b|n[uú]mero fiscal|identifica[cç][aã]o fiscal",
        pt_nif.is_valid,
    ),
    Number(
        "PT_NISS",
        r"\b[12][0-9]{2} ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",
        r"\bniss\b|seguran[cç]a social",
        pt_niss,
    ),
    Number(
        "PT_CC",
        r"\b[0-9]{8} ?[0-9] ?[A-Z0-9]{2}[0-9]\b",
        r"cart[aã]o d[eo] cidad[aã]o|\bcc\b|bilhete de identidade|documento",
        pt_cc.is_valid,
    ),
    Number(
        "IE_PPS",
        r"\b[0-9]{7}[ -]?[A-W][A-IW]?\b",
        r"\bpps|public service number|\brsi\b",
        ie_pps.is_valid,
        alone=0.6,
        unsure=0.5,
    ),
    Number("UK_UTR", r"\b[0-9]{5} ?[0-9]{5}K?\b", _UTR, gb_utr.is_valid),
    Number(
        "ES_SOCIAL_SECURITY",
        r"\b[0-9]{2}[ /-]?[0-9]{8}[ /-]?[0-9]{2}\b",
        r"seguridad social|\bnss\b|\bnaf\b|afiliaci[oó]n|n[uú]mero ss",
        es_nss,
    ),
    Number(
        "ES_CIF", r"\b[ABCDEFGHJNPQRSUVW]-?[0-9]{7}[0-9A-J]\b", r"\bcif\b|\bnif\b|empresa", es_cif.is_valid, named=0.8
    ),
    Number(
        "LU_MATRICULE",
        r"\b(?:19|20)[0-9]{2} ?(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]) ?[0-9]{3} ?[0-9]{2}\b",
        r"matricule|\bcns\b|social security|s[eé]curit[eé] sociale|sozialversicherung",
        lu_matricule,
    ),
    Number("LU_VAT", r"\bLU ?[0-9]{8}\b", r"\btva\b|\bvat\b|mwst", lu_tva.is_valid, alone=0.6, gate=r"\bLU ?[0-9]"),
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each entity."""
    return recognizers_of(NUMBERS)
