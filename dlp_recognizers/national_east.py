"""Personal and tax numbers of central, eastern and south-eastern Europe, and of Turkey."""

from __future__ import annotations

from stdnum.bg import egn as bg_egn
from stdnum.cz import rc as cz_rc
from stdnum.gr import amka as gr_amka
from stdnum.gr import vat as gr_vat
from stdnum.hr import oib as hr_oib
from stdnum.pl import nip as pl_nip
from stdnum.pl import regon as pl_regon
from stdnum.ro import cnp as ro_cnp
from stdnum.si import ddv as si_ddv
from stdnum.si import emso as si_emso
from stdnum.tr import tckimlik as tr_tckimlik
from stdnum.tr import vkn as tr_vkn

from dlp_recognizers.linear import LinearRecognizer
from dlp_recognizers.numbered import Number, recognizers_of


def hu_taj(value: str) -> bool:
    """Hungarian TAJ: weights 3 and 7 in turn, modulo 10."""
    return sum(int(char) * (7 if place % 2 else 3) for place, char in enumerate(value[:8])) % 10 == int(value[8])


def hu_ado(value: str) -> bool:
    """Hungarian tax identification mark: the place as weight, modulo 11."""
    total = sum(int(char) * place for place, char in enumerate(value[:9], start=1))
    return value[0] == "8" and total % 11 == int(value[9])


def pl_card(value: str) -> bool:
    """Polish identity card: letters count from 10, weights 7 3 1, the fourth character is the check digit."""
    weights = (7, 3, 1, 9, 7, 3, 1, 7, 3)
    return sum(int(char, 36) * weight for char, weight in zip(value, weights, strict=True)) % 10 == 0


_RC = r"rodn[eé] [cč][ií]slo|\br\.? ?č|\br\.? ?c\b|birth number|rodn[eéý]"

NUMBERS = (
    Number(
        "PL_NIP",
        r"\b[1-9][0-9]{2}-[0-9]{3}-[0-9]{2}-[0-9]{2}\b|\b[1-9][0-9]{2}-[0-9]{2}-[0-9]{2}-[0-9]{3}\b",
        r"\bnip\b",
        pl_nip.is_valid,
        alone=0.65,
    ),
    Number("PL_NIP", r"\b(?:PL ?)?[1-9][0-9]{9}\b", r"\bnip\b|podatk|tax id", pl_nip.is_valid),
    Number("PL_REGON", r"\b[0-9]{9}(?:[0-9]{5})?\b", r"\bregon\b", pl_regon.is_valid),
    Number("PL_ID_CARD", r"\b[A-Z]{3} ?[0-9]{6}\b", r"dow[oó]d|dowodu|\bid card|identity card", pl_card),
    Number("CZ_RODNE_CISLO", r"\b[0-9]{2}[0-35-8][0-9][0-3][0-9]/[0-9]{3,4}\b", _RC, cz_rc.is_valid, alone=0.6),
    Number("CZ_RODNE_CISLO", r"\b[0-9]{2}[0-35-8][0-9][0-3][0-9]{4,5}\b", _RC, cz_rc.is_valid),
    Number(
        "RO_CNP",
        r"\b[1-9][0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{6}\b",
        r"\bcnp\b|cod numeric|personal numeric",
        ro_cnp.is_valid,
        prose=0.6,
    ),
    Number(
        "BG_EGN", r"\b[0-9]{2}[0-5][0-9][0-3][0-9]{5}\b", r"\begn\b|ЕГН|единен граждански|civil number", bg_egn.is_valid
    ),
    Number(
        "HU_TAJ", r"\b[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}\b", r"\btaj\b|t[aá]rsadalombiztos[ií]t|social security", hu_taj
    ),
    Number("HU_TAX_ID", r"\b8[0-9]{9}\b", r"\bad[oó]azonos[ií]t|\bad[oó]sz[aá]m|tax (?:id|number)", hu_ado),
    Number("GR_AMKA", r"\b[0-3][0-9][01][0-9]{8}\b", r"\bamka\b|ΑΜΚΑ|α\.?μ\.?κ\.?α", gr_amka.is_valid),
    Number("GR_AFM", r"\b(?:EL ?)?[0-9]{9}\b", r"\bafm\b|ΑΦΜ|α\.?φ\.?μ|\btin\b", gr_vat.is_valid),
    Number("HR_OIB", r"\b(?:HR ?)?[0-9]{11}\b", r"\boib\b|osobni identifikac", hr_oib.is_valid),
    Number("SI_EMSO", r"\b[0-3][0-9][01][0-9][09][0-9]{8}\b", r"\bem[sš]o\b|\bjmbg\b", si_emso.is_valid, prose=0.5),
    Number("SI_TAX_ID", r"\b(?:SI ?)?[1-9][0-9]{7}\b", r"dav[cč]na|\bddv\b", si_ddv.is_valid),
    Number(
        "TR_NATIONAL_ID",
        r"\b[1-9][0-9]{10}\b",
        r"\bt\.?c\.? ?kimlik|kimlik|\btckn\b|turkish id",
        tr_tckimlik.is_valid,
        prose=0.5,
    ),
    Number("TR_TAX_ID", r"\b[0-9]{10}\b", r"\bvkn\b|vergi (?:kimlik|no)", tr_vkn.is_valid),
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each entity."""
    return recognizers_of(NUMBERS)
