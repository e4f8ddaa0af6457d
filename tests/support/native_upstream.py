"""A stand-in for model servers that speak neither OpenAI's nor Anthropic's dialect, and a gateway in front of it."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import yaml

from demo.stub_upstream import StubUpstream
from gateway.dialects import DIALECTS
from gateway.restore.eventstream import event_frame
from tests.support.gateway import RunningGateway

PIECE = 7
ECHO = "You said: "


class NativeUpstream(StubUpstream):
    """Echoes the last user's text, or calls the first tool with it, in the dialect of the path."""

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        target = head.split(b" ", 2)[1].decode()
        media_type, data = answer(target, json.loads(body or b"{}"))
        writer.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode("ascii")
        )
        for at in range(0, len(data), 997):
            piece = data[at : at + 997]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        writer.write(b"0\r\n\r\n")
        await writer.drain()


class NativeGateway(RunningGateway):
    """Every upstream speaks every dialect, at its own path."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, stub=NativeUpstream)

    def _edit(self, settings: dict[str, Any], rules: dict[str, Any]) -> None:
        super()._edit(settings, rules)
        policy = yaml.safe_load((self.folder / "rules.yaml").read_text())
        for upstream in policy["upstreams"]:
            upstream["base_url"] = upstream["base_url"].removesuffix("/v1")
            upstream["dialects"] = [dialect.name for dialect in DIALECTS]
        (self.folder / "rules.yaml").write_text(yaml.safe_dump(policy, sort_keys=False))


def answer(target: str, request: dict[str, Any]) -> tuple[str, bytes]:
    """Media type and body of the answer to a request."""
    path, _, query = target.partition("?")
    operation = path.rpartition(":")[2] if ":" in path.rpartition("/")[2] else path.rpartition("/")[2]
    if path.startswith("/model/"):
        return _bedrock(operation, request)
    if ":" in path.rpartition("/")[2]:
        return _gemini(operation, request, sse="alt=sse" in query)
    if path.startswith("/api/"):
        return _ollama(operation, request)
    if path.startswith("/v2/"):
        return _cohere(operation, request)
    return _mistral(operation, request)


def _json(tree: Any) -> tuple[str, bytes]:
    return "application/json", json.dumps(tree).encode()


def last(request: dict[str, Any]) -> str:
    """The text of the last turn, whatever the dialect calls it."""
    turns = (
        request.get("contents") or request.get("messages") or request.get("prompt") or request.get("inputText") or ""
    )
    return _said(turns[-1]) if isinstance(turns, list) else str(turns)


def _said(turn: Any) -> str:
    if isinstance(turn, str):
        return turn
    parts = turn.get("parts") or turn.get("content") or ""
    return parts if isinstance(parts, str) else " ".join(part.get("text", "") for part in parts if "text" in part)


def _arguments(request: dict[str, Any]) -> dict[str, Any]:
    return {"text": last(request), "urgent": True}


def pieces(text: str) -> list[str]:
    """`text` in pieces that cut every placeholder."""
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _sse(trees: list[Any], *, end: str = "", event: bool = False, eol: str = "\n") -> tuple[str, bytes]:
    heads = [f"event: {tree['type']}{eol}" if event else "" for tree in trees]
    out = [f"{head}data: {json.dumps(tree)}{eol}{eol}" for head, tree in zip(heads, trees, strict=True)]
    return "text/event-stream", ("".join(out) + end).encode()


def _gemini(operation: str, request: dict[str, Any], *, sse: bool) -> tuple[str, bytes]:
    if operation == "countTokens":
        return _json({"totalTokens": 5})
    if "mbed" in operation:
        given = request.get("requests") or [request]
        vectors = [{"values": [0.1, 0.2]} for _ in given]
        return _json({"embeddings": vectors} if "requests" in request else {"embedding": vectors[0]})
    usage = {"promptTokenCount": 11, "candidatesTokenCount": 7, "totalTokenCount": 18}

    def chunk(part: dict[str, Any], **more: Any) -> dict[str, Any]:
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0, **more}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "stub"}

    call = {"functionCall": {"name": "send", "args": _arguments(request)}, "thoughtSignature": "c2lnbmF0dXJl"}
    if operation == "generateContent":
        part = call if request.get("tools") else {"text": ECHO + last(request)}
        return _json(chunk(part, finishReason="STOP"))
    parts = [call] if request.get("tools") else [{"text": piece} for piece in pieces(ECHO + last(request))]
    chunks = [*(chunk(part) for part in parts), chunk({"text": ""}, finishReason="STOP")]
    if sse:
        return _sse(chunks, eol="\r\n")
    return "application/json", ("[" + ",\r\n".join(map(json.dumps, chunks)) + "]").encode()


def _bedrock(operation: str, request: dict[str, Any]) -> tuple[str, bytes]:
    usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    tool = {"toolUseId": "tooluse_1", "name": "send"}
    tools = bool(request.get("toolConfig") or request.get("tools"))
    if operation == "count-tokens":
        return _json({"inputTokens": 5})
    if operation == "converse":
        block = {"toolUse": {**tool, "input": _arguments(request)}} if tools else {"text": ECHO + last(request)}
        message = {"message": {"role": "assistant", "content": [block]}}
        return _json({"output": message, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}})
    if operation == "converse-stream":
        return "application/vnd.amazon.eventstream", _frames(request, tool if tools else None, usage)
    if operation == "invoke":
        if "inputText" in request:
            return _json({"results": [{"outputText": ECHO + last(request)}], "inputTextTokenCount": 11})
        content = [{"type": "text", "text": ECHO + last(request)}]
        return _json({"type": "message", "content": content, "usage": {"input_tokens": 11, "output_tokens": 7}})
    if "inputText" in request:
        events: list[dict[str, Any]] = [{"outputText": piece} for piece in pieces(ECHO + last(request))]
        events[-1]["completionReason"] = "FINISH"
    else:
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(ECHO + last(request))]
        events = [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": 0})
    bodies = [base64.b64encode(json.dumps(event).encode()).decode() for event in events]
    frames = [event_frame("chunk", json.dumps({"bytes": body, "p": "abc"}).encode()) for body in bodies]
    return "application/vnd.amazon.eventstream", b"".join(frames)


def _frames(request: dict[str, Any], tool: dict[str, Any] | None, usage: dict[str, int]) -> bytes:
    events: list[tuple[str, dict[str, Any]]] = [("messageStart", {"role": "assistant"})]
    if tool is not None:
        events.append(("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": tool}}))
        deltas: list[Any] = [{"toolUse": {"input": piece}} for piece in pieces(json.dumps(_arguments(request)))]
    else:
        deltas = [{"text": piece} for piece in pieces(ECHO + last(request))]
    events += [("contentBlockDelta", {"contentBlockIndex": 0, "delta": delta, "p": "abcd"}) for delta in deltas]
    events.append(("contentBlockStop", {"contentBlockIndex": 0}))
    events.append(("messageStop", {"stopReason": "end_turn"}))
    events.append(("metadata", {"usage": usage, "metrics": {"latencyMs": 1}}))
    return b"".join(event_frame(kind, json.dumps(tree).encode()) for kind, tree in events)


def _ollama(operation: str, request: dict[str, Any]) -> tuple[str, bytes]:
    counts = {"done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}
    if operation == "embed":
        return _json({"model": "m", "embeddings": [[0.1, 0.2]], "prompt_eval_count": 3})

    def line(done: bool, **message: Any) -> dict[str, Any]:
        head = {"model": request["model"], "created_at": "2026-01-01T00:00:00Z", "done": done}
        if operation == "generate":
            return {**head, "response": message.get("content", "")}
        return {**head, "message": {"role": "assistant", "content": "", **message}}

    call = [{"function": {"name": "send", "arguments": _arguments(request)}}]
    said = {"tool_calls": call} if request.get("tools") else {"content": ECHO + last(request)}
    if request.get("stream") is False:
        return _json({**line(True, **said), **counts})
    parts: list[dict[str, Any]] = [said]
    if "content" in said:
        parts = [{"content": piece} for piece in pieces(said["content"])]
    lines = [*(line(False, **part) for part in parts), {**line(True), **counts}]
    return "application/x-ndjson", "".join(json.dumps(each) + "\n" for each in lines).encode()


def _cohere(operation: str, request: dict[str, Any]) -> tuple[str, bytes]:
    usage = {"tokens": {"input_tokens": 11, "output_tokens": 7}}
    if operation == "embed":
        return _json({"id": "e", "embeddings": {"float": [[0.1, 0.2]]}, "texts": request["texts"]})
    if operation == "rerank":
        return _json({"id": "r", "results": [{"index": 0, "relevance_score": 0.9}]})
    call = {"id": "send_1", "type": "function", "function": {"name": "send"}}
    arguments = json.dumps(_arguments(request))
    if not request.get("stream"):
        message: dict[str, Any] = {"role": "assistant"}
        if request.get("tools"):
            message["tool_calls"] = [{**call, "function": {"name": "send", "arguments": arguments}}]
        else:
            message["content"] = [{"type": "text", "text": ECHO + last(request)}]
        return _json({"id": "i", "finish_reason": "COMPLETE", "message": message, "usage": usage})

    def event(kind: str, message: Any = None) -> dict[str, Any]:
        return {"type": kind, "index": 0, **({"delta": {"message": message}} if message is not None else {})}

    if request.get("tools"):
        begin = event("tool-call-start", {"tool_calls": {**call, "function": {"name": "send", "arguments": ""}}})
        deltas = [event("tool-call-delta", {"tool_calls": {"function": {"arguments": p}}}) for p in pieces(arguments)]
        events = [begin, *deltas, event("tool-call-end")]
    else:
        texts = [event("content-delta", {"content": {"text": piece}}) for piece in pieces(ECHO + last(request))]
        events = [event("content-start", {"content": {"type": "text", "text": ""}}), *texts, event("content-end")]
    end = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": usage}}
    return _sse([*events, end], event=True)


def _mistral(operation: str, request: dict[str, Any]) -> tuple[str, bytes]:
    usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    head = {"id": "c1", "object": "chat.completion", "created": 1, "model": request.get("model", "m")}
    if operation in ("embeddings", "moderations"):
        vectors = [{"object": "embedding", "index": 0, "embedding": [0.1]}]
        if operation == "moderations":
            return _json({**head, "results": [{"categories": {}, "category_scores": {}}]})
        return _json({**head, "object": "list", "data": vectors, "usage": usage})
    function = {"name": "send", "arguments": json.dumps(_arguments(request))}
    call = {"id": "abc123def", "type": "function", "index": 0, "function": function}
    said = {"content": "", "tool_calls": [call]} if request.get("tools") else {"content": ECHO + last(request)}
    if not request.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", **said}, "finish_reason": "stop"}
        return _json({**head, "choices": [choice], "usage": usage})
    deltas: list[dict[str, Any]] = [said]
    if "tool_calls" not in said:
        deltas = [{"content": piece} for piece in pieces(str(said["content"]))]
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    final = {**head, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}], "usage": usage}
    return _sse([*chunks, final], end="data: [DONE]\n\n")
