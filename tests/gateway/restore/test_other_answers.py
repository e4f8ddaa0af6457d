"""Whole answers of Gemini, Bedrock, Mistral, Cohere, Ollama and llama.cpp."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.model import Usage
from gateway.restore import restore_answer
from tests.gateway.restore.goldens import EMAIL, NAME, NOTE, VALUES

SIGNATURE = "c2lnbmVk" + EMAIL


def restored(dialect: str, tree: Any) -> Any:
    answer = restore_answer(dialect, json.dumps(tree).encode(), VALUES)
    return json.loads(answer.body)


def test_gemini() -> None:
    parts = [
        {"text": f"of {EMAIL}", "thought": True},
        {"text": f"to {NAME}", "thoughtSignature": SIGNATURE},
        {"functionCall": {"name": "send", "args": {EMAIL: [f"https://h.example/{EMAIL}", {"note": NOTE}]}}},
    ]
    grounding = {
        "groundingSupports": [{"segment": {"startIndex": 1, "endIndex": 4, "text": NAME}}],
        "webSearchQueries": [NAME],
    }
    candidate = {
        "content": {"parts": parts},
        "groundingMetadata": grounding,
        "citationMetadata": {"citationSources": [{"startIndex": 1, "endIndex": 2, "uri": "u"}, {"uri": "v"}]},
        "logprobsResult": {"chosenCandidates": [{"token": "[EMAIL"}]},
    }
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
    out = restored("gemini.generate", {"candidates": [candidate], "usageMetadata": usage})["candidates"][0]
    texts = out["content"]["parts"]
    assert [texts[0]["text"], texts[1]["text"]] == [f"of {VALUES[EMAIL]}", f"to {VALUES[NAME]}"]
    assert texts[1]["thoughtSignature"] == SIGNATURE
    value = VALUES[EMAIL]
    assert texts[2]["functionCall"]["args"] == {value: [f"https://h.example/{value}", {"note": VALUES[NOTE]}]}
    assert out["groundingMetadata"] == {"groundingSupports": [], "webSearchQueries": [VALUES[NAME]]}
    assert out["citationMetadata"] == {"citationSources": [{"uri": "v"}]}
    assert out["logprobsResult"] is None


def test_what_points_into_a_text_stays_when_the_text_did() -> None:
    supports = [{"segment": {"startIndex": 1, "endIndex": 4, "text": "x"}}]
    candidate = {"content": {"parts": [{"text": "plain"}]}, "groundingMetadata": {"groundingSupports": supports}}
    other = {"content": {"parts": [{"text": NAME}]}}
    out = restored("gemini.generate", {"candidates": [candidate, other]})
    assert out["candidates"][0] == candidate
    citation = {"start": 0, "end": 4, "text": "plai", "sources": []}
    message = {"content": [{"type": "text", "text": "plain"}], "citations": [citation]}
    assert restored("cohere.chat", {"message": message, "id": NAME})["message"] == message


def test_converse() -> None:
    reasoning = {"reasoningContent": {"reasoningText": {"text": f"of {EMAIL}", "signature": SIGNATURE}}}
    location = {"documentChar": {"documentIndex": 0, "start": 1, "end": 3}}
    cited = {"citationsContent": {"content": [{"text": NAME}], "citations": [{"title": "t", "location": location}]}}
    tool = {"toolUse": {"toolUseId": "t", "name": "send", "input": {"to": f"https://h.example/{EMAIL}"}}}
    content = [reasoning, {"text": f"to {NAME}"}, cited, tool]
    usage = {"inputTokens": 9, "cacheReadInputTokens": 2, "outputTokens": 7}
    tree = {"output": {"message": {"role": "assistant", "content": content}}, "usage": usage}
    out = restored("bedrock.converse", tree)["output"]["message"]["content"]
    assert out[0] == reasoning and out[1] == {"text": f"to {VALUES[NAME]}"}
    assert out[2]["citationsContent"] == {"content": [{"text": VALUES[NAME]}], "citations": []}
    assert out[3]["toolUse"]["input"] == {"to": f"https://h.example/{VALUES[EMAIL]}"}
    assert restore_answer("bedrock.converse", json.dumps(tree).encode(), VALUES).usage == Usage(11, 7)


def test_mistral_arguments_are_an_object_or_a_string() -> None:
    for arguments in ({"note": NOTE}, json.dumps({"note": NOTE})):
        call = {"id": "abc123def", "function": {"name": "send", "arguments": arguments}}
        out = restored("mistral.chat", {"choices": [{"message": {"content": None, "tool_calls": [call]}}]})
        given = out["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        assert (json.loads(given) if isinstance(given, str) else given) == {"note": VALUES[NOTE]}
    chunks = [
        {"type": "thinking", "thinking": [{"type": "text", "text": EMAIL}], "signature": SIGNATURE},
        {"type": "text", "text": NAME},
    ]
    content = restored("mistral.chat", {"choices": [{"message": {"content": chunks}}]})["choices"][0]["message"]
    assert content["content"] == [chunks[0], {"type": "text", "text": VALUES[NAME]}]


def test_cohere() -> None:
    call = {"id": "t", "type": "function", "function": {"name": "send", "arguments": json.dumps({"note": NOTE})}}
    citation = {"start": 3, "end": 9, "text": NAME, "sources": [{"type": "document", "document": {"who": NAME}}]}
    message = {
        "tool_plan": f"plan {NAME}",
        "tool_calls": [call],
        "content": [{"type": "text", "text": f"to {NAME}"}],
        "citations": [citation],
    }
    logprobs = [{"token_ids": [1], "text": "[PER", "logprobs": [0.1]}]
    out = restored("cohere.chat", {"message": message, "logprobs": logprobs})
    assert out["logprobs"] is None
    assert out["message"]["tool_plan"] == f"plan {VALUES[NAME]}"
    assert json.loads(out["message"]["tool_calls"][0]["function"]["arguments"]) == {"note": VALUES[NOTE]}
    assert out["message"]["content"][0]["text"] == f"to {VALUES[NAME]}"
    assert out["message"]["citations"] == []
    assert restored("cohere.embed", {"texts": [NAME], "embeddings": {"float": [[0.1]]}})["texts"] == [VALUES[NAME]]


def test_ollama_and_llama_cpp() -> None:
    call = {"function": {"name": "send", "arguments": {"to": [EMAIL], NAME: 1}}}
    message = {"role": "assistant", "content": NAME, "thinking": f"of {EMAIL}", "tool_calls": [call]}
    tree = {"message": message, "done": True, "prompt_eval_count": 11, "eval_count": 7}
    out = restored("ollama.chat", tree)["message"]
    assert (out["content"], out["thinking"]) == (VALUES[NAME], f"of {VALUES[EMAIL]}")
    assert out["tool_calls"][0]["function"]["arguments"] == {"to": [VALUES[EMAIL]], VALUES[NAME]: 1}
    assert restore_answer("ollama.chat", json.dumps(tree).encode(), VALUES).usage == Usage(11, 7)
    tree = {"content": NAME, "prompt": EMAIL, "completion_probabilities": [{"token": "[PER", "top_logprobs": []}]}
    out = restored("local.completion", tree)
    assert (out["content"], out["prompt"], out["completion_probabilities"]) == (VALUES[NAME], VALUES[EMAIL], None)


@pytest.mark.parametrize(
    ("dialect", "tree"),
    [
        ("gemini.count_tokens", {"error": {"code": 400, "message": NAME, "status": "INVALID_ARGUMENT"}}),
        ("bedrock.converse", {"message": NAME}),
        ("mistral.embeddings", {"error": NAME}),
        ("cohere.chat", {"message": NAME}),
        ("ollama.embed", {"error": NAME}),
    ],
)
def test_errors_that_quote_the_prompt_are_restored(dialect: str, tree: Any) -> None:
    assert json.dumps(VALUES[NAME]) in json.dumps(restored(dialect, tree))
