from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from gateway.errors import Refused
from gateway.model import Usage
from gateway.restore import restore_answer
from tests.gateway.restore.goldens import ARGUMENTS, EMAIL, MASK, NAME, NOTE, TEXT, VALUES, restored_text


def restored(dialect: str, body: Any, **options: Any) -> Any:
    data = orjson.dumps(body)
    return orjson.loads(restore_answer(dialect, data, VALUES, masks=(MASK,), **options).body)


def test_chat() -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": ARGUMENTS}}
    note = {"type": "url_citation", "url_citation": {"start_index": 1, "end_index": 2, "url": "u", "title": NAME}}
    message = {"role": "assistant", "content": TEXT, "tool_calls": [call], "annotations": [note]}
    spelled = {"content": [{"token": "[", "bytes": [91], "logprob": -1, "top_logprobs": []}]}
    body = {
        "choices": [{"index": 0, "message": message, "logprobs": spelled}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    answer = restore_answer("openai.chat", orjson.dumps(body), VALUES, masks=(MASK,))
    choice = orjson.loads(answer.body)["choices"][0]
    assert choice["message"]["content"] == restored_text(TEXT)
    arguments = json.loads(choice["message"]["tool_calls"][0]["function"]["arguments"])
    assert arguments["who"] == f'{VALUES[NAME]} \\ "q"' and arguments["x"] == f"https://h.example/{VALUES[EMAIL]}"
    assert choice["logprobs"] is None
    assert choice["message"]["annotations"] == []
    assert answer.usage == Usage(3, 4)
    assert answer.restored == 7


def test_messages_keep_what_is_sealed_and_restore_tool_input_with_its_keys() -> None:
    thinking = {"type": "thinking", "thinking": EMAIL, "signature": EMAIL}
    sealed = {"type": "redacted_thinking", "data": EMAIL}
    tool = {"type": "tool_use", "id": "t", "name": "n", "input": {EMAIL: {"u": f"https://h/{NAME}"}, "b": [NOTE]}}
    cited = {"type": "char_location", "cited_text": NAME, "start_char_index": 1, "end_char_index": 2}
    page = {"type": "page_location", "cited_text": NAME, "start_page_number": 1}
    text = {"type": "text", "text": NAME, "citations": [cited, page]}
    result = {"type": "web_search_result", "title": NAME, "encrypted_content": EMAIL}
    out = restored("anthropic.messages", {"content": [thinking, sealed, tool, text, result]})["content"]
    assert out[0] == thinking and out[1] == sealed
    assert out[2]["input"] == {VALUES[EMAIL]: {"u": f"https://h/{VALUES[NAME]}"}, "b": [VALUES[NOTE]]}
    assert out[3] == {"type": "text", "text": VALUES[NAME], "citations": [{**page, "cited_text": VALUES[NAME]}]}
    assert out[4] == {**result, "title": VALUES[NAME]}


@pytest.mark.parametrize("dialect", ["openai.chat", "openai.responses", "anthropic.messages", "openai.completions"])
def test_nothing_to_do_gives_the_same_bytes(dialect: str) -> None:
    body = b'{ "choices" : [ {"text": "plain [x]"} ],"big": 1.0e5 }'
    answer = restore_answer(dialect, body, VALUES, masks=(MASK,))
    assert answer.body is body and answer.restored == 0


def test_errors_json_or_not_are_restored_and_masked() -> None:
    error = {"error": {"message": f"Incorrect API key provided: {MASK}. You said {NAME}"}}
    for dialect in ("openai.chat", "openai.embeddings", "anthropic.count_tokens"):
        assert restored(dialect, error) == {
            "error": {"message": f"Incorrect API key provided: [credential]. You said {VALUES[NAME]}"}
        }
    page = f"<html>502 {MASK} {NAME}".encode()
    assert (
        restore_answer("openai.chat", page, VALUES, masks=(MASK,)).body.decode()
        == f"<html>502 [credential] {VALUES[NAME]}"
    )


def test_embeddings_are_only_masked() -> None:
    body = orjson.dumps({"data": [{"embedding": [0.1]}], "model": f"{NAME} {MASK}", "usage": {"prompt_tokens": 2}})
    answer = restore_answer("openai.embeddings", body, VALUES, masks=(MASK,))
    assert answer.body == body.replace(MASK.encode(), b"[credential]")
    assert answer.usage == Usage(2, None)


@pytest.mark.parametrize(
    ("dialect", "body"),
    [("gemini", b"{}"), ("openai.chat", b"\xff\xfe"), ("openai.chat", b"[" * 300 + orjson.dumps(NAME) + b"]" * 300)],
)
def test_what_cannot_be_read_is_refused(dialect: str, body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        restore_answer(dialect, body, VALUES)
    assert refused.value.refusal.code == "llmgw_answer_unreadable"


def test_urls_are_restored_only_on_request() -> None:
    body = {"choices": [{"message": {"content": f"![x](https://h.example/{EMAIL})"}}]}
    assert restored("openai.chat", body) == body
    out = restored("openai.chat", body, in_urls=True)
    assert out["choices"][0]["message"]["content"] == f"![x](https://h.example/{VALUES[EMAIL]})"


def test_nothing_sensitive_in_reprs() -> None:
    answer = restore_answer("openai.chat", orjson.dumps({"content": NAME}), VALUES)
    assert "Zo" not in repr(answer)


def test_a_credential_under_a_repeated_key_is_masked_too() -> None:
    body = b'{"note":"sk-very-secret-0001","note":"fine"}'
    answer = restore_answer("openai.chat", body, {}, masks=("sk-very-secret-0001",))
    assert b"sk-very-secret-0001" not in answer.body


@pytest.mark.parametrize("kind", [["string", "null"], {"anyOf": []}, None, 3])
def test_a_type_that_is_no_word_is_walked_like_any_member(kind: Any) -> None:
    body = orjson.dumps({"tools": [{"parameters": {"type": kind, "description": next(iter(VALUES))}}]})
    [tool] = orjson.loads(restore_answer("openai.responses", body, VALUES).body)["tools"]
    assert tool["parameters"] == {"type": kind, "description": next(iter(VALUES.values()))}
