"""Forms with files (RFC 7578): one reading or a refusal, and a writing that reads back the same."""

from __future__ import annotations

import json

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import dialects
from gateway.dialects import multipart
from gateway.errors import Refused
from gateway.model import Finding, Operator, Profile, ScanResult
from gateway.redaction import redact, verify

FILES = dialects.route("POST", "/v1/files")
EDITS = dialects.route("POST", "/v1/images/edits")
HEARD = dialects.route("POST", "/v1/audio/transcriptions")
MAIL = "maria.lindqvist@customer.example"
PII = Profile("pii", {"*": Operator.PLACEHOLDER})


def sent(data: dict[str, object], files: list[tuple[str, tuple[str, bytes, str]]]) -> tuple[bytes, str]:
    request = httpx2.Request("POST", "https://x.example/", data=data, files=files)
    return request.read(), request.headers["content-type"]


def part(name: str, body: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{body}\r\n'


def test_a_form_is_a_tree() -> None:
    data = {"model": "m", "prompt": "say it", "keywords[]": ["one", "two"]}
    prompt = dialects.read(HEARD, *sent(data, [("file", ("a.mp3", b"\0\1", "audio/mpeg"))]))
    assert prompt.model == "m"
    assert {span.path: span.text for span in prompt.spans if span.path != "/model"} == {
        "/prompt": "say it",
        "/keywords[]/0": "one",
        "/keywords[]/1": "two",
        "/file/filename": "a.mp3",
    }
    assert [(each.path, each.media_type, each.name) for each in prompt.attachments] == [
        ("/file/data", "audio/mpeg", "a.mp3")
    ]


def test_values_go_and_the_file_stays() -> None:
    picture = bytes(range(256)) * 3
    body, kind = sent(
        {"model": "mine", "prompt": f"for {MAIL}"},
        [("image[]", (f'{MAIL} "1".png', picture, "image/png")), ("image[]", ("2.png", picture, "image/png"))],
    )
    prompt = dialects.read(EDITS, body, kind)
    found = [
        Finding(number, at, at + len(MAIL), "EMAIL_ADDRESS", 1.0, "t")
        for number, span in enumerate(prompt.spans)
        if (at := span.text.find(MAIL)) >= 0
    ]
    made = redact(prompt, ScanResult(tuple(found), True), PII, key=b"k" * 32, operator=lambda *_: "", model="theirs")
    verify(made)
    assert MAIL.encode() not in made.body
    assert made.body.count(picture) == 2
    assert made.framing is not None
    assert b'filename="[EMAIL_ADDRESS_' in made.body
    tree = made.framing.load(made.body)
    assert isinstance(tree, dict)
    assert tree["model"] == "theirs"
    assert tree["image[]"][0]["filename"].endswith(' "1".png')


def test_rows_are_walked_and_written_one_by_one() -> None:
    rows = [
        {"custom_id": f"r{number}", "method": "POST", "url": "/v1/responses", "body": {"model": "m", "input": "hi"}}
        for number in range(3)
    ]
    text = "\r\n\n".join(json.dumps(row) for row in rows).encode()
    prompt = dialects.read(FILES, *sent({"purpose": "batch"}, [("file", ("in.jsonl", text, "application/jsonl"))]))
    assert prompt.models == tuple(f"/file/requests/{number}/body/model" for number in range(3))
    assert not prompt.attachments
    made = redact(prompt, ScanResult((), True), PII, key=b"k" * 32, operator=lambda *_: "", model="theirs")
    assert made.body.count(b'"model":"theirs"') == 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        "--b--\r\n",
        "preamble\r\n" + part("purpose", "batch") + "--b--\r\n",
        part("purpose", "batch"),
        part("purpose", "batch") + "--b--\r\nepilogue",
        part("purpose", "batch") + part("purpose", "user_data") + "--b--",
        part("purpose", "batch", "; filename*=utf-8''x") + "--b--",
        part("purpose", "batch", '; filename="a"; filename="b"') + "--b--",
        part("purpose", "batch").replace('"purpose"', "purpose") + "--b--",
        part("purpose", "batch").replace("form-data", "attachment") + "--b--",
        part("purpose", "b").replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n") + "--b--",
        part("purpose", "b").replace("\r\n\r\n", "\r\n folded\r\n\r\n") + "--b--",
        part("purpose", "b").replace("\r\n\r\n", "\r\nContent-Type: text/plain; charset=utf-7\r\n\r\n") + "--b--",
        part("purpose", "b").replace("\r\n\r\n", "\r\nContent-Length: 9\r\n\r\n") + "--b--",
        part("purpose", "b").replace("\r\n\r\n", "\n\n") + "--b--",
        part("purpose", "b\0") + "--b--",
        part("purpose", "b\r\n--bc\r\nx") + "--b--",
        part("file", "x", '; filename="a%0Db"') + "--b--",
        "".join(part(f"f{number}", "x") for number in range(300)) + "--b--",
        part("purpose", "b", "; " + "x" * 5000) + "--b--",
    ],
)
def test_what_two_parsers_may_read_differently_is_refused(body: str) -> None:
    with pytest.raises(Refused) as caught:
        dialects.read(FILES, body.encode(), "multipart/form-data; boundary=b")
    assert caught.value.refusal.code in ("llmgw_invalid_multipart", "llmgw_invalid_request")
    assert caught.value.refusal.status == 400


@pytest.mark.parametrize(
    "content_type",
    ["", "application/json", "multipart/form-data", "multipart/mixed; boundary=b", "multipart/form-data; boundary=",
     "multipart/form-data; boundary=b; boundary=c", "multipart/form-data; boundary=a b",
     f"multipart/form-data; boundary={'b' * 71}", "multipart/form-data; charset=utf-8; boundary=b"],
)  # fmt: skip
def test_only_forms_with_one_boundary_are_taken(content_type: str) -> None:
    with pytest.raises(Refused) as caught:
        dialects.read(FILES, part("purpose", "batch").encode() + b"--b--", content_type)
    assert caught.value.refusal.status == 415


@given(st.binary(max_size=200), st.text(st.characters(blacklist_categories=("Cs",), min_codepoint=32), max_size=40))
def test_what_is_written_reads_back(data: bytes, text: str) -> None:
    body, kind = sent({"purpose": "user_data", "note": text}, [("file", ("a.bin", data, "application/octet-stream"))])
    boundary = multipart.boundary_of(kind)
    tree = multipart.load(body, boundary, {})
    framing = multipart.framing(body, {})
    assert framing.load(framing.dump(tree)) == tree
    assert multipart.boundary_of(framing.content_type) not in body.decode("latin-1")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form_or_refused(data: bytes) -> None:
    try:
        dialects.read(FILES, b"--b\r\n" + data + b"\r\n--b--", "multipart/form-data; boundary=b")
    except Refused as refused:
        assert refused.refusal.status in (400, 415)
