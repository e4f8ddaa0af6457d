"""Presidio's own recognizers beside ours, on the same generated values: what they find, we find."""

from __future__ import annotations

import random

import pytest
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer import predefined_recognizers as stock
from presidio_analyzer.nlp_engine import NoOpNlpEngine

from benchmarks.detection import generated
from benchmarks.detection.speed_texts import pieces
from dlp_recognizers.boundaries import alone
from dlp_recognizers.catalogue import recognizers
from dlp_recognizers.detectors import OwnDetector
from dlp_recognizers.engine import Engine, EngineSettings, silence
from dlp_recognizers.page import Page
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


CHOSEN = (
    *(stock.EmailRecognizer, stock.CreditCardRecognizer, stock.IbanRecognizer, stock.IpRecognizer),
    *(stock.CryptoRecognizer, stock.PhoneRecognizer, stock.UsSsnRecognizer, stock.UsItinRecognizer),
    *(stock.MedicalLicenseRecognizer, stock.UkNinoRecognizer, stock.NhsRecognizer, stock.EsNifRecognizer),
    *(stock.EsNieRecognizer, stock.ItFiscalCodeRecognizer, stock.ItVatCodeRecognizer, stock.PlPeselRecognizer),
    *(stock.FiPersonalIdentityCodeRecognizer, stock.SePersonnummerRecognizer, stock.SeOrganisationsnummerRecognizer),
    *(stock.DeTaxIdRecognizer, stock.DeIdCardRecognizer, stock.DePassportRecognizer),
    *(stock.DeSocialSecurityRecognizer, stock.DeHealthInsuranceRecognizer, stock.AuAbnRecognizer),
    *(stock.AuTfnRecognizer, stock.AuMedicareRecognizer, stock.InPanRecognizer, stock.InAadhaarRecognizer),
    *(stock.SgFinRecognizer, stock.KrRrnRecognizer),
)
"""The recognizers of Presidio whose entities this package has too."""

WHY_NOT = {
    "piece": "it is a piece of something longer: digits of a fraction, of an id, of a path, of a time and a counter",
    "counter": "a run of digits with nothing beside it but the right checksum: of counters one in ten has it",
}
"""The differences that are meant."""
_COUNTERS = (
    "PL_PESEL UK_NHS IN_AADHAAR SE_ORGANISATIONSNUMMER SE_PERSONNUMMER DE_TAX_ID IT_VAT_CODE AU_MEDICARE CREDIT_CARD "
    "AU_TFN AU_ABN"
)
COUNTERS = frozenset(_COUNTERS.split())
"""What is but digits and a checksum."""


def _difference(text: str, start: int, end: int, entity: str) -> str:
    """Why a finding of Presidio's is none of ours: a key of WHY_NOT; empty if there is no reason."""
    value = text[start:end].strip()
    if not alone(Page.of(text), start, end) or (" " in value and text[start - 1 : start].isspace()):
        return "piece"
    words = {label.lower() for kind in generated.kinds() if kind.entity == entity for label in kind.labels}
    named = any(word in text[max(0, start - 60) : start].lower().replace("_", " ") for word in words)
    return "counter" if entity in COUNTERS and value.isdigit() and not named else ""


def test_what_the_analyzer_finds_the_fast_path_finds() -> None:
    """Presidio's AnalyzerEngine with the chosen recognizers is the reference, on generated values and on other text."""
    silence()
    chosen = [made() for made in CHOSEN]
    for each in chosen:
        each.supported_language = "en"
    analyzer = AnalyzerEngine(
        registry=RecognizerRegistry(recognizers=chosen),
        nlp_engine=NoOpNlpEngine([{"lang_code": "en", "model_name": "no_op"}]),
        supported_languages=["en"],
    )
    own = OwnDetector(Engine(EngineSettings(names="rules")))
    texts = [sample.text for _, sample in generated.samples(generated.kinds(), seed=5, each=2)]
    texts += [text for kind in ("prose", "JSON", "logs") for text in pieces(kind, 2000, 8, 3)]
    found, differences = 0, []
    for text in texts:
        ours = {at for each in own.find(text) if each.score >= 0.5 for at in range(each.start, each.end)}
        for result in analyzer.analyze(text, language="en", score_threshold=0.5):
            found += 1
            left = [at for at in range(result.start, result.end) if at not in ours and text[at].isalnum()]
            if left:
                why = _difference(text, result.start, result.end, result.entity_type)
                differences.append((result.entity_type, why))
    assert found > 100, "the reference found next to nothing: the comparison says nothing"
    assert not [entity for entity, why in differences if why not in WHY_NOT], differences
    assert {why for _, why in differences} == set(WHY_NOT), "a reason that nothing needs any more"
