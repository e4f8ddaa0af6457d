"""The official SDKs read what the filters write."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from gateway.errors import Refusal
from gateway.restore import stream_filter
from tests.gateway.restore.goldens import EMAIL, MASK, STREAMS, TAIL, TEXT, VALUES, restored_text

REFUSAL = Refusal("llmgw_test", 400, "Stopped by the gateway.")


def served(dialect: str, *, aborted: bool = False) -> httpx2.Client:
    stream = stream_filter(dialect, VALUES, masks=(MASK,))
    data = STREAMS[dialect]
    body = stream.feed(data[: len(data) // 3] if aborted else data)
    body += stream.abort(REFUSAL) if aborted else stream.close()
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, headers=headers, content=body))
    return httpx2.Client(transport=transport)


def openai_client(dialect: str, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(api_key="k", base_url="http://stub/v1", max_retries=0, http_client=served(dialect, **options))


def anthropic_client(**options: Any) -> anthropic.Anthropic:
    client = served("anthropic.messages", **options)
    return anthropic.Anthropic(api_key="k", base_url="http://stub", max_retries=0, http_client=client)


MESSAGES: list[Any] = [{"role": "user", "content": "x"}]


def test_openai_chat() -> None:
    chunks = openai_client("openai.chat").chat.completions.create(model="m", messages=MESSAGES, stream=True)
    text = "".join(
        choice.delta.content or "" for chunk in chunks for choice in chunk.choices if choice.index == 0
    )  # fmt: skip
    assert text == restored_text(TEXT) + TAIL
    with pytest.raises(openai.APIError, match="Stopped by the gateway"):
        list(
            openai_client("openai.chat", aborted=True).chat.completions.create(
                model="m", messages=MESSAGES, stream=True
            )
        )


def test_openai_responses() -> None:
    with openai_client("openai.responses").responses.stream(model="m", input="x") as stream:
        final = stream.get_final_response()
    assert final.output_text == restored_text(TEXT) + TAIL
    with pytest.raises(openai.APIError, match="Stopped by the gateway"):
        list(openai_client("openai.responses", aborted=True).responses.create(model="m", input="x", stream=True))


def test_anthropic_messages() -> None:
    with anthropic_client().messages.stream(model="m", messages=MESSAGES, max_tokens=9) as stream:
        message = stream.get_final_message()
    kinds = [block.type for block in message.content]
    assert kinds == ["thinking", "text", "tool_use"]
    text, tool = message.content[1], message.content[2]
    assert text.type == "text" and text.text == f"{VALUES[EMAIL]} {restored_text(TEXT)}{TAIL}"
    assert tool.type == "tool_use" and json.loads(json.dumps(tool.input))["to"] == VALUES[EMAIL]
    with pytest.raises(anthropic.APIStatusError, match="Stopped by the gateway"):
        list(anthropic_client(aborted=True).messages.create(model="m", messages=MESSAGES, max_tokens=9, stream=True))
