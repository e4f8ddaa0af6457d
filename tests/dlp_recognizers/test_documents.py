"""Documents, places, wallets and the files that secrets live in."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine
from tests.dlp_recognizers.kinds import Kind, coverage
from tests.dlp_recognizers.values import DOCUMENTS


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda kind: kind.make.__name__)
def test_recall_in_every_carrier(engine: Engine, kind: Kind) -> None:
    found, named, total = coverage(engine, kind, seeds=range(8))
    assert found >= 0.97 * total
    assert named >= 0.6 * total, "a country's own kind of number may win"


EXAMPLES = (
    ("passport no: X1234567", "PASSPORT"),
    ("Reisepassnummer C01X00T47", "PASSPORT"),
    ("numéro de passeport : 12AB34567", "PASSPORT"),
    ("Führerschein Nr. B072RRE2I55", "DRIVER_LICENSE"),
    ("permis de conduire n° 123456789012", "DRIVER_LICENSE"),
    ("number plate AB12 CDE", "VEHICLE_PLATE"),
    ("immatriculation AB-123-CD", "VEHICLE_PLATE"),
    ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10", "MRZ"),
    ("I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<", "MRZ"),
    ("VIN 1HGCM82633A004352", "VIN"),
    ("1HGCM82633A004352", "VIN"),
    ("IMEI: 490154203237518", "IMEI"),
    ("IMSI 262011234567890", "IMSI"),
    ("sort code 20-00-00", "UK_SORT_CODE"),
    ("BIC: DEUTDEFF500", "BIC"),
    ("CVV: 123", "CARD_SECURITY_CODE"),
    ("health insurance policy number: XQH12345678", "HEALTH_INSURANCE_NUMBER"),
    ("numéro d'assuré 123456789", "HEALTH_INSURANCE_NUMBER"),
    ("USt-IdNr. DE136695976", "VAT_ID"),
    ("DE136695976", "VAT_ID"),
    ("geo:52.5200,13.4050", "GPS_COORDINATES"),
    ("location: 52.520008, 13.404954", "GPS_COORDINATES"),
    ('{"lat": 52.520008, "lng": 13.404954}', "GPS_COORDINATES"),
    ("48°51'24\"N 2°21'07\"E", "GPS_COORDINATES"),
    ("ssh to db01.prod.corp now", "INTERNAL_HOSTNAME"),
    ("http://wiki.intranet/", "INTERNAL_HOSTNAME"),
    ("printer-3.local", "INTERNAL_HOSTNAME"),
    ("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about", "SEED_PHRASE"),
    ("my seed phrase: legal winner thank year wave sausage worth useful legal winner thank yellow", "SEED_PHRASE"),
    ("urodzony 12 stycznia 1985", "DATE_OF_BIRTH"),
    ("nato il 3 gennaio 1970", "DATE_OF_BIRTH"),
    ("född 1985-03-12", "DATE_OF_BIRTH"),
    ("date de naissance : 12 août 1970", "DATE_OF_BIRTH"),
    ("fecha de nacimiento: 12 de enero de 1980", "DATE_OF_BIRTH"),
    ("DOB: 19850412", "DATE_OF_BIRTH"),
    ("dowód osobisty nr ABA300000", "PL_ID_CARD"),
    ("syntymäaika 12.3.1985", "DATE_OF_BIRTH"),
    ("machine api.example login bob password hunter2x", "PASSWORD"),
    ("db.corp.example:5432:crm:bob:s3cr3tpw", "PASSWORD"),
    ('"auths": {"r.example": {"auth": "Ym9iOmh1bnRlcjI="}}', "ACCESS_TOKEN"),
    ("bob:$apr1$abcdefgh$0123456789abcdefghijkl", "PASSWORD"),
    ("Cookie: PHPSESSID=298zf09hf012fh2a8d", "ACCESS_TOKEN"),
    ('{"kty":"EC","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}', "PRIVATE_KEY"),
    ("client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlF", "PRIVATE_KEY"),
    ("jdbc:oracle:thin:scott/t1gerXY@db.corp:1521/x", "CONNECTION_STRING"),
    ("Password=S3cr3tpw1;Server=db.corp;User Id=sa", "CONNECTION_STRING"),
    ("Kennzeichen: B-AB 1234", "DE_KFZ"),
    ("Kontonummer: 1234567890", "US_BANK_NUMBER"),
    ("Personalausweis-Nr.: T220001293", "NATIONAL_ID"),
)


@pytest.mark.parametrize(("text", "entity"), EXAMPLES)
def test_examples(engine: Engine, text: str, entity: str) -> None:
    assert entity in {hit.entity for hit in engine.scan(text) if hit.score >= 0.5}


INNOCENT = (
    "from fsspec.implementations.local import LocalFileSystem",
    "self.modes.local and threading.local()",
    "range 52.52, 13.40 and ratio 1.25, 3.75",
    "the driver license agreement of version 2",
    "patente: see the patent office",
    "decline-an-account-1472501320506 of the test",
    "bus business busy butter buyer buzz cabbage cabin cable cactus cage cake",
    "the quick brown fox jumps over the lazy dog and runs away from every house",
    "passport library for node and express",
    "swift code is compiled",
    "P<<<<<<<<<<<<<<<<<<<<",
    "born in the U.S.A. on a Monday",
    "VIN numbers have 17 characters",
    "insurance policy number is missing",
    "41.90 seconds, 12.50 seconds",
)


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text(engine: Engine, text: str) -> None:
    names = {"PERSON", "LOCATION", "ORGANIZATION", "ADDRESS"}
    found = [(hit.entity, hit.recognizer) for hit in engine.scan(text) if hit.score >= 0.5]
    assert [each for each in found if each[0] not in names] == []
