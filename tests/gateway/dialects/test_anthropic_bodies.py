"""Realistic Anthropic bodies: which spans, of which kind, where."""

from __future__ import annotations

import base64
import random
from typing import Any

import pytest

from gateway import dialects
from gateway.errors import Refused
from gateway.model import Prompt

RANDOM = random.Random(7)
BLOB = base64.b64encode(bytes(RANDOM.randrange(128, 256) for _ in range(200))).decode()


def parse(body: Any, path: str = "/v1/messages") -> Prompt:
    return dialects.route("POST", path).dialect.parse(body)


def blocks(*content: Any, role: str = "user", **fields: Any) -> Prompt:
    return parse(
        {"model": "claude-opus-5", "max_tokens": 9, "messages": [{"role": role, "content": list(content)}], **fields}
    )


def found(prompt: Prompt) -> dict[str, str]:
    spans: dict[str, str] = {}
    for span in prompt.spans:
        path = span.path.removeprefix("/messages/0/content")
        entry = f"{span.kind}:{span.text}"
        spans[path] = f"{spans[path]}|{entry}" if path in spans else entry
    return spans


@pytest.mark.parametrize("path", ["/v1/messages?beta=true", "/v1/messages/count_tokens"])
def test_claude_code(path: str) -> None:
    prompt = parse(
        {
            "model": "claude-opus-5-5",
            "max_tokens": 32000,
            "stream": True,
            "temperature": 1,
            "system": [
                {"type": "text", "text": "x-anthropic-billing-header: 1"},
                {"type": "text", "text": "You are", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            ],
            "thinking": {"type": "adaptive", "display": "omitted"},
            "output_config": {"effort": "high"},
            "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
            "metadata": {"user_id": '{"device_id":"d"}'},
            "messages": [
                {"role": "user", "content": "hello"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "let me", "signature": BLOB},
                        {"type": "redacted_thinking", "data": BLOB},
                        {"type": "text", "text": "ok"},
                        {
                            "type": "tool_use",
                            "id": "toolu_01A09q90qw90lq917835lq9",
                            "name": "Bash",
                            "input": {"command": "ls", "nested": {"type": "text"}},
                        },
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "tool_use_id": "toolu_01A09q90qw90lq917835lq9",
                            "is_error": False,
                            "content": [
                                {"type": "text", "text": "out"},
                                {
                                    "type": "image",
                                    "source": {"type": "base64", "media_type": "image/png", "data": BLOB},
                                },
                            ],
                        }
                    ],
                },
                {"role": "system", "content": "reminder"},
            ],
            "tools": [
                {
                    "name": "Bash",
                    "description": "runs",
                    "defer_loading": True,
                    "input_schema": {
                        "$schema": "https://json-schema.org/draft/2020-12/schema",
                        "type": "object",
                        "properties": {"command": {"type": "string", "description": "line"}},
                        "required": ["command"],
                    },
                    "input_examples": [{"command": "pwd"}],
                }
            ],
        },
        path,
    )
    assert {span.path: f"{span.kind}:{span.text}" for span in prompt.spans if span.kind != "key"} == {
        "/system/0/text": "text:x-anthropic-billing-header: 1",
        "/system/1/text": "text:You are",
        "/metadata/user_id": 'text:{"device_id":"d"}',
        "/messages/0/content": "text:hello",
        "/messages/1/content/0/thinking": "sealed:let me",
        "/messages/1/content/2/text": "text:ok",
        "/messages/1/content/3/name": "text:Bash",
        "/messages/1/content/3/input/command": "text:ls",
        "/messages/1/content/3/input/nested/type": "text:text",
        "/messages/2/content/0/content/0/text": "text:out",
        "/messages/3/content": "text:reminder",
        "/tools/0/name": "text:Bash",
        "/tools/0/description": "text:runs",
        "/tools/0/input_schema/properties/command/description": "text:line",
        "/tools/0/input_schema/required/0": "text:command",
        "/tools/0/input_examples/0/command": "text:pwd",
    }
    assert [span.path for span in prompt.spans if span.kind == "key"] == [
        "/messages/1/content/3/input/command",
        "/messages/1/content/3/input/nested",
        "/messages/1/content/3/input/nested/type",
        "/tools/0/input_schema/properties/command",
        "/tools/0/input_examples/0/command",
    ]
    assert [(a.path, a.media_type) for a in prompt.attachments] == [
        ("/messages/2/content/0/content/1/source/data", "image/png")
    ]
    assert prompt.stream is True


def test_documents() -> None:
    prompt = blocks(
        {
            "type": "document",
            "title": "T",
            "context": "C",
            "source": {"type": "text", "media_type": "text/plain", "data": "D"},
        },
        {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": BLOB}},
        {"type": "document", "source": {"type": "url", "url": "https://d.example/a.pdf"}},
        {"type": "document", "source": {"type": "file", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "in"}]}},
        {"type": "container_upload", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"},
        {"type": "image", "source": {"type": "url", "url": "https://i.example/a.png"}},
    )
    assert found(prompt) == {
        "/0/title": "text:T",
        "/0/context": "text:C",
        "/0/source/data": "text:D",
        "/2/source/url": "text:https://d.example/a.pdf",
        "/4/source/content/0/text": "text:in",
        "/6/source/url": "text:https://i.example/a.png",
    }
    assert [(a.path.removeprefix("/messages/0/content"), a.media_type) for a in prompt.attachments] == [
        ("/1/source/data", "application/pdf"),
        ("/2/source/url", "application/octet-stream"),
        ("/3/source/file_id", "application/octet-stream"),
        ("/5/file_id", "application/octet-stream"),
        ("/6/source/url", "image/*"),
    ]


def test_four_levels_of_content() -> None:
    inner = {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "deep"}]}}
    prompt = blocks({"type": "tool_result", "tool_use_id": "toolu_01A09q90qw90lq917835lq9", "content": [inner]})
    assert found(prompt) == {"/0/content/0/source/content/0/text": "text:deep"}


def test_what_is_signed_is_sealed_and_server_results_are_read() -> None:
    prompt = blocks(
        {"type": "compaction", "content": "summary", "signature": BLOB, "encrypted_content": BLOB},
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_01A09q90qw90lq917835",
            "content": [
                {
                    "type": "web_search_result",
                    "url": "https://w.example",
                    "title": "W",
                    "encrypted_content": BLOB,
                    "page_age": "1d",
                }
            ],
        },
        {
            "type": "text",
            "text": "t",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "cited_text": "c",
                    "encrypted_index": BLOB,
                    "url": "https://w.example",
                    "title": None,
                }
            ],
        },
        {
            "type": "search_result",
            "source": "https://s.example",
            "title": "S",
            "content": [{"type": "text", "text": "s"}],
        },
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "srvtoolu_01A09q90qw90lq917835",
            "content": {"type": "code_execution_result", "stdout": "o", "stderr": "e", "return_code": 0, "content": []},
        },
        role="assistant",
    )
    assert found(prompt) == {
        "/0/content": "sealed:summary",
        "/1/content/0/url": "text:https://w.example",
        "/1/content/0/title": "text:W",
        "/1/content/0/page_age": "text:1d",
        "/2/text": "text:t",
        "/2/citations/0/cited_text": "text:c",
        "/2/citations/0/url": "text:https://w.example",
        "/3/source": "text:https://s.example",
        "/3/title": "text:S",
        "/3/content/0/text": "text:s",
        "/4/content/stdout": "text:o",
        "/4/content/stderr": "text:e",
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("ann@corp.example", "sealed:ann@corp.example"),
        ("4111111111111111", "sealed:4111111111111111"),
        ("41111111111111114111111111111111411111111111", "sealed:41111111111111114111111111111111411111111111"),
        (
            base64.b64encode(b"ann@corp.example is the owner of this account").decode(),
            "sealed:ann@corp.example is the owner of this account",
        ),
        (
            base64.b64encode(b"\xff\xfe\x80" * 20 + b"ann@corp.example" + b"\x81\x80" * 20).decode(),
            "sealed:ann@corp.example",
        ),
        (
            base64.urlsafe_b64encode(b"ann@corp.example is the owner of this??>>").decode().rstrip("="),
            "sealed:ann@corp.example is the owner of this??>>",
        ),
    ],
)
def test_sealed_values_that_can_be_read_are_shown(value: str, shown: str) -> None:
    prompt = blocks({"type": "thinking", "thinking": "", "signature": value}, role="assistant")
    assert shown in found(prompt)["/0/signature"].split("|")
    assert all(span.kind == "sealed" for span in prompt.spans)


def test_opaque_sealed_values_need_no_scan() -> None:
    assert found(blocks({"type": "thinking", "thinking": "", "signature": BLOB}, role="assistant")) == {}


INVALID = [
    ({"model": "m", "messages": {}}, "llmgw_invalid_request", "/messages must be a list"),
    ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "llmgw_invalid_request", "/messages/0/content"),
    ({"model": "m", "messages": [{"role": "user", "content": None}]}, "llmgw_invalid_request", "/messages/0/content"),
    (
        {"model": "m", "messages": [{"role": "user", "content": ["x"]}]},
        "llmgw_invalid_request",
        "/messages/0/content/0",
    ),
    (
        {"model": "m", "messages": [{"role": "user", "content": [{"type": "tool_result", "content": 5}]}]},
        "llmgw_invalid_request",
        "/content/0/content",
    ),
    ({"model": "m", "messages": [], "system": 5}, "llmgw_invalid_request", "/system"),
    ({"model": "m", "messages": [], "system": {}}, "llmgw_invalid_request", "/system"),
    ({"messages": []}, "llmgw_invalid_request", "/model"),
    ({"model": "m"}, "llmgw_invalid_request", "/messages is missing"),
    ({"model": "m", "messages": [], "input": "x"}, "llmgw_ambiguous_request", "another API"),
    ({"model": "m", "messages": [], "prompt": "x"}, "llmgw_ambiguous_request", "another API"),
    ({"model": "m", "messages": [], "fallbacks": [{"model": "other"}]}, "llmgw_invalid_request", "/fallbacks"),
    (
        {
            "model": "m",
            "messages": [],
            "mcp_servers": [{"type": "url", "url": "https://m.example", "name": "m", "authorization_token": "x"}],
        },
        "llmgw_client_credentials",
        "/mcp_servers/0/authorization_token",
    ),
]


@pytest.mark.parametrize(("body", "code", "message"), INVALID)
@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_wrong_bodies_are_refused_at_their_field(body: Any, code: str, message: str, path: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(body, path)
    assert (caught.value.refusal.code, caught.value.refusal.status) == (code, 400)
    assert message in caught.value.refusal.message


def test_state_references() -> None:
    body = {"model": "m", "messages": []}
    assert parse({**body, "thread": {"type": "continue", "previous_message_id": "msg_1"}}).state_ref == "msg_1"
    assert parse({**body, "container": "container_1"}).state_ref == "container_1"
    assert parse({**body, "container": {"id": "container_2", "skills": []}}).state_ref == "container_2"
