from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refused
from gateway.model import Finding, Json, Operator, Profile, Prompt, Redaction, ScanResult, SpanKind, TextSpan
from gateway.redaction import placeholder, redact, scope_key, verify
from gateway.redaction.occurrences import worth_searching
from gateway.redaction.placeholders import LOOKALIKE, MAX_LENGTH
from gateway.restore import restore_answer

KEY = scope_key(b"m" * 32, "tenant", "t1")
PII = Profile(
    "pii", {"@secret": Operator.PLACEHOLDER, "@personal": Operator.PLACEHOLDER, "@health": Operator.PLACEHOLDER}
)
NONE = Profile("none", {})
MAIL = "jo.smith@corp.example"
TYPED = "[EMAIL_ADDRESS_abcdefghijkl]"


def operator(kind: Operator, entity: str, value: str) -> str:
    return {Operator.MASK: '"*\\', Operator.HASH: f"<{entity}#>", Operator.REMOVE: ""}[kind]


def spans_of(node: Json, path: str = "") -> Iterator[TextSpan]:
    """Every string, key and long number: what a dialect does for a field nobody knows."""
    if isinstance(node, str):
        yield TextSpan(path, node)
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from spans_of(item, f"{path}/{index}")
    elif isinstance(node, dict):
        for name, value in node.items():
            inner = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            yield TextSpan(inner, name, SpanKind.KEY)
            yield from spans_of(value, inner)
    elif isinstance(node, int) and not isinstance(node, bool) and len(str(node)) >= 8:
        yield TextSpan(path, str(node), SpanKind.NUMBER)


def prompt_of(body: Json, *, sealed: frozenset[str] = frozenset()) -> Prompt:
    spans = tuple(
        TextSpan(span.path, span.text, SpanKind.SEALED) if span.path in sealed and span.kind is SpanKind.TEXT else span
        for span in spans_of(body)
    )
    return Prompt("openai.chat", "m", False, spans, (), body)


def scan_of(prompt: Prompt, found: dict[str, str], *, once: bool = False, score: float = 1.0) -> ScanResult:
    """Findings of the given values (value to entity) at every place, or at the first only."""
    findings = []
    for value, entity in found.items():
        for index, span in enumerate(prompt.spans):
            start = span.text.find(value)
            while start >= 0 and not (once and any(finding.entity == entity for finding in findings)):
                findings.append(Finding(index, start, start + len(value), entity, score, "test"))
                start = span.text.find(value, start + 1)
    return ScanResult(tuple(findings), True)


def run(body: Json, found: dict[str, str], profile: Profile = PII, **options: Any) -> Redaction:
    sealed = options.pop("sealed", frozenset())
    prompt = prompt_of(body, sealed=sealed)
    before = orjson.dumps(body)
    result = redact(prompt, scan_of(prompt, found, **options), profile, key=KEY, operator=operator)
    assert orjson.dumps(body) == before, "the prompt's tree was changed"
    verify(result)
    return result


def test_placeholders_are_keyed_typed_and_scoped() -> None:
    made = placeholder(KEY, "EMAIL_ADDRESS", MAIL)
    assert LOOKALIKE.fullmatch(made) and made.startswith("[EMAIL_ADDRESS_")
    assert placeholder(KEY, "EMAIL_ADDRESS", MAIL) == made
    assert placeholder(KEY, "PERSON", MAIL)[-13:] != made[-13:]
    assert placeholder(scope_key(b"m" * 32, "tenant", "t2"), "EMAIL_ADDRESS", MAIL) != made
    keys = {scope_key(b"m" * 32, *parts) for parts in [("ab", "c"), ("a", "bc"), ("abc",), ("", "abc"), ("abc", "")]}
    assert len(keys) == 5
    for entity in ("custom-thing", "1x", "é", "A" * 90, ""):
        odd = placeholder(KEY, entity, "v")
        assert LOOKALIKE.fullmatch(odd) and len(odd) <= MAX_LENGTH
    with pytest.raises(ValueError, match="16 bytes"):
        scope_key(b"short")


def test_a_value_goes_everywhere_even_where_nobody_found_it() -> None:
    body = {"a": f"mail {MAIL}.", "b": [f"<{MAIL}>", f"x{MAIL}x"], "c": {MAIL: 1}, "d": json.dumps({"k": f"a\n{MAIL}"})}
    result = run(body, {MAIL: "EMAIL_ADDRESS"}, once=True)
    made = placeholder(KEY, "EMAIL_ADDRESS", MAIL)
    out = orjson.loads(result.body)
    assert out["a"] == f"mail {made}." and out["b"] == [f"<{made}>", f"x{MAIL}x"]
    assert out["c"] == {made: 1} and json.loads(out["d"]) == {"k": f"a\n{made}"}
    assert result.restore == {made: MAIL} and result.removed == (MAIL,) and result.counts == {"EMAIL_ADDRESS": 4}


def test_short_values_and_wire_words_go_only_where_found() -> None:
    result = run(
        {"a": "I am Jo", "b": "Jo", "c": "user", "role": "user"}, {"Jo": "PERSON", "user": "PERSON"}, once=True
    )
    assert orjson.loads(result.body)["b"] == "Jo"
    prompt = prompt_of({"a": "user", "role": "user"})
    only = ScanResult((Finding(1, 0, 4, "PERSON", 1.0, "t"),), True)
    result = redact(prompt, only, PII, key=KEY, operator=operator)
    verify(result)
    assert orjson.loads(result.body)["role"] == "user" and result.counts == {"PERSON": 1}


def test_overlaps_become_one_replacement_of_the_longer() -> None:
    body = {"a": "Dr John Smith-Corp x"}
    prompt = prompt_of(body)
    index = next(index for index, span in enumerate(prompt.spans) if span.kind is SpanKind.TEXT)
    findings = (Finding(index, 3, 13, "PERSON", 0.9, "t"), Finding(index, 8, 18, "ORGANIZATION", 0.6, "t"),
                Finding(index, 8, 13, "LOCATION", 1.0, "t"))  # fmt: skip
    everything = Profile("all", {"*": Operator.PLACEHOLDER})
    result = redact(prompt, ScanResult(findings, True), everything, key=KEY, operator=operator)
    value = "John Smith-Corp"
    assert orjson.loads(result.body)["a"] == f"Dr {placeholder(KEY, 'PERSON', value)} x"
    verify(result)
    secret = (*findings, Finding(index, 12, 15, "PASSWORD", 0.5, "t"))
    result = redact(prompt, ScanResult(secret, True), everything, key=KEY, operator=operator)
    assert orjson.loads(result.body)["a"] == f"Dr {placeholder(KEY, 'PASSWORD', value)} x"
    assert result.restore == {}, "a union with a secret in it must not come back"


def test_the_most_specific_entry_of_a_profile_wins() -> None:
    profile = Profile("p", {"*": Operator.MASK, "@personal": Operator.HASH, "EMAIL_ADDRESS": Operator.REMOVE}, 0.4)
    body = {"a": f"{MAIL}|Jane Doe|Acme Inc|CONFIDENTIAL|low score"}
    found = {
        MAIL: "EMAIL_ADDRESS",
        "Jane Doe": "PERSON",
        "Acme Inc": "ORGANIZATION",
        "CONFIDENTIAL": "MARKING_CONFIDENTIAL",
    }
    result = run(body, found, profile)
    assert orjson.loads(result.body)["a"] == '|<PERSON#>|"*\\|CONFIDENTIAL|low score'
    assert result.restore == {}
    weak = run(body, {"low score": "PERSON"}, profile, score=0.39)
    assert orjson.loads(weak.body) == body


def test_operators_keep_nested_json_valid() -> None:
    profile = Profile("p", {"*": Operator.MASK})
    inner = json.dumps({"m": MAIL, "n": 4111111111111111})
    out = orjson.loads(
        run({"a": json.dumps({"s": inner, "t": MAIL})}, {MAIL: "X", "4111111111111111": "Y"}, profile).body
    )
    outer = json.loads(out["a"])
    assert outer["t"] == '"*\\' and json.loads(outer["s"]) == {"m": '"*\\', "n": '"*\\'}


def test_look_alikes_are_escaped_in_every_profile() -> None:
    for profile in (NONE, PII):
        result = run({"a": f"what is {TYPED}?", TYPED: 1}, {}, profile)
        (made,) = result.restore
        assert made.startswith("[LITERAL_") and result.restore[made] == TYPED and result.removed == ()
        assert orjson.loads(result.body) == {"a": f"what is {made}?", made: 1}
        answer = restore_answer("openai.chat", orjson.dumps({"content": made}), result.restore)
        assert orjson.loads(answer.body) == {"content": TYPED}
        again = run({"a": made}, {}, profile)
        assert list(again.restore.values()) == [made]


def test_a_secret_is_not_restorable_and_its_own_placeholder_stays() -> None:
    secret = "hunter2-" + "correct-horse"
    made = placeholder(KEY, "PASSWORD", secret)
    first = run({"a": f"password {secret}"}, {secret: "PASSWORD"})
    assert first.restore == {} and made in first.body.decode()
    body = {"a": f"password {secret}", "b": f"you said {made}", "c": TYPED}
    second = run(body, {secret: "PASSWORD", made: "PASSWORD", made[1:-1]: "API_KEY"})
    out = orjson.loads(second.body)
    assert out["b"] == f"you said {made}" and out["c"].startswith("[LITERAL_")
    alone = run({"b": f"you said {made}"}, {made: "PASSWORD"})
    assert list(alone.restore.values()) == [made]


def test_json_in_strings_stays_json_and_means_the_same_value() -> None:
    name = 'Zoë "Z" O\\Neil'
    ascii_inner = json.dumps({"n": name, "card": 4111111111111111, "list": [name]})
    raw_inner = json.dumps({"n": name}, ensure_ascii=False)
    body = {"plain": name, "args": ascii_inner, "raw": raw_inner, "twice": json.dumps({"deep": ascii_inner})}
    result = run(body, {name: "PERSON", "4111111111111111": "CREDIT_CARD"}, once=True)
    person, card = placeholder(KEY, "PERSON", name), placeholder(KEY, "CREDIT_CARD", "4111111111111111")
    out = orjson.loads(result.body)
    assert out["plain"] == person
    wanted = {"n": person, "card": card, "list": [person]}
    assert json.loads(out["args"]) == wanted and json.loads(out["raw"]) == {"n": person}
    assert json.loads(json.loads(out["twice"])["deep"]) == wanted
    assert result.restore == {person: name, card: "4111111111111111"}


def test_a_finding_never_halves_an_escape_nor_takes_punctuation() -> None:
    text = json.dumps({"k": "a\nJohn\u00e9", "p": "pw", "n": 12345678})
    prompt = prompt_of({"a": text})
    index = len(prompt.spans) - 1
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            scan = ScanResult((Finding(index, start, end, "PERSON", 1.0, "t"),), True)
            result = redact(prompt, scan, PII, key=KEY, operator=operator)
            tree = json.loads(orjson.loads(result.body)["a"])
            assert len(tree) == 3
            answer = restore_answer("openai.chat", orjson.dumps({"arguments": json.dumps(tree)}), result.restore)
            back = json.loads(orjson.loads(answer.body)["arguments"])
            assert {str(name): str(value) for name, value in back.items()} == {
                "k": "a\nJohné",
                "p": "pw",
                "n": "12345678",
            }


def test_keys_numbers_and_pointers() -> None:
    body = {"a/b~c": {f"{MAIL}": 4111111111111111, "keep": [1, 41111111]}, "model": "x"}
    prompt = prompt_of(body)
    scan = scan_of(prompt, {MAIL: "EMAIL_ADDRESS", "411111": "CREDIT_CARD"})
    result = redact(prompt, scan, PII, key=KEY, operator=operator, model="other")
    mail, card = placeholder(KEY, "EMAIL_ADDRESS", MAIL), placeholder(KEY, "CREDIT_CARD", "4111111111111111")
    short = placeholder(KEY, "CREDIT_CARD", "41111111")
    assert orjson.loads(result.body) == {"a/b~c": {mail: card, "keep": [1, short]}, "model": "other"}
    assert list(orjson.loads(result.body)["a/b~c"]) == [mail, "keep"]


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as refused:
        call()
    return refused.value.refusal.code


def test_keys_that_would_fall_together_are_refused() -> None:
    hashed = Profile("p", {"*": Operator.HASH})
    assert (
        code_of(lambda: run({"Jane Doe": 1, "John Roe": 2}, {"Jane Doe": "P", "John Roe": "P"}, hashed))
        == "llmgw_key_collision"
    )


def test_sealed_text_refuses_by_finding_and_by_propagation_but_not_by_look_alike() -> None:
    sealed = frozenset({"/t"})
    body = {"a": MAIL, "t": f"thought of {MAIL}"}
    assert code_of(lambda: run(body, {MAIL: "EMAIL_ADDRESS"}, sealed=sealed)) == "llmgw_sealed_finding"
    assert code_of(lambda: run(body, {MAIL: "EMAIL_ADDRESS"}, sealed=sealed, once=True)) == "llmgw_sealed_finding"
    kept = run({"t": f"thought of {TYPED}"}, {TYPED: "PASSWORD"}, sealed=sealed)
    assert orjson.loads(kept.body) == {"t": f"thought of {TYPED}"}
    assert orjson.loads(run(body, {MAIL: "EMAIL_ADDRESS"}, NONE, sealed=sealed).body) == body


@pytest.mark.parametrize("finding", [(9, 0, 1), (-1, 0, 1), (1, 0, 999), (1, 2, 2), (1, -1, 2)])
def test_findings_that_point_nowhere_are_faults(finding: tuple[int, int, int]) -> None:
    prompt = prompt_of({"a": "text"})
    scan = ScanResult((Finding(*finding, "PERSON", 1.0, "t"),), True)
    assert code_of(lambda: redact(prompt, scan, PII, key=KEY, operator=operator)) == "llmgw_internal_error"


def test_a_span_that_points_nowhere_is_a_fault() -> None:
    for path in ("/b", "/a/0", "/l/x", "/l/7"):
        prompt = Prompt("openai.chat", "m", False, (TextSpan(path, MAIL),), (), {"a": "x", "l": [1]})
        scan = scan_of(prompt, {MAIL: "EMAIL_ADDRESS"})
        assert (
            code_of(lambda prompt=prompt, scan=scan: redact(prompt, scan, PII, key=KEY, operator=operator))
            == "llmgw_internal_error"
        )


@pytest.mark.parametrize(
    "place",
    [MAIL, f"id-{MAIL}", json.dumps({"x": MAIL}), "jo.smith\\u0040corp.example", json.dumps(json.dumps(["\n" + MAIL]))],
)
def test_verify_refuses_what_redaction_could_not_reach(place: str) -> None:
    body = orjson.dumps({"call_id": place})
    left = Redaction(body, {}, (MAIL,), {})
    assert code_of(lambda: verify(left)) == "llmgw_residual_value"
    assert code_of(lambda: verify(Redaction(orjson.dumps({place: 1}), {}, (MAIL,), {}))) == "llmgw_residual_value"
    verify(Redaction(body, {}, ("smithy", "corp.exampl"), {}))


def test_verify_looks_at_long_numbers_and_not_at_labels() -> None:
    assert code_of(lambda: verify(Redaction(b'{"n":41111111}', {}, ("41111111",), {}))) == "llmgw_residual_value"
    verify(Redaction(b'{"max_tokens":4096,"a":"[EMAIL_ADDRESS_abcdefghijkl]"}', {}, ("4096", "EMAIL"), {}))
    assert code_of(lambda: verify(Redaction(b"{", {}, ("41111111",), {}))) == "llmgw_internal_error"


def _searched(text: str) -> bool:
    return worth_searching(text) and not LOOKALIKE.search(text)


JSON_TEXT = st.recursive(
    st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(
    tree=JSON_TEXT,
    value=st.text(min_size=4, max_size=12).filter(_searched),
    around=st.sampled_from(["{}", " {} ", "<{}>", "\n{}\t", '"{}"', "\\{}"]),
    layers=st.integers(0, 2),
    ascii_only=st.booleans(),
)
def test_no_value_leaves_and_all_come_back(tree: Any, value: str, around: str, layers: int, ascii_only: bool) -> None:
    text: Any = around.replace("{}", value)
    for _ in range(layers):
        text = json.dumps({"v": text, "w": [value]}, ensure_ascii=ascii_only)
    body = {"first": value, "rest": [tree, text]}
    prompt = prompt_of(body)
    index = next(
        index for index, span in enumerate(prompt.spans) if span.path == "/first" and span.kind is SpanKind.TEXT
    )
    scan = ScanResult((Finding(index, 0, len(value), "PERSON", 1.0, "t"),), True)
    result = redact(prompt, scan, PII, key=KEY, operator=operator)
    verify(result)
    assert redact(prompt, scan, PII, key=KEY, operator=operator) == result
    out = orjson.loads(result.body)
    made = placeholder(KEY, "PERSON", value)
    assert out["first"] == made and result.restore[made] == value
    inner = out["rest"][1]
    for _ in range(layers):
        assert json.loads(inner)["w"] == [made]
        inner = json.loads(inner)["v"]
    back = inner
    for key, original in result.restore.items():
        back = back.replace(key, original)
    assert back == around.replace("{}", value)


def test_a_large_conversation_is_cheap() -> None:
    words = "the quick brown fox jumps over the lazy dog near Zürich\n" * 20
    values = {f"person{number}@corp.example": "EMAIL_ADDRESS" for number in range(50)}
    names = list(values)
    body = {"messages": [{"content": f"{words} {names[number % 50]}"} for number in range(90)]}
    prompt = prompt_of(body)
    scan = scan_of(prompt, values)
    best = min(_timed(lambda: redact(prompt, scan, PII, key=KEY, operator=operator)) for _ in range(5))
    result = redact(prompt, scan, PII, key=KEY, operator=operator)
    checked = min(_timed(lambda: verify(result)) for _ in range(5))
    assert best < 0.05 and checked < 0.05, "an order of magnitude above what it takes on an idle machine"


def _timed(call: Any) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
