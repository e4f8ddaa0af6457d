"""The words for what can be found in a text, and the group each word belongs to.

Names follow Presidio's where Presidio has one. The group decides which redaction profile removes an entity and whether
its value is ever put back into an answer: secrets never are.
"""

from __future__ import annotations

import enum
import re
from types import MappingProxyType
from typing import Final


class EntityGroup(enum.StrEnum):
    """What kind of thing an entity is."""

    SECRET = "secret"
    """Lets its holder in somewhere: keys, tokens, passwords. Removed by every profile but `none`; never restored."""
    PERSONAL = "personal"
    """Tells who somebody is (GDPR art. 4(1)): contact data, identifiers, account numbers, names."""
    HEALTH = "health"
    """Tells of somebody's health (GDPR art. 9): medical records, diagnoses."""
    ORGANISATION = "organisation"
    """Tells of a company, a place or a project: organisations, locations, code names."""
    MARKING = "marking"
    """A classification that the author wrote into the document. Raises the level, is never redacted."""
    EVASION = "evasion"
    """A sign that something is written so that it is not read. Raises the level, is never redacted."""
    ESCAPE = "escape"
    """Text that looks like one of our placeholders. Always replaced, always put back as it was typed."""


_BY_GROUP: Final[dict[EntityGroup, tuple[str, ...]]] = {
    EntityGroup.SECRET: (
        "PRIVATE_KEY",
        "API_KEY",
        "CLOUD_CREDENTIAL",
        "ACCESS_TOKEN",
        "JWT",
        "CONNECTION_STRING",
        "PASSWORD",
        "URL_CREDENTIALS",
        "CANARY_STRING",
        "SEED_PHRASE",
    ),
    EntityGroup.PERSONAL: (
        "PERSON",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "CREDIT_CARD",
        "IBAN_CODE",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "DATE_OF_BIRTH",
        "ADDRESS",
        "CRYPTO",
        "US_SSN",
        "US_ITIN",
        "US_PASSPORT",
        "US_DRIVER_LICENSE",
        "US_BANK_NUMBER",
        "UK_NHS",
        "UK_NINO",
        "UK_PASSPORT",
        "IT_FISCAL_CODE",
        "IT_VAT_CODE",
        "IT_PASSPORT",
        "IT_IDENTITY_CARD",
        "IT_DRIVER_LICENSE",
        "ES_NIF",
        "ES_NIE",
        "ES_PASSPORT",
        "PL_PESEL",
        "FI_PERSONAL_IDENTITY_CODE",
        "DE_TAX_ID",
        "DE_TAX_NUMBER",
        "DE_PASSPORT",
        "DE_ID_CARD",
        "DE_SOCIAL_SECURITY",
        "DE_HEALTH_INSURANCE",
        "DE_KFZ",
        "SE_PERSONNUMMER",
        "SE_ORGANISATIONSNUMMER",
        "FR_NIR",
        "NL_BSN",
        "BE_NRN",
        "AT_SVNR",
        "CH_AHV",
        "PT_NIF",
        "DK_CPR",
        "NO_FNR",
        "IE_PPS",
        "PASSPORT",
        "MRZ",
        "NATIONAL_ID",
        "TAX_ID",
        "VAT_ID",
        "DRIVER_LICENSE",
        "VEHICLE_PLATE",
        "VIN",
        "IMEI",
        "IMSI",
        "BANK_ACCOUNT",
        "BIC",
        "UK_SORT_CODE",
        "CARD_SECURITY_CODE",
        "HEALTH_INSURANCE_NUMBER",
        "GPS_COORDINATES",
        "FR_TAX_ID",
        "FR_CNI",
        "FR_SIREN",
        "BE_ENTERPRISE",
        "AT_TAX_ID",
        "CH_UID",
        "PT_NISS",
        "PT_CC",
        "UK_UTR",
        "ES_SOCIAL_SECURITY",
        "ES_CIF",
        "LU_MATRICULE",
        "LU_VAT",
        "DK_CVR",
        "NO_ORGNR",
        "FI_BUSINESS_ID",
        "IS_KENNITALA",
        "EE_ISIKUKOOD",
        "LT_ASMENS_KODAS",
        "LV_PERSONAS_KODS",
        "PL_NIP",
        "PL_REGON",
        "PL_ID_CARD",
        "CZ_RODNE_CISLO",
        "RO_CNP",
        "BG_EGN",
        "HU_TAJ",
        "HU_TAX_ID",
        "GR_AMKA",
        "GR_AFM",
        "HR_OIB",
        "SI_EMSO",
        "SI_TAX_ID",
        "TR_NATIONAL_ID",
        "TR_TAX_ID",
        "US_EIN",
        "US_NPI",
        "US_MBI",
        "US_MEDICARE_HICN",
        "ABA_ROUTING_NUMBER",
        "CA_SIN",
        "CA_HEALTH_CARD",
        "AU_TFN",
        "AU_MEDICARE",
        "AU_ABN",
        "IN_AADHAAR",
        "IN_PAN",
        "BR_CPF",
        "BR_CNPJ",
        "SG_NRIC_FIN",
        "ZA_ID_NUMBER",
        "MX_CURP",
        "MX_RFC",
        "CL_RUT",
        "KR_RRN",
        "CN_RESIDENT_ID",
        "CUSTOMER_RECORD",
        "EMPLOYEE_RECORD",
    ),
    EntityGroup.HEALTH: ("MEDICAL_RECORD_NUMBER", "HEALTH_CONDITION", "MEDICAL_LICENSE"),
    EntityGroup.ORGANISATION: ("ORGANIZATION", "LOCATION", "CODE_NAME", "DOCUMENT_COPY", "INTERNAL_HOSTNAME"),
    EntityGroup.MARKING: ("MARKING_PUBLIC", "MARKING_INTERNAL", "MARKING_CONFIDENTIAL", "MARKING_RESTRICTED"),
    EntityGroup.EVASION: ("OBFUSCATION",),
    EntityGroup.ESCAPE: ("LITERAL",),
}

ENTITY_GROUPS: Final = MappingProxyType({name: group for group, names in _BY_GROUP.items() for name in names})
"""Every entity the product knows, with its group."""


OWN_PREFIXES: Final = MappingProxyType(
    {
        f"{group.name}_": group
        for group in (EntityGroup.SECRET, EntityGroup.PERSONAL, EntityGroup.HEALTH, EntityGroup.ORGANISATION)
    }
)
"""What the name of an entity of the organisation's own begins with, and the group that this puts it in. The name alone
tells the group, so that everybody who meets it (a scan process, a policy, an event's reader) agrees on it."""
OWN_DATA: Final = frozenset({"CODE_NAME", "CUSTOMER_RECORD", "EMPLOYEE_RECORD", "DOCUMENT_COPY"})
"""Entities of the product that only the organisation's own data can make."""
_OWN_NAME: Final = re.compile(r"(?:SECRET|PERSONAL|HEALTH|ORGANISATION)_[A-Z0-9_]{1,34}")


def is_own_name(entity: str) -> bool:
    """Whether `entity` is a well-formed name for an entity of the organisation's own: `SECRET_BUILD_TOKEN`."""
    return entity not in ENTITY_GROUPS and _OWN_NAME.fullmatch(entity) is not None


def is_own(entity: str) -> bool:
    """Whether only the organisation's own data or recognizers find `entity`."""
    return entity in OWN_DATA or entity not in ENTITY_GROUPS


def group_of(entity: str) -> EntityGroup:
    """The group of `entity`; one that nobody declared and whose name tells no group counts as personal, so that
    profiles remove it."""
    known = ENTITY_GROUPS.get(entity)
    if known is not None:
        return known
    return OWN_PREFIXES.get(entity.partition("_")[0] + "_", EntityGroup.PERSONAL)
