"""Values that are written so that a matcher does not see them, and the original is cut at the right place."""

from __future__ import annotations

import html
import json
import random
from collections.abc import Callable
from urllib.parse import quote

import pytest

from dlp_recognizers.engine import Engine
from tests.dlp_recognizers import values

FULL = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
BOLD = str.maketrans({str(digit): chr(0x1D7CE + digit) for digit in range(10)})
CIRCLED = str.maketrans("123456789", "①②③④⑤⑥⑦⑧⑨")
CYRILLIC = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")


def between(sign: str) -> Callable[[str], str]:
    return sign.join


ANY: dict[str, Callable[[str], str]] = {
    "zero width space": between("\u200b"),
    "word joiner": between("\u2060"),
    "soft hyphen": between("\u00ad"),
    "variation selector": between("\ufe0f"),
    "combining grapheme joiner": between("\u034f"),
    "bidi mark": between("\u200e"),
    "right-to-left override": lambda value: f"\u202e{value}\u202c",
    "bidi isolate": lambda value: f"\u2068{value}\u2069",
    "tag letters": lambda value: "".join(chr(0xE0000 + ord(char)) for char in value),
    "full width": lambda value: value.translate(FULL),
    "json unicode": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "json unicode twice": lambda value: json.dumps("".join(f"\\u{ord(char):04x}" for char in value)),
    "hex escapes": lambda value: "".join(f"\\x{ord(char):02x}" for char in value),
    "percent": lambda value: "".join(f"%{ord(char):02X}" for char in value),
    "quoted": lambda value: quote(value, safe=""),
    "html decimal": lambda value: "".join(f"&#{ord(char)};" for char in value),
    "html hex": lambda value: "".join(f"&#x{ord(char):x};" for char in value),
    "html named": html.escape,
    "no-break space": lambda value: value.replace(" ", "\u00a0"),
    "thin space": lambda value: value.replace(" ", "\u2009"),
}
DIGITS: dict[str, Callable[[str], str]] = {
    "arabic": lambda value: value.translate(ARABIC),
    "devanagari": lambda value: value.translate(DEVANAGARI),
    "bold": lambda value: value.translate(BOLD),
    "circled": lambda value: value.translate(CIRCLED),
    "non-breaking hyphen": lambda value: value.replace("-", "\u2011"),
    "en dash": lambda value: value.replace("-", "–"),
}
KINDS = (values.email, values.card, values.iban, values.ssn, values.github_token, values.aws_key, values.phone)


def check(engine: Engine, disguise: Callable[[str], str], make: Callable[[random.Random], str]) -> None:
    for seed in range(6):
        hidden = disguise(make(random.Random(seed)))
        text = f"ä before {hidden} after"
        at = text.index(hidden)
        hits = [hit for hit in engine.scan(text) if hit.score >= 0.5]
        covered = {place for hit in hits for place in range(hit.start, hit.end)}
        body = {place for place in range(at, at + len(hidden)) if text[place].isalnum()}
        missed = body - covered
        # The first or last piece of a wrapper (quote, control) may stay; the value itself may not.
        assert len(missed) <= 2, (make.__name__, seed, len(missed), len(body))
        assert all(at - 1 <= hit.start and hit.end <= at + len(hidden) + 1 for hit in hits), "text around it was cut"


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", ANY)
def test_disguises(engine: Engine, name: str, make: Callable[[random.Random], str]) -> None:
    check(engine, ANY[name], make)


@pytest.mark.parametrize("make", (values.card, values.ssn, values.iban, values.phone), ids=lambda make: make.__name__)
@pytest.mark.parametrize("name", DIGITS)
def test_digits_of_other_scripts(engine: Engine, name: str, make: Callable[[random.Random], str]) -> None:
    check(engine, DIGITS[name], make)


@pytest.mark.parametrize("make", (values.email, values.iban), ids=lambda make: make.__name__)
def test_look_alike_letters(engine: Engine, make: Callable[[random.Random], str]) -> None:
    check(engine, lambda value: value.translate(CYRILLIC), make)


@pytest.mark.parametrize("separator", (" ", ".", "-", "/", "\n", "\u00a0", " - "))
def test_card_digits_written_apart(engine: Engine, separator: str) -> None:
    digits = "4539148803436467"
    text = f"number: {separator.join(digits)} ok"
    assert any(hit.entity == "CREDIT_CARD" and hit.score >= 0.5 for hit in engine.scan(text))


def test_three_layers_of_json(engine: Engine) -> None:
    text = json.dumps(
        json.dumps(json.dumps({"mail": "jané.roe@corp.example", "key": values.private_key(random.Random(4))}))
    )
    assert {"EMAIL_ADDRESS", "PRIVATE_KEY"} <= {hit.entity for hit in engine.scan(text)}


def test_a_value_far_from_the_change_is_found_once(engine: Engine) -> None:
    text = "jane@corp.example " + "word " * 4000 + "\u200b" + " word" * 4000 + " omar@corp.example"
    assert [text[hit.start : hit.end] for hit in engine.scan(text)] == ["jane@corp.example", "omar@corp.example"]
