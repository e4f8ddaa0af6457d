"""One meaning or a refusal: rows J-01, J-02, J-03, J-07, J-08, C-01, C-02."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import strict_json
from gateway.errors import Refused

REFUSED = [
    pytest.param(b'{"a":1,"a":2}', "same key twice", id="duplicate"),
    pytest.param(b'{"a":1,"\\u0061":2}', "same key twice", id="duplicate-by-escape"),
    pytest.param(b'{"x":[{"y":{"k":1,"k":1}}]}', "same key twice", id="duplicate-deep"),
    pytest.param(b"[NaN]", "NaN", id="nan"),
    pytest.param(b"[Infinity]", "NaN and Infinity", id="infinity"),
    pytest.param(b"[-Infinity]", "NaN and Infinity", id="minus-infinity"),
    pytest.param(b"[1e999]", "too large", id="1e999"),
    pytest.param(b"[-1e400000000]", "too large", id="huge-exponent"),
    pytest.param(b"[1e-999]", "too small", id="underflow"),
    pytest.param(b"[-0]", "negative zero", id="minus-zero"),
    pytest.param(b"[18446744073709551616]", "64 bits", id="2**64"),
    pytest.param(b"[-9223372036854775809]", "64 bits", id="below-int64"),
    pytest.param(b"[" + b"9" * 5000 + b"]", "64 bits", id="5000-digits"),
    pytest.param(b"[0.123456789012345678]", "17 significant", id="18-digits"),
    pytest.param(b"[12345678901234567.0]", "exactly", id="inexact-integer"),
    pytest.param(b"[" * 65 + b"]" * 65, "deeper than 64", id="depth-65"),
    pytest.param(b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64", id="depth-65-objects"),
    pytest.param(b"[" * 100_000, "deeper than 64", id="brackets"),
    pytest.param(b'[{"a":' * 100_000, "deeper than 64", id="brackets-mixed"),
    pytest.param(b'"\\ud800"', "surrogate", id="lone-high"),
    pytest.param(b'{"\\uDFFF":1}', "surrogate", id="lone-low-in-key"),
    pytest.param(b'["\\ude00\\ud83d"]', "surrogate", id="reversed-pair"),
    pytest.param(b'{"a\\u0000b":1}', "NUL", id="nul-in-key"),
    pytest.param(b"{} {}", "follows the document", id="two-documents"),
    pytest.param(b"{}x", "follows the document", id="trailing"),
    pytest.param(b"[1,]", "comma", id="trailing-comma"),
    pytest.param(b'{"a":1,}', "comma", id="trailing-comma-object"),
    pytest.param(b"// a\n{}", "malformed", id="comment"),
    pytest.param(b"{}/* a */", "follows", id="comment-after"),
    pytest.param(b"", "malformed", id="empty"),
    pytest.param(b"  ", "malformed", id="blank"),
    pytest.param(b"{'a':1}", "property name", id="single-quotes"),
    pytest.param(b"[+1]", "malformed", id="plus"),
    pytest.param(b"[01]", "comma", id="leading-zero"),
    pytest.param(b"[.5]", "malformed", id="no-whole"),
    pytest.param(b"[0x10]", "comma", id="hex"),
    pytest.param(b"[True]", "malformed", id="python"),
    pytest.param(b'"a\nb"', "control character", id="raw-newline"),
    pytest.param(b'"\\x41"', "escape", id="unknown-escape"),
    pytest.param(b'"a', "not closed", id="open-string"),
    pytest.param(b"\xef\xbb\xbf{}", "byte order mark", id="bom"),
    pytest.param("{}".encode("utf-16"), "byte order mark", id="utf-16-bom"),
    pytest.param("{}".encode("utf-16-le"), "property name", id="utf-16-le"),
    pytest.param("{}".encode("utf-32-be"), "malformed", id="utf-32"),
    pytest.param('["+AGE-"]'.encode("cp037"), "UTF-8", id="ebcdic"),
    pytest.param(b'["\xff"]', "byte 2 is not UTF-8", id="invalid"),
    pytest.param(b'["\xc0\xaf"]', "UTF-8", id="overlong"),
    pytest.param(b'["\xed\xa0\xbd\xed\xb8\x80"]', "UTF-8", id="cesu"),
    pytest.param("[\u00a01]".encode(), "malformed", id="nbsp"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED)
def test_what_could_be_read_in_two_ways_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        strict_json.loads(data)
    assert caught.value.refusal.code == "llmgw_invalid_json"
    assert caught.value.refusal.status == 400
    assert reason in caught.value.refusal.message


@pytest.mark.parametrize(
    "data",
    [
        b'"s"', b"1", b"null", b" [1, 2.5, true, null] ", b"[-0.0]",
        b"[18446744073709551615]", b"[-9223372036854775808]",
        b'["\\ud83d\\ude00"]', b"[0.30000000000000004]", b"[1e300]", b"[9007199254740993]", b'["a\\u0000"]',
        b"[" * 64 + b"]" * 64, b"[0.50000000000000000000000]", b"[0e5]",
    ],
)  # fmt: skip
def test_what_has_one_meaning_is_kept(data: bytes) -> None:
    tree = strict_json.loads(data)
    again = json.loads(strict_json.dumps(tree))
    assert again == json.loads(data)


def test_messages_never_quote_the_text() -> None:
    for data in (
        b'{"secret-text":1,"secret-text":2}',
        b'{"a":secret-text}',
        b'["secret-text\\q"]',
        b'{"a":"secret-text',
    ):
        with pytest.raises(Refused) as caught:
            strict_json.loads(data)
        assert "secret" not in caught.value.refusal.message
        assert caught.value.__cause__ is None


def test_refusals_carry_no_exception_that_holds_the_text() -> None:
    with pytest.raises(Refused) as caught:
        strict_json.loads(b'{"a": "secret-text" x}')
    assert caught.value.__context__ is None


def test_syntax_errors_name_line_and_column() -> None:
    with pytest.raises(Refused) as caught:
        strict_json.loads(b'{\n  "a": 1\n  "b": 2\n}')
    assert "line 3, column 3" in caught.value.refusal.message


def test_hostile_sizes_are_refused_quickly() -> None:
    start = time.perf_counter()
    for data in (b"[" * 5_000_000, b'{"":' * 1_000_000, b"[" + b"1" * 5_000_000 + b"]", b'"' + b"a" * 10_000_000):
        with pytest.raises(Refused):
            strict_json.loads(data)
    assert time.perf_counter() - start < 3


def test_max_depth_is_a_parameter() -> None:
    assert strict_json.loads(b"[[1]]", max_depth=2) == [[1]]
    with pytest.raises(Refused, match="llmgw_invalid_json"):
        strict_json.loads(b"[[[1]]]", max_depth=2)


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner),
    max_leaves=20,
)


@given(JSON)
def test_own_output_is_read_back_unchanged(tree: object) -> None:
    data = strict_json.dumps(tree)  # type: ignore[arg-type]
    assert strict_json.loads(data) == tree
    assert strict_json.dumps(strict_json.loads(data)) == data


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_a_number_is_kept_or_refused(spelled: str) -> None:
    try:
        value = strict_json.loads(spelled.encode())
    except Refused:
        return
    assert isinstance(value, (int, float))
    assert math.isfinite(value)
    assert float(value) == float(spelled)
    assert strict_json.loads(strict_json.dumps(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_parse_or_are_refused(data: bytes) -> None:
    try:
        tree = strict_json.loads(data)
    except Refused as error:
        assert error.refusal.code == "llmgw_invalid_json"
    else:
        assert json.loads(data) == tree
