"""Attachments through a running gateway, as the official clients send them."""

from __future__ import annotations

import base64
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import openai
import psutil
import pytest

from dlp_recognizers.attachments.setup import tesseract
from tests.support import files
from tests.support.gateway import RunningGateway

pytestmark = pytest.mark.runtime
MAIL = "maria.lindqvist@customer.example"
CSV = f"name,mail\nMaria,{MAIL}\n"
THIRD, SOVEREIGN = "third-party-openai", "sovereign-eu"


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key="x",
        max_retries=0,
        http_client=openai.DefaultHttpxClient(verify=gateway.client_context()),
    ) as instance:
        yield instance


@pytest.fixture
def claude(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(
        base_url=gateway.url,
        api_key="x",
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(verify=gateway.client_context()),
    ) as instance:
        yield instance


def ask(client: openai.OpenAI, *parts: dict[str, Any]) -> Any:
    content = [{"type": "text", "text": "Summarise"}, *parts]
    return client.chat.completions.create(model="gpt-4.1", messages=[{"role": "user", "content": content}])  # type: ignore[arg-type,list-item]


def file(content: bytes, media_type: str, name: str) -> dict[str, Any]:
    return {"type": "file", "file": {"filename": name, "file_data": files.data_url(content, media_type)}}


def image(content: bytes, media_type: str = "image/png") -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": files.data_url(content, media_type)}}


def sent(gateway: RunningGateway, upstream: str) -> Any:
    """The body of the only request, which went to this upstream."""
    assert (gateway.stubs.count, len(gateway.stubs[upstream].requests)) == (1, 1)
    return json.loads(gateway.stubs[upstream].requests[0][1])


def decoded(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2] or url)


def test_a_csv_file_loses_its_value_and_the_answer_gets_it_back(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(client, file(CSV.encode(), "text/csv", "people.csv"))
    url = sent(gateway, THIRD)["messages"][0]["content"][1]["file"]["file_data"]
    text = decoded(url).decode()
    assert url.startswith("data:text/csv;base64,")
    assert MAIL not in text and text.startswith("name,mail\n") and "[EMAIL_ADDRESS_" in text
    assert base64.b64encode(MAIL.encode())[:-4] not in gateway.stubs.seen


def test_the_same_value_in_the_prompt_and_in_a_file_gets_one_placeholder(
    gateway: RunningGateway, client: openai.OpenAI
) -> None:
    ask(client, {"type": "text", "text": f"Who is {MAIL}?"}, file(CSV.encode(), "text/csv", "people.csv"))
    content = sent(gateway, THIRD)["messages"][0]["content"]
    placeholder = content[1]["text"].removeprefix("Who is ").removesuffix("?")
    assert placeholder in decoded(content[2]["file"]["file_data"]).decode()


def test_a_page_and_a_message_lose_their_values(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(
        client,
        file(f"<html><body><p>{MAIL}</p></body></html>".encode(), "text/html", "a.html"),
        file(files.plain_mail(f"Write to {MAIL}"), "message/rfc822", "a.eml"),
    )
    content = sent(gateway, THIRD)["messages"][0]["content"]
    for part in content[1:]:
        assert MAIL.encode() not in decoded(part["file"]["file_data"])


def test_a_file_that_cannot_be_changed_is_refused_by_name_alone(gateway: RunningGateway, client: openai.OpenAI) -> None:
    for content, name in ((files.pdf(MAIL), "a.pdf"), (files.workbook([["x", MAIL]]), "a.xlsx")):
        with pytest.raises(openai.BadRequestError) as caught:
            ask(client, file(content, "application/octet-stream", name))
        assert caught.value.code == "llmgw_attachment_not_redactable"
        assert "EMAIL_ADDRESS" in caught.value.message and MAIL not in caught.value.message
    assert gateway.stubs.count == 0


def test_a_file_without_anything_passes_as_it_is(gateway: RunningGateway, client: openai.OpenAI) -> None:
    content = files.pdf("the quick brown fox")
    ask(client, file(content, "application/pdf", "a.pdf"))
    assert decoded(sent(gateway, THIRD)["messages"][0]["content"][1]["file"]["file_data"]) == content


def test_a_marking_in_a_file_routes_the_request(gateway: RunningGateway, client: openai.OpenAI) -> None:
    content = files.pdf("CONFIDENTIAL\nplans for the next year")
    ask(client, file(content, "application/pdf", "a.pdf"))
    assert decoded(sent(gateway, SOVEREIGN)["messages"][0]["content"][1]["file"]["file_data"]) == content


@pytest.mark.parametrize(
    ("content", "media_type", "name"),
    [
        (files.pdf("secret", password="x"), "application/pdf", "a.pdf"),
        (files.png() + files.archive({"a": b"x"}), "image/png", "a.png"),
        (os.urandom(3_000), "application/octet-stream", "a.bin"),
        (files.pdf("x"), "image/png", "a.png"),
    ],
    ids=["encrypted", "polyglot", "noise", "mislabelled"],
)
def test_unknown_content_goes_where_the_policy_says(
    gateway: RunningGateway, client: openai.OpenAI, content: bytes, media_type: str, name: str
) -> None:
    ask(client, file(content, media_type, name))
    sent(gateway, SOVEREIGN)


def test_a_reference_is_of_unknown_content(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(client, {"type": "image_url", "image_url": {"url": "https://pictures.example/a.png"}})
    sent(gateway, SOVEREIGN)


@pytest.mark.skipif(not tesseract(), reason="no tesseract on this machine")
def test_words_in_a_picture_are_blacked_out(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(client, image(files.png(f"Mail {MAIL} today", meta=MAIL)))
    url = sent(gateway, THIRD)["messages"][0]["content"][1]["image_url"]["url"]
    content = decoded(url)
    assert content.startswith(b"\x89PNG") and MAIL.encode() not in content


def test_claude_gets_its_document_without_the_value(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    source = {"type": "base64", "media_type": "text/plain", "data": base64.b64encode(f"To {MAIL}".encode()).decode()}
    claude.messages.create(
        model="claude-sonnet-4-5",
        max_tokens=9,
        messages=[{"role": "user", "content": [{"type": "document", "source": source}]}],  # type: ignore[typeddict-item,list-item]
    )
    body = sent(gateway, "third-party-anthropic")
    assert decoded(body["messages"][0]["content"][0]["source"]["data"]).startswith(b"To [EMAIL_ADDRESS_")


def test_claude_hears_natively_of_a_file_that_cannot_be_changed(
    gateway: RunningGateway, claude: anthropic.Anthropic
) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": base64.b64encode(files.pdf(MAIL)).decode()}
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(
            model="claude-sonnet-4-5",
            max_tokens=9,
            messages=[{"role": "user", "content": [{"type": "document", "source": source}]}],  # type: ignore[typeddict-item,list-item]
        )
    error = caught.value.body
    assert isinstance(error, dict) and "llmgw_attachment_not_redactable" in json.dumps(error)
    assert gateway.stubs.count == 0


def test_a_tool_result_with_a_document(gateway: RunningGateway, claude: anthropic.Anthropic) -> None:
    source = {"type": "base64", "media_type": "text/csv", "data": base64.b64encode(CSV.encode()).decode()}
    result = {"type": "tool_result", "tool_use_id": "toolu_01A09q90qw90lq917835lq9", "content": [
        {"type": "document", "source": source}]}  # fmt: skip
    claude.messages.create(
        model="claude-sonnet-4-5",
        max_tokens=9,
        messages=[{"role": "user", "content": [result]}],  # type: ignore[typeddict-item,list-item]
    )
    assert MAIL.encode() not in gateway.stubs.seen
    data = sent(gateway, "third-party-anthropic")["messages"][0]["content"][0]["content"][0]["source"]["data"]
    assert b"[EMAIL_ADDRESS_" in decoded(data)


def bomb() -> bytes:
    target = io.BytesIO()
    packed = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with packed, packed.open("zeros.txt", "w", force_zip64=True) as out:
        for _ in range(1024):
            out.write(bytes(1024 * 1024))
    return target.getvalue()


def processes(gateway: RunningGateway) -> list[psutil.Process]:
    top = psutil.Process(gateway.supervisor.pid)
    return [top, *top.children(recursive=True)]


def test_a_zip_bomb_and_a_long_pdf_cost_a_bounded_time_and_memory(
    gateway: RunningGateway, client: openai.OpenAI
) -> None:
    ask(client, file(files.pdf("x"), "application/pdf", "a.pdf"))
    before = sum(each.memory_info().rss for each in processes(gateway))
    gateway.stubs.clear()
    for content, name in ((bomb(), "a.zip"), (files.pdf(*["a line\n" * 20] * 2_000), "a.pdf")):
        begin = time.monotonic()
        ask(client, file(content, "application/octet-stream", name))
        assert time.monotonic() - begin < 15
        sent(gateway, SOVEREIGN)
        gateway.stubs.clear()
    after = sum(each.memory_info().rss for each in processes(gateway))
    assert after - before < 400 * 1024 * 1024


def test_a_dead_opener_is_replaced(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(client, file(CSV.encode(), "text/csv", "a.csv"))
    for each in processes(gateway):
        if "dlp_recognizers.attachments.opener" in " ".join(each.cmdline()):
            each.kill()
    gateway.stubs.clear()
    for attempt in range(20):
        try:
            ask(client, file(CSV.encode(), "text/csv", "a.csv"))
            break
        except openai.InternalServerError:  # 503: who met the dead one is refused and may try again
            assert attempt < 19
            assert gateway.stubs.count == 0
            time.sleep(0.25)
    assert MAIL not in decoded(sent(gateway, THIRD)["messages"][0]["content"][1]["file"]["file_data"]).decode()


def test_nothing_of_a_file_is_in_logs_or_events(gateway: RunningGateway, client: openai.OpenAI) -> None:
    ask(client, file(CSV.encode(), "text/csv", "people.csv"))
    events = gateway.wait_for_events(1)
    assert {"attachments": 1, "attachments_unknown": 0}.items() <= events[-1].items()
    assert events[-1]["findings"].get("EMAIL_ADDRESS") == 1
    assert MAIL not in json.dumps(events) and "people.csv" not in json.dumps(events)
    assert MAIL not in Path(gateway.log).read_text()
