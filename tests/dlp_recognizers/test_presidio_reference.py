"""Presidio's own recognizers beside ours, on the same generated values: what they find, we find."""

from __future__ import annotations

import random

import pytest
from presidio_analyzer import EntityRecognizer, RecognizerRegistry
from presidio_analyzer import predefined_recognizers as stock

from dlp_recognizers.catalogue import recognizers
from dlp_recognizers.engine import Engine
from tests.dlp_recognizers import values

PAIRS = (
    (stock.EmailRecognizer, values.email),
    (stock.CreditCardRecognizer, values.card),
    (stock.IbanRecognizer, values.iban),
    (stock.IpRecognizer, values.ip),
    (stock.UsSsnRecognizer, values.ssn),
    (stock.UkNinoRecognizer, values.nino),
    (stock.NhsRecognizer, values.nhs),
    (stock.CryptoRecognizer, values.bitcoin),
    (stock.EsNifRecognizer, values.es_nif),
    (stock.PlPeselRecognizer, values.pesel),
    (stock.FiPersonalIdentityCodeRecognizer, values.fi_hetu),
    (stock.SePersonnummerRecognizer, values.se_personnummer),
    (stock.PhoneRecognizer, values.phone),
)


@pytest.mark.parametrize(("reference", "make"), PAIRS, ids=lambda item: item.__name__)
def test_what_presidio_finds_is_found(engine: Engine, reference: type[EntityRecognizer], make) -> None:
    recognizer = reference()
    found = 0
    for seed in range(40):
        text = f"Please check {make(random.Random(seed))} for me."
        ours = {at for hit in engine.scan(text) if hit.score >= 0.5 for at in range(hit.start, hit.end)}
        for result in recognizer.analyze(text, recognizer.supported_entities, None):
            if result.score >= 0.4:
                found += 1
                missed = set(range(result.start, result.end)) - ours
                assert not {text[at] for at in missed} - set(" .()"), (reference.__name__, seed)
    assert found or reference is stock.EmailRecognizer, "the reference found nothing: the comparison says nothing"


def test_ours_are_presidio_recognizers() -> None:
    registry = RecognizerRegistry(recognizers=list(recognizers()))
    text = "mail jane@corp.example"
    results = [
        result
        for recognizer in registry.recognizers
        for result in recognizer.analyze(text, recognizer.supported_entities)
    ]
    assert [(result.entity_type, result.start, result.end) for result in results] == [("EMAIL_ADDRESS", 5, 22)]
