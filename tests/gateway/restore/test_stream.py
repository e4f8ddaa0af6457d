from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Refusal, Refused
from gateway.restore import stream_filter
from tests.gateway.restore.goldens import (
    ARGUMENTS,
    EMAIL,
    MASK,
    NAME,
    STREAMS,
    TAIL,
    TEXT,
    VALUES,
    events,
    restored_text,
    sse,
)

REFUSAL = Refusal("llmgw_test", 400, "Stopped.")


def run(dialect: str, *chunks: bytes, **options: Any) -> bytes:
    stream = stream_filter(dialect, VALUES, masks=(MASK,), **options)
    return b"".join([stream.feed(chunk) for chunk in chunks]) + stream.close()


@pytest.mark.parametrize("dialect", STREAMS)
def test_every_two_way_split_and_single_bytes_give_the_same_bytes(dialect: str) -> None:
    data = STREAMS[dialect]
    whole = run(dialect, data)
    assert run(dialect, *(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(0, len(data), 97):
        assert run(dialect, data[:at], data[at:]) == whole, at


@pytest.mark.parametrize("dialect", STREAMS)
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=20))
def test_random_splits_give_the_same_bytes(dialect: str, cuts: list[int]) -> None:
    data = STREAMS[dialect]
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[low:high] for low, high in zip(edges, edges[1:], strict=False)]
    assert run(dialect, *chunks) == run(dialect, data)


def check_arguments(text: str) -> None:
    assert json.loads(text) == {
        "to": VALUES[EMAIL],
        "who": f"{VALUES[NAME]} \\ \"q\"",
        "n": [1, 2],
        "x": f"https://h.example/{VALUES[EMAIL]}",
    }


def test_chat_text_and_tool_calls_are_restored_per_choice_and_call() -> None:
    out = events(run("openai.chat", STREAMS["openai.chat"]))
    content: dict[int, str] = {}
    calls: dict[int, str] = {}
    for event in out[:-1]:
        for choice in event["choices"]:
            content[choice["index"]] = content.get(choice["index"], "") + (choice["delta"].get("content") or "")
            for call in choice["delta"].get("tool_calls", ()):
                calls[call["index"]] = calls.get(call["index"], "") + call["function"]["arguments"]
    assert content == {0: restored_text(TEXT) + TAIL, 1: f"other {VALUES[NAME]}!"}
    check_arguments(calls[0])
    check_arguments(calls[1])
    assert out[-1] == "[DONE]"
    kinds = [choice["finish_reason"] for event in out[:-1] for choice in event["choices"]]
    held = out[kinds.index("tool_calls") - 1]
    assert held["choices"] == [{"index": 0, "delta": {"content": TAIL}, "finish_reason": None}]
    assert held["id"] == "c1"


def test_responses_deltas_and_whole_texts_agree() -> None:
    out = events(run("openai.responses", STREAMS["openai.responses"]))
    text = "".join(event["delta"] for event in out if event["type"] == "response.output_text.delta")
    arguments = "".join(event["delta"] for event in out if event["type"] == "response.function_call_arguments.delta")
    wanted = restored_text(TEXT) + TAIL
    assert text == wanted
    check_arguments(arguments)
    done = next(event for event in out if event["type"] == "response.output_text.done")
    final = out[-1]["response"]
    assert done["text"] == wanted
    assert final["output"][0]["content"][0]["text"] == wanted
    assert final["output"][1]["arguments"] == arguments
    assert final["output"][2]["encrypted_content"] == f"seal{EMAIL}"
    assert final["instructions"] == f"mail {VALUES[EMAIL]}"
    given_numbers = [event["sequence_number"] for event in events(STREAMS["openai.responses"])]
    numbers = [event["sequence_number"] for event in out]
    assert sorted(set(numbers)) == given_numbers and numbers == sorted(numbers)


def test_messages_leave_signed_thinking_alone() -> None:
    out = events(run("anthropic.messages", STREAMS["anthropic.messages"]))
    texts: dict[str, str] = {}
    for event in out:
        delta = event.get("delta", {})
        for name in ("thinking", "text", "partial_json"):
            texts[name] = texts.get(name, "") + delta.get(name, "")
    start = next(event for event in out if event["type"] == "content_block_start" and event["index"] == 1)
    assert start["content_block"]["text"] + texts["text"] == f"{VALUES[EMAIL]} {restored_text(TEXT)}{TAIL}"
    assert texts["thinking"] == f"about {EMAIL}"
    check_arguments(texts["partial_json"])
    assert next(event for event in out if event["type"] == "message_delta")["delta"]["stop_sequence"] == VALUES[NAME]


def test_usage_and_count() -> None:
    wanted = {"openai.chat": (11, 7), "openai.responses": (12, 8), "anthropic.messages": (10, 9)}
    for dialect, (given_tokens, made_tokens) in wanted.items():
        for values in ({}, VALUES):
            stream = stream_filter(dialect, values)
            stream.feed(STREAMS[dialect])
            stream.close()
            assert (stream.usage.input_tokens, stream.usage.output_tokens) == (given_tokens, made_tokens)
            assert (stream.restored > 0) == bool(values)


@pytest.mark.parametrize("dialect", STREAMS)
def test_nothing_to_restore_passes_byte_for_byte(dialect: str) -> None:
    data = STREAMS[dialect]
    stream = stream_filter(dialect, {})
    assert stream.feed(data) + stream.close() == data
    plain = data.replace(b"[", b"(").replace(MASK.encode(), b"k")
    other = stream_filter(dialect, VALUES, masks=(MASK,))
    if dialect == "anthropic.messages":
        assert other.feed(plain) + other.close() == plain
