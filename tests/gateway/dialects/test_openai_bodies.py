"""Realistic OpenAI-shaped bodies: which spans, of which kind, where."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import Any

import pytest

from gateway import dialects
from gateway.errors import Refused
from gateway.model import Prompt, SpanKind

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(128, 256)) * 4).decode()
BLOB = base64.urlsafe_b64encode(b"\x80" + bytes(range(1, 251)) * 2).decode()


def parse(path: str, body: Any) -> Prompt:
    return dialects.route("POST", path).dialect.parse(body)


def chat(**fields: Any) -> Prompt:
    return parse(
        "/v1/chat/completions", {"model": "gpt-4.1", "messages": [{"role": "user", "content": "hi"}], **fields}
    )


def found(prompt: Prompt) -> dict[str, str]:
    """Pointer to kind and text; several spans on one pointer are joined."""
    spans: dict[str, str] = {}
    for span in prompt.spans:
        entry = f"{span.kind}:{span.text}"
        spans[span.path] = f"{spans[span.path]}|{entry}" if span.path in spans else entry
    return spans


def test_chat_with_tools_parts_and_metadata() -> None:
    prompt = parse(
        "/v1/chat/completions",
        {
            "model": "gpt-4.1",
            "stream": True,
            "stream_options": {"include_usage": True},
            "temperature": 0.30000000000000004,
            "max_completion_tokens": 4096,
            "seed": 4294967295,
            "messages": [
                {"role": "system", "content": "be brief"},
                {
                    "role": "user",
                    "name": "ann",
                    "content": [
                        {"type": "text", "text": "look"},
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}},
                        {"type": "image_url", "image_url": {"url": "https://img.example/a.png"}},
                        {"type": "input_audio", "input_audio": {"data": PNG, "format": "wav"}},
                        {
                            "type": "file",
                            "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PNG}"},
                        },
                        {"type": "file", "file": {"file_id": "file-abc123DEF456"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": None,
                    "refusal": None,
                    "tool_calls": [
                        {
                            "id": "call_Ab12Cd34Ef56Gh78",
                            "type": "function",
                            "function": {"name": "find", "arguments": '{"who":"ann"}'},
                        },
                        {"id": "call_Ab12Cd34Ef56Gh79", "type": "custom", "custom": {"name": "sh", "input": "ls"}},
                    ],
                },
                {"role": "tool", "tool_call_id": "call_Ab12Cd34Ef56Gh78", "content": "found"},
            ],
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "find",
                        "description": "Finds",
                        "strict": True,
                        "parameters": {
                            "$schema": "http://json-schema.org/draft-07/schema#",
                            "type": "object",
                            "properties": {
                                "who": {"type": ["string", "null"], "enum": ["ann", "bob"], "maximum": 9007199254740991}
                            },
                            "required": ["who"],
                            "additionalProperties": False,
                        },
                    },
                }
            ],
            "tool_choice": {"type": "function", "function": {"name": "find"}},
            "response_format": {"type": "json_schema", "json_schema": {"name": "out", "schema": {"type": "object"}}},
            "metadata": {"ticket": "T1"},
            "logit_bias": {"50256": -100, "ann": 3},
            "stop": ["END"],
            "user": "u1",
            "x_vendor": {"deep": ["v"]},
        },
    )
    assert found(prompt) == {
        "/messages/0/content": "text:be brief",
        "/messages/1/name": "text:ann",
        "/messages/1/content/0/text": "text:look",
        "/messages/1/content/2/image_url/url": "text:https://img.example/a.png",
        "/messages/1/content/4/file/filename": "text:a.pdf",
        "/messages/2/tool_calls/0/function/name": "text:find",
        "/messages/2/tool_calls/0/function/arguments": 'text:{"who":"ann"}',
        "/messages/2/tool_calls/1/custom/name": "text:sh",
        "/messages/2/tool_calls/1/custom/input": "text:ls",
        "/messages/3/content": "text:found",
        "/tools/0/function/name": "text:find",
        "/tools/0/function/description": "text:Finds",
        "/tools/0/function/parameters/properties/who": "key:who",
        "/tools/0/function/parameters/properties/who/enum/0": "text:ann",
        "/tools/0/function/parameters/properties/who/enum/1": "text:bob",
        "/tools/0/function/parameters/required/0": "text:who",
        "/tool_choice/function/name": "text:find",
        "/response_format/json_schema/name": "text:out",
        "/metadata/ticket": "key:ticket|text:T1",
        "/logit_bias/ann": "key:ann",
        "/stop/0": "text:END",
        "/user": "text:u1",
        "/x_vendor": "key:x_vendor",
        "/x_vendor/deep": "key:deep",
        "/x_vendor/deep/0": "text:v",
    }
    assert [(a.path, a.media_type, a.size) for a in prompt.attachments] == [
        ("/messages/1/content/1/image_url/url", "image/png", len(PNG) + 22),
        ("/messages/1/content/2/image_url/url", "image/*", 0),
        ("/messages/1/content/3/input_audio/data", "audio/wav", len(PNG)),
        ("/messages/1/content/4/file/file_data", "application/pdf", len(PNG) + 28),
        ("/messages/1/content/5/file/file_id", "application/octet-stream", 0),
    ]
    assert (prompt.dialect, prompt.model, prompt.stream, prompt.state_ref) == ("openai.chat", "gpt-4.1", True, "")


def test_responses_as_codex_sends_them() -> None:
    prompt = parse(
        "/v1/responses",
        {
            "model": "gpt-6-sol",
            "instructions": "You are Codex",
            "store": False,
            "stream": True,
            "include": ["reasoning.encrypted_content"],
            "reasoning": {"effort": "high", "summary": "auto"},
            "prompt_cache_key": "0199-key",
            "client_metadata": {"x": '{"cwd":"/home/ann"}'},
            "input": [
                {
                    "type": "message",
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "fix it"},
                        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "auto"},
                        {"type": "input_file", "file_url": "https://f.example/x", "filename": "x"},
                    ],
                },
                {
                    "type": "reasoning",
                    "id": "rs_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b",
                    "summary": [{"type": "summary_text", "text": "thought"}],
                    "content": None,
                    "encrypted_content": BLOB,
                },
                {
                    "type": "function_call",
                    "id": "fc_68af4030592c81938ec0a5fb",
                    "call_id": "call_Ab12Cd34Ef56Gh78",
                    "name": "shell",
                    "arguments": '{"command":["ls"]}',
                    "status": "completed",
                },
                {"type": "function_call_output", "call_id": "call_Ab12Cd34Ef56Gh78", "output": "file.txt"},
                {
                    "type": "custom_tool_call",
                    "call_id": "call_Ab12Cd34Ef56Gh78",
                    "name": "apply_patch",
                    "input": "*** B",
                },
                {
                    "type": "apply_patch_call",
                    "call_id": "call_Ab12Cd34Ef56Gh78",
                    "operation": {"type": "update_file", "path": "/a", "diff": "+x"},
                    "status": "completed",
                },
                {
                    "type": "message",
                    "role": "assistant",
                    "content": [
                        {
                            "type": "output_text",
                            "text": "done",
                            "annotations": [
                                {"type": "url_citation", "url": "https://u.example", "title": "t", "start_index": 0}
                            ],
                        }
                    ],
                },
                {
                    "type": "image_generation_call",
                    "id": "ig_68af4030592c81938ec0",
                    "status": "completed",
                    "result": PNG,
                },
                {"type": "item_reference", "id": "msg_68af4030592c81938ec0"},
                {"type": "program", "code": "print()", "fingerprint": BLOB},
            ],
            "tools": [
                {
                    "type": "function",
                    "name": "shell",
                    "description": "runs",
                    "strict": False,
                    "parameters": {"type": "object", "properties": {"command": {"type": "array"}}},
                },
                {
                    "type": "custom",
                    "name": "apply_patch",
                    "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"},
                },
                {"type": "web_search", "user_location": {"type": "approximate", "city": "Bern"}},
                {"type": "file_search", "vector_store_ids": ["vs_abc123DEF456"]},
                {"type": "mcp", "server_label": "m", "server_url": "https://m.example", "require_approval": "never"},
            ],
            "previous_response_id": "resp_68af4030592c81938ec0",
        },
    )
    assert found(prompt) == {
        "/instructions": "text:You are Codex",
        "/prompt_cache_key": "text:0199-key",
        "/client_metadata/x": 'key:x|text:{"cwd":"/home/ann"}',
        "/input/0/content/0/text": "text:fix it",
        "/input/0/content/2/file_url": "text:https://f.example/x",
        "/input/0/content/2/filename": "text:x",
        "/input/1/summary/0/text": "text:thought",
        "/input/2/name": "text:shell",
        "/input/2/arguments": 'text:{"command":["ls"]}',
        "/input/3/output": "text:file.txt",
        "/input/4/name": "text:apply_patch",
        "/input/4/input": "text:*** B",
        "/input/5/operation/path": "text:/a",
        "/input/5/operation/diff": "text:+x",
        "/input/6/content/0/text": "text:done",
        "/input/6/content/0/annotations/0/url": "text:https://u.example",
        "/input/6/content/0/annotations/0/title": "text:t",
        "/input/9/code": "sealed:print()",
        "/input/1/encrypted_content": found(prompt)["/input/1/encrypted_content"],
        "/input/9/fingerprint": found(prompt)["/input/9/fingerprint"],
        "/tools/0/name": "text:shell",
        "/tools/0/description": "text:runs",
        "/tools/0/parameters/properties/command": "key:command",
        "/tools/1/name": "text:apply_patch",
        "/tools/1/format/definition": "text:start: x",
        "/tools/2/user_location/city": "text:Bern",
        "/tools/4/server_label": "text:m",
        "/tools/4/server_url": "text:https://m.example",
    }
    # The blob holds one long run of printable bytes, which is shown to the scanner.
    assert found(prompt)["/input/1/encrypted_content"].startswith("sealed: !")
    assert [a.path for a in prompt.attachments] == [
        "/input/0/content/1/image_url",
        "/input/0/content/2/file_url",
        "/input/7/result",
        "/input/8/id",
        "/tools/3/vector_store_ids/0",
    ]
    assert prompt.state_ref == "resp_68af4030592c81938ec0"


def test_completions_and_embeddings() -> None:
    prompt = parse("/v1/completions", {"model": "m", "prompt": ["a", "b"], "suffix": "c", "stop": "d", "logprobs": 3})
    assert found(prompt) == {"/prompt/0": "text:a", "/prompt/1": "text:b", "/suffix": "text:c", "/stop": "text:d"}
    prompt = parse("/v1/embeddings", {"model": "m", "input": "a", "encoding_format": "base64", "user": "u"})
    assert found(prompt) == {"/input": "text:a", "/user": "text:u"}


def test_reasoning_of_other_vendors_is_sealed() -> None:
    prompt = chat(
        messages=[
            {
                "role": "assistant",
                "content": "a",
                "reasoning_content": "plain",
                "reasoning_details": [{"type": "reasoning.text", "text": "signed", "signature": BLOB}],
                "extra_content": {"google": {"thought_signature": base64.b64encode(os.urandom(90)).decode()}},
            },
        ]
    )
    assert found(prompt)["/messages/0/reasoning_content"] == "text:plain"
    assert found(prompt)["/messages/0/reasoning_details/0/text"] == "sealed:signed"
    assert all(span.kind is SpanKind.SEALED for span in prompt.spans if "signature" in span.path)


@pytest.mark.parametrize(
    ("number", "spelled"),
    [
        (41111111111111, "41111111111111"),
        (-12345678, "-12345678"),
        (4111111111111111.0, "4111111111111111.0"),
        (1234.5678, "1234.5678"),
    ],
)
def test_long_numbers_are_spans(number: float, spelled: str) -> None:
    prompt = chat(metadata={"n": [number]})
    assert found(prompt)["/metadata/n/0"] == f"number:{spelled}"
    prompt = chat(max_tokens=number, temperature=number)
    assert found(prompt)["/max_tokens"] == f"number:{spelled}"
    assert found(prompt)["/temperature"] == f"number:{spelled}"
    assert found(chat(seed=number * 10**8))["/seed"].startswith("number:")


def test_short_numbers_and_machine_bounds_are_not() -> None:
    prompt = chat(
        metadata=[1234567, 0.5, True, None, 2**31 - 1, 2**53 - 1, -1.25e-05], temperature=0.1 + 0.2, seed=2**31
    )
    assert found(prompt) == {"/messages/0/content": "text:hi"}


def test_pointers_are_escaped_and_resolve() -> None:
    prompt = chat(metadata={"a/b": {"c~d": "x"}, "": "y"})
    assert found(prompt)["/metadata/a~1b/c~0d"] == "key:c~d|text:x"
    assert found(prompt)["/metadata/"] == "key:|text:y"


@pytest.mark.parametrize(
    "value",
    [
        "call_x",
        "call_4111111111111111",
        "call_annsmithlondon",
        "4111111111111111",
        "a@b.example",
        "call_Ab12Cd34Ef56Gh78\n",
        "call_Ab12Cd34 Ef56",
        "xcall_Ab12Cd34Ef56Gh78",
    ],
)
def test_an_id_that_no_provider_makes_is_text(value: str) -> None:
    prompt = chat(messages=[{"role": "tool", "tool_call_id": value, "content": "x"}])
    assert found(prompt)["/messages/0/tool_call_id"] == f"text:{value}"


@pytest.mark.parametrize(
    "value", ["call_Ab12Cd34Ef56Gh78", "call_00_Ab12Cd34Ef56Gh78", "chatcmpl-tool-0a1b2c3d4e5f60718293a4b5c6d7e8f9"]
)
def test_an_id_as_providers_make_them_is_structure(value: str) -> None:
    prompt = chat(messages=[{"role": "tool", "tool_call_id": value, "content": "x"}])
    assert "/messages/0/tool_call_id" not in found(prompt)


@pytest.mark.parametrize(
    ("url", "media"),
    [
        (
            "data:text/plain;base64," + base64.b64encode(b"ann@corp.example wrote this on Monday").decode(),
            "text/plain",
        ),
        (
            "data:text/csv;charset=latin1;base64,"
            + base64.b64encode("M\u00fcller;ann@corp.example;Basel".encode("latin-1")).decode(),
            "text/csv",
        ),
        (
            "data:image/svg+xml;base64," + base64.b64encode(b"<svg><text>ann@corp.example</text></svg>").decode(),
            "image/svg+xml",
        ),
        (
            "DATA:image/png;base64," + base64.b64encode(b"no image: ann@corp.example, and more text").decode(),
            "image/png",
        ),
    ],
)
def test_data_urls_go_to_the_openers_as_they_stand(url: str, media: str) -> None:
    part = {"type": "image_url", "image_url": {"url": url}}
    prompt = chat(messages=[{"role": "user", "content": [part]}])
    assert [(a.media_type, a.data, a.unknown) for a in prompt.attachments] == [(media, url, ("unopened",))]
    assert found(prompt) == {}


@pytest.mark.parametrize(
    "url",
    [
        "data:text/plain,ann%40corp.example",
        "data:;base64,YQ==",
        "data:ann/smith;base64," + PNG,
        "data:image/png;name=ann;base64," + PNG,
        "data:image/png;base64,ann smith",
        "data:",
        "http://x.example/?q=ann",
    ],
)
def test_odd_urls_are_text_too(url: str) -> None:
    prompt = chat(messages=[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])
    assert f"text:{url}" in found(prompt)["/messages/0/content/0/image_url/url"]
    assert len(prompt.attachments) == 1


INVALID = [
    ("/v1/chat/completions", {"model": "m", "messages": {}}, "llmgw_invalid_request", "/messages must be a list"),
    ("/v1/chat/completions", {"model": "m", "messages": "x"}, "llmgw_invalid_request", "/messages must be a list"),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": ["x"]},
        "llmgw_invalid_request",
        "/messages/0 must be an object",
    ),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": 5}]},
        "llmgw_invalid_request",
        "/messages/0/content",
    ),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": {}}]},
        "llmgw_invalid_request",
        "/messages/0/content",
    ),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "user", "content": ["x"]}]},
        "llmgw_invalid_request",
        "/messages/0/content/0",
    ),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": ["user"], "content": "x"}]},
        "llmgw_invalid_request",
        "/messages/0/role",
    ),
    ("/v1/chat/completions", {"messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": ["m"], "messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": "a b", "messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": "m\n", "messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": "", "messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": "m" * 129, "messages": []}, "llmgw_invalid_request", "/model"),
    ("/v1/chat/completions", {"model": "m"}, "llmgw_invalid_request", "/messages is missing"),
    ("/v1/chat/completions", {"model": "m", "messages": None}, "llmgw_invalid_request", "/messages is missing"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "stream": "yes"}, "llmgw_invalid_request", "/stream"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "stream": 1}, "llmgw_invalid_request", "/stream"),
    ("/v1/chat/completions", [], "llmgw_invalid_request", "must be an object"),
    ("/v1/chat/completions", "x", "llmgw_invalid_request", "must be an object"),
    ("/v1/chat/completions", None, "llmgw_invalid_request", "must be an object"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "prompt": "x"}, "llmgw_ambiguous_request", "another API"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "input": "x"}, "llmgw_ambiguous_request", "another API"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "Model": "x"}, "llmgw_ambiguous_request", "almost"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "\uff4dessages": []}, "llmgw_ambiguous_request", "almost"),
    ("/v1/chat/completions", {"model": "m", "messages": [], "Prompt": "x"}, "llmgw_ambiguous_request", "almost"),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [], "prompt_token_ids": [1]},
        "llmgw_token_ids_refused",
        "/prompt_token_ids",
    ),
    (
        "/v1/chat/completions",
        {"model": "m", "messages": [{"role": "assistant", "logprobs": [{"token": "a"}]}]},
        "llmgw_token_ids_refused",
        "logprobs",
    ),
    ("/v1/responses", {"model": "m", "input": [1, 2]}, "llmgw_token_ids_refused", "/input/0"),
    ("/v1/responses", {"model": "m", "input": [[1, 2]]}, "llmgw_token_ids_refused", "/input/0"),
    ("/v1/responses", {"model": "m", "input": 5}, "llmgw_invalid_request", "/input"),
    ("/v1/responses", {"model": "m", "input": {}}, "llmgw_invalid_request", "/input"),
    (
        "/v1/responses",
        {"model": "m", "input": [{"role": "user", "content": 5}]},
        "llmgw_invalid_request",
        "/input/0/content",
    ),
    ("/v1/responses", {"model": "m", "input": "x", "messages": []}, "llmgw_ambiguous_request", "another API"),
    ("/v1/responses", {"model": "m", "prompt": "x"}, "llmgw_invalid_request", "/prompt"),
    (
        "/v1/responses",
        {"model": "m", "tools": [{"type": "mcp", "authorization": "x"}]},
        "llmgw_client_credentials",
        "/tools/0/authorization",
    ),
    (
        "/v1/responses",
        {"model": "m", "tools": [{"type": "mcp", "headers": {"A": "x"}}]},
        "llmgw_client_credentials",
        "/tools/0/headers",
    ),
    ("/v1/completions", {"model": "m", "prompt": [1, 2]}, "llmgw_token_ids_refused", "/prompt/0"),
    ("/v1/completions", {"model": "m", "prompt": [[1], [2]]}, "llmgw_token_ids_refused", "/prompt/0"),
    ("/v1/completions", {"model": "m", "prompt": ["a", 2]}, "llmgw_token_ids_refused", "/prompt/1"),
    ("/v1/completions", {"model": "m", "prompt": {}}, "llmgw_invalid_request", "/prompt"),
    ("/v1/completions", {"model": "m", "prompt": "x", "messages": []}, "llmgw_ambiguous_request", "another API"),
    ("/v1/completions", {"model": "m", "prompt": "x", "context": [1]}, "llmgw_token_ids_refused", "/context"),
    ("/v1/embeddings", {"model": "m", "input": [1]}, "llmgw_token_ids_refused", "/input/0"),
    ("/v1/embeddings", {"model": "m", "input": [[1]]}, "llmgw_token_ids_refused", "/input/0"),
    ("/v1/embeddings", {"model": "m", "input": ["a", [1]]}, "llmgw_token_ids_refused", "/input/1"),
    ("/v1/embeddings", {"model": "m"}, "llmgw_invalid_request", "/input is missing"),
    ("/v1/embeddings", {"model": "m", "input": "x", "prompt": "y"}, "llmgw_ambiguous_request", "another API"),
]


@pytest.mark.parametrize(("path", "body", "code", "message"), INVALID)
def test_wrong_bodies_are_refused_at_their_field(path: str, body: Any, code: str, message: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(path, body)
    assert (caught.value.refusal.code, caught.value.refusal.status) == (code, 400)
    assert message in caught.value.refusal.message


def test_foreign_fields_that_are_null_do_no_harm() -> None:
    assert found(chat(prompt=None))["/prompt"] == "key:prompt"


def test_a_tree_deeper_than_the_interpreter_is_refused() -> None:
    tree: Any = "x"
    for _ in range(5000):
        tree = [tree]
    with pytest.raises(Refused) as caught:
        chat(metadata=tree)
    assert "nests" in caught.value.refusal.message
    assert caught.value.__context__ is None


def test_state_references() -> None:
    for fields, state in (
        ({"conversation": "conv_1"}, "conv_1"),
        ({"conversation": {"id": "conv_2"}}, "conv_2"),
        ({"prompt": {"id": "p"}}, "p"),
    ):
        assert parse("/v1/responses", {"model": "m", **fields}).state_ref == state


def test_the_body_is_kept_and_not_changed() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    before = json.dumps(body)
    assert parse("/v1/chat/completions", body).body is body
    assert json.dumps(body) == before


def test_models_has_no_body_to_parse() -> None:
    with pytest.raises(Refused):
        dialects.route("GET", "/v1/models").dialect.parse(None)


def test_refusals_do_not_repeat_names_that_the_client_chose() -> None:
    with pytest.raises(Refused) as caught:
        parse("/v1/responses", {"model": "m", "prompt": {"variables": {"ann smith": {"logprobs": [1]}}}})
    assert "/prompt/variables/*/logprobs" in caught.value.refusal.message


def test_prompt_variables_hold_parts() -> None:
    part = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    prompt = parse("/v1/responses", {"model": "m", "prompt": {"id": "p", "variables": {"who": "ann", "photo": part}}})
    assert found(prompt) == {
        "/prompt/id": "text:p",
        "/prompt/variables/who": "key:who|text:ann",
        "/prompt/variables/photo": "key:photo",
    }
    assert [a.media_type for a in prompt.attachments] == ["image/png"]


def test_arguments_as_an_object_are_all_text() -> None:
    call = {"function": {"name": "f", "arguments": {"headers": {"type": "text"}, "content": 5}}}
    spans = found(chat(messages=[{"role": "assistant", "tool_calls": [call]}]))
    assert spans["/messages/0/tool_calls/0/function/arguments/headers"] == "key:headers"
    assert spans["/messages/0/tool_calls/0/function/arguments/headers/type"] == "key:type|text:text"


def test_files_carry_their_names() -> None:
    file = {"file_data": f"data:application/pdf;base64,{PNG}", "filename": "ann.pdf"}
    prompt = chat(messages=[{"role": "user", "content": [{"type": "file", "file": file}]}])
    assert [(a.name, a.data) for a in prompt.attachments] == [("ann.pdf", file["file_data"])]
    assert found(prompt) == {"/messages/0/content/0/file/filename": "text:ann.pdf"}


def test_a_large_image_costs_little() -> None:
    url = "data:image/png;base64," + base64.b64encode(os.urandom(3 << 20)).decode()
    body = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]
    start = time.perf_counter()
    prompt = chat(messages=body)
    assert time.perf_counter() - start < 0.5
    assert (prompt.spans, len(prompt.attachments)) == ((), 1)
