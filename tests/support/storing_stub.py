"""A model server that keeps things: files, batches, responses, conversations. Nothing in here knows the gateway."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
from typing import Any

from demo.stub_upstream import StubUpstream, _chat_whole, _last, _sse, _whole

AUDIO = b"ID3\x04\x00" + bytes(range(256)) * 8
_PART = re.compile(
    rb'name="file"; filename="([^"]*)"(?:\r\ncontent-type: ([^\r]*))?\r\n\r\n(.*?)\r\n--', re.DOTALL | re.IGNORECASE
)


class StoringStub(StubUpstream):
    """Answers what the stub of the demo does not."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._numbers = itertools.count(1)
        self.files: dict[str, tuple[str, str, bytes]] = {}
        self.kept: dict[str, dict[str, Any]] = {}

    async def _answer(self, head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        method, target, _ = head.split(b" ", 2)
        path = re.sub("^/openai(?=/files|/batches|/responses)", "", target.decode().partition("?")[0])
        steps = path.removeprefix("/v1").strip("/").split("/")
        if steps[:2] == ["openai", "deployments"]:
            steps = steps[3:]
            head = b" ".join((method, b"/v1/" + "/".join(steps).encode(), b"HTTP/1.1\r\n" + head.partition(b"\r\n")[2]))
        try:
            given = json.loads(body) if body else {}
        except ValueError:
            given = {}
        made = self._made(method.decode(), steps, given, (head, body))
        if made is None:
            await super()._answer(head, body, writer)
        else:
            writer.write(made)
            await writer.drain()

    def _id(self, prefix: str) -> str:
        return f"{prefix}{self.name.replace('-', '')[:5]}Ab{next(self._numbers):06d}xyz1"

    def _made(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes | None:
        handler = getattr(self, f"_{steps[0].replace('-', '_')}", None)
        if steps[0] == "messages" and steps[1:2] == ["batches"]:
            return self._message_batches(method, steps[2:], given)
        return handler(method, steps[1:], given, raw) if handler else None

    def _files(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        if method == "POST":
            part = _PART.search(raw[1])
            assert part is not None
            purpose = re.search(rb'name="purpose"\r\n\r\n(.*?)\r\n', raw[1])
            identifier = self._id("file-")
            self.files[identifier] = (part[1].decode(), purpose[1].decode() if purpose else "", part[3])
        elif not steps:
            return _whole({"object": "list", "data": [self._file(each) for each in self.files], "has_more": False})
        else:
            identifier = steps[0]
        if identifier not in self.files:
            return _whole({"error": {"message": "no such file"}}, "404 Not Found")
        if steps[1:] == ["content"]:
            return binary(self.files[identifier][2], "application/octet-stream")
        if method == "DELETE":
            del self.files[identifier]
            return _whole({"id": identifier, "object": "file", "deleted": True})
        return _whole(self._file(identifier))

    def _file(self, identifier: str) -> dict[str, Any]:
        name, purpose, data = self.files[identifier]
        return {
            "id": identifier, "object": "file", "bytes": len(data), "created_at": 1, "filename": name,
            "purpose": purpose, "status": "processed", "type": "file", "mime_type": "text/plain",
            "size_bytes": len(data), "downloadable": True,
        }  # fmt: skip

    def _batches(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        if method == "POST" and not steps:
            rows = [json.loads(line) for line in self.files[given["input_file_id"]][2].splitlines()]
            done = [
                {"id": "br_1", "custom_id": row["custom_id"], "error": None,
                 "response": {"status_code": 200, "request_id": "r", "body": _chat_whole(row["body"])}}
                for row in rows
            ]  # fmt: skip
            output, identifier = self._id("file-"), self._id("batch_")
            self.files[output] = ("out.jsonl", "batch_output", b"\n".join(json.dumps(row).encode() for row in done))
            self.kept[identifier] = {
                **given, "id": identifier, "object": "batch", "output_file_id": output, "status": "completed",
                "created_at": 1, "completion_window": "24h",
            }  # fmt: skip
            return _whole(self.kept[identifier])
        if not steps:
            data = [each for each in self.kept.values() if each["object"] == "batch"]
            return _whole({"object": "list", "data": data, "has_more": False})
        return _whole(self.kept[steps[0]])

    def _responses(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes | None:
        if method == "POST" and steps == ["input_tokens"]:
            return _whole({"object": "response.input_tokens", "input_tokens": 5})
        if method == "POST" and not steps:
            return self._respond(given)
        if method == "POST" and steps == ["compact"]:
            return _whole({"id": self._id("resp_"), "object": "response.compaction", "created_at": 1, "output": []})
        if steps[1:] == ["input_items"]:
            return _whole({"object": "list", "data": [], "has_more": False})
        if method == "DELETE":
            return _whole({"id": steps[0], "deleted": True})
        return _whole(self.kept[steps[0]])

    def _respond(self, given: Any) -> bytes:
        earlier = self.kept.get(given.get("previous_response_id") or str(given.get("conversation")), {})
        text = f"You said: {_last(given)} and before: {earlier.get('said', '')}"
        identifier = self._id("resp_")
        part = {"type": "output_text", "text": text, "annotations": []}
        item = {
            "id": self._id("msg_"), "type": "message", "role": "assistant", "status": "completed", "content": [part]
        }  # fmt: skip
        response = {
            "id": identifier, "object": "response", "created_at": 1, "status": "completed", "model": given["model"],
            "output": [item], "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "metadata": {},
        }  # fmt: skip
        self.kept[identifier] = {**response, "said": _last(given)}
        if "conversation" in given:
            self.kept[given["conversation"]]["said"] = _last(given)
        if not given.get("stream"):
            return _whole(response)
        events = [
            ("response.created", {"response": {**response, "status": "in_progress", "output": []}}),
            ("response.output_item.added", {"output_index": 0, "item": {**item, "content": []}}),
            ("response.content_part.added",
             {"item_id": item["id"], "output_index": 0, "content_index": 0, "part": {**part, "text": ""}}),
            *(
                ("response.output_text.delta",
                 {"item_id": item["id"], "output_index": 0, "content_index": 0, "delta": text[at : at + 5]})
                for at in range(0, len(text), 5)
            ),
            ("response.completed", {"response": response}),
        ]  # fmt: skip
        lines = [_sse({"type": kind, "sequence_number": at, **more}, kind) for at, (kind, more) in enumerate(events)]
        return binary(b"".join(lines), "text/event-stream")

    def _conversations(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        if method == "POST" and not steps:
            identifier = self._id("conv_")
            said = given["items"][0]["content"] if given.get("items") else ""
            self.kept[identifier] = {
                "id": identifier, "object": "conversation", "created_at": 1, "metadata": given.get("metadata"),
                "said": said,
            }  # fmt: skip
        elif steps[1:] == ["items"]:
            item = {
                "id": self._id("msg_"), "type": "message", "role": "user", "status": "completed",
                "content": [{"type": "input_text", "text": self.kept[steps[0]]["said"]}],
            }  # fmt: skip
            ends = {"first_id": item["id"], "last_id": item["id"], "has_more": False}
            return _whole({"object": "list", "data": [item], **ends})
        elif method == "DELETE":
            return _whole({"id": steps[0], "object": "conversation.deleted", "deleted": True})
        else:
            identifier = steps[0]
        return _whole(self.kept[identifier])

    def _chat(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes | None:
        if method == "POST" and steps == ["completions"]:
            if not given.get("store"):
                return None
            identifier = self._id("chatcmpl-")
            self.kept[identifier] = {**dict(_chat_whole(given)), "id": identifier}  # type: ignore[call-overload]
            return _whole(self.kept[identifier])
        return _whole(self.kept[steps[1]])

    def _audio(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        if steps == ["speech"]:
            return binary(AUDIO, "audio/mpeg")
        prompt = re.search(rb'name="prompt"\r\n\r\n(.*?)\r\n--', raw[1])
        text = f"heard {prompt[1].decode() if prompt else ''}"
        if b"\r\n\r\ntext\r\n" in raw[1]:
            return binary(text.encode(), "text/plain; charset=utf-8")
        return _whole({"text": text})

    def _images(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        prompt = given.get("prompt") or ""
        if match := re.search(rb'name="prompt"\r\n\r\n(.*?)\r\n--', raw[1]):
            prompt = match[1].decode()
        picture = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(64)).decode()
        return _whole({"created": 1, "data": [{"b64_json": picture, "revised_prompt": f"better: {prompt}"}]})

    def _moderations(self, method: str, steps: list[str], given: Any, raw: tuple[bytes, bytes]) -> bytes:
        return _whole({"id": "modr-1", "model": given["model"], "results": []})

    def _message_batches(self, method: str, steps: list[str], given: Any) -> bytes:
        if method == "POST" and not steps:
            identifier = self._id("msgbatch_")
            counts = {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0}
            self.kept[identifier] = {
                "id": identifier, "type": "message_batch", "processing_status": "ended", "request_counts": counts,
                "created_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-02T00:00:00Z", "ended_at": None,
                "cancel_initiated_at": None, "archived_at": None,
                "results_url": f"https://api.anthropic.example/v1/messages/batches/{identifier}/results",
                "requests": given["requests"],
            }  # fmt: skip
            return _whole(self.kept[identifier])
        if not steps:
            data = [each for each in self.kept.values() if each.get("type") == "message_batch"]
            ends = {"first_id": None, "last_id": None, "has_more": False}
            return _whole({"data": data, **ends})
        if steps[1:] != ["results"]:
            return _whole(self.kept[steps[0]])
        rows = [
            {"custom_id": row["custom_id"], "result": {"type": "succeeded", "message": {
                "id": "msg_1", "type": "message", "role": "assistant", "model": row["params"]["model"],
                "content": [{"type": "text", "text": f"You said: {_last(row['params'])}"}],
                "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1},
            }}}
            for row in self.kept[steps[0]]["requests"]
        ]  # fmt: skip
        return binary(b"".join(json.dumps(row).encode() + b"\n" for row in rows), "application/x-jsonl")


def binary(data: bytes, media_type: str) -> bytes:
    """A whole answer of any type."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data
