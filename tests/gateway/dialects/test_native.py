"""Refusals, headers and model lists as clients see them. The official SDKs read the refusals."""

from __future__ import annotations

import json

import anthropic
import openai
import pytest

from gateway import dialects
from gateway.errors import Refusal, internal_error

CHAT = dialects.route("POST", "/v1/chat/completions")
MESSAGES = dialects.route("POST", "/v1/messages")


def test_openai_shape() -> None:
    answer = CHAT.dialect.refuse(Refusal("llmgw_denied", 400, "Ask the owner."), "req-1")
    assert answer.status == 400
    assert json.loads(answer.body) == {
        "error": {"message": "Ask the owner.", "type": "invalid_request_error", "param": None, "code": "llmgw_denied"}
    }
    assert dict(answer.headers) == {
        "content-type": "application/json",
        "x-should-retry": "false",
        "x-request-id": "req-1",
    }


def test_anthropic_shape() -> None:
    answer = MESSAGES.dialect.refuse(Refusal("llmgw_invalid_json", 400, "Bad."), "req-1")
    assert answer.status == 400
    assert json.loads(answer.body) == {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "Bad. [llmgw_invalid_json]"},
        "request_id": "req-1",
    }
    assert dict(answer.headers)["request-id"] == "req-1"


@pytest.mark.parametrize("code", sorted(dialects.POLICY_CODES))
def test_policy_denials_are_451_for_anthropic_alone(code: str) -> None:
    refusal = Refusal(code, 400, "No.")
    assert MESSAGES.dialect.refuse(refusal, "r").status == 451
    assert CHAT.dialect.refuse(refusal, "r").status == 400


@pytest.mark.parametrize(
    ("status", "openai_type", "anthropic_type"),
    [
        (400, "invalid_request_error", "invalid_request_error"),
        (401, "authentication_error", "authentication_error"),
        (403, "permission_error", "permission_error"),
        (404, "invalid_request_error", "not_found_error"),
        (405, "invalid_request_error", "invalid_request_error"),
        (413, "invalid_request_error", "request_too_large"),
        (415, "invalid_request_error", "invalid_request_error"),
        (429, "rate_limit_error", "rate_limit_error"),
        (503, "server_error", "api_error"),
    ],
)
def test_types_follow_the_status(status: int, openai_type: str, anthropic_type: str) -> None:
    refusal = Refusal("llmgw_x", status, "m")
    assert json.loads(CHAT.dialect.refuse(refusal, "r").body)["error"]["type"] == openai_type
    assert json.loads(MESSAGES.dialect.refuse(refusal, "r").body)["error"]["type"] == anthropic_type


def test_a_retry_is_invited_only_where_it_helps() -> None:
    headers = dict(CHAT.dialect.refuse(internal_error(), "r").headers)
    assert (headers["x-should-retry"], headers["retry-after"]) == ("true", "1")
    assert "retry-after" not in dict(CHAT.dialect.refuse(Refusal("llmgw_denied", 400, "m"), "r").headers)


def test_the_sdks_models_of_an_error_read_ours() -> None:
    body = json.loads(CHAT.dialect.refuse(Refusal("llmgw_denied", 400, "Why."), "r").body)
    client = openai.OpenAI(api_key="x", base_url="http://127.0.0.1:1/v1")
    import httpx2 as http  # the SDKs' own HTTP library

    error = client._make_status_error(
        "Why.", body=body, response=http.Response(400, request=http.Request("POST", "http://x"))
    )
    assert error.code == "llmgw_denied"
    assert isinstance(error, openai.BadRequestError)
    refused = MESSAGES.dialect.refuse(Refusal("llmgw_invalid_json", 400, "Why."), "r9")
    response = http.Response(400, headers=list(refused.headers), request=http.Request("POST", "http://x"))
    other = anthropic.Anthropic(api_key="x")._make_status_error(
        "Why.", body=json.loads(refused.body), response=response
    )
    assert isinstance(other, anthropic.BadRequestError)
    assert other.request_id == "r9"


def test_only_allowed_headers_go_on() -> None:
    hostile = [
        ("Authorization", "Bearer x"),
        ("Cookie", "a=b"),
        ("X-Api-Key", "k"),
        ("X-Agent-Id", "a"),
        ("User-Agent", "u"),
        ("Content-Type", "text/plain; charset=utf-7"),
        ("X-Stainless-Lang", "python"),
        ("Traceparent", "00-1"),
        ("X-Codex-Turn-Metadata", "{}"),
        ("OpenAI-Organization", "o"),
        ("Content-Encoding", "gzip"),
        ("Host", "x"),
        ("X-HTTP-Method-Override", "GET"),
        ("X-Original-URL", "/"),
        ("Forwarded", "for=1"),
        ("Accept", "application/json"),
        ("OpenAI-Beta", "responses=v1, assistants=v2"),
        ("anthropic-beta", "a"),
    ]
    assert dialects.forward_headers(CHAT, hostile) == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
        ("openai-beta", "responses=v1, assistants=v2"),
    )
    sent = dialects.forward_headers(
        MESSAGES,
        [
            ("Anthropic-Version", "2023-06-01"),
            ("anthropic-beta", "claude-code-20250219,oauth-2025-04-20"),
            *hostile[:4],
        ],
    )
    assert sent == (
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        ("anthropic-beta", "claude-code-20250219,oauth-2025-04-20"),
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anthropic-version", "2023-06-01; x"),
        ("anthropic-version", "John Doe"),
        ("anthropic-beta", "Jane Roe"),
        ("anthropic-beta", "a\r\nx: y"),
        ("anthropic-beta", "a@example.org"),
        ("anthropic-beta", "card-4111111111111111"),
        ("anthropic-beta", ",".join(["a"] * 40)),
        ("accept", "text/html"),
        ("accept", "application/json;x=Jane"),
    ],
)
def test_header_values_that_do_not_fit_are_dropped(name: str, value: str) -> None:
    assert dialects.forward_headers(MESSAGES, [(name, value)]) == (("content-type", "application/json"),)


def test_a_repeated_header_is_dropped() -> None:
    headers = [("anthropic-beta", "a"), ("Anthropic-Beta", "b")]
    assert dialects.forward_headers(MESSAGES, headers) == (("content-type", "application/json"),)


def test_a_get_has_no_content_type() -> None:
    assert dialects.forward_headers(dialects.route("GET", "/v1/models"), [("accept", "*/*")]) == (("accept", "*/*"),)


def test_model_lists() -> None:
    assert [entry["id"] for entry in json.loads(dialects.models_answer("openai", ["b", "a"]))["data"]] == ["b", "a"]
    listed = json.loads(dialects.models_answer("anthropic", ["b", "a"]))
    assert listed["data"][0] == {
        "type": "model",
        "id": "b",
        "display_name": "b",
        "created_at": "1970-01-01T00:00:00Z",
    }
    assert (listed["has_more"], listed["first_id"], listed["last_id"]) == (False, "b", "a")
    assert json.loads(dialects.models_answer("anthropic", []))["first_id"] is None
    openai.types.Model.model_validate(json.loads(dialects.models_answer("openai", ["a"]))["data"][0])
