"""The official SDKs read what the filters write, and raise what ends a stream."""

from __future__ import annotations

import json
from typing import Any

import boto3
import cohere
import httpx
import httpx2
import ollama
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EventStreamError
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types
from mistralai.client import Mistral
from mistralai.client.errors import ResponseValidationError

from gateway.errors import Refusal
from gateway.restore import stream_filter
from tests.gateway.restore.goldens import EMAIL, MASK, NAME, TAIL, TEXT, VALUES, restored_text
from tests.gateway.restore.other_goldens import MAKERS, STREAMS

REFUSAL = Refusal("llmgw_test", 400, "Stopped by the gateway.")
WANTED = restored_text(TEXT) + TAIL


def written(name: str, *, aborted: bool) -> bytes:
    dialect, media_type, _ = MAKERS[name]
    stream = stream_filter(dialect, VALUES, masks=(MASK,), media_type=media_type)
    data = STREAMS[name]
    begun = stream.feed(data[: len(data) // 3] if aborted else data)
    return begun + (stream.abort(REFUSAL) if aborted else stream.close())


def transport(name: str, *, aborted: bool) -> Any:
    headers = {"content-type": MAKERS[name][1]}
    body = written(name, aborted=aborted)
    library = httpx if name in ("cohere", "ollama") else httpx2
    return library.Client(
        transport=library.MockTransport(lambda _: library.Response(200, headers=headers, content=body))
    )


def gemini(*, aborted: bool = False) -> list[Any]:
    options = genai_types.HttpOptions(base_url="http://stub", httpx_client=transport("gemini", aborted=aborted))
    client = genai.Client(api_key="k", http_options=options)
    return list(client.models.generate_content_stream(model="m", contents="x"))


def test_gemini() -> None:
    parts = [part for chunk in gemini() for part in chunk.candidates[0].content.parts]
    assert "".join(part.text or "" for part in parts if not part.thought) == f"{WANTED}after {NAME[:6]}"
    assert parts[-1].thought_signature
    with pytest.raises(genai_errors.ClientError, match="Stopped by the gateway"):
        gemini(aborted=True)


class Raw:
    """What botocore reads a stream from."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._data

    def close(self) -> None:
        """Nothing to close."""


def bedrock(name: str, *, aborted: bool = False) -> list[Any]:
    client = boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        aws_access_key_id="k",
        aws_secret_access_key="k",
        config=Config(retries={"max_attempts": 1}),
    )
    headers = {"content-type": MAKERS[name][1]}
    raw = Raw(written(name, aborted=aborted))
    client.meta.events.register("before-send", lambda **_: AWSResponse("http://stub", 200, headers, raw))
    if name == "converse":
        return list(client.converse_stream(modelId="m", messages=[])["stream"])
    return list(client.invoke_model_with_response_stream(modelId="m", body="{}")["body"])


def test_bedrock() -> None:
    deltas = [event["contentBlockDelta"]["delta"] for event in bedrock("converse") if "contentBlockDelta" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == WANTED
    assert (
        json.loads("".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta))["to"] == VALUES[EMAIL]
    )
    events = [json.loads(event["chunk"]["bytes"]) for event in bedrock("invoke_claude")]
    assert "".join(event.get("delta", {}).get("text", "") for event in events) == WANTED
    for name in ("converse", "invoke_claude"):
        with pytest.raises(EventStreamError, match=r"validationException.*Stopped by the gateway"):
            bedrock(name, aborted=True)


def test_mistral() -> None:
    def events(*, aborted: bool = False) -> list[Any]:
        client = Mistral(api_key="k", server_url="http://stub", client=transport("mistral", aborted=aborted))
        return list(client.chat.stream(model="m", messages=[{"role": "user", "content": "x"}]))

    text = ""
    for event in (event for event in events() if event.data.choices):
        content = event.data.choices[0].delta.content or ""
        text += content if isinstance(content, str) else "".join(getattr(chunk, "text", "") for chunk in content)
    assert text == WANTED
    # The SDK knows no errors in streams: it raises on what is no chunk, and keeps it.
    with pytest.raises(ResponseValidationError) as caught:
        events(aborted=True)
    assert "Stopped by the gateway" in caught.value.body


def test_cohere() -> None:
    def events(*, aborted: bool = False) -> list[Any]:
        client = cohere.ClientV2(api_key="k", base_url="http://stub", httpx_client=transport("cohere", aborted=aborted))
        return list(client.chat_stream(model="m", messages=[{"role": "user", "content": "x"}]))

    text = [event.delta.message.content.text for event in events() if event.type == "content-delta"]
    assert "".join(text) == WANTED
    last = events(aborted=True)[-1]
    assert (last.delta.finish_reason, last.delta.error) == ("ERROR", "Stopped by the gateway. [llmgw_test]")


def test_ollama() -> None:
    def lines(*, aborted: bool = False) -> list[Any]:
        client = ollama.Client(host="http://stub")
        client._client = transport("ollama", aborted=aborted)
        client._client.base_url = "http://stub"
        return list(client.chat(model="m", messages=[{"role": "user", "content": "x"}], stream=True))

    assert "".join(line.message.content or "" for line in lines()) == WANTED
    with pytest.raises(ollama.ResponseError, match="Stopped by the gateway"):
        lines(aborted=True)
