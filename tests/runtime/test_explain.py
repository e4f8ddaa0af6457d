"""`llmgw explain` as a user has it: one request, and many of them a line each."""

from __future__ import annotations

import base64
import gzip
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.init import init
from tests.dlp_recognizers.values import aws_key, email, iban
from tests.support.cli import Done, llmgw

RNG = random.Random(7)
MAIL = email(RNG)
KEY = aws_key(RNG)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings of a fresh working folder."""
    folder = tmp_path_factory.mktemp("explain") / "gw"
    init(folder)
    return folder / "gateway.yaml"


def lines(config: Path, *questions: Any, arguments: tuple[str, ...] = ()) -> tuple[Done, list[dict[str, Any]]]:
    """Ask questions (objects, or bytes for lines as they are)."""
    given = b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in questions)
    done = llmgw("explain", "-c", config, "--jsonl", *arguments, given=given)
    return done, [json.loads(line) for line in done.out.splitlines()]


def chat(text: str) -> dict[str, Any]:
    return {"model": "gpt-4.1", "messages": [{"role": "user", "content": text}]}


def test_a_text_on_standard_input(config: Path) -> None:
    done = llmgw("explain", "-c", config, "--as", "demo", given=f"Mail {MAIL}".encode())
    assert (done.code, done.err) == (0, "")
    assert "allow" in done.out and "EMAIL_ADDRESS" in done.out and "third-party-openai" in done.out
    assert "/messages/0/content" in done.out and "public-third-party" in done.out
    assert MAIL not in done.out, "what would be sent holds a placeholder"
    assert "[EMAIL_ADDRESS_" in done.out


def test_a_file_with_a_body_as_json(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(
        json.dumps({"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": chat(f"use {KEY}")["messages"]})
    )
    done = llmgw("explain", "-c", config, "--path", "/v1/messages", "--format", "json", file)
    answer = json.loads(done.out)
    assert done.code == 0
    assert (answer["outcome"], answer["dialect"]) == ("allow", "anthropic.messages")
    assert answer["decision"]["upstream"] == "third-party-anthropic"
    assert KEY not in done.both


def test_a_refusal_is_a_finding(config: Path) -> None:
    block = (
        "-----BEGIN "
        + "PRIVATE KEY-----\n"
        + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 4
        + "-----END "
        + "PRIVATE KEY-----"
    )
    done = llmgw("explain", "-c", config, given=block.encode())
    assert done.code == 1
    assert "deny" in done.out and "llmgw_denied" in done.out and "private-keys" in done.out
    assert "MIIEvQ" not in done.both


def test_mistakes_of_one_question(config: Path, tmp_path: Path) -> None:
    unknown = llmgw("explain", "-c", config, "--as", "nobody", given=b"hi")
    assert unknown.code == 2 and "nobody" in unknown.err and "demo" in unknown.err
    missing = llmgw("explain", "-c", config, tmp_path / "nowhere.json")
    assert missing.code == 2 and "nowhere.json: cannot be read" in missing.err
    binary = llmgw("explain", "-c", config, given=b"\xff\xfe\x00")
    assert binary.code == 2 and "neither JSON nor UTF-8 text" in binary.err
    assert "Traceback" not in unknown.both + missing.both + binary.both


def test_two_hundred_prompts_in_ten_seconds(config: Path) -> None:
    rng = random.Random(11)
    wanted = [f"q{number}" for number in range(200)]
    questions = [{"id": name, "text": f"Prompt {name}: write to {email(rng)} about {iban(rng)}"} for name in wanted]
    start = time.monotonic()
    done, answers = lines(config, *questions)
    passed = time.monotonic() - start
    assert (done.code, done.err) == (0, "")
    assert [answer["id"] for answer in answers] == wanted
    assert all({"EMAIL_ADDRESS", "IBAN_CODE"} <= {each["entity"] for each in answer["findings"]} for answer in answers)
    assert {answer["decision"]["upstream"] for answer in answers} == {"sovereign-eu"}
    # The bound of the product is ten seconds on an idle machine; this one may be shared.
    assert passed < 30


@pytest.fixture(scope="module")
def answered(config: Path) -> Iterator[tuple[Done, dict[Any, dict[str, Any]]]]:
    """One run over a line of every kind, by id."""
    mail = {"role": "user", "content": f"Hello {MAIL}"}
    packed = gzip.compress(json.dumps(chat(f"Hello {MAIL}")).encode())
    done, answers = lines(
        config,
        {"id": "text", "text": f"Hello {MAIL}"},
        {"id": "body", "body": chat(f"Hello {MAIL}")},
        {"id": "string", "body": json.dumps(chat(f"Hello {MAIL}"))},
        {"id": "broken", "body": '{"model": "gpt-4.1", "messages": ['},
        {"id": "twice", "body": '{"model": "gpt-4.1", "model": "gpt-4.1", "messages": []}'},
        {"id": "bytes", "body_base64": base64.b64encode(packed).decode(), "headers": {"Content-Encoding": "gzip"}},
        {"id": "bomb", "body_base64": base64.b64encode(packed[:40]).decode(), "headers": {"content-encoding": "gzip"}},
        {"id": "coding", "body": chat("hi"), "headers": {"content-encoding": "compress"}},
        {"id": "type", "body": chat("hi"), "headers": {"content-type": "text/plain"}},
        {"id": "none", "text": f"Hello {MAIL}", "profile": "none"},
        {"id": "secrets", "text": f"Hello {MAIL} {KEY}", "profile": "secrets"},
        {"id": "profile", "text": "hi", "profile": "nothing"},
        {"id": "agent", "text": "hi", "agent": "spiffe://corp.example/agent/stranger"},
        {"id": "spiffe", "text": "hi", "agent": "spiffe://corp.example/agent/demo"},
        {"id": "models", "method": "GET", "path": "/v1/models"},
        {"id": "path", "path": f"/v1/{MAIL}", "body": chat("hi")},
        {"id": "method", "method": "PUT", "body": chat("hi")},
        {
            "id": "messages",
            "path": "/v1/messages",
            "body": {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [mail]},
        },
        {"id": "responses", "path": "/v1/responses", "body": {"model": "gpt-4.1", "input": f"Hello {MAIL}"}},
        {"id": "key", "body": {**chat("hi"), "metadata": {MAIL: "x"}}},
        b"",
        b"{not json",
        b"[1]",
        {"id": "unknown", "txt": "hi"},
        {"id": "both", "text": "hi", "body": {}},
        {"id": 7, "text": "hi"},
        {"id": "empty"},
    )
    assert "Traceback" not in done.both
    assert [answer["id"] for answer in answers][-6:] == ["", "", "unknown", "both", 7, "empty"]
    yield done, {answer["id"]: answer for answer in answers}


@pytest.mark.parametrize("name", ["text", "body", "string", "bytes", "messages", "responses"])
def test_every_form_of_a_body_is_read(answered: tuple[Done, dict[Any, dict[str, Any]]], name: str) -> None:
    answer = answered[1][name]
    assert (answer["outcome"], answer["refusal"], answer["complete"]) == ("allow", None, True)
    (found,) = answer["findings"]
    path = "/input" if name == "responses" else "/messages/0/content"
    assert (found["entity"], found["path"], found["start"], found["end"]) == ("EMAIL_ADDRESS", path, 6, 6 + len(MAIL))
    assert answer["classification"]["level"] == "internal" and answer["classification"]["reasons"]
    assert answer["decision"]["rule"] == "public-third-party"
    assert answer["decision"]["tier"] == "third_party" and answer["decision"]["profile"] == "pii"
    assert "[EMAIL_ADDRESS_" in json.dumps(answer["redacted_body"])
    assert answer["redacted_body"]["model"] == ("claude-sonnet-4-5" if name == "messages" else "gpt-4.1")


@pytest.mark.parametrize(
    ("name", "code", "status"),
    [
        ("broken", "llmgw_invalid_json", 400),
        ("twice", "llmgw_invalid_json", 400),
        ("bomb", "llmgw_invalid_coding", 400),
        ("coding", "llmgw_unsupported_coding", 415),
        ("type", "llmgw_unsupported_media_type", 415),
        ("agent", "llmgw_unknown_agent", 401),
        ("path", "llmgw_unknown_route", 400),
        ("method", "llmgw_method_not_allowed", 405),
        ("empty", "llmgw_invalid_json", 400),
    ],
)
def test_a_refusal_has_its_code_and_status(
    answered: tuple[Done, dict[Any, dict[str, Any]]], name: str, code: str, status: int
) -> None:
    answer = answered[1][name]
    assert (answer["outcome"], answer["redacted_body"]) == ("deny", None)
    assert (answer["refusal"]["code"], answer["refusal"]["status"]) == (code, status)
    assert answer["refusal"]["message"]


def test_a_forced_profile_is_used(answered: tuple[Done, dict[Any, dict[str, Any]]]) -> None:
    none, secrets = answered[1]["none"], answered[1]["secrets"]
    assert none["decision"]["profile"] == "none" and MAIL in json.dumps(none["redacted_body"])
    assert secrets["decision"]["profile"] == "secrets"
    assert MAIL in json.dumps(secrets["redacted_body"]) and KEY not in json.dumps(secrets["redacted_body"])


def test_agents_and_models(answered: tuple[Done, dict[Any, dict[str, Any]]]) -> None:
    assert answered[1]["spiffe"]["outcome"] == "allow"
    assert answered[1][7]["outcome"] == "allow"
    models = answered[1]["models"]
    assert (models["outcome"], models["dialect"], models["findings"]) == ("allow", "openai.models", [])


def test_bad_lines_are_answered_in_their_place(answered: tuple[Done, dict[Any, dict[str, Any]]]) -> None:
    done, answers = answered
    assert done.code == 2
    for name in ("both", "profile"):
        assert answers[name]["outcome"] == "deny"
        assert answers[name]["refusal"]["code"] == "llmgw_invalid_question"
        assert answers[name]["refusal"]["message"] in done.err
        assert answers[name].keys() == answers["unknown"].keys()
    assert "nothing" in answers["profile"]["refusal"]["message"]
    assert "secrets" in answers["profile"]["refusal"]["message"]
    # A key that means nothing is told of once and ignored; without a body the line is what `serve` would refuse.
    assert answers["unknown"]["refusal"]["code"] == "llmgw_invalid_json"
    assert "key 'txt' is not known" in done.err
    assert done.err.count("line ") == 5


def test_no_text_in_findings_or_errors(answered: tuple[Done, dict[Any, dict[str, Any]]]) -> None:
    done, answers = answered
    assert MAIL not in done.err
    for name, answer in answers.items():
        body = json.dumps(answer.pop("redacted_body", None)) if name not in ("none", "secrets") else ""
        assert MAIL not in body, name
        if name not in ("none", "secrets"):
            assert MAIL not in json.dumps(answer), name
    assert answers["key"]["findings"][0]["path"] == "/metadata/<key 1>"


def test_a_default_agent_for_all_lines(config: Path) -> None:
    done, answers = lines(config, {"text": "hi"}, {"text": "hi", "agent": "demo"}, arguments=("--as", "nobody"))
    assert done.code == 0
    assert [answer["outcome"] for answer in answers] == ["deny", "allow"]
