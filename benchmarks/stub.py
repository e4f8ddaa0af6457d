"""An upstream that costs as little as possible: answers Chat Completions over plain HTTP/1.1, whole or as a stream.

    python -m benchmarks.stub --port 9000

Each event of a stream carries the monotonic time at which it was written, so that a client on the same machine can tell
how long it was under way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import time

import uvloop

_LETTERS = str.maketrans("0123456789", "abcdefghij")
_DIGITS = bytes.maketrans(b"abcdefghij", b"0123456789")
_STAMP = re.compile(rb"t=([a-j]+); ")
CHUNKS = 60
CHUNK_SECONDS = 0.02

_ANSWER = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": "gpt-4.1",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "The refund covers both orders and is paid within ten days. " * 6,
                },
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 250, "completion_tokens": 80, "total_tokens": 330},
    }
).encode()
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER) + _ANSWER
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def stamp(seconds: float) -> str:
    """A time as letters: digits look like telephone numbers to a scanner of answers."""
    return f"t={str(int(seconds * 1e6)).translate(_LETTERS)}; "


def unstamp(data: bytes) -> list[float]:
    """The times in a piece of a stream."""
    return [int(found.translate(_DIGITS)) / 1e6 for found in _STAMP.findall(data)]


def _event(content: str | None) -> bytes:
    choice = {
        "index": 0,
        "delta": {"content": content} if content else {},
        "finish_reason": None if content else "stop",
    }
    chunk = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1_760_000_000, "model": "gpt-4.1"}
    data = b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


class Upstream(asyncio.Protocol):
    """One connection: a request is complete once its content-length or its last chunk is there."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._streams: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            if at >= 0:
                stop = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0])
            elif b"transfer-encoding:" in head:
                last = self._buffer.find(b"0\r\n\r\n", end + 4)
                stop = last + 5 if last >= 0 else 1 << 62
            else:
                stop = end + 4
            if len(self._buffer) < stop:
                return
            body = bytes(self._buffer[end + 4 : stop])
            del self._buffer[:stop]
            if b'"stream":true' in body or b'"stream": true' in body:
                task = asyncio.ensure_future(self._stream())
                self._streams.add(task)
                task.add_done_callback(self._streams.discard)
            else:
                self._transport.write(WHOLE)

    def connection_lost(self, exc: Exception | None) -> None:
        for task in self._streams:
            task.cancel()

    async def _stream(self) -> None:
        self._transport.write(HEAD)
        for _ in range(CHUNKS):
            await asyncio.sleep(CHUNK_SECONDS)
            self._transport.write(_event(stamp(time.monotonic())))
        done = b"data: [DONE]\n\n"
        self._transport.write(_event(None) + b"%x\r\n%b\r\n0\r\n\r\n" % (len(done), done))


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
