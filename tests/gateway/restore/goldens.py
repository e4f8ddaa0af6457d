"""Streams with placeholders cut across events, and the values behind them."""

from __future__ import annotations

import json
from typing import Any

EMAIL = "[EMAIL_ADDRESS_abcdefghijkl]"
NAME = "[PERSON_mnopqrstuvwx]"
NOTE = "[CODE_NAME_yz234567abcd]"
UNKNOWN = "[PERSON_zzzzzzzzzzzz]"
VALUES = {EMAIL: "jo@corp.example", NAME: 'Zoë "Z" 🦊 O\\Neil', NOTE: "line one\nline\ttwo"}
MASK = "upstream-" + "credential-0123456789"


def sse(tree: Any, event: str = "") -> str:
    line = f"event: {event}\n" if event else ""
    return f"{line}data: {json.dumps(tree, ensure_ascii=False, separators=(',', ':'))}\n\n"


def pieces(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


TEXT = (
    f"Grüße 🦊 [see] {NAME} <{EMAIL}> and {UNKNOWN}, [EMAIL_ADDRESS_abc, key {MASK}. "
    f"https://x.example/?q={EMAIL} {NOTE}"
)
ARGUMENTS = json.dumps({"to": EMAIL, "who": f'{NAME} \\ "q"', "n": [1, 2], "x": f"https://h.example/{EMAIL}"})
TAIL = "[PERSON_mnop"


def chat(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def chunk(choice: dict[str, Any], **more: Any) -> str:
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        return sse({**head, "choices": [{"index": 0, "finish_reason": None, **choice}], **more})

    out = [": ping\n\n", chunk({"delta": {"role": "assistant", "content": ""}})]
    out += [chunk({"delta": {"content": piece}, "logprobs": None}) for piece in pieces(text, size)]
    out.append(chunk({"index": 1, "delta": {"content": "other [PER"}}))
    start = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "send", "arguments": ""}}
    out.append(chunk({"delta": {"tool_calls": [start]}}))
    for piece in pieces(arguments, size - 2):
        out.append(chunk({"delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}))
        out.append(chunk({"delta": {"tool_calls": [{"index": 1, "function": {"arguments": piece}}]}}))
    out.append(chunk({"delta": {}, "finish_reason": "tool_calls"}))
    out.append(chunk({"index": 1, "delta": {"content": "SON_mnopqrstuvwx]!"}, "finish_reason": "stop"}))
    out.append(
        sse({"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [],
             "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}})
    )  # fmt: skip
    return ("".join(out) + "data: [DONE]\n\n").encode()


def responses(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    out: list[str] = []

    def event(kind: str, **members: Any) -> None:
        out.append(sse({"type": kind, "sequence_number": len(out), **members}, kind))

    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "instructions": f"mail {EMAIL}"}
    event("response.created", response={**head, "status": "in_progress", "output": []})
    place = {"item_id": "i1", "output_index": 0, "content_index": 0}
    begun = {"type": "message", "id": "i1", "role": "assistant", "status": "in_progress", "content": []}
    event("response.output_item.added", output_index=0, item=begun)
    event("response.content_part.added", **place, part={"type": "output_text", "text": "", "annotations": []})
    for piece in pieces(text, size):
        event("response.output_text.delta", **place, delta=piece, logprobs=[], obfuscation="xyz")
    event("response.output_text.done", **place, text=text, logprobs=[])
    part = {"type": "output_text", "text": text, "annotations": []}
    event("response.content_part.done", **place, part=part)
    item = {"type": "message", "id": "i1", "role": "assistant", "status": "completed", "content": [part]}
    event("response.output_item.done", output_index=0, item=item)
    call = {"item_id": "i2", "output_index": 1}
    tool = {"type": "function_call", "id": "i2", "call_id": "call_2", "name": "send", "arguments": ""}
    event("response.output_item.added", output_index=1, item=tool)
    for piece in pieces(arguments, size):
        event("response.function_call_arguments.delta", **call, delta=piece)
    event("response.function_call_arguments.done", **call, arguments=arguments)
    tool = {**tool, "arguments": arguments}
    event("response.output_item.done", output_index=1, item=tool)
    sealed = {"type": "reasoning", "id": "i3", "summary": [], "encrypted_content": f"seal{EMAIL}"}
    usage = {"input_tokens": 12, "output_tokens": 8, "total_tokens": 20}
    final = {**head, "status": "completed", "output": [item, tool, sealed], "usage": usage}
    event("response.completed", response=final)
    return "".join(out).encode()


def messages(text: str = TEXT + TAIL, arguments: str = ARGUMENTS, size: int = 7) -> bytes:
    def event(kind: str, **members: Any) -> str:
        return sse({"type": kind, **members}, kind).replace("\n", "\r\n")

    usage = {"input_tokens": 5, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3, "output_tokens": 1}
    start = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}
    out = [event("message_start", message=start), event("ping")]
    out.append(
        event("content_block_start", index=0, content_block={"type": "thinking", "thinking": "", "signature": ""})
    )
    out.append(event("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": f"about {EMAIL}"}))
    out.append(event("content_block_delta", index=0, delta={"type": "signature_delta", "signature": "c2ln"}))
    out.append(event("content_block_stop", index=0))
    out.append(event("content_block_start", index=1, content_block={"type": "text", "text": "[EMAIL"}))
    out += [
        event("content_block_delta", index=1, delta={"type": "text_delta", "text": piece})
        for piece in pieces("_ADDRESS_abcdefghijkl] " + text, size)
    ]
    out.append(event("content_block_stop", index=1))
    block = {"type": "tool_use", "id": "toolu_1", "name": "send", "input": {}}
    out.append(event("content_block_start", index=2, content_block=block))
    out += [
        event("content_block_delta", index=2, delta={"type": "input_json_delta", "partial_json": piece})
        for piece in pieces(arguments, size)
    ]
    out.append(event("content_block_stop", index=2))
    ended = {"stop_reason": "stop_sequence", "stop_sequence": NAME}
    out.append(event("message_delta", delta=ended, usage={"output_tokens": 9}))
    out.append(event("message_stop"))
    return "".join(out).encode()


MAKERS = {"openai.chat": chat, "openai.responses": responses, "anthropic.messages": messages}
STREAMS = {dialect: make() for dialect, make in MAKERS.items()}
SHORT = {dialect: make(f"ü{NAME} {TAIL}", json.dumps({"a": f"{NOTE}🦊"}), 17) for dialect, make in MAKERS.items()}
"""Small enough to be cut at every byte."""


def events(data: bytes) -> list[Any]:
    """The JSON of every event, `[DONE]` as text."""
    lines = [line for line in data.replace(b"\r\n", b"\n").split(b"\n") if line.startswith(b"data: ")]
    return ["[DONE]" if line == b"data: [DONE]" else json.loads(line[6:]) for line in lines]


def restored_text(text: str) -> str:
    """What `text` must become outside URLs, written down independently of the code under test."""
    head, _, rest = text.partition("https://x.example/?q=" + EMAIL)
    for key, value in {**VALUES, MASK: "[credential]"}.items():
        head, rest = head.replace(key, value), rest.replace(key, value)
    return head + ("https://x.example/?q=" + EMAIL if "https://x" in text else "") + rest
