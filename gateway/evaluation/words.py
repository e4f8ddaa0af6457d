"""What a sample is, and the gateway's words for the labels that data sets use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from gateway.entities import ENTITY_GROUPS, EntityGroup


@dataclass(frozen=True, slots=True)
class Label:
    """What people say stands at a place."""

    start: int
    end: int
    """Offsets in code points, end exclusive."""
    entity: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled text."""

    text: str = field(repr=False)
    labels: tuple[Label, ...]
    where: str
    """`file:line`."""
    tokens: tuple[tuple[int, int], ...] = ()
    """The file's own tokens; empty where it has none."""
    ignored: tuple[Label, ...] = ()
    """Labels that mean nothing the gateway looks for."""


ANY_SECRET: Final = "SECRET"
"""A label that stands for every entity of the group of secrets."""
PLACE: Final = "LOCATION or ADDRESS"
"""A row of its own: data sets draw the line between the two in different places."""

_OTHER_NAMES: Final = {
    "ADDRESS": "STREET_ADDRESS STREET ZIP ZIPCODE ZIP_CODE POSTCODE POSTAL_CODE BUILDINGNUMBER STREETADDRESS "
    "FULL_ADDRESS",
    "API_KEY": "APIKEY",
    "CREDIT_CARD": "CREDITCARD CREDITCARDNUMBER CREDIT_CARD_NUMBER CARD_NUMBER PAYMENT_CARD",
    "CRYPTO": "BITCOIN BITCOINADDRESS BITCOIN_ADDRESS ETHEREUMADDRESS LITECOINADDRESS CRYPTO_ADDRESS WALLET",
    "DATE_OF_BIRTH": "DOB DATEOFBIRTH BIRTHDATE BIRTHDAY",
    "EMAIL_ADDRESS": "EMAIL MAIL EMAILADDRESS",
    "IBAN_CODE": "IBAN",
    "IP_ADDRESS": "IP IPV4 IPV6 IPADDRESS",
    "LOCATION": "LOC GPE FAC PLACE PLACENAME CITY COUNTRY STATE COUNTY REGION GPE-LOC",
    "MAC_ADDRESS": "MAC",
    "MEDICAL_RECORD_NUMBER": "MRN MEDICALRECORD MEDICAL_RECORD",
    "ORGANIZATION": "ORG ORGANISATION COMPANY COMPANYNAME COMPANY_NAME ORGNAME",
    "PASSWORD": "PASSWD PASSPHRASE",
    "PERSON": "PER PERS NAME PERSNAME FULL_NAME FULLNAME FIRSTNAME FIRST_NAME LASTNAME LAST_NAME GIVENNAME SURNAME "
    "MIDDLENAME PERSON_NAME PATIENT DOCTOR",
    "PHONE_NUMBER": "PHONE PHONENUMBER TELEPHONE TELEPHONENUM FAX MOBILE",
    "US_DRIVER_LICENSE": "DRIVER_LICENSE DRIVERLICENSE",
    "US_SSN": "SSN",
    ANY_SECRET: "CREDENTIAL SECRETS CREDENTIALS SECRET_KEY",
    "O": "",
}
_ENTITY: Final = {name: entity for entity, names in _OTHER_NAMES.items() for name in (*names.split(), entity)} | {
    name: name for name in ENTITY_GROUPS
}
_SECRETS: Final = frozenset(name for name, group in ENTITY_GROUPS.items() if group is EntityGroup.SECRET)


def entity_of(label: str) -> str | None:
    """The gateway's word for a data set's label; None if the gateway has none. Case and hyphens do not count."""
    return _ENTITY.get(label.upper().replace("-", "_").replace(" ", "_")) or _ENTITY.get(label.upper())


def answers(entity: str) -> frozenset[str]:
    """The findings that count for a label of `entity`."""
    if entity == ANY_SECRET:
        return _SECRETS
    return frozenset({entity})
