"""Bodies of Gemini, Bedrock, Mistral, Cohere and Ollama: what is text, what is structure, what is refused."""

from __future__ import annotations

import base64
import copy
import itertools
import json
from typing import Any

import pytest

from gateway import dialects
from gateway.dialects import bedrock_words, cohere, gemini_words, mistral, ollama
from gateway.errors import Refused
from gateway.model import Prompt, SpanKind
from tests.gateway.dialects.test_totality import ODD_VALUES, at, covered, places

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(200))).decode()
SEALED = base64.b64encode(bytes(range(1, 100))).decode()
G = "/v1beta/models/gemini-2.5-flash"
B = "/model/anthropic.claude-3-sonnet-20240229-v1%3A0"
GENERATE: dict[str, Any] = {
    "contents": [
        {"role": "user", "parts": [{"text": "x"}, {"inlineData": {"mimeType": "image/png", "data": PNG}}]},
        {"role": "model", "parts": [{"functionCall": {"name": "n", "args": {"a": 1}}, "thoughtSignature": SEALED}]},
        {"role": "user", "parts": [{"function_response": {"name": "n", "response": {"r": []}}}]},
    ],
    "systemInstruction": {"parts": [{"text": "s"}]},
    "tools": [{"functionDeclarations": [{"name": "n", "parameters": {"type": "OBJECT", "properties": {"p": {}}}}]}],
    "generationConfig": {"responseSchema": {"type": "STRING"}, "stopSequences": []},
    "labels": {},
}
CONVERSE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": [{"text": "x"}, {"image": {"format": "png", "source": {"bytes": PNG}}}]},
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "t", "signature": SEALED}}},
                {"toolUse": {"toolUseId": "tooluse_abc", "name": "n", "input": {"a": {}}}},
            ],
        },
        {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "content": [{"json": {}}]}}]},
    ],
    "system": [{"text": "s"}],
    "toolConfig": {"tools": [{"toolSpec": {"name": "n", "inputSchema": {"json": {"type": "object"}}}}]},
    "additionalModelRequestFields": {},
    "promptVariables": {"v": {"text": "x"}},
}
CHAT: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "document_url", "document_url": "u"}]},
        {"role": "assistant", "tool_calls": [{"id": "abc123def", "function": {"name": "n", "arguments": {"a": []}}}]},
    ],
    "tools": [{"type": "function", "function": {"name": "n", "parameters": {"properties": {"p": {}}}}}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}},
    "metadata": {},
}
COHERE: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}, {"role": "tool", "content": "r"}],
    "documents": [{"id": "d", "data": {}}, "d"],
    "tools": [{"type": "function", "function": {"name": "n", "parameters": {}}}],
    "response_format": {"type": "json_object", "json_schema": {}},
}
OLLAMA: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "user", "content": "x", "images": [PNG]},
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "n", "arguments": {"a": {}}}}]},
    ],
    "tools": [{"type": "function", "function": {"name": "n", "parameters": {"type": "object"}}}],
    "format": {"type": "object", "properties": {}},
    "options": {"temperature": 0.5},
}
BODIES: dict[str, dict[str, Any]] = {
    f"{G}:generateContent": GENERATE,
    f"{G}:countTokens": {"generateContentRequest": GENERATE},
    f"{G}:batchEmbedContents": {"requests": [{"content": {"parts": [{"text": "x"}]}, "title": "t"}]},
    f"{B}/converse": CONVERSE,
    f"{B}/count-tokens": {"input": {"converse": CONVERSE}},
    f"{B}/invoke": {
        "anthropic_version": "bedrock-2023-05-31",
        "messages": [{"role": "user", "content": [{"type": "tool_result", "content": [{}]}]}],
    },
    "/model/amazon.titan-text-express-v1/invoke": {"inputText": "x", "textGenerationConfig": {}},
    "/model/amazon.nova-pro-v1%3A0/invoke": {name: CONVERSE[name] for name in ("messages", "system", "toolConfig")},
    "/mistral/v1/chat/completions": CHAT,
    "/mistral/v1/fim/completions": {"model": "m", "prompt": "x", "suffix": "y"},
    "/mistral/v1/embeddings": {"model": "m", "input": ["x"]},
    "/mistral/v1/chat/moderations": {"model": "m", "input": [[{"role": "user", "content": "x"}]]},
    "/v2/chat": COHERE,
    "/v2/embed": {"model": "m", "texts": ["x"], "inputs": [{"content": [{"type": "text", "text": "x"}]}]},
    "/v2/rerank": {"model": "m", "query": "q", "documents": ["d", {"d": "x"}]},
    "/api/chat": OLLAMA,
    "/api/generate": {"model": "m", "prompt": "x", "images": [PNG], "options": {}},
    "/api/embed": {"model": "m", "input": ["x"], "options": {}},
}
NAMES = sorted(
    gemini_words.KEYS
    | bedrock_words.KEYS
    | bedrock_words.INVOKE_KEYS
    | mistral.KEYS
    | cohere.KEYS
    | ollama.KEYS
    | {"context", "system", "suffix", "template", "keep_alive", "cachedContent", "model", "stranger"}
)


def parse(path: str, body: dict[str, Any]) -> Prompt:
    route = dialects.route("POST", path)
    return route.dialect.parse(body, route.parameters)


def code(path: str, body: dict[str, Any]) -> str:
    with pytest.raises(Refused) as caught:
        parse(path, body)
    return caught.value.refusal.code


def texts(prompt: Prompt, kind: SpanKind = SpanKind.TEXT) -> list[str]:
    return [span.text for span in prompt.spans if span.kind is kind]


@pytest.mark.parametrize("path", BODIES)
def test_no_name_anywhere_makes_structure_of_a_stranger(path: str) -> None:
    route = dialects.route("POST", path)
    body = copy.deepcopy(BODIES[path])
    parsed = 0
    objects = [node for place in places(BODIES[path]) if isinstance(node := at(body, place), dict)]
    share = list(BODIES).index(path) % 8  # every name is tried somewhere, not everywhere
    for node, name in itertools.product(objects, NAMES[share::8]):
        if node is body and name == "model":
            continue
        before = dict(node)
        for value in ODD_VALUES:
            node[name] = value
            try:
                seen = covered(route.dialect.parse(body, route.parameters))
            except Refused:
                continue
            parsed += 1
            wanted = "71234567890" if isinstance(value, int) else "zqvalueqz"
            assert seen.count(wanted) >= (3 if isinstance(value, dict) else 1), (name, value)
        node.clear()
        node.update(before)
    assert parsed > 100


@pytest.mark.parametrize("path", BODIES)
def test_names_and_words_of_the_api_are_structure(path: str) -> None:
    named = {"n", "p", "a", "r", "v", "d"}
    prompt = parse(path, BODIES[path])
    assert {span.text for span in prompt.spans if span.kind is SpanKind.KEY} <= named
    words = {"user", "model", "assistant", "tool", "OBJECT", "STRING", "object", "function", "text", "image/png", "png"}
    assert not words & set(texts(prompt))


def test_gemini_takes_both_spellings() -> None:
    def respelt(tree: Any) -> Any:
        if isinstance(tree, dict):
            return {gemini_words.snake(name): respelt(child) for name, child in tree.items()}
        return [respelt(each) for each in tree] if isinstance(tree, list) else tree

    first, second = parse(f"{G}:generateContent", GENERATE), parse(f"{G}:generateContent", respelt(GENERATE))
    assert [span.text for span in first.spans] == [span.text for span in second.spans]
    assert [each.media_type for each in first.attachments] == ["image/png"] == [
        each.media_type for each in second.attachments
    ]  # fmt: skip
    both = {**GENERATE, "system_instruction": {"parts": [{"text": "zq"}]}}
    assert {"s", "zq"} <= set(texts(parse(f"{G}:generateContent", both)))


def test_gemini_sealed_and_referred_to() -> None:
    signature = base64.b64encode(b"signed: maria@customer.example and more of it, readable").decode()
    body = {"contents": [{"parts": [{"text": "x", "thoughtSignature": signature}]}]}
    sealed = texts(parse(f"{G}:generateContent", body), SpanKind.SEALED)
    assert any("maria@customer.example" in text for text in sealed)
    body = {"contents": [{"parts": [{"fileData": {"fileUri": "https://h.example/f", "mimeType": "text/plain"}}]}]}
    prompt = parse(f"{G}:generateContent", body)
    assert "https://h.example/f" in texts(prompt) and len(prompt.attachments) == 1
    for name in ("cachedContent", "cached_content"):
        assert code(f"{G}:generateContent", {**GENERATE, name: "cachedContents/1"}) == "llmgw_invalid_request"
    tools = [{"googleMaps": {"authConfig": {"apiKeyConfig": {"apiKeyString": "k"}}}}]
    assert code(f"{G}:generateContent", {**GENERATE, "tools": tools}) == "llmgw_client_credentials"


def test_gemini_names_one_model() -> None:
    content = {"content": {"parts": [{"text": "x"}]}}
    path = f"{G}:batchEmbedContents"
    assert parse(path, {"requests": [{**content, "model": "models/gemini-2.5-flash"}]}).model == "gemini-2.5-flash"
    assert code(path, {"requests": [{**content, "model": "models/other"}]}) == "llmgw_invalid_request"
    assert code(f"{G}:generateContent", {**GENERATE, "model": "other"}) == "llmgw_invalid_request"
    nested = {"generateContentRequest": {**GENERATE, "model": "models/other"}}
    assert code(f"{G}:countTokens", nested) == "llmgw_invalid_request"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/v1beta/cachedContents", 404),
        ("/v1beta/files", 404),
        ("/upload/v1beta/files", 404),
        ("/v1beta/interactions", 404),
        ("/v1beta/models/m:predict", 404),
        ("/v1beta/models/m:batchGenerateContent", 404),
        ("/v1alpha/auth_tokens", 404),
        ("/v1beta/models/m:generateContent?alt=proto", 404),
        ("/v1beta/models/m/n:generateContent", 404),
        ("/model/m/invoke-with-bidirectional-stream", 404),
        ("/async-invoke", 404),
        ("/guardrail/g/version/1/apply", 404),
        ("/v1/chat", 404),
        ("/v1/generate", 404),
        ("/api/create", 404),
        ("/api/pull", 404),
        ("/api/push", 404),
        ("/api/web_search", 404),
        ("/api/web_fetch", 404),
        ("/mistral/v1/conversations", 404),
        ("/mistral/v1/ocr", 404),
        ("/mistral/v2/prompts", 404),
    ],
)
def test_what_is_not_carried_is_refused_in_its_own_words(target: str, status: int) -> None:
    with pytest.raises(Refused) as caught:
        dialects.route("POST", target)
    assert caught.value.refusal.status == status
    refusal = dialects.dialect_for_error(target, {}).refuse(caught.value.refusal, "r")
    body, path = json.loads(refusal.body), target.partition("?")[0]
    if path.startswith("/api/"):
        assert "llmgw_unknown_route" in body["error"]
    elif path.startswith(("/model/", "/async", "/guardrail")):
        assert set(body) == {"message"} and ("x-amzn-errortype", "ResourceNotFoundException") in refusal.headers
    elif "v1beta" in path or "v1alpha" in path:
        assert body["error"]["status"] == "NOT_FOUND"
    elif path.startswith("/mistral"):
        assert body["object"] == "error"


def test_bedrock_reads_the_models_id_as_aws_writes_it() -> None:
    arn = "arn:aws:bedrock:eu-central-1:000000000000:inference-profile/eu.anthropic.claude"
    written = arn.replace(":", "%3A").replace("/", "%2F")
    route = dialects.route("POST", f"/model/{written}/converse")
    assert route.dialect.parse(CONVERSE, route.parameters).model == arn
    assert "inference-profile%2Feu.anthropic.claude/converse" in route.target(arn)


def test_bedrock_reasoning_is_sealed_and_files_elsewhere_are_refused() -> None:
    reasoning = {"reasoningContent": {"reasoningText": {"text": "about maria", "signature": SEALED}}}
    body = {"messages": [{"role": "assistant", "content": [reasoning]}]}
    assert "about maria" in texts(parse(f"{B}/converse", body), SpanKind.SEALED)
    source = {"source": {"s3Location": {"uri": "s3://b/k"}}, "format": "pdf", "name": "n"}
    body = {"messages": [{"role": "user", "content": [{"document": source}]}]}
    assert code(f"{B}/converse", body) == "llmgw_invalid_request"


def test_bedrock_invoke_knows_claude_by_its_version() -> None:
    thinking = {"type": "thinking", "thinking": "about maria", "signature": SEALED}
    body = {"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "assistant", "content": [thinking]}]}
    assert "about maria" in texts(parse(f"{B}/invoke", body), SpanKind.SEALED)
    inner = base64.b64encode(json.dumps(body).encode()).decode()
    counted = parse(f"{B}/count-tokens", {"input": {"invokeModel": {"body": inner}}})
    assert "about maria" in covered(counted) or counted.attachments


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate", {"model": "m", "prompt": "x", "context": [1, 2]}),
        ("/api/generate", {"model": "m", "prompt": [1, 2]}),
        ("/api/embed", {"model": "m", "input": [[1, 2]]}),
        ("/mistral/v1/embeddings", {"model": "m", "input": [[1, 2]]}),
        ("/mistral/v1/fim/completions", {"model": "m", "prompt": [1]}),
        ("/v2/embed", {"model": "m", "texts": [1]}),
        ("/v2/rerank", {"model": "m", "query": [1], "documents": []}),
        ("/model/meta.llama3/invoke", {"prompt": [1, 2]}),
        ("/model/meta.llama3/invoke", {"prompt": "x", "tokens": [1]}),
    ],
)
def test_token_ids_are_refused(path: str, body: dict[str, Any]) -> None:
    assert code(path, body) == "llmgw_token_ids_refused"


def test_the_list_of_models_for_clients_of_gemini() -> None:
    shown = {"x-goog-api-key": "k"}
    assert dialects.route("GET", "/v1/models", shown).dialect.family == "gemini"
    assert dialects.route("GET", "/gemini/v1/models", {}).dialect.family == "gemini"
    assert dialects.route("GET", "/v1/models", {}).dialect.family == "openai"


def test_who_streams_unasked() -> None:
    assert parse("/api/chat", OLLAMA).stream and not parse("/api/chat", {**OLLAMA, "stream": False}).stream
    assert parse(f"{G}:streamGenerateContent", GENERATE).stream
    assert parse(f"{B}/converse-stream", CONVERSE).stream
    assert not parse("/v2/chat", COHERE).stream


def test_images_of_ollama_are_attachments() -> None:
    assert [each.path for each in parse("/api/chat", OLLAMA).attachments] == ["/messages/0/images/0"]
    assert [each.path for each in parse("/api/generate", BODIES["/api/generate"]).attachments] == ["/images/0"]


def test_mistral_takes_arguments_as_an_object_or_a_string() -> None:
    call = {"id": "abc123def", "function": {"name": "n", "arguments": {"who": "maria"}}}
    body = {"model": "m", "messages": [{"role": "assistant", "tool_calls": [call]}]}
    assert "maria" in texts(parse("/mistral/v1/chat/completions", body))
    call["function"]["arguments"] = '{"who": "maria"}'  # type: ignore[index]
    assert '{"who": "maria"}' in texts(parse("/mistral/v1/chat/completions", body))
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "about"}], "signature": SEALED}]
    body = {"model": "m", "messages": [{"role": "assistant", "content": thinking}]}
    assert "about" in texts(parse("/mistral/v1/chat/completions", body), SpanKind.SEALED)
