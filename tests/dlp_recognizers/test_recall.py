"""Ordinary values in ordinary places are found, with little or no context, and as a whole."""

from __future__ import annotations

import json
import random

import pytest

from dlp_recognizers.engine import Engine
from gateway.entities import ENTITY_GROUPS, EntityGroup
from tests.dlp_recognizers import values
from tests.dlp_recognizers.values import KINDS, Kind

PLACES = (
    "Please look at {v} and tell me.",
    "{v}",
    "value: {v}",
    "(see {v})",
    "{v},next",
    '{{"k": "{v}"}}',
    "| a | {v} | b |",
    "INSERT INTO t VALUES ('{v}');",
    "x = '{v}'  # note",
    "Das ist {v}.",
    "<td>{v}</td>",
    "a;{v};b",
    "[{v}]",
    "first line\n{v}\nlast line",
)
SEEDS = range(25)


def covered(engine: Engine, text: str) -> set[int]:
    return {at for hit in engine.scan(text) if hit.score >= 0.5 for at in range(hit.start, hit.end)}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.__name__)
def test_generated_values_are_covered_wherever_they_stand(engine: Engine, kind: Kind) -> None:
    named = 0
    for seed in SEEDS:
        value = kind.make(random.Random(seed))
        for place in PLACES:
            text = place.format(v=value)
            at = text.index(value)
            missing = set(range(at, at + len(value))) - covered(engine, text)
            assert not missing, f"{kind.make.__name__} seed {seed} in {place!r}: {len(missing)} characters stay"
            named += any(hit.entity == kind.entity for hit in engine.scan(text))
    # Some numbers are valid in two countries; then either name may win, never none.
    assert named >= 0.8 * len(SEEDS) * len(PLACES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.make.__name__)
def test_values_in_json_in_json_are_covered(engine: Engine, kind: Kind) -> None:
    for seed in range(5):
        value = kind.make(random.Random(seed))
        text = json.dumps({"arguments": json.dumps({"input": f"use {value} now"})})
        assert any(hit.entity == kind.entity and hit.score >= 0.5 for hit in engine.scan(text)), (
            kind.make.__name__,
            seed,
        )


EXAMPLES = (
    ("my card is 4539 1488 0343 6467 thanks", "CREDIT_CARD", "4539 1488 0343 6467"),
    ("378282246310005 is an Amex", "CREDIT_CARD", "378282246310005"),
    ("name,card,exp\nJ,4539148803436467,12/27", "CREDIT_CARD", "4539148803436467"),
    ("4\n5\n3\n9\n1\n4\n8\n8\n0\n3\n4\n3\n6\n4\n6\n7", "CREDIT_CARD", None),
    ("Call (212) 555-0123 today", "PHONE_NUMBER", "(212) 555-0123"),
    ("Call +49 30 901820", "PHONE_NUMBER", "+49 30 901820"),
    ("Tel.: 089/12345678", "PHONE_NUMBER", "089/12345678"),
    ("phone: 4155552671", "PHONE_NUMBER", "4155552671"),
    ("reach +1-555-123-4567", "PHONE_NUMBER", "+1-555-123-4567"),
    ("SSN 078-05-1120", "US_SSN", "078-05-1120"),
    ("my ssn is 219099999", "US_SSN", "219099999"),
    ("ITIN 912-70-1234", "US_ITIN", "912-70-1234"),
    ("server 10.0.0.5:8080", "IP_ADDRESS", "10.0.0.5"),
    ("at 2001:db8::ff00:42:8329 now", "IP_ADDRESS", "2001:db8::ff00:42:8329"),
    ("mac 00:1B:44:11:3A:B7", "MAC_ADDRESS", "00:1B:44:11:3A:B7"),
    ("codice fiscale RSSMRA85T10A562S", "IT_FISCAL_CODE", "RSSMRA85T10A562S"),
    ("NIE X1234567L", "ES_NIE", "X1234567L"),
    ("Steuer-ID 86095742719", "DE_TAX_ID", "86095742719"),
    ("passport number is C01X00T47", "PASSPORT", "C01X00T47"),
    ("driver's license number D1234567", "US_DRIVER_LICENSE", "D1234567"),
    ("bank account number 123456789012", "US_BANK_NUMBER", "123456789012"),
    ("DOB 1985-04-12", "DATE_OF_BIRTH", "1985-04-12"),
    ("born on April 12, 1985", "DATE_OF_BIRTH", "April 12, 1985"),
    ("Geburtsdatum: 12.05.1990", "DATE_OF_BIRTH", "12.05.1990"),
    ('"date_of_birth": "1990-05-12"', "DATE_OF_BIRTH", "1990-05-12"),
    ("MRN 00123456", "MEDICAL_RECORD_NUMBER", "00123456"),
    ("Patient ID: P-99812", "MEDICAL_RECORD_NUMBER", "P-99812"),
    ("The patient has hypertension.", "HEALTH_CONDITION", "hypertension"),
    ("Jane was diagnosed with type 2 diabetes.", "HEALTH_CONDITION", "diagnosed with type 2 diabetes"),
    ("ICD-10: F32.1", "HEALTH_CONDITION", "F32.1"),
    ("Dr. Müller called", "PERSON", "Müller"),
    ("met Mr. John Smith.", "PERSON", "John Smith"),
    ("Patient: Jane Roe", "PERSON", "Jane Roe"),
    ("My name is Jane Roe", "PERSON", "Jane Roe"),
    ("Best regards,\nJane Roe", "PERSON", "Jane Roe"),
    ("From: Jane Roe <jane@corp.example>", "PERSON", "Jane Roe"),
    ('password = "hunter2!"', "PASSWORD", "hunter2!"),
    ("my password is Tr0ub4dor&3", "PASSWORD", "Tr0ub4dor&3"),
    ("DB_PASSWORD=correcthorse9", "PASSWORD", "correcthorse9"),
    ("password: correcthorsebatterystaple", "PASSWORD", "correcthorsebatterystaple"),
    ("Passwort: Sommer!2023", "PASSWORD", "Sommer!2023"),
    ("api_key: 9f86d081884c7d659a2feaa0c55ad015", "PASSWORD", "9f86d081884c7d659a2feaa0c55ad015"),
    ("curl -u admin:S3cretPass https://x.example", "PASSWORD", "admin:S3cretPass"),
    ("<password>hunter2</password>", "PASSWORD", "hunter2"),
    ("https://x.example/cb?password=hunter2&next=1", "PASSWORD", "hunter2"),
    ("my password is p4ss&word", "PASSWORD", "p4ss&word"),
    ("mysql --password=S3cretPass -h db", "PASSWORD", "S3cretPass"),
    ("call (555) 123-4567", "PHONE_NUMBER", "(555) 123-4567"),
    ("Patient Jane Roe, aged 40", "PERSON", "Jane Roe"),
    ("Frau Anna Schmidt", "PERSON", "Anna Schmidt"),
    ("Authorization: Basic YWRtaW46czNjcmV0UGFzcw==", "ACCESS_TOKEN", "YWRtaW46czNjcmV0UGFzcw=="),
    ("Authorization: Bearer abcDEF123456ghiJKL789", "ACCESS_TOKEN", "abcDEF123456ghiJKL789"),
    (
        "Server=tcp:db.corp.example,1433;User ID=sa;Password=Sup3rS3cret!;Encrypt=True",
        "CONNECTION_STRING",
        "Server=tcp:db.corp.example,1433;User ID=sa;Password=Sup3rS3cret!",
    ),
    ("redis://:p4ssw0rd@cache.corp.example:6379/0", "CONNECTION_STRING", "redis://:p4ssw0rd@cache.corp.example:6379/0"),
)


@pytest.mark.parametrize(("text", "entity", "value"), EXAMPLES)
def test_examples(engine: Engine, text: str, entity: str, value: str | None) -> None:
    found = [text[hit.start : hit.end] for hit in engine.scan(text) if hit.entity == entity and hit.score >= 0.5]
    assert (value or text) in found


def test_a_private_key_without_an_end_goes_to_the_end_of_the_text(engine: Engine) -> None:
    block = values.private_key(random.Random(1))
    text = "see " + block[: len(block) // 2] + "\nand then nothing"
    assert [(hit.entity, hit.start, hit.end) for hit in engine.scan(text) if hit.entity == "PRIVATE_KEY"] == [
        ("PRIVATE_KEY", 4, len(text))
    ]


def test_a_private_key_with_escaped_line_ends_is_one_hit(engine: Engine) -> None:
    block = values.private_key(random.Random(2))
    text = json.dumps({"key": block})
    hits = [hit for hit in engine.scan(text) if hit.entity == "PRIVATE_KEY"]
    assert [(text[hit.start : hit.start + 10], text[hit.end - 5 : hit.end]) for hit in hits] == [
        ("-----BEGIN", "-----")
    ]


def test_a_second_escaped_key_and_an_open_key_are_both_found(engine: Engine) -> None:
    block = values.private_key(random.Random(3))
    hits = engine.scan(block + "\n\n" + block)
    assert [hit.entity for hit in hits] == ["PRIVATE_KEY", "PRIVATE_KEY"]


def test_every_entity_is_declared_with_a_group(engine: Engine) -> None:
    assert engine.entities <= set(ENTITY_GROUPS)
    assert {"PASSWORD", "API_KEY", "PRIVATE_KEY"} <= {
        e for e in engine.entities if ENTITY_GROUPS[e] is EntityGroup.SECRET
    }
