"""Gemini, Bedrock, Mistral, Cohere and Ollama: text, thinking and tool calls come back, however the bytes were cut."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.errors import Refusal, Refused
from gateway.model import Usage
from gateway.restore import stream_filter
from gateway.restore.eventstream import EventStreamParser, encode_frame
from tests.gateway.restore.goldens import EMAIL, MASK, NAME, TAIL, TEXT, VALUES, events, restored_text
from tests.gateway.restore.other_goldens import MAKERS, SHORT, SIGNATURE, STREAMS, chunked

REFUSAL = Refusal("llmgw_test", 400, "Stopped.")
WANTED = restored_text(TEXT) + TAIL
ARGUMENTS = {
    "to": VALUES[EMAIL],
    "who": f'{VALUES[NAME]} \\ "q"',
    "n": [1, 2],
    "x": f"https://h.example/{VALUES[EMAIL]}",
}


def filter_of(name: str, **options: Any) -> Any:
    dialect, media_type, _ = MAKERS[name]
    return stream_filter(dialect, options.pop("values", VALUES), masks=(MASK,), media_type=media_type, **options)


def run(name: str, *chunks: bytes, **options: Any) -> bytes:
    stream = filter_of(name, **options)
    return b"".join([stream.feed(chunk) for chunk in chunks]) + bytes(stream.close())


def payloads(data: bytes) -> list[Any]:
    parser = EventStreamParser(1 << 20)
    return [json.loads(frame.payload) for frame in parser.feed(data)]


@pytest.mark.parametrize("name", STREAMS)
def test_every_two_way_split_and_single_bytes_give_the_same_bytes(name: str) -> None:
    data = SHORT[name]
    whole = run(name, data)
    assert run(name, *(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(len(data)):
        assert run(name, data[:at], data[at:]) == whole, at


@pytest.mark.parametrize("name", STREAMS)
def test_every_two_way_split_of_the_long_streams(name: str) -> None:
    data = STREAMS[name]
    whole = run(name, data)
    assert run(name, *(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(0, len(data), len(data) // 150):
        assert run(name, data[:at], data[at:]) == whole, at


@pytest.mark.parametrize("name", STREAMS)
def test_without_anything_to_put_back_every_byte_stays_and_tokens_are_counted(name: str) -> None:
    stream = stream_filter(MAKERS[name][0], {}, media_type=MAKERS[name][1])
    data = STREAMS[name]
    assert stream.feed(data) + stream.close() == data
    assert stream.usage == Usage(11, 7)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_cut_off_anywhere_still_gives_well_formed_bytes(name: str) -> None:
    data = SHORT[name]
    for at in range(0, len(data), 11):
        out = run(name, data[:at])
        if name in ("converse", "invoke_claude"):
            payloads(out)
        elif name == "ollama":
            assert all(json.loads(line) for line in out.splitlines())
        elif name != "gemini_array":
            events(out)


def gemini_parts(chunks: list[Any]) -> list[Any]:
    return [part for chunk in chunks for part in chunk["candidates"][0]["content"]["parts"]]


@pytest.mark.parametrize("name", ["gemini", "gemini_array"])
def test_gemini(name: str) -> None:
    data = run(name, STREAMS[name])
    chunks = json.loads(data) if name == "gemini_array" else events(data)
    parts = gemini_parts(chunks)
    thought = "".join(part["text"] for part in parts if part.get("thought"))
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    assert thought == f"thinks of {VALUES[EMAIL]} and [PER"
    assert text == f"{WANTED}after {NAME[:6]}"
    calls = [part for part in parts if "functionCall" in part]
    assert calls[0]["functionCall"]["args"] == ARGUMENTS
    assert calls[0]["thoughtSignature"] == parts[-1]["thoughtSignature"] == SIGNATURE
    pieces = [piece for call in calls for piece in call["functionCall"].get("partialArgs", ())]
    assert "".join(piece["stringValue"] for piece in pieces) == f"{VALUES[EMAIL]}!"
    grounding = chunks[-1]["candidates"][0]["groundingMetadata"]
    assert grounding == {"webSearchQueries": [VALUES[EMAIL]], "groundingSupports": []}
    # What was held back goes out before the part that ends it.
    kinds = ["call" if "functionCall" in part else "thought" if part.get("thought") else "text" for part in parts]
    assert kinds.index("call") > kinds.index("text") and TAIL in parts[kinds.index("call") - 1]["text"]


def test_gemini_lines_keep_the_space_that_the_sdk_wants() -> None:
    assert all(line.startswith(b"data: ") for line in run("gemini", STREAMS["gemini"]).splitlines() if line)


def test_converse_leaves_signed_reasoning_alone_and_recomputes_checksums() -> None:
    out = payloads(run("converse", STREAMS["converse"]))
    deltas = [each["delta"] for each in out if "delta" in each]
    assert "".join(delta.get("text", "") for delta in deltas) == WANTED
    assert json.loads("".join(delta.get("toolUse", {}).get("input", "") for delta in deltas)) == ARGUMENTS
    assert {"reasoningContent": {"text": f"about {EMAIL}"}} in deltas
    assert {"reasoningContent": {"signature": SIGNATURE}} in deltas


def inner(data: bytes) -> list[Any]:
    return [json.loads(base64.b64decode(each["bytes"])) for each in payloads(data)]


def test_invoke_claude() -> None:
    out = inner(run("invoke_claude", STREAMS["invoke_claude"]))
    deltas = [event["delta"] for event in out if event["type"] == "content_block_delta"]
    assert "".join(delta.get("text", "") for delta in deltas) == WANTED
    assert json.loads("".join(delta.get("partial_json", "") for delta in deltas)) == ARGUMENTS


INVOKED: dict[str, list[dict[str, Any]]] = {
    "titan": [{"outputText": f"a {NAME[:9]}", "index": 0}, {"outputText": NAME[9:], "completionReason": "FINISH"}],
    "llama": [{"generation": f"a {NAME[:9]}"}, {"generation": NAME[9:]}, {"generation": "", "stop_reason": "stop"}],
    "mistral": [{"outputs": [{"text": f"a {NAME[:9]}"}]}, {"outputs": [{"text": NAME[9:], "stop_reason": "stop"}]}],
    "nova": [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": f"a {NAME[:9]}"}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"text": NAME[9:]}, "contentBlockIndex": 0}},
        {"contentBlockStop": {"contentBlockIndex": 0}},
    ],
    "deepseek": [
        {"choices": [{"index": 0, "text": f"a {NAME[:9]}"}]},
        {"choices": [{"index": 0, "text": NAME[9:], "stop_reason": "stop"}]},
    ],
    "cohere": [{"text": f"a {NAME[:9]}", "is_finished": False}, {"text": NAME[9:], "is_finished": True}],
}


def strings(tree: Any) -> str:
    if isinstance(tree, dict):
        return "".join(strings(each) for name, each in tree.items() if name not in ("role", "stop_reason", "index"))
    return "".join(map(strings, tree)) if isinstance(tree, list) else tree if isinstance(tree, str) else ""


@pytest.mark.parametrize("model", INVOKED)
def test_invoke_other_models(model: str) -> None:
    data = chunked(INVOKED[model])
    whole = run("invoke_claude", data)
    assert strings(inner(whole)).replace("FINISH", "") == f"a {VALUES[NAME]}"
    for at in range(len(data)):
        assert run("invoke_claude", data[:at], data[at:]) == whole
    cut = run("invoke_claude", chunked(INVOKED[model][:2] if model == "nova" else INVOKED[model][:1]))
    assert strings(inner(cut)) == f"a {NAME[:9]}"


def test_mistral_chunks_and_strings_are_one_text_and_signed_thinking_stays() -> None:
    out = events(run("mistral", STREAMS["mistral"]))[:-1]
    text, thinking = "", []
    for choice in (choice for event in out for choice in event["choices"]):
        content = choice["delta"].get("content") or ""
        for chunk in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            if chunk["type"] == "text":
                text += chunk["text"]
            else:
                thinking.append(chunk)
    assert text == WANTED
    assert thinking[0]["thinking"][0]["text"] == f"of {EMAIL}" and thinking[0]["signature"] == SIGNATURE
    calls = [call for event in out for choice in event["choices"] for call in choice["delta"].get("tool_calls", ())]
    assert json.loads(calls[0]["function"]["arguments"]) == ARGUMENTS


def test_cohere_drops_citations_whose_offsets_no_longer_fit() -> None:
    out = events(run("cohere", STREAMS["cohere"]))
    messages = [event.get("delta", {}).get("message", {}) for event in out]
    assert "".join(message.get("tool_plan", "") for message in messages) == f"plan {VALUES[NAME]} [PER"
    text = "".join(message["content"]["text"] for message in messages if message.get("content"))
    assert text == WANTED
    calls = [message["tool_calls"]["function"]["arguments"] for message in messages if "tool_calls" in message]
    assert json.loads("".join(calls)) == ARGUMENTS
    assert "citation-start" not in [event["type"] for event in out]


def test_ollama() -> None:
    out = [json.loads(line) for line in run("ollama", STREAMS["ollama"]).splitlines()]
    assert "".join(line["message"].get("thinking", "") for line in out) == f"of {VALUES[NAME]} [PER"
    assert "".join(line["message"]["content"] for line in out) == WANTED
    calls = [call for line in out for call in line["message"].get("tool_calls", ())]
    assert [call["function"]["arguments"] for call in calls] == [ARGUMENTS]
    assert [line["done"] for line in out].count(True) == 1 and out[-1]["done"]


@pytest.mark.parametrize("name", STREAMS)
def test_a_failure_in_mid_stream_is_native(name: str) -> None:
    stream = filter_of(name)
    begun = stream.feed(STREAMS[name][: len(STREAMS[name]) // 2])
    data = begun + stream.abort(REFUSAL)
    assert stream.feed(b"more") == stream.close() == b""
    said = "Stopped. [llmgw_test]"
    match name:
        case "gemini" | "gemini_array":
            last = json.loads(data)[-1] if name == "gemini_array" else events(data)[-1]
            assert next(iter(last)) == "error"
            assert last["error"] == {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}
        case "converse" | "invoke_claude":
            frame = list(EventStreamParser(1 << 20).feed(data))[-1]
            assert frame.headers[":message-type"] == "exception"
            assert frame.headers[":exception-type"] == "validationException"
            assert json.loads(frame.payload) == {"message": said}
        case "mistral":
            assert events(data)[-1]["object"] == "error"
        case "cohere":
            assert events(data)[-1]["delta"] == {"finish_reason": "ERROR", "error": said}
        case "ollama":
            assert json.loads(data.splitlines()[-1]) == {"error": said}


@pytest.mark.parametrize("name", STREAMS)
def test_a_credential_of_ours_is_masked(name: str) -> None:
    out = run(name, STREAMS[name], values={})
    assert MASK.encode() not in out
    shown = b"".join(base64.b64decode(each["bytes"]) for each in payloads(out)) if name == "invoke_claude" else out
    assert MASK.encode() not in shown


def test_an_exception_of_the_upstreams_is_restored_and_its_frame_stays_valid() -> None:
    headers = {":exception-type": "modelStreamErrorException", ":message-type": "exception"}
    data = encode_frame(headers, json.dumps({"message": f"bad {NAME}"}).encode())
    for name in ("converse", "invoke_claude"):
        (frame,) = EventStreamParser(1 << 20).feed(run(name, data))
        assert frame.headers == headers and json.loads(frame.payload) == {"message": f"bad {VALUES[NAME]}"}


def test_a_stream_of_another_media_type_is_not_read() -> None:
    with pytest.raises(Refused):
        stream_filter("ollama.chat", VALUES, media_type="text/event-stream")
    with pytest.raises(Refused):
        stream_filter("gemini.generate", VALUES, media_type="application/json")
