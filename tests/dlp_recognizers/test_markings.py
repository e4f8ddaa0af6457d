"""What an author wrote on a document, and what is only a word in a sentence."""

from __future__ import annotations

import pytest

from dlp_recognizers.engine import Engine

MARKED = (
    ("TLP:CLEAR", "PUBLIC"),
    ("TLP:WHITE", "PUBLIC"),
    ("TLP:GREEN", "INTERNAL"),
    ("tlp: amber", "CONFIDENTIAL"),
    ("TLP:AMBER+STRICT", "CONFIDENTIAL"),
    ("TLP:RED", "RESTRICTED"),
    ("CONFIDENTIAL", "CONFIDENTIAL"),
    ("Confidential\n\nThe plan", "CONFIDENTIAL"),
    ("The plan\n\n- Confidential -", "CONFIDENTIAL"),
    ("**Internal use only**", "INTERNAL"),
    ("For internal use only", "INTERNAL"),
    ("Company Confidential", "CONFIDENTIAL"),
    ("STRICTLY CONFIDENTIAL", "RESTRICTED"),
    ("Strictly confidential", "RESTRICTED"),
    ("SECRET", "RESTRICTED"),
    ("Top secret", "RESTRICTED"),
    ("Confidential: board minutes", "CONFIDENTIAL"),
    ("Confidential - internal plans", "CONFIDENTIAL"),
    ("CONFIDENTIAL - DO NOT DISTRIBUTE", "CONFIDENTIAL"),
    ("[CONFIDENTIAL] Q3 plan", "CONFIDENTIAL"),
    ("Sensitivity: Confidential", "CONFIDENTIAL"),
    ("Classification: Restricted", "RESTRICTED"),
    ("classification = internal", "INTERNAL"),
    ("**Classification:** Internal", "INTERNAL"),
    ("This document is classified as restricted.", "RESTRICTED"),
    ("MSIP_Label_11111111-2222-3333-4444-555555555555_Name=Confidential", "CONFIDENTIAL"),
    ("Vertraulich", "CONFIDENTIAL"),
    ("Streng vertraulich", "RESTRICTED"),
    ("Nur für den internen Gebrauch", "INTERNAL"),
    ("Confidentiel", "CONFIDENTIAL"),
    ("Strictement confidentiel", "RESTRICTED"),
    ("Classification: Public", "PUBLIC"),
)


@pytest.mark.parametrize(("text", "level"), MARKED)
def test_markings(engine: Engine, text: str, level: str) -> None:
    found = {hit.entity for hit in engine.scan(text) if hit.score >= 0.5}
    assert found == {f"MARKING_{level}"}


SENTENCES = (
    "This is confidential, please keep it between us.",
    "Is it confidential?",
    "We treat data as strictly confidential in all our systems.",
    "The internal API is public.",
    "a restricted set of types",
    "secret = None",
    "SECRET: value-of-a-setting",
    "INTERNAL: error 13",
    "the public key and the secret key",
    "# internal",
)


@pytest.mark.parametrize("text", SENTENCES)
def test_words_in_sentences_are_no_markings(engine: Engine, text: str) -> None:
    assert not [hit for hit in engine.scan(text) if hit.entity.startswith("MARKING_") and hit.score >= 0.5]
