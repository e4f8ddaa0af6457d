"""Files, batches, media, conversations and what they leave upstream: the official SDKs against a keeping stub."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator

import anthropic
import openai
import pytest
import yaml

from tests.support.gateway import RunningGateway
from tests.support.storing_stub import AUDIO, StoringStub

MAIL = "maria.lindqvist@customer.example"
ASK = f"Please write a short letter to {MAIL} about the invoice"
type Clients = Callable[[str], openai.OpenAI]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    instance = RunningGateway(tmp_path_factory.mktemp("gateway"), stub=StoringStub)
    file = instance.folder / "rules.yaml"
    policy = yaml.safe_load(file.read_text())
    for upstream in policy["upstreams"]:
        if upstream["id"] in ("third-party-openai", "sovereign-eu"):
            policy["upstreams"].append(
                {**upstream, "id": f"azure-{upstream['tier'].replace('_', '-')}", "dialects": ["azure.*"],
                 "base_url": upstream["base_url"].removesuffix("/v1")}
            )  # fmt: skip
    for rule in policy["rules"]:
        places = rule["then"].get("route", [])
        places += [
            {"third-party-openai": "azure-third-party", "sovereign-eu": "azure-sovereign"}[each]
            for each in places if each in ("third-party-openai", "sovereign-eu")
        ]  # fmt: skip
    file.write_text(yaml.safe_dump(json.loads(json.dumps(policy)), sort_keys=False))
    try:
        yield instance.start()
    finally:
        instance.close()


@pytest.fixture
def client(clients: Clients) -> openai.OpenAI:
    return clients("demo")


@pytest.fixture
def clients(gateway: RunningGateway) -> Iterator[Clients]:
    made: list[openai.OpenAI] = []

    def make(agent: str) -> openai.OpenAI:
        http = openai.DefaultHttpxClient(verify=gateway.client_context(agent))
        made.append(openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="own-key", http_client=http, max_retries=0))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def claude(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    http = anthropic.DefaultHttpxClient(verify=gateway.client_context())
    with anthropic.Anthropic(base_url=gateway.url, api_key="own-key", http_client=http, max_retries=0) as instance:
        yield instance


def nothing_left_in_clear(gateway: RunningGateway, *, placeholder: bool = True) -> None:
    assert gateway.stubs.count >= 1
    assert MAIL.encode() not in gateway.stubs.seen
    assert b"own-key" not in gateway.stubs.seen
    assert (b"[EMAIL_ADDRESS_" in gateway.stubs.seen) is placeholder


def batch_file(*texts: str, model: str = "gpt-4.1") -> bytes:
    rows = [
        {"custom_id": f"row-{number}", "method": "POST", "url": "/v1/chat/completions",
         "body": {"model": model, "messages": [{"role": "user", "content": text}]}}
        for number, text in enumerate(texts)
    ]  # fmt: skip
    return b"\n".join(json.dumps(row).encode() for row in rows)


def test_a_batch_is_read_row_by_row_and_its_results_come_back(gateway: RunningGateway, client: openai.OpenAI) -> None:
    upload = client.files.create(file=("in.jsonl", batch_file(ASK, "hello")), purpose="batch")
    batch = client.batches.create(
        input_file_id=upload.id,
        endpoint="/v1/chat/completions",
        completion_window="24h",
        metadata={"topic": f"about {MAIL}."},
    )
    again = client.batches.retrieve(batch.id)
    assert again.output_file_id is not None
    rows = [json.loads(row) for row in client.files.content(again.output_file_id).text.splitlines()]
    said = [row["response"]["body"]["choices"][0]["message"]["content"] for row in rows]
    assert said == [f"You said: {ASK}", "You said: hello"]
    assert [each.id for each in client.batches.list().data] == [batch.id]
    assert (again.metadata or {})["topic"] == f"about {MAIL}."
    nothing_left_in_clear(gateway)


def test_a_batch_has_one_model(client: openai.OpenAI) -> None:
    mixed = batch_file("a") + b"\n" + batch_file("b", model="gpt-4.1-mini")
    with pytest.raises(openai.BadRequestError, match="must be the same"):
        client.files.create(file=("in.jsonl", mixed), purpose="batch")
    with pytest.raises(openai.BadRequestError, match="Row 2 of the file"):
        client.files.create(file=("in.jsonl", batch_file("a") + b'\n{"a":1,"a":2}'), purpose="batch")
    unread = batch_file("a").replace(b"/v1/chat/completions", b"/v1/vaults")
    with pytest.raises(openai.BadRequestError, match="does not read"):
        client.files.create(file=("in.jsonl", unread), purpose="batch")


def test_examples_for_fine_tuning_are_read(gateway: RunningGateway, client: openai.OpenAI) -> None:
    rows = [{"messages": [{"role": "user", "content": ASK}, {"role": "assistant", "content": "Done"}]}] * 2
    data = b"\n".join(json.dumps(row).encode() for row in rows)
    upload = client.files.create(file=("tune.jsonl", data), purpose="fine-tune")
    assert [json.loads(row) for row in client.files.content(upload.id).text.splitlines()] == rows
    nothing_left_in_clear(gateway)


def test_a_file_belongs_to_the_agent_that_sent_it(gateway: RunningGateway, clients: Clients) -> None:
    mine, other = clients("demo"), clients("other")
    upload = mine.files.create(file=("notes.txt", b"nothing to see in here"), purpose="user_data")
    assert mine.files.retrieve(upload.id).filename == "notes.txt"
    assert mine.files.content(upload.id).read() == b"nothing to see in here"
    assert upload.id in [each.id for each in mine.files.list(limit=5, order="desc").data]
    assert upload.id not in [each.id for each in other.files.list().data]
    before = gateway.stubs.count
    for attempt in (
        lambda: other.files.retrieve(upload.id),
        lambda: other.files.delete(upload.id),
        lambda: mine.files.retrieve("file-nobodyknows1"),
        lambda: other.responses.create(
            model="gpt-4.1",
            input=[{"role": "user", "content": [{"type": "input_file", "file_id": upload.id}]}],
        ),
    ):
        with pytest.raises(openai.NotFoundError, match="has not made through the gateway"):
            attempt()
    assert gateway.stubs.count == before
    mine.responses.create(
        model="gpt-4.1", input=[{"role": "user", "content": [{"type": "input_file", "file_id": upload.id}]}]
    )
    assert mine.files.delete(upload.id).deleted


def test_an_earlier_turn_comes_back_and_stays_where_it_is(gateway: RunningGateway, clients: Clients) -> None:
    mine, other = clients("demo"), clients("other")
    first = mine.responses.create(model="gpt-4.1", input=ASK)
    second = mine.responses.create(model="gpt-4.1", input="and now?", previous_response_id=first.id)
    assert second.output_text == f"You said: and now? and before: {ASK}"
    third = mine.responses.create(model="gpt-4.1", input="more", previous_response_id=second.id)
    assert third.output_text == "You said: more and before: and now?"
    assert mine.responses.retrieve(first.id).output_text.startswith(f"You said: {ASK}")
    with pytest.raises(openai.NotFoundError):
        other.responses.create(model="gpt-4.1", input="tell me", previous_response_id=first.id)
    mine.responses.delete(first.id)
    nothing_left_in_clear(gateway)


def test_streamed_turns_are_remembered_too(gateway: RunningGateway, client: openai.OpenAI) -> None:
    identifier = ""
    for event in client.responses.create(model="gpt-4.1", input=ASK, stream=True):
        if event.type == "response.created":
            identifier = event.response.id
    with client.responses.stream(model="gpt-4.1", input="and now?", previous_response_id=identifier) as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == f"You said: and now? and before: {ASK}"
    nothing_left_in_clear(gateway)


def test_a_sensitive_turn_keeps_its_level_and_its_place(gateway: RunningGateway, client: openai.OpenAI) -> None:
    card = "Classification: CONFIDENTIAL\n" + ASK
    answer = client.responses.with_raw_response.create(model="gpt-4.1", input=card)
    place, level = answer.headers["x-llmgw-upstream"], answer.headers["x-llmgw-level"]
    later = client.responses.with_raw_response.create(
        model="gpt-4.1", input="hi", previous_response_id=answer.parse().id
    )
    assert (later.headers["x-llmgw-upstream"], later.headers["x-llmgw-level"]) == (place, level)
    harmless = client.responses.with_raw_response.create(model="gpt-4.1", input="hi")
    assert harmless.headers["x-llmgw-upstream"] == "third-party-openai" != place


def test_a_turn_that_may_not_follow_its_state_is_refused(gateway: RunningGateway, client: openai.OpenAI) -> None:
    first = client.responses.create(model="gpt-4.1", input="hi")
    before = gateway.stubs.count
    with pytest.raises(openai.BadRequestError, match="kept at third-party-openai"):
        client.responses.create(
            model="gpt-4.1", input="Classification: CONFIDENTIAL\n" + ASK, previous_response_id=first.id
        )
    assert gateway.stubs.count == before


def test_a_conversation(gateway: RunningGateway, clients: Clients) -> None:
    mine, other = clients("demo"), clients("other")
    made = mine.conversations.create(items=[{"role": "user", "content": ASK}], metadata={"topic": "x"})
    items = mine.conversations.items.list(made.id, include=["message.input_image.image_url"])
    assert items.data[0].content[0].text == ASK  # type: ignore[union-attr]
    answer = mine.responses.create(model="gpt-4.1", input="go on", conversation=made.id)
    assert answer.output_text == f"You said: go on and before: {ASK}"
    with pytest.raises(openai.NotFoundError):
        other.conversations.retrieve(made.id)
    with pytest.raises(openai.NotFoundError):
        other.responses.create(model="gpt-4.1", input="go on", conversation=made.id)
    assert mine.conversations.delete(made.id).deleted
    nothing_left_in_clear(gateway)


def test_stored_chats_and_counts(gateway: RunningGateway, client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": ASK}], store=True)
    assert client.chat.completions.retrieve(made.id).choices[0].message.content == f"You said: {ASK}"
    assert client.responses.input_tokens.count(model="gpt-4.1", input=ASK).input_tokens == 5
    assert client.responses.compact(model="gpt-4.1", input=ASK).id.startswith("resp_")
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.retrieve("chatcmpl-unstored1")
    nothing_left_in_clear(gateway)


def test_sound(gateway: RunningGateway, client: openai.OpenAI) -> None:
    heard = client.audio.transcriptions.create(
        model="whisper-1", file=("talk.mp3", AUDIO), prompt=ASK, timestamp_granularities=["word", "segment"]
    )
    assert heard.text == f"heard {ASK}"
    plain = client.audio.translations.create(
        model="whisper-1", file=("talk.mp3", AUDIO), prompt=ASK, response_format="text"
    )
    assert plain == f"heard {ASK}"
    assert AUDIO in gateway.stubs.seen
    assert client.audio.speech.create(model="tts-1", input=ASK, voice="alloy").read() == AUDIO
    nothing_left_in_clear(gateway)


def test_pictures(gateway: RunningGateway, client: openai.OpenAI) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + uuid.uuid4().bytes * 20
    for answer in (
        client.images.generate(model="gpt-image-1", prompt=ASK),
        client.images.edit(model="gpt-image-1", image=[("a.png", picture), ("b.png", picture)], prompt=ASK),
    ):
        assert answer.data is not None
        assert answer.data[0].revised_prompt == f"better: {ASK}"
    client.images.create_variation(model="dall-e-2", image=("a.png", picture), user=MAIL)
    assert gateway.stubs.seen.count(picture) == 3
    nothing_left_in_clear(gateway)


def test_moderations_name_their_model(gateway: RunningGateway, client: openai.OpenAI) -> None:
    assert client.moderations.create(input=ASK).model == "omni-moderation-latest"
    client.moderations.create(model="m-1", input=[{"type": "text", "text": ASK}])
    nothing_left_in_clear(gateway)


@pytest.mark.parametrize(
    "path", ["/uploads", "/containers", "/realtime/client_secrets", "/organization/admin_api_keys"]
)
def test_what_opens_a_way_round_is_refused(gateway: RunningGateway, client: openai.OpenAI, path: str) -> None:
    with pytest.raises(openai.NotFoundError, match="does not serve this path"):
        client.post(path, body={}, cast_to=object)
    assert gateway.stubs.count == 0


def test_azure(gateway: RunningGateway) -> None:
    http = openai.DefaultHttpxClient(verify=gateway.client_context())
    with openai.AzureOpenAI(
        azure_endpoint=gateway.url, api_version="2024-10-21", api_key="own-key", http_client=http, max_retries=0
    ) as client:
        answer = client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": ASK}])
        assert answer.choices[0].message.content == f"You said: {ASK}"
        chunks = client.chat.completions.create(
            model="gpt-4.1", messages=[{"role": "user", "content": ASK}], stream=True
        )
        assert "".join(each.choices[0].delta.content or "" for each in chunks) == f"You said: {ASK}"
        upload = client.files.create(file=("in.jsonl", batch_file(ASK)), purpose="batch")
        assert MAIL in client.files.content(upload.id).text
        with pytest.raises(openai.BadRequestError, match="Leave it out"):
            client.chat.completions.create(
                model="gpt-4.1", messages=[{"role": "user", "content": "hi"}],
                extra_body={"data_sources": [{"type": "s", "parameters": {"authentication": {"key": "k"}}}]},
            )  # fmt: skip
    assert b"POST /openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21 " in gateway.stubs.seen
    nothing_left_in_clear(gateway)


def test_anthropic_batches_and_files(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    params = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": ASK}]}
    batch = claude.messages.batches.create(requests=[{"custom_id": "one", "params": params}])  # type: ignore[typeddict-item]
    assert claude.messages.batches.retrieve(batch.id).results_url == f"/v1/messages/batches/{batch.id}/results"
    results = list(claude.messages.batches.results(batch.id))
    assert results[0].result.message.content[0].text == f"You said: {ASK}"  # type: ignore[union-attr]
    assert [each.id for each in claude.messages.batches.list(limit=5)] == [batch.id]
    other = {**params, "model": "claude-haiku-4-5"}
    with pytest.raises(anthropic.BadRequestError, match="must be the same"):
        claude.messages.batches.create(
            requests=[{"custom_id": "a", "params": params}, {"custom_id": "b", "params": other}]  # type: ignore[typeddict-item]
        )
    nothing_left_in_clear(gateway)


def test_anthropic_files(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    upload = claude.beta.files.upload(file=("notes.txt", b"nothing to see in here", "text/plain"))
    assert claude.beta.files.download(upload.id).read() == b"nothing to see in here"
    assert upload.id in [each.id for each in claude.beta.files.list()]
    with pytest.raises(anthropic.NotFoundError):
        claude.beta.files.retrieve_metadata("file_nobodyknows1")


def test_what_is_kept_outlives_the_gateway(gateway: RunningGateway, clients: Clients) -> None:
    first = clients("demo").responses.create(model="gpt-4.1", input=ASK)
    gateway.stop()
    gateway.start()
    second = clients("demo").responses.create(model="gpt-4.1", input="and now?", previous_response_id=first.id)
    assert second.output_text == f"You said: and now? and before: {ASK}"
    state = b"".join(file.read_bytes() for file in (gateway.folder / "state").glob("upstream-state*"))
    assert state
    assert first.id.encode() not in state
    assert MAIL.encode() not in state
