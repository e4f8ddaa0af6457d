"""google-genai, boto3, mistralai, cohere and ollama, with a client certificate, against a running gateway."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import cohere
import httpx
import httpx2
import ollama
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cohere.core.api_error import ApiError
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from tests.support.native_upstream import ECHO, NativeGateway

SECRET_MAIL = "maria.lindqvist@customer.example"
PROMPT = f"Please write a short letter to {SECRET_MAIL} about the invoice"
SAID = ECHO + PROMPT
ARGUMENTS = {"text": PROMPT, "urgent": True}
PRIVATE_KEY = (
    "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 8 + "\n-----END " + "PRIVATE KEY-----"
)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}
CLAUDE = "anthropic.claude-3-sonnet-20240229-v1:0"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NativeGateway]:
    instance = NativeGateway(tmp_path_factory.mktemp("gateway"))
    try:
        yield instance.start()  # type: ignore[misc]
    finally:
        instance.close()


@pytest.fixture(scope="module")
def google(gateway: NativeGateway) -> genai.Client:
    options = genai_types.HttpOptions(
        base_url=f"{gateway.url}/gemini", client_args={"verify": gateway.client_context()}
    )
    return genai.Client(api_key="the-agents-own-key", http_options=options)


@pytest.fixture(scope="module")
def aws(gateway: NativeGateway) -> Any:
    agent = gateway.folder / "pki/agents/demo"
    pair = (str(agent.with_suffix(".crt")), str(agent.with_suffix(".key")))
    return boto3.client(
        "bedrock-runtime",
        region_name="eu-central-1",
        endpoint_url=gateway.url,
        verify=str(gateway.pki.gateway_ca),
        aws_access_key_id="AKIA" + "EXAMPLEEXAMPLE42",
        aws_secret_access_key="the-agents-own-key",
        config=Config(client_cert=pair, retries={"max_attempts": 3, "mode": "standard"}),
    )


@pytest.fixture(scope="module")
def mistral(gateway: NativeGateway) -> Mistral:
    client = httpx2.Client(verify=gateway.client_context())
    return Mistral(api_key="the-agents-own-key", server_url=f"{gateway.url}/mistral", client=client)


@pytest.fixture(scope="module")
def command(gateway: NativeGateway) -> cohere.ClientV2:
    client = httpx.Client(verify=gateway.client_context())
    return cohere.ClientV2(api_key="the-agents-own-key", base_url=gateway.url, httpx_client=client)


@pytest.fixture(scope="module")
def llama(gateway: NativeGateway) -> ollama.Client:
    return ollama.Client(host=gateway.url, verify=gateway.client_context())


def upstream_saw_no_secret(gateway: NativeGateway, *, path: bytes = b"") -> None:
    assert gateway.stubs.count >= 1
    assert SECRET_MAIL.encode() not in gateway.stubs.seen
    assert b"the-agents-own-key" not in gateway.stubs.seen and b"AWS4-HMAC" not in gateway.stubs.seen
    assert b"[EMAIL_ADDRESS_" in gateway.stubs.seen
    assert path in gateway.stubs.seen


def settled(gateway: NativeGateway) -> int:
    """How many requests the gateway has taken, once no more come."""
    count = -1
    while count != (now := len(gateway.events())):
        count = now
        time.sleep(0.3)
    return count


def costs_one_request(gateway: NativeGateway, call: Callable[[], Any]) -> None:
    before = settled(gateway)
    call()
    assert settled(gateway) == before + 1
    assert gateway.stubs.count == 0


TOOL: Any = {"function_declarations": [{"name": "send", "parameters": SCHEMA}]}


def test_gemini_plain_tool_and_count(gateway: NativeGateway, google: genai.Client) -> None:
    answer = google.models.generate_content(model="gemini-2.5-flash", contents=PROMPT)
    assert answer.text == SAID and answer.usage_metadata.prompt_token_count == 11
    upstream_saw_no_secret(gateway, path=b"/models/gemini-2.5-flash:generateContent ")
    config = genai_types.GenerateContentConfig(
        tools=[TOOL],
        automatic_function_calling={"disable": True},
        system_instruction=f"You work for {SECRET_MAIL} today",
    )
    called = google.models.generate_content(model="gemini-2.5-flash", contents=PROMPT, config=config)
    assert called.function_calls[0].args == ARGUMENTS
    assert called.candidates[0].content.parts[0].thought_signature == b"signature"
    assert google.models.count_tokens(model="gemini-2.5-flash", contents=PROMPT).total_tokens == 5
    vectors = google.models.embed_content(model="gemini-embedding-001", contents=[PROMPT, "hello"])
    assert len(vectors.embeddings) == 2
    upstream_saw_no_secret(gateway)


def test_gemini_stream(gateway: NativeGateway, google: genai.Client) -> None:
    chunks = list(google.models.generate_content_stream(model="gemini-2.5-flash", contents=PROMPT))
    assert "".join(chunk.text or "" for chunk in chunks) == SAID
    config = genai_types.GenerateContentConfig(tools=[TOOL], automatic_function_calling={"disable": True})
    chunks = list(google.models.generate_content_stream(model="gemini-2.5-flash", contents=PROMPT, config=config))
    assert chunks[0].function_calls[0].args == ARGUMENTS
    upstream_saw_no_secret(gateway, path=b":streamGenerateContent?alt=sse ")


def test_gemini_stream_as_an_array(gateway: NativeGateway) -> None:
    with httpx2.Client(verify=gateway.client_context()) as client:
        url = f"{gateway.url}/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=the-agents-own-key"
        answer = client.post(url, json={"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]})
    assert answer.headers["content-type"] == "application/json"
    texts = [chunk["candidates"][0]["content"]["parts"][0]["text"] for chunk in answer.json()]
    assert "".join(texts) == SAID
    upstream_saw_no_secret(gateway, path=b":streamGenerateContent HTTP")


def test_gemini_attachment(gateway: NativeGateway, google: genai.Client) -> None:
    part = genai_types.Part.from_bytes(data=PNG, mime_type="image/png")
    answer = google.models.generate_content(model="gemini-2.5-flash", contents=[part, PROMPT])
    assert SECRET_MAIL in answer.text
    assert base64.urlsafe_b64encode(PNG) in gateway.stubs["sovereign-eu"].seen
    upstream_saw_no_secret(gateway)


def test_gemini_vertex(gateway: NativeGateway) -> None:
    path = "/v1beta1/projects/p1/locations/europe-west1/publishers/google/models/gemini-2.5-flash:generateContent"
    with httpx2.Client(verify=gateway.client_context()) as client:
        body = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}], "system_instruction": {"parts": []}}
        answer = client.post(gateway.url + path, json=body)
    assert answer.json()["candidates"][0]["content"]["parts"][0]["text"] == SAID
    upstream_saw_no_secret(gateway, path=path.encode())


def test_gemini_refusal(gateway: NativeGateway, google: genai.Client) -> None:
    def refused() -> None:
        with pytest.raises(genai_errors.ClientError) as caught:
            google.models.generate_content(model="gemini-2.5-flash", contents=PRIVATE_KEY)
        assert caught.value.code == 400 and caught.value.status == "INVALID_ARGUMENT"
        assert "private key" in str(caught.value.message) and "llmgw_denied" in str(caught.value.message)

    costs_one_request(gateway, refused)


def test_gemini_state_is_refused(gateway: NativeGateway, google: genai.Client) -> None:
    config = genai_types.GenerateContentConfig(cached_content="cachedContents/abc")
    with pytest.raises(genai_errors.ClientError, match="llmgw_invalid_request"):
        google.models.generate_content(model="gemini-2.5-flash", contents=PROMPT, config=config)
    with pytest.raises(genai_errors.ClientError, match="llmgw_unknown_route"):
        google.caches.create(model="gemini-2.5-flash", config={"contents": PROMPT})
    with pytest.raises(genai_errors.ClientError, match="llmgw_unknown_route"):
        list(google.files.list())
    assert "gpt-4.1" in [str(model.display_name) for model in google.models.list()]
    assert gateway.stubs.count == 0


MESSAGES: list[Any] = [{"role": "user", "content": [{"text": PROMPT}]}]
TOOL_CONFIG: Any = {"tools": [{"toolSpec": {"name": "send", "inputSchema": {"json": SCHEMA}}}]}


def test_bedrock_converse(gateway: NativeGateway, aws: Any) -> None:
    answer = aws.converse(modelId=CLAUDE, messages=MESSAGES)
    assert answer["output"]["message"]["content"][0]["text"] == SAID and answer["usage"]["inputTokens"] == 11
    called = aws.converse(modelId=CLAUDE, messages=MESSAGES, toolConfig=TOOL_CONFIG)
    assert called["output"]["message"]["content"][0]["toolUse"]["input"] == ARGUMENTS
    upstream_saw_no_secret(gateway, path=b"POST /model/anthropic.claude-3-sonnet-20240229-v1")
    counted = aws.count_tokens(modelId=CLAUDE, input={"converse": {"messages": MESSAGES}})
    assert counted["inputTokens"] == 5
    upstream_saw_no_secret(gateway)


def test_bedrock_converse_stream(gateway: NativeGateway, aws: Any) -> None:
    events = list(aws.converse_stream(modelId=CLAUDE, messages=MESSAGES)["stream"])
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert "".join(delta["text"] for delta in deltas) == SAID
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 7
    events = list(aws.converse_stream(modelId=CLAUDE, messages=MESSAGES, toolConfig=TOOL_CONFIG)["stream"])
    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas)) == ARGUMENTS
    upstream_saw_no_secret(gateway)


def test_bedrock_invoke(gateway: NativeGateway, aws: Any) -> None:
    content = [{"role": "user", "content": PROMPT}]
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": content})
    answer = json.loads(aws.invoke_model(modelId=CLAUDE, body=body)["body"].read())
    assert answer["content"][0]["text"] == SAID
    titan = json.dumps({"inputText": PROMPT, "textGenerationConfig": {"maxTokenCount": 9}})
    answer = json.loads(aws.invoke_model(modelId="amazon.titan-text-express-v1", body=titan)["body"].read())
    assert answer["results"][0]["outputText"] == SAID
    upstream_saw_no_secret(gateway)


def test_bedrock_invoke_stream(gateway: NativeGateway, aws: Any) -> None:
    content = [{"role": "user", "content": PROMPT}]
    body = json.dumps({"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": content})
    stream = aws.invoke_model_with_response_stream(modelId=CLAUDE, body=body)["body"]
    events = [json.loads(event["chunk"]["bytes"]) for event in stream]
    assert "".join(event.get("delta", {}).get("text", "") for event in events) == SAID
    titan = json.dumps({"inputText": PROMPT})
    stream = aws.invoke_model_with_response_stream(modelId="amazon.titan-text-express-v1", body=titan)["body"]
    assert "".join(json.loads(event["chunk"]["bytes"])["outputText"] for event in stream) == SAID
    upstream_saw_no_secret(gateway)


def test_bedrock_attachment(gateway: NativeGateway, aws: Any) -> None:
    image = {"image": {"format": "png", "source": {"bytes": PNG}}}
    answer = aws.converse(modelId=CLAUDE, messages=[{"role": "user", "content": [image, {"text": PROMPT}]}])
    assert SECRET_MAIL in answer["output"]["message"]["content"][0]["text"]
    assert base64.b64encode(PNG) in gateway.stubs["sovereign-eu"].seen
    upstream_saw_no_secret(gateway)


def test_bedrock_refusal(gateway: NativeGateway, aws: Any) -> None:
    def refused() -> None:
        with pytest.raises(aws.exceptions.ValidationException) as caught:
            aws.converse(modelId=CLAUDE, messages=[{"role": "user", "content": [{"text": PRIVATE_KEY}]}])
        assert "private key" in str(caught.value) and "llmgw_denied" in str(caught.value)

    costs_one_request(gateway, refused)
    with pytest.raises(ClientError, match="llmgw_unknown_route"):
        aws.apply_guardrail(guardrailIdentifier="g", guardrailVersion="1", source="INPUT", content=[])


TOOLS: Any = [{"type": "function", "function": {"name": "send", "description": "d", "parameters": SCHEMA}}]
CHAT: Any = [{"role": "user", "content": PROMPT}]


def test_mistral(gateway: NativeGateway, mistral: Mistral) -> None:
    answer = mistral.chat.complete(model="mistral-large-latest", messages=CHAT)
    assert answer.choices[0].message.content == SAID
    called = mistral.chat.complete(model="mistral-large-latest", messages=CHAT, tools=TOOLS)
    assert json.loads(called.choices[0].message.tool_calls[0].function.arguments) == ARGUMENTS
    stream = mistral.chat.stream(model="mistral-large-latest", messages=CHAT)
    assert "".join(event.data.choices[0].delta.content or "" for event in stream) == SAID
    stream = mistral.chat.stream(model="mistral-large-latest", messages=CHAT, tools=TOOLS)
    calls = [call for event in stream for call in event.data.choices[0].delta.tool_calls or ()]
    assert json.loads(calls[0].function.arguments) == ARGUMENTS
    upstream_saw_no_secret(gateway, path=b"POST /v1/chat/completions ")


def test_mistral_fim_agents_and_the_rest(gateway: NativeGateway, mistral: Mistral) -> None:
    answer = mistral.fim.complete(model="codestral-latest", prompt=PROMPT, suffix=f"# {SECRET_MAIL} wrote this")
    assert answer.choices[0].message.content == SAID
    answer = mistral.agents.complete(agent_id="ag_1", messages=CHAT)
    assert answer.choices[0].message.content == SAID
    assert mistral.embeddings.create(model="mistral-embed", inputs=[PROMPT]).data
    assert mistral.classifiers.moderate(model="mistral-moderation-latest", inputs=[PROMPT]).results
    image: Any = {"type": "image_url", "image_url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}"}
    content: Any = [{"role": "user", "content": [image, {"type": "text", "text": PROMPT}]}]
    seen = mistral.chat.complete(model="pixtral-large-latest", messages=content)
    assert SECRET_MAIL in str(seen.choices[0].message.content)
    assert base64.b64encode(PNG) in gateway.stubs["sovereign-eu"].seen
    upstream_saw_no_secret(gateway)


def test_mistral_refusal(gateway: NativeGateway, mistral: Mistral) -> None:
    def refused() -> None:
        with pytest.raises(SDKError) as caught:
            mistral.chat.complete(model="mistral-large-latest", messages=[{"role": "user", "content": PRIVATE_KEY}])
        assert caught.value.status_code == 400
        error = json.loads(caught.value.body)
        assert error["object"] == "error" and error["code"] == "llmgw_denied" and "private key" in error["message"]

    costs_one_request(gateway, refused)
    with pytest.raises(SDKError, match="llmgw_unknown_route"):
        mistral.beta.conversations.start(model="mistral-large-latest", inputs=PROMPT)
    assert gateway.stubs.count == 0


def test_cohere(gateway: NativeGateway, command: cohere.ClientV2) -> None:
    documents: Any = [{"data": {"title": "list", "who": f"it is {SECRET_MAIL} now"}}, f"mail {SECRET_MAIL} soon"]
    answer = command.chat(model="command-a-03-2025", messages=CHAT, documents=documents)
    assert answer.message.content[0].text == SAID
    called = command.chat(model="command-a-03-2025", messages=CHAT, tools=TOOLS)
    assert json.loads(called.message.tool_calls[0].function.arguments) == ARGUMENTS
    text = arguments = ""
    for event in command.chat_stream(model="command-a-03-2025", messages=CHAT):
        if event.type == "content-delta":
            text += event.delta.message.content.text
    assert text == SAID
    for event in command.chat_stream(model="command-a-03-2025", messages=CHAT, tools=TOOLS):
        if event.type == "tool-call-delta":
            arguments += event.delta.message.tool_calls.function.arguments
    assert json.loads(arguments) == ARGUMENTS
    upstream_saw_no_secret(gateway, path=b"POST /v2/chat ")


def test_cohere_embed_and_rerank(gateway: NativeGateway, command: cohere.ClientV2) -> None:
    vectors = command.embed(
        model="embed-v4.0", input_type="search_query", embedding_types=["float"], texts=[PROMPT]
    )  # fmt: skip
    assert vectors.texts == [PROMPT]
    ranked = command.rerank(model="rerank-v3.5", query=PROMPT, documents=[f"a {SECRET_MAIL} and more", "b"])
    assert ranked.results[0].index == 0
    data_url = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    image: Any = {"type": "image_url", "image_url": {"url": data_url}}
    content: Any = [{"role": "user", "content": [image, {"type": "text", "text": PROMPT}]}]
    seen = command.chat(model="command-a-vision-07-2025", messages=content)
    assert SECRET_MAIL in seen.message.content[0].text
    upstream_saw_no_secret(gateway)


def test_cohere_refusal(gateway: NativeGateway, command: cohere.ClientV2) -> None:
    def refused() -> None:
        with pytest.raises(ApiError) as caught:
            command.chat(model="command-a-03-2025", messages=[{"role": "user", "content": PRIVATE_KEY}])
        assert caught.value.status_code == 400
        assert "private key" in caught.value.body["message"] and "llmgw_denied" in caught.value.body["message"]

    costs_one_request(gateway, refused)
    with pytest.raises(ApiError, match="llmgw_unknown_route"):
        cohere.Client(
            api_key="k", base_url=gateway.url, httpx_client=httpx.Client(verify=gateway.client_context())
        ).chat(message=PROMPT)
    assert gateway.stubs.count == 0


def test_ollama(gateway: NativeGateway, llama: ollama.Client) -> None:
    answer = llama.chat(model="llama3.3", messages=CHAT)
    assert answer.message.content == SAID and answer.eval_count == 7
    called = llama.chat(model="llama3.3", messages=CHAT, tools=TOOLS)
    assert called.message.tool_calls[0].function.arguments == ARGUMENTS
    parts = list(llama.chat(model="llama3.3", messages=CHAT, stream=True))
    assert "".join(part.message.content or "" for part in parts) == SAID and parts[-1].done
    parts = list(llama.chat(model="llama3.3", messages=CHAT, tools=TOOLS, stream=True))
    assert parts[0].message.tool_calls[0].function.arguments == ARGUMENTS
    assert llama.generate(model="llama3.3", prompt=PROMPT).response == SAID
    parts = list(
        llama.generate(model="llama3.3", prompt=PROMPT, system=f"You work for {SECRET_MAIL} today", stream=True)
    )
    assert "".join(part.response for part in parts) == SAID
    assert llama.embed(model="nomic-embed-text", input=[PROMPT]).embeddings
    upstream_saw_no_secret(gateway, path=b"POST /api/chat ")


def test_ollama_attachment_and_models(gateway: NativeGateway, llama: ollama.Client) -> None:
    answer = llama.chat(model="llava", messages=[{"role": "user", "content": PROMPT, "images": [PNG]}])
    assert SECRET_MAIL in answer.message.content
    assert base64.b64encode(PNG) in gateway.stubs["sovereign-eu"].seen
    upstream_saw_no_secret(gateway)
    assert any(model.model == "gpt-4.1" for model in llama.list().models)


def test_ollama_refusal(gateway: NativeGateway, llama: ollama.Client) -> None:
    for stream in (False, True):

        def refused(stream: bool = stream) -> None:
            with pytest.raises(ollama.ResponseError, match="private key") as caught:
                answer: Any = llama.chat(
                    model="llama3.3", messages=[{"role": "user", "content": PRIVATE_KEY}], stream=stream
                )
                list(answer)
            assert caught.value.status_code == 400 and "llmgw_denied" in str(caught.value)

        costs_one_request(gateway, refused)
    with pytest.raises(ollama.ResponseError, match="llmgw_token_ids_refused"):
        llama.generate(model="llama3.3", prompt=PROMPT, context=[1, 2, 3])
    for call in (
        lambda: llama.pull("llama3.3"),
        lambda: llama.push("llama3.3"),
        lambda: llama.create(model="m", from_="llama3.3", system=PROMPT),
    ):
        with pytest.raises(ollama.ResponseError, match="llmgw_unknown_route"):
            call()
    assert gateway.stubs.count == 0
