"""Golden streams of the dialects that are not OpenAI's or Anthropic's, in their own framings."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from gateway.restore.eventstream import event_frame
from tests.gateway.restore.goldens import ARGUMENTS, EMAIL, NAME, NOTE, TAIL, TEXT, pieces, sse

SIGNATURE = base64.b64encode(b"\x01\x02sig\xff" * 3).decode()


def _gemini_chunks(text: str, arguments: str, size: int) -> list[dict[str, Any]]:
    def chunk(*parts: Any, **more: Any) -> dict[str, Any]:
        candidate = {"content": {"parts": list(parts), "role": "model"}, "index": 0, **more}
        return {"candidates": [candidate], "modelVersion": "g", "responseId": "r1"}

    out = [chunk({"text": f"thinks of {EMAIL} and [PER", "thought": True})]
    out += [chunk({"text": piece}) for piece in pieces(text, size)]
    out.append(chunk({"functionCall": {"name": "send", "args": json.loads(arguments)}, "thoughtSignature": SIGNATURE}))
    streamed = {"jsonPath": "$.to", "willContinue": True}
    out += [
        chunk({"functionCall": {"partialArgs": [{**streamed, "stringValue": piece}], "willContinue": True}})
        for piece in pieces(EMAIL, 9)
    ]
    out.append(chunk({"functionCall": {"partialArgs": [{"jsonPath": "$.to", "stringValue": "!"}]}}))
    out.append(chunk({"text": f"after {NAME[:6]}"}))
    supports = [{"segment": {"endIndex": 9, "text": NAME}, "groundingChunkIndices": [0]}]
    last = chunk(
        {"text": "", "thoughtSignature": SIGNATURE},
        finishReason="STOP",
        groundingMetadata={"webSearchQueries": [EMAIL], "groundingSupports": supports},
    )
    last["usageMetadata"] = {"promptTokenCount": 11, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
    return [*out, last]


def gemini(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    return "".join(sse(chunk).replace("\n", "\r\n") for chunk in _gemini_chunks(text, arguments, size)).encode()


def gemini_array(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    chunks = [json.dumps(chunk, ensure_ascii=False) for chunk in _gemini_chunks(text, arguments, size)]
    return ("[" + "\n,\r\n".join(chunks) + "\n]\n").encode()


def _converse_events(text: str, arguments: str, size: int) -> list[tuple[str, dict[str, Any]]]:
    def delta(index: int, **value: Any) -> tuple[str, dict[str, Any]]:
        return "contentBlockDelta", {"contentBlockIndex": index, "delta": value, "p": "abcdef"}

    out: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant", "p": "ab"})]
    out.append(delta(0, reasoningContent={"text": f"about {EMAIL}"}))
    out.append(delta(0, reasoningContent={"signature": SIGNATURE}))
    out.append(("contentBlockStop", {"contentBlockIndex": 0}))
    out += [delta(1, text=piece) for piece in pieces(text, size)]
    out.append(("contentBlockStop", {"contentBlockIndex": 1}))
    start = {"toolUse": {"toolUseId": "tooluse_1", "name": "send"}}
    out.append(("contentBlockStart", {"contentBlockIndex": 2, "start": start}))
    out += [delta(2, toolUse={"input": piece}) for piece in pieces(arguments, size)]
    out.append(("contentBlockStop", {"contentBlockIndex": 2}))
    out.append(("messageStop", {"stopReason": "tool_use"}))
    usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    out.append(("metadata", {"usage": usage, "metrics": {"latencyMs": 3}}))
    return out


def converse(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    events = _converse_events(text, arguments, size)
    return b"".join(event_frame(kind, json.dumps(tree, ensure_ascii=False).encode()) for kind, tree in events)


def chunked(events: list[dict[str, Any]]) -> bytes:
    """The frames of InvokeModelWithResponseStream for a model's own events."""
    out = []
    for event in events:
        inner = base64.b64encode(json.dumps(event, ensure_ascii=False).encode()).decode()
        out.append(event_frame("chunk", json.dumps({"bytes": inner, "p": "abc"}).encode()))
    return b"".join(out)


def invoke_claude(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def delta(index: int, **value: Any) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": index, "delta": value}

    usage = {"input_tokens": 11, "output_tokens": 1}
    out: list[dict[str, Any]] = [{"type": "message_start", "message": {"id": "m", "usage": usage}}]
    out.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    out += [delta(0, type="text_delta", text=piece) for piece in pieces(text, size)]
    out.append({"type": "content_block_stop", "index": 0})
    block = {"type": "tool_use", "id": "toolu_1", "name": "send", "input": {}}
    out.append({"type": "content_block_start", "index": 1, "content_block": block})
    out += [delta(1, type="input_json_delta", partial_json=piece) for piece in pieces(arguments, size)]
    out.append({"type": "content_block_stop", "index": 1})
    out.append({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 7}})
    out.append({"type": "message_stop"})
    return chunked(out)


def mistral(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def chunk(delta: dict[str, Any], **more: Any) -> str:
        return sse({"id": "c1", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None, **more}]})

    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": f"of {EMAIL}"}], "signature": SIGNATURE}
    out = [chunk({"role": "assistant", "content": [thinking]})]
    half = pieces(text, size)
    out += [chunk({"content": [{"type": "text", "text": piece}]}) for piece in half[: len(half) // 2]]
    out += [chunk({"content": piece}) for piece in half[len(half) // 2 :]]
    call = {"id": "abc123def", "function": {"name": "send", "arguments": arguments}, "index": 0}
    out.append(chunk({"content": "", "tool_calls": [call]}, finish_reason="tool_calls"))
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    return ("".join(out) + sse({"id": "c1", "model": "m", "choices": [], "usage": usage}) + "data: [DONE]\n\n").encode()


def cohere(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def event(kind: str, message: Any = None, **members: Any) -> str:
        more = {"delta": {"message": message}} if message is not None else {}
        return sse({"type": kind, **members, **more}, kind)

    out = [event("message-start", {"role": "assistant", "content": []}, id="i")]
    out += [event("tool-plan-delta", {"tool_plan": piece}) for piece in pieces(f"plan {NAME} [PER", size)]
    call = {"id": "send_1", "type": "function", "function": {"name": "send", "arguments": ""}}
    out.append(event("tool-call-start", {"tool_calls": call}, index=0))
    out += [
        event("tool-call-delta", {"tool_calls": {"function": {"arguments": piece}}}, index=0)
        for piece in pieces(arguments, size)
    ]
    out.append(event("tool-call-end", index=0))
    out.append(event("content-start", {"content": {"type": "text", "text": ""}}, index=0))
    out += [event("content-delta", {"content": {"text": piece}}, index=0) for piece in pieces(text, size)]
    citation = {"start": 3, "end": 9, "text": NAME, "sources": [{"type": "document", "id": "d"}], "content_index": 0}
    out.append(event("citation-start", {"citations": citation}, index=0))
    out.append(event("citation-end", index=0))
    out.append(event("content-end", index=0))
    usage = {"billed_units": {"input_tokens": 9}, "tokens": {"input_tokens": 11, "output_tokens": 7}}
    out.append(sse({"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}}, "message-end"))
    return "".join(out).encode()


def ollama(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def line(message: dict[str, Any], **more: Any) -> str:
        tree = {"model": "m", "created_at": "t", "message": {"role": "assistant", **message}, "done": False, **more}
        return json.dumps(tree, ensure_ascii=False) + "\n"

    out = [line({"content": "", "thinking": piece}) for piece in pieces(f"of {NAME} [PER", size)]
    out += [line({"content": piece}) for piece in pieces(text, size)]
    out.append(
        line({"content": "", "tool_calls": [{"function": {"name": "send", "arguments": json.loads(arguments)}}]})
    )
    out.append(line({"content": ""}, done=True, done_reason="stop", prompt_eval_count=11, eval_count=7))
    return "".join(out).encode()


MAKERS: dict[str, tuple[str, str, Callable[..., bytes]]] = {
    "gemini": ("gemini.stream", "text/event-stream", gemini),
    "gemini_array": ("gemini.stream", "application/json", gemini_array),
    "converse": ("bedrock.converse_stream", "application/vnd.amazon.eventstream", converse),
    "invoke_claude": ("bedrock.invoke_stream", "application/vnd.amazon.eventstream", invoke_claude),
    "mistral": ("mistral.chat", "text/event-stream", mistral),
    "cohere": ("cohere.chat", "text/event-stream", cohere),
    "ollama": ("ollama.chat", "application/x-ndjson", ollama),
}
STREAMS = {name: make() for name, (_, _, make) in MAKERS.items()}
SHORT = {name: make(f"ü{NAME} {TAIL}", json.dumps({"a": f"{NOTE}🦊"}), 17) for name, (_, _, make) in MAKERS.items()}
