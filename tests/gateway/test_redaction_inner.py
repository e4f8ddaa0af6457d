"""Values inside blobs are replaced inside, in the same encoding, and a blob that reads otherwise goes as a whole."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Finding, Operator, Profile, Prompt, Redaction, ScanResult, TextSpan
from gateway.redaction import redact, scope_key, verify
from gateway.redaction.encodings import MAX_OUTPUT, Unreadable, read, write
from gateway.redaction.inner import MAX_PARTS, Part, label, parts_of, stamp

KEY = scope_key(b"k" * 32, "agent", "a")
PII = Profile("pii", {"@secret": Operator.PLACEHOLDER, "@personal": Operator.PLACEHOLDER})
MAIL = "wilma.roe@corp.example"
TEXT = f"Dear all, please write to {MAIL} today; everything else of this letter stays as it is.\n"


def cut(blob: str, name: str, *, frame: str = "see {} there", profile: Profile = PII) -> Redaction:
    text = frame.replace("{}", blob)
    at = text.index(blob)
    body = {"messages": [{"content": text}, {"content": f"again: {MAIL}"}]}
    spans = (TextSpan("/messages/0/content", text), TextSpan("/messages/1/content", f"again: {MAIL}"))
    prompt = Prompt("openai.chat", "m", False, spans, (), body)
    finding = Finding(0, at, at + len(blob), "EMAIL_ADDRESS", 0.95, name)
    done = redact(prompt, ScanResult((finding,), True), profile, key=KEY, operator=lambda *_: "***")
    verify(done)
    return done


def named(text: str) -> str:
    at = text.index(MAIL)
    return "email" + label(stamp(text), [Part(at, at + len(MAIL), "EMAIL_ADDRESS", 0.95)])


ENCODED = {
    "base64": base64.b64encode(TEXT.encode()).decode(),
    "unpadded": base64.b64encode(TEXT.encode()).decode().rstrip("="),
    "base32": base64.b32encode(TEXT.encode()).decode(),
    "hex": TEXT.encode().hex(),
    "HEX": TEXT.encode().hex().upper(),
    "gzip": base64.b64encode(gzip.compress(TEXT.encode(), mtime=0)).decode(),
    "utf-16": base64.b64encode(TEXT.encode("utf-16-le")).decode(),
    "wrapped": base64.encodebytes(TEXT.encode()).decode().rstrip("\n"),
}


@pytest.mark.parametrize("coding", ENCODED)
def test_the_value_goes_and_the_rest_stays_in_the_same_encoding(coding: str) -> None:
    blob = ENCODED[coding]
    done = cut(blob, named(TEXT))
    first, second = (message["content"] for message in json.loads(done.body)["messages"])
    before, held = read(blob), read(first.removeprefix("see ").removesuffix(" there"))
    assert before is not None and held is not None
    assert held.coding == before.coding
    (made,) = re.findall(r"\[EMAIL_ADDRESS_[a-z2-7]{12}\]", held.text)
    assert held.text == TEXT.replace(MAIL, made)
    assert second == f"again: {made}"
    assert done.restore == {made: MAIL}
    assert done.removed == (MAIL,)
    assert done.counts["EMAIL_ADDRESS"] == 2


def test_wrapping_and_padding_are_kept() -> None:
    first = json.loads(cut(ENCODED["wrapped"], named(TEXT)).body)["messages"][0]["content"]
    assert {len(line) for line in first.removeprefix("see ").split("\n")[:-1]} == {76}


def test_a_blob_in_json_text_stays_json() -> None:
    done = cut(ENCODED["base64"], named(TEXT), frame='{"data": "{}"}')
    inside = json.loads(json.loads(done.body)["messages"][0]["content"])["data"]
    held = read(inside)
    assert held is not None and MAIL not in held.text and "everything else" in held.text


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "email@",
        "email" + label("00000000", [Part(26, 48, "EMAIL_ADDRESS", 0.9)]),
        "email" + label(stamp(TEXT), [Part(26, 4800, "EMAIL_ADDRESS", 0.9)]),
        "email" + label(stamp(TEXT), [Part(at, at + 1, "EMAIL_ADDRESS", 0.9) for at in range(MAX_PARTS + 1)]),
    ],
)
def test_a_blob_that_does_not_read_as_told_goes_as_a_whole(name: str) -> None:
    done = cut(ENCODED["base64"], name)
    content = json.loads(done.body)["messages"][0]["content"]
    assert re.fullmatch(r"see \[EMAIL_ADDRESS_[a-z2-7]{12}\] there", content)
    assert done.removed == (ENCODED["base64"],)


def test_only_what_the_profile_removes_goes_from_inside() -> None:
    at = TEXT.index(MAIL)
    told = [Part(0, 4, "ORGANIZATION", 0.9), Part(at, at + len(MAIL), "EMAIL_ADDRESS", 0.95), Part(5, 8, "PERSON", 0.2)]
    done = cut(ENCODED["base64"], "email" + label(stamp(TEXT), told))
    held = read(json.loads(done.body)["messages"][0]["content"].split()[1])
    assert held is not None
    assert held.text.startswith("Dear all,") and MAIL not in held.text


def test_the_name_says_what_was_told() -> None:
    told = (Part(1, 9, "EMAIL_ADDRESS", 0.95), Part(12, 20, "CREDIT_CARD", 1.0))
    parts = parts_of("email" + label("0a1b2c3d", told))
    assert parts is not None
    assert (parts.stamp, parts.parts) == ("0a1b2c3d", told)
    assert parts_of("email") is parts_of("email@x") is parts_of("@0a1b2c3d/1-2:a:0.5") is None


def test_a_bomb_is_not_read() -> None:
    blob = base64.b64encode(gzip.compress(b" " * (MAX_OUTPUT + 1))).decode()
    with pytest.raises(Unreadable):
        read(blob)
    assert cut(blob, named(TEXT)).removed == (blob,)


@given(st.text(alphabet=st.characters(categories=("L", "N", "P", "Zs")), min_size=9, max_size=200))
def test_what_is_written_reads_the_same(text: str) -> None:
    for blob in (base64.b64encode(text.encode()).decode(), text.encode().hex()):
        held = read(blob)
        if held is not None:
            again = write(held.coding, held.text, blob)
            assert again is not None and read(again) == held


def test_what_is_not_ascii_is_no_blob() -> None:
    wide = "".join(chr(ord(char) + 0xFEE0) for char in ENCODED["unpadded"])
    assert read(wide) is read("\u200b".join(ENCODED["base64"])) is None
    assert cut(wide, named(TEXT)).removed == (wide,)
