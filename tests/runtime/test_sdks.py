"""The official SDKs, with a client certificate, against a running gateway."""

from __future__ import annotations

import json
from collections.abc import Iterator

import anthropic
import httpx2
import openai
import pytest

from tests.support.gateway import RunningGateway

SECRET_MAIL = "maria.lindqvist@customer.example"
PROMPT = f"Please write a short letter to {SECRET_MAIL} about the invoice"
CHAT_TOOL = {
    "type": "function",
    "function": {"name": "send", "parameters": {"type": "object", "properties": {"text": {"type": "string"}}}},
}
RESPONSES_TOOL = {
    "type": "function",
    "name": "send",
    "parameters": {"type": "object", "properties": {"text": {"type": "string"}}},
    "strict": False,
}
MESSAGES_TOOL = {"name": "send", "input_schema": {"type": "object", "properties": {"text": {"type": "string"}}}}


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key="the-agents-own-key",
        http_client=openai.DefaultHttpxClient(verify=gateway.client_context()),
    ) as instance:
        yield instance


@pytest.fixture
def claude(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=gateway.url,
        api_key="the-agents-own-key",
        http_client=anthropic.DefaultHttpxClient(verify=gateway.client_context()),
    ) as instance:
        yield instance


def upstream_saw_no_secret(gateway: RunningGateway) -> None:
    assert gateway.stubs.count >= 1
    assert SECRET_MAIL.encode() not in gateway.stubs.seen
    assert b"the-agents-own-key" not in gateway.stubs.seen
    assert b"[EMAIL_ADDRESS_" in gateway.stubs.seen


def test_chat_plain(gateway: RunningGateway, client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": PROMPT}])
    assert answer.choices[0].message.content == f"You said: {PROMPT}"
    upstream_saw_no_secret(gateway)


def test_chat_stream(gateway: RunningGateway, client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="gpt-4.1",
        messages=[{"role": "user", "content": PROMPT}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == f"You said: {PROMPT}"
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == 18
    upstream_saw_no_secret(gateway)


def test_chat_streamed_tool_call(gateway: RunningGateway, client: openai.OpenAI) -> None:
    stream = client.chat.completions.create(
        model="gpt-4.1", messages=[{"role": "user", "content": PROMPT}], tools=[CHAT_TOOL], stream=True
    )
    arguments = ""
    for chunk in stream:
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            arguments += (call.function.arguments or "") if call.function else ""
    assert json.loads(arguments) == {"text": PROMPT, "urgent": True}
    upstream_saw_no_secret(gateway)


def test_responses_plain_and_tool(gateway: RunningGateway, client: openai.OpenAI) -> None:
    answer = client.responses.create(model="gpt-4.1", input=PROMPT)
    assert answer.output_text == f"You said: {PROMPT}"
    called = client.responses.create(model="gpt-4.1", input=PROMPT, tools=[RESPONSES_TOOL])
    assert json.loads(called.output[0].arguments)["text"] == PROMPT
    upstream_saw_no_secret(gateway)


def test_responses_stream(gateway: RunningGateway, client: openai.OpenAI) -> None:
    with client.responses.stream(model="gpt-4.1", input=PROMPT) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert deltas == final.output_text == f"You said: {PROMPT}"
    upstream_saw_no_secret(gateway)


def test_responses_streamed_tool_call(gateway: RunningGateway, client: openai.OpenAI) -> None:
    with client.responses.stream(model="gpt-4.1", input=PROMPT, tools=[RESPONSES_TOOL]) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.function_call_arguments.delta")
    assert json.loads(deltas) == {"text": PROMPT, "urgent": True}
    upstream_saw_no_secret(gateway)


def test_completions_and_embeddings(gateway: RunningGateway, client: openai.OpenAI) -> None:
    answer = client.completions.create(model="gpt-4.1", prompt=PROMPT)
    assert answer.choices[0].text == f"You said: {PROMPT}"
    vectors = client.embeddings.create(model="text-embedding-3-small", input=[PROMPT, "hello"], encoding_format="float")
    assert len(vectors.data) == 2
    upstream_saw_no_secret(gateway)


def test_messages_plain_and_tool(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    messages = [{"role": "user", "content": PROMPT}]
    answer = claude.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=messages)
    assert answer.content[0].text == f"You said: {PROMPT}"
    called = claude.messages.create(model="claude-sonnet-4-5", max_tokens=100, messages=messages, tools=[MESSAGES_TOOL])
    assert called.content[0].input == {"text": PROMPT, "urgent": True}
    counted = claude.messages.count_tokens(model="claude-sonnet-4-5", messages=messages)
    assert counted.input_tokens > 0
    upstream_saw_no_secret(gateway)


def test_messages_stream(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    messages = [{"role": "user", "content": PROMPT}]
    with claude.messages.stream(model="claude-sonnet-4-5", max_tokens=100, messages=messages) as stream:
        assert "".join(stream.text_stream) == f"You said: {PROMPT}"
    with claude.messages.stream(
        model="claude-sonnet-4-5", max_tokens=100, messages=messages, tools=[MESSAGES_TOOL]
    ) as stream:
        final = stream.get_final_message()
    assert final.content[0].input == {"text": PROMPT, "urgent": True}
    upstream_saw_no_secret(gateway)


async def test_async_clients(gateway: RunningGateway) -> None:
    context = gateway.client_context()
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.url}/v1", api_key="k", http_client=openai.DefaultAsyncHttpxClient(verify=context)
    ) as client:
        stream = await client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "user", "content": PROMPT}], stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert text == f"You said: {PROMPT}"
    async with anthropic.AsyncAnthropic(
        base_url=gateway.url, api_key="k", http_client=anthropic.DefaultAsyncHttpxClient(verify=context)
    ) as claude:
        answer = await claude.messages.create(
            model="claude-sonnet-4-5", max_tokens=10, messages=[{"role": "user", "content": PROMPT}]
        )
    assert answer.content[0].text == f"You said: {PROMPT}"


def test_models_come_from_the_policy(gateway: RunningGateway, client: openai.OpenAI) -> None:
    names = [model.id for model in client.models.list()]
    assert "gpt-4.1" in names and "claude-sonnet-4-5" in names
    assert gateway.stubs.count == 0


PRIVATE_KEY = (
    "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 8 + "\n-----END " + "PRIVATE KEY-----"
)


class Counting(httpx2.HTTPTransport):
    """Counts the requests that an SDK really makes."""

    sent = 0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.sent += 1
        return super().handle_request(request)


def test_a_refusal_is_native_and_costs_one_request(gateway: RunningGateway) -> None:
    transport = Counting(verify=gateway.client_context())
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", http_client=httpx2.Client(transport=transport))
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "user", "content": f"Fix it: {PRIVATE_KEY}"}]
        )
    assert caught.value.code == "llmgw_denied"
    assert "private key" in str(caught.value) and "MIIEvQ" not in str(caught.value)
    assert caught.value.response.headers["x-llmgw-rule"] == "private-keys"
    assert transport.sent == 1
    claude_transport = Counting(verify=gateway.client_context())
    claude = anthropic.Anthropic(
        base_url=gateway.url, api_key="k", http_client=httpx2.Client(transport=claude_transport)
    )
    with pytest.raises(anthropic.APIStatusError) as refused:
        claude.messages.create(
            model="claude-sonnet-4-5", max_tokens=9, messages=[{"role": "user", "content": PRIVATE_KEY}]
        )
    assert "llmgw_denied" in str(refused.value) and "MIIEvQ" not in str(refused.value)
    assert claude_transport.sent == 1
    assert gateway.stubs.count == 0
