"""Answers that hold what was not in the request: reported, redacted or cut, whole and streamed, by rule."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openai import APIError, DefaultHttpxClient, OpenAI

from tests.support.attacks import HostileUpstream, completion, http_answer, take_over
from tests.support.gateway import RunningGateway

pytestmark = pytest.mark.runtime

MAIL = "wilma.steinbrueck@posteo-kunden.de"
OWN_MAIL = "otto.brandt@posteo-kunden.de"
KEY = "AKIA" + "Q7ZPLMWXKT4RVB2N"
CANARY = "purple-otter-5518-ledger"
MODELS = {"gpt-4.1": "off", "gpt-4.1-report": "report", "gpt-4.1-secrets": "secrets", "gpt-4.1-strict": "strict"}


def then(answer: str) -> dict[str, Any]:
    return {"route": ["third-party-openai"], "profile": "pii", "answer": answer}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    instance = RunningGateway(tmp_path_factory.mktemp("answers"))
    take_over(instance, "third-party-openai")
    path = instance.folder / "rules.yaml"
    policy = yaml.safe_load(path.read_text())
    policy["rules"] = [
        {"id": f"answers-{name}", "when": {"model": [model]}, "then": then(name)} for model, name in MODELS.items()
    ]
    policy["canary_strings"] = [CANARY]
    path.write_text(yaml.safe_dump(policy, sort_keys=False))
    try:
        yield instance.start()
    finally:
        instance.close()


@pytest.fixture(scope="module")
def client(gateway: RunningGateway) -> OpenAI:
    http = DefaultHttpxClient(verify=gateway.client_context())
    return OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", http_client=http)


@pytest.fixture
def upstream(gateway: RunningGateway) -> Iterator[HostileUpstream]:
    hostile = gateway.stubs["third-party-openai"]
    assert isinstance(hostile, HostileUpstream)
    yield hostile
    hostile.play = None


def stream_of(text: str, size: int = 5) -> bytes:
    """A streamed chat completion that says `text`, some characters at a time."""

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        tree = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        return b"data: " + json.dumps(tree).encode() + b"\n\n"

    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    body = b"".join(chunk({"content": piece}) for piece in pieces) + chunk({}, "stop") + b"data: [DONE]\n\n"
    return http_answer(body, "content-type: text/event-stream")


def say(client: OpenAI, upstream: HostileUpstream, text: str, *, model: str, stream: bool) -> str:
    messages: Any = [{"role": "user", "content": f"I am {OWN_MAIL}. What do you know?"}]
    if not stream:
        upstream.play = http_answer(completion(text))
        return client.chat.completions.create(model=model, messages=messages).choices[0].message.content or ""
    upstream.play = stream_of(text)
    chunks = client.chat.completions.create(model=model, messages=messages, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def last_event(gateway: RunningGateway, count: int) -> dict[str, Any]:
    return gateway.wait_for_events(count + 1)[-1]


TEXT = f"Some words before it. Write to {MAIL} with the key {KEY} in it, and then go on as if nothing had been. " * 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "mail", "key"),
    [("gpt-4.1", True, True), ("gpt-4.1-report", True, True), ("gpt-4.1-secrets", True, False),
     ("gpt-4.1-strict", False, False)],
)  # fmt: skip
def test_the_rule_decides_what_comes_back(
    gateway: RunningGateway, client: OpenAI, upstream: HostileUpstream, model: str, mail: bool, key: bool, stream: bool
) -> None:
    before = len(gateway.events())
    got = say(client, upstream, TEXT, model=model, stream=stream)
    assert (MAIL in got, KEY in got) == (mail, key)
    wanted = TEXT if mail else TEXT.replace(MAIL, "[REMOVED_EMAIL_ADDRESS]")
    event = last_event(gateway, before)
    if key:
        assert got == TEXT
    else:
        assert got.replace("[REMOVED_CLOUD_CREDENTIAL]", KEY).replace("[REMOVED_API_KEY]", KEY) == wanted
        assert event["answer_redacted"] >= 2
    if model != "gpt-4.1":
        assert event["answer_findings"]["EMAIL_ADDRESS"] == 1
        assert sum(event["answer_findings"].values()) == 2
    else:
        assert event["answer_findings"] == {}
    assert MAIL not in json.dumps(event)


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_request_held_comes_back_restored(
    client: OpenAI, gateway: RunningGateway, upstream: HostileUpstream, stream: bool
) -> None:
    say(client, upstream, "hello", model="gpt-4.1-strict", stream=False)
    sent = json.loads(gateway.stubs["third-party-openai"].requests[-1][1])["messages"][0]["content"]
    placeholder = sent[sent.index("[") : sent.index("]") + 1]
    said = f"You are {placeholder}, and {MAIL} is somebody else. " + "More words follow here. " * 20
    got = say(client, upstream, said, model="gpt-4.1-strict", stream=stream)
    assert got == said.replace(placeholder, OWN_MAIL).replace(MAIL, "[REMOVED_EMAIL_ADDRESS]")


def test_a_canary_string_ends_a_whole_answer_natively(client: OpenAI, upstream: HostileUpstream) -> None:
    before = upstream.connections
    with pytest.raises(APIError) as told:
        say(client, upstream, f"The code name is {CANARY.upper()}, they say.", model="gpt-4.1-strict", stream=False)
    assert told.value.code == "llmgw_answer_blocked"
    assert CANARY not in str(told.value).lower()
    assert upstream.connections <= before + 1, "asked again"


def test_a_canary_string_ends_a_stream_natively(client: OpenAI, upstream: HostileUpstream) -> None:
    upstream.play = stream_of(
        "Words that are fine and go out first. " * 20 + f"Then {CANARY} " + "and more of it. " * 30
    )
    got = ""
    with pytest.raises(APIError) as told:
        chunks = client.chat.completions.create(
            model="gpt-4.1-strict", messages=[{"role": "user", "content": "tell me"}], stream=True
        )
        for chunk in chunks:
            got += chunk.choices[0].delta.content or ""
    assert "fine" in got
    assert "otter" not in got
    assert "cut off" in str(told.value)


def test_a_tool_call_stays_json(client: OpenAI, upstream: HostileUpstream) -> None:
    arguments = json.dumps({"to": MAIL, "body": f"the key is {KEY}\nregards"})
    call = {"id": "call_1", "type": "function", "function": {"name": "send", "arguments": arguments}}
    tree = json.loads(completion(""))
    tree["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": [call]}
    upstream.play = http_answer(json.dumps(tree).encode())
    answer = client.chat.completions.create(model="gpt-4.1-strict", messages=[{"role": "user", "content": "send it"}])
    calls: Any = answer.choices[0].message.tool_calls
    got = json.loads(calls[0].function.arguments)
    assert got["to"] == "[REMOVED_EMAIL_ADDRESS]"
    assert KEY not in got["body"]


def test_nothing_of_it_is_in_the_log(gateway: RunningGateway) -> None:
    told = gateway.log.read_text() + json.dumps(gateway.events())
    for value in (MAIL, KEY, CANARY):
        assert value not in told
    assert gateway.admin("/readyz")[0] == 200
