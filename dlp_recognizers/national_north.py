"""Personal, tax and organisation numbers of the Nordic and Baltic countries."""

from __future__ import annotations

from stdnum.dk import cpr as dk_cpr
from stdnum.dk import cvr as dk_cvr
from stdnum.ee import ik as ee_ik
from stdnum.fi import ytunnus as fi_ytunnus
from stdnum.is_ import kennitala as is_kennitala
from stdnum.lt import asmens as lt_asmens
from stdnum.lv import pvn as lv_pvn
from stdnum.no import fodselsnummer as no_fnr
from stdnum.no import orgnr as no_orgnr

from dlp_recognizers.linear import LinearRecognizer
from dlp_recognizers.numbered import Number, recognizers_of


def _cpr(value: str) -> bool:
    """A date that exists; the old checksum is no longer kept since 2007."""
    return dk_cpr.is_valid(value)


def lv_personas(value: str) -> bool:
    """Latvian personal code: the weighted sum of the old form; the new form, which begins with 32, has none."""
    return value[:2] == "32" or lv_pvn.is_valid(value)


_CPR = r"\bcpr|personnummer|civil registration|cpr-?nummer"
_FNR = r"f[øo]dselsnummer|\bfnr\b|personnummer|\bd-nummer|national id|personal number|norwegian id"
_KT = r"kennital|\bkt\.?\b|icelandic id"

NUMBERS = (
    Number("DK_CPR", r"\b[0-3][0-9][01][0-9]{3}-[0-9]{4}\b", _CPR, _cpr, alone=0.55),
    Number("DK_CPR", r"\b[0-3][0-9][01][0-9]{3} ?[0-9]{4}\b", _CPR, _cpr),
    Number(
        "DK_CVR",
        r"\b(?:DK ?)?[1-9][0-9]{7}\b|\b[1-9][0-9](?: [0-9]{2}){3}\b",
        r"\bcvr|\bse-nr",
        dk_cvr.is_valid,
        named=0.75,
    ),
    Number("NO_FNR", r"\b[0-7][0-9][0-5][0-9]{3} ?[0-9]{5}\b", _FNR, no_fnr.is_valid, alone=0.6),
    Number(
        "NO_ORGNR",
        r"\b[89][0-9]{2} ?[0-9]{3} ?[0-9]{3}\b",
        r"organisasjonsnummer|\borg\.? ?nr|\bmva\b",
        no_orgnr.is_valid,
        named=0.75,
    ),
    Number(
        "FI_BUSINESS_ID", r"\b[0-9]{7}-[0-9]\b", r"y-?tunnus|business id|fo-nummer", fi_ytunnus.is_valid, named=0.75
    ),
    Number("IS_KENNITALA", r"\b[0-7][0-9][01][0-9]{3}[ -]?[0-9]{4}\b", _KT, is_kennitala.is_valid),
    Number(
        "EE_ISIKUKOOD",
        r"\b[1-8][0-9]{2}[01][0-9][0-3][0-9]{5}\b",
        r"isikukood|personal (?:identification )?code|\bid.?code|estonian id",
        ee_ik.is_valid,
        prose=0.5,
    ),
    Number(
        "LT_ASMENS_KODAS",
        r"\b[3-6][0-9]{2}[01][0-9][0-3][0-9]{5}\b",
        r"asmens koda|personal code|lithuanian id",
        lt_asmens.is_valid,
        prose=0.5,
    ),
    Number(
        "LV_PERSONAS_KODS",
        r"\b[0-3][0-9][0-9]{4}-?[0-9]{5}\b",
        r"personas kod|p\.? ?k\.|personal code|latvian id",
        lv_personas,
    ),
)


def recognizers() -> list[LinearRecognizer]:
    """The recognizers of this module, one for each entity."""
    return recognizers_of(NUMBERS)
