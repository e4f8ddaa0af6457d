"""A stand-in for a model server: speaks the OpenAI and Anthropic dialects, records the raw bytes it gets, echoes.

    python -m demo.stub_upstream --name third-party --port 9103 --record FILE

It answers with the text of the last user message, streams in small pieces when asked, and calls the first tool it is
offered with that text as the argument. Nothing in here knows the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

PIECE = 7
"""Characters in one piece of a stream: fewer than a placeholder has, so that every placeholder is cut."""


class StubUpstream:
    """One server on loopback. `requests` holds every request as (head, body), raw."""

    def __init__(
        self,
        name: str,
        *,
        record: Path | None = None,
        context: ssl.SSLContext | None = None,
        piece: int = PIECE,
        pause: float = 0.0,
    ) -> None:
        self.name = name
        self.requests: list[tuple[bytes, bytes]] = []
        self.connections = 0
        self.port = 0
        self._record = record
        self._context = context
        self._piece = piece
        self._pause = pause
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", port, ssl=self._context, limit=64 * 1024 * 1024
        )
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self.port

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    @property
    def seen(self) -> bytes:
        """Every byte of every request."""
        return b"".join(head + body for head, body in self.requests)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(_length(head))
                self._keep(head, body)
                await self._answer(head, body, writer)
        writer.close()

    def _keep(self, head: bytes, body: bytes) -> None:
        self.requests.append((head, body))
        if self._record is not None:
            with self._record.open("ab") as file:
                file.write(head + body + b"\n\n")

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        try:
            request = json.loads(body)
        except ValueError:
            request = {}
        events = _EVENTS.get(path.removeprefix("/v1"))
        if events is None:
            writer.write(
                _whole({"error": {"message": "no such path", "type": "invalid_request_error"}}, "404 Not Found")
            )
        elif request.get("stream"):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            async for event in events(request, self._piece):
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
                if self._pause:
                    await asyncio.sleep(self._pause)
            writer.write(b"0\r\n\r\n")
        else:
            writer.write(_whole(_WHOLE[path.removeprefix("/v1")](request)))
        await writer.drain()


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _whole(body: object, status: str = "200 OK") -> bytes:
    data = json.dumps(body).encode()
    return (
        f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\nset-cookie: upstream=1\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    ).encode() + data


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return ""


def _last(request: dict[str, Any]) -> str:
    messages = request.get("messages") or request.get("input") or request.get("prompt") or ""
    if isinstance(messages, str):
        return messages
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return _text(message.get("content"))
        if isinstance(message, str):
            return message
    return ""


def _reply(request: dict[str, Any]) -> str:
    return f"You said: {_last(request)}"


def _tool(request: dict[str, Any]) -> str | None:
    for tool in request.get("tools") or ():
        return tool.get("name") or tool.get("function", {}).get("name")
    return None


def _arguments(request: dict[str, Any]) -> str:
    return json.dumps({"text": _last(request), "urgent": True})


def _sse(data: object, event: str = "") -> bytes:
    prefix = f"event: {event}\n" if event else ""
    return f"{prefix}data: {json.dumps(data)}\n\n".encode()


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]


# OpenAI Chat Completions


def _chat_whole(request: dict[str, Any]) -> object:
    tool = _tool(request)
    if tool:
        call = {
            "id": "call_abcdefgh12345678",
            "type": "function",
            "function": {"name": tool, "arguments": _arguments(request)},
        }
        message: dict[str, Any] = {"role": "assistant", "content": None, "tool_calls": [call]}
    else:
        message = {"role": "assistant", "content": _reply(request)}
    finish = "tool_calls" if tool else "stop"
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": request.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }  # fmt: skip


async def _chat_events(request: dict[str, Any], size: int) -> AsyncIterator[bytes]:
    def chunk(delta: object, finish: str | None = None) -> bytes:
        return _sse(
            {
                "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": request.get("model"),
                "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            }
        )  # fmt: skip

    tool = _tool(request)
    yield chunk({"role": "assistant", "content": "" if not tool else None})
    if tool:
        function = {"name": tool, "arguments": ""}
        yield chunk(
            {"tool_calls": [{"index": 0, "id": "call_abcdefgh12345678", "type": "function", "function": function}]}
        )
        for piece in _pieces(_arguments(request), size):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    else:
        for piece in _pieces(_reply(request), size):
            yield chunk({"content": piece})
    yield chunk({}, "tool_calls" if tool else "stop")
    if (request.get("stream_options") or {}).get("include_usage"):
        usage = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
        yield _sse(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "m",
                "choices": [],
                "usage": usage,
            }
        )
    yield b"data: [DONE]\n\n"


# OpenAI Responses


def _response_object(request: dict[str, Any], status: str, output: list[Any]) -> dict[str, Any]:
    usage = {
        "input_tokens": 11, "output_tokens": 7, "total_tokens": 18,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    return {
        "id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": request.get("model"),
        "instructions": request.get("instructions"), "output": output, "tools": request.get("tools") or [],
        "parallel_tool_calls": True, "tool_choice": "auto", "temperature": 1.0, "top_p": 1.0, "metadata": {},
        "error": None, "incomplete_details": None, "usage": usage if status == "completed" else None,
    }  # fmt: skip


def _response_item(request: dict[str, Any]) -> dict[str, Any]:
    tool = _tool(request)
    if tool:
        return {
            "id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_abcdefgh12345678",
            "name": tool, "arguments": _arguments(request),
        }  # fmt: skip
    part = {"type": "output_text", "text": _reply(request), "annotations": []}
    return {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]}


def _responses_whole(request: dict[str, Any]) -> object:
    return _response_object(request, "completed", [_response_item(request)])


async def _responses_events(request: dict[str, Any], size: int) -> AsyncIterator[bytes]:
    number = 0

    def event(kind: str, **fields: Any) -> bytes:
        nonlocal number
        number += 1
        return _sse({"type": kind, "sequence_number": number, **fields}, kind)

    item = _response_item(request)
    yield event("response.created", response=_response_object(request, "in_progress", []))
    if item["type"] == "function_call":
        yield event(
            "response.output_item.added", output_index=0, item={**item, "arguments": "", "status": "in_progress"}
        )
        for piece in _pieces(item["arguments"], size):
            yield event("response.function_call_arguments.delta", item_id="fc_1", output_index=0, delta=piece)
        yield event(
            "response.function_call_arguments.done",
            item_id="fc_1",
            output_index=0,
            name=item["name"],
            arguments=item["arguments"],
        )
    else:
        part = item["content"][0]
        at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        yield event("response.output_item.added", output_index=0, item={**item, "content": [], "status": "in_progress"})
        yield event("response.content_part.added", part={**part, "text": ""}, **at)
        for piece in _pieces(part["text"], size):
            yield event("response.output_text.delta", delta=piece, logprobs=[], **at)
        yield event("response.output_text.done", text=part["text"], logprobs=[], **at)
        yield event("response.content_part.done", part=part, **at)
    yield event("response.output_item.done", output_index=0, item=item)
    yield event("response.completed", response=_response_object(request, "completed", [item]))


# Anthropic Messages


def _messages_whole(request: dict[str, Any]) -> object:
    tool = _tool(request)
    if tool:
        block: dict[str, Any] = {
            "type": "tool_use",
            "id": "toolu_1",
            "name": tool,
            "input": json.loads(_arguments(request)),
        }
    else:
        block = {"type": "text", "text": _reply(request)}
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request.get("model"), "content": [block],
        "stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 7},
    }  # fmt: skip


async def _messages_events(request: dict[str, Any], size: int) -> AsyncIterator[bytes]:
    tool = _tool(request)
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": request.get("model"), "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 11, "output_tokens": 1},
    }  # fmt: skip
    yield _sse({"type": "message_start", "message": message}, "message_start")
    if tool:
        block: dict[str, Any] = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}}
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(_arguments(request), size)]
    else:
        block = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(_reply(request), size)]
    yield _sse({"type": "content_block_start", "index": 0, "content_block": block}, "content_block_start")
    yield _sse({"type": "ping"}, "ping")
    for delta in deltas:
        yield _sse({"type": "content_block_delta", "index": 0, "delta": delta}, "content_block_delta")
    yield _sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
    delta = {"stop_reason": "tool_use" if tool else "end_turn", "stop_sequence": None}
    yield _sse({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 7}}, "message_delta")
    yield _sse({"type": "message_stop"}, "message_stop")


# the rest


def _completions_whole(request: dict[str, Any]) -> object:
    return {
        "id": "cmpl-1", "object": "text_completion", "created": 1, "model": request.get("model"),
        "choices": [{"index": 0, "text": _reply(request), "logprobs": None, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
    }  # fmt: skip


async def _completions_events(request: dict[str, Any], size: int) -> AsyncIterator[bytes]:
    base = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": request.get("model")}
    for piece in _pieces(_reply(request), size):
        yield _sse({**base, "choices": [{"index": 0, "text": piece, "logprobs": None, "finish_reason": None}]})
    yield _sse({**base, "choices": [{"index": 0, "text": "", "logprobs": None, "finish_reason": "stop"}]})
    yield b"data: [DONE]\n\n"


def _embeddings_whole(request: dict[str, Any]) -> object:
    given = request.get("input")
    count = len(given) if isinstance(given, list) else 1
    data = [{"object": "embedding", "index": index, "embedding": [0.1, 0.2]} for index in range(count)]
    return {
        "object": "list",
        "data": data,
        "model": request.get("model"),
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }


def _count_whole(request: dict[str, Any]) -> object:
    return {"input_tokens": len(json.dumps(request)) // 4}


_WHOLE = {
    "/chat/completions": _chat_whole,
    "/responses": _responses_whole,
    "/completions": _completions_whole,
    "/embeddings": _embeddings_whole,
    "/messages": _messages_whole,
    "/messages/count_tokens": _count_whole,
}
_EVENTS: dict[str, Any] = {
    "/chat/completions": _chat_events,
    "/responses": _responses_events,
    "/completions": _completions_events,
    "/embeddings": _chat_events,
    "/messages": _messages_events,
    "/messages/count_tokens": _messages_events,
}


async def _run(given: argparse.Namespace) -> None:
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate, given.key)
    stub = StubUpstream(given.name, record=given.record, context=context, pause=given.pause)
    port = await stub.start(given.port)
    print(json.dumps({"name": given.name, "port": port}), flush=True)
    await asyncio.Event().wait()


def main() -> int:
    """Run one stub until it is killed."""
    parser = argparse.ArgumentParser(description="stand-in for a model server")
    parser.add_argument("--name", default="stub")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, help="append raw requests to this file")
    parser.add_argument("--certificate", help="serve TLS with this PEM chain")
    parser.add_argument("--key")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between the events of a stream")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
