"""Made-up national numbers: random contents, right check digits. One seed, the same values."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from dlp_recognizers import national, national_east, national_north, national_world, presidio_set
from dlp_recognizers.numbered import Number
from tests.dlp_recognizers.kinds import Kind

type Make = Callable[[random.Random], str]

_SEPARATORS = str.maketrans("", "", " -./")
_CLASSES = {
    "#": string.digits,
    "A": string.ascii_uppercase,
    "N": string.digits + string.ascii_uppercase,
    "+": "123456789",
    "L": "ACDEFGHJKMNPQRTUVWXY",
}
"""What a character of a template stands for. `d`, `m` and `y` are a day, a month and a year of two digits each."""


def fill(rng: random.Random, template: str) -> str:
    """A random value in the shape of `template`; other characters stand for themselves, `'` quotes the next one."""
    out, at = "", 0
    while at < len(template):
        char = template[at]
        at += 1
        if char == "'":
            out += template[at]
            at += 1
        elif char == "d":
            out += f"{rng.randint(1, 28):02d}"
        elif char == "m":
            out += f"{rng.randint(1, 12):02d}"
        elif char == "y":
            out += f"{rng.randint(40, 99):02d}"
        else:
            out += rng.choice(_CLASSES.get(char, char))
    return out


def checked(valid: Callable[[str], bool] | None, *templates: str) -> Make:
    """Makes values in one of the templates, drawn until the checksum is right."""

    def make(rng: random.Random) -> str:
        template = rng.choice(templates)
        for _ in range(200_000):
            value = fill(rng, template)
            if valid is None or valid(value.translate(_SEPARATORS)):
                return value
        raise AssertionError(f"no valid value for {template}")

    return make


def _numbers(entity: str) -> list[Number]:
    modules = (national, national_north, national_east, national_world, presidio_set)
    return [number for module in modules for number in module.NUMBERS if number.entity == entity]


def _kind(entity: str, labels: str, *templates: str, name: str = "") -> Kind:
    """`labels`: words to put before it, divided by `|`; empty where the number needs none."""
    valid = _numbers(entity)[0].valid
    make = checked(valid, *templates)
    make.__name__ = name or entity.lower()
    return Kind(entity, make, tuple(labels.split("|")) if labels else ())


NATIONAL = (
    _kind("FR_TAX_ID", "numéro fiscal|SPI", "1# ## ### ### ###", "0############"),
    _kind("FR_SIREN", "SIREN|SIRET", "### ### ###", "#########"),
    _kind("NL_BSN", "BSN|burgerservicenummer", "#########", "####.##.###"),
    _kind("BE_NRN", "", "y.m.d-###.##"),
    _kind("AT_SVNR", "SVNR|Sozialversicherungsnummer", "+###dmy", "+### dmy"),
    _kind("AT_TAX_ID", "Steuernummer|Abgabenkontonummer", "##-###/####"),
    _kind("CH_UID", "", "CHE-###.###.###"),
    _kind("PT_NIF", "NIF|contribuinte", "2########", "2## ### ###"),
    _kind("PT_NISS", "NISS|segurança social", "1##########"),
    _kind("IE_PPS", "", "#######A"),
    _kind("UK_UTR", "UTR|Unique Taxpayer Reference", "##########", "##### #####"),
    _kind("ES_SOCIAL_SECURITY", "número de la Seguridad Social|NSS", "28##########", "28/########/##"),
    _kind("ES_CIF", "CIF", "B########"),
    _kind("DK_CPR", "", "dmy-####"),
    _kind("DK_CVR", "CVR-nr", "########"),
    _kind("NO_FNR", "fødselsnummer|personnummer", "dmy#####", "dmy #####"),
    _kind("NO_ORGNR", "organisasjonsnummer", "9## ### ###"),
    _kind("FI_BUSINESS_ID", "Y-tunnus", "#######-#"),
    _kind("IS_KENNITALA", "kennitala", "dmy-####"),
    _kind("EE_ISIKUKOOD", "isikukood", "3ymd####"),
    _kind("LT_ASMENS_KODAS", "asmens kodas", "4ymd####"),
    _kind("LV_PERSONAS_KODS", "personas kods", "dmy-1####"),
    _kind("PL_NIP", "", "+##-###-##-##"),
    _kind("PL_REGON", "REGON", "#########"),
    _kind("PL_ID_CARD", "dowód osobisty nr|ID card", "AAA######", "AAA ######"),
    _kind("CZ_RODNE_CISLO", "rodné číslo|rodne cislo|RČ", "ymd/####", "ymd####"),
    _kind("RO_CNP", "CNP", "1ymd######"),
    _kind("BG_EGN", "EGN", "ymd####"),
    _kind("HU_TAJ", "TAJ szám", "### ### ###", "#########"),
    _kind("HU_TAX_ID", "adóazonosító jel", "8#########"),
    _kind("GR_AMKA", "AMKA", "dmy#####"),
    _kind("GR_AFM", "AFM", "#########"),
    _kind("HR_OIB", "OIB", "###########"),
    _kind("SI_EMSO", "EMŠO|EMSO", "dm98950####"),
    _kind("SI_TAX_ID", "davčna številka", "########"),
    _kind("TR_NATIONAL_ID", "T.C. Kimlik No", "+##########"),
    _kind("TR_TAX_ID", "vergi no", "##########"),
    _kind("US_EIN", "EIN|federal tax id", "##-#######"),
    _kind("US_NPI", "NPI", "1#########"),
    _kind("US_MBI", "", "+LL#-LL#-LL##"),
    _kind("ABA_ROUTING_NUMBER", "routing number|ABA", "0########"),
    _kind("CA_SIN", "SIN|social insurance number", "+## ### ###", "+##-###-###"),
    _kind("AU_TFN", "TFN|tax file number", "### ### ###"),
    _kind("AU_MEDICARE", "Medicare", "2### ##### #", "2#########"),
    _kind("AU_ABN", "ABN", "+# ### ### ###"),
    _kind("IN_AADHAAR", "Aadhaar", "4### #### ####"),
    _kind("IN_PAN", "", "AAAPA####A"),
    _kind("BR_CPF", "", "###.###.###-##"),
    _kind("BR_CNPJ", "", "##.###.###/0001-##"),
    _kind("SG_NRIC_FIN", "", "S#######A"),
    _kind("ZA_ID_NUMBER", "ID number", "ymd####08#"),
    _kind("MX_CURP", "", "LELLymdHDFLLL0#"),
    _kind("CL_RUT", "RUT", "1#.###.###-#"),
    _kind("KR_RRN", "", "ymd-1######"),
    _kind("CN_RESIDENT_ID", "", "11010519ymd####"),
    _kind("DE_TAX_ID", "Steuer-ID|IdNr|tax id", "+##########", "+# ### ### ###"),
    _kind("DE_SOCIAL_SECURITY", "Rentenversicherungsnummer|RVNR", "65dmyA###"),
    _kind("DE_HEALTH_INSURANCE", "KVNR|Versichertennummer", "A#########"),
    _kind("DE_ID_CARD", "Personalausweis", "C########", "T########"),
    _kind("IT_VAT_CODE", "partita IVA|P.IVA", "0##########"),
    _kind("ES_NIE", "", "X#######A"),
    _kind("US_ITIN", "", "9##-70-####"),
    _kind("MEDICAL_LICENSE", "DEA", "BB#######", "FB#######"),
)
"""National numbers; those without labels are found with no word beside them."""
