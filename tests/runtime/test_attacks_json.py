"""Codings, character sets and JSON at the real listener: rows E, C, J and U of the attack catalogue."""

from __future__ import annotations

import base64
import gzip
import json
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # ships no types
import pytest
import zstandard

from tests.support.attacks import MARKER, Attacker
from tests.support.gateway import RunningGateway, chat, post, running

pytestmark = pytest.mark.runtime

PATH = "/v1/chat/completions"
BODY = chat(MARKER)
DECODED = 500_000
MAIL = "wilma.steinbrueck@posteo-kunden.de"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    limits = {"decoded_bytes": DECODED}
    with running(tmp_path_factory.mktemp("json"), settings={"limits": limits}) as instance:
        yield instance


@pytest.fixture(scope="module")
def attacker(gateway: RunningGateway) -> Attacker:
    return Attacker(gateway)


def coded(body: bytes, coding: str) -> bytes:
    return post(PATH, body, headers=(("content-encoding", coding),))


def typed(body: bytes, kind: str) -> bytes:
    return post(PATH, body, headers=(("content-type", kind),))


GZIP = gzip.compress(BODY)
ZSTD = zstandard.compress(BODY)
SKIPPABLE = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"

BAD_STREAMS: dict[str, bytes] = {
    "two gzip members": coded(GZIP + gzip.compress(MARKER.encode()), "gzip"),
    "bytes after gzip": coded(GZIP + MARKER.encode(), "gzip"),
    "cut gzip": coded(GZIP[:-9], "gzip"),
    "bad gzip checksum": coded(GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:], "gzip"),
    "bad gzip length": coded(GZIP[:-4] + b"\0\0\0\0", "gzip"),
    "bytes after deflate": coded(zlib.compress(BODY) + b"x", "deflate"),
    "bad deflate checksum": coded(zlib.compress(BODY)[:-4] + b"\0\0\0\0", "deflate"),
    "cut brotli": coded(brotli.compress(BODY)[:-3], "br"),
    "bytes after brotli": coded(brotli.compress(BODY) + b"x", "br"),
    "two zstd frames": coded(ZSTD + zstandard.compress(MARKER.encode()), "zstd"),
    "skippable frame first": coded(SKIPPABLE + ZSTD, "zstd"),
    "skippable frame after": coded(ZSTD + SKIPPABLE, "zstd"),
    "cut zstd": coded(ZSTD[:-2], "zstd"),
    "says gzip, is plain": coded(BODY, "gzip"),
    "says br, is plain": coded(BODY, "br"),
    "says zstd, is plain": coded(BODY, "zstd"),
    "says deflate, is gzip": coded(GZIP, "deflate"),
    "empty gzip": coded(b"", "gzip"),
}


@pytest.mark.parametrize("case", BAD_STREAMS)
def test_a_coded_body_is_one_whole_stream(attacker: Attacker, case: str) -> None:
    attacker.check_refused(BAD_STREAMS[case], 400, "llmgw_invalid_coding")


CODINGS = [
    "x-gzip", "gzip, gzip", "gzip, identity", "identity, gzip", "gzip;q=1", "GZIP, br", "compress", "x-compress", "*",
    "", "rot13", "utf-16", "base64", "hex", "zlib", "bz2", "uu", "idna", "punycode", "unicode_escape", "utf-7",
    "charmap", "raw_unicode_escape", "undefined", "mbcs", "none", "null", "gzip\t,br", "dcb", "aes128gcm", "exi",
]  # fmt: skip


@pytest.mark.parametrize("coding", CODINGS)
def test_other_codings_are_refused(attacker: Attacker, coding: str) -> None:
    attacker.check_refused(coded(BODY, coding), 415, "llmgw_unsupported_coding")


def test_plain_text_that_is_gzip_is_no_json(attacker: Attacker) -> None:
    attacker.check_refused(post(PATH, GZIP), 400, "llmgw_invalid_json")
    attacker.check_refused(coded(GZIP, "identity"), 400, "llmgw_invalid_json")
    attacker.check_refused(coded(gzip.compress(GZIP), "gzip"), 400, "llmgw_invalid_json")


BOMB = chat("x" * 100_000_000)
BOMBS = {
    "gzip": (gzip.compress(BOMB, 9), "gzip"),
    "deflate": (zlib.compress(BOMB, 9), "deflate"),
    "brotli": (brotli.compress(BOMB, quality=1), "br"),
    "zstd": (zstandard.compress(BOMB), "zstd"),
}


def memory(gateway: RunningGateway) -> int:
    """Peak resident bytes of the worker so far."""
    pid = json.loads((gateway.folder / "state/worker-0.json").read_text())["pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_ends_at_the_bound_in_flat_memory(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    data, coding = BOMBS[case]
    before, start = memory(gateway), time.monotonic()
    attacker.check_refused(coded(data, coding), 413, "llmgw_body_too_large")
    assert memory(gateway) - before < 40_000_000
    assert time.monotonic() - start < 3


TYPES = [
    "text/plain", "text/json", "application/json; charset=utf-16", "application/json; charset=utf-16le",
    "application/json; charset=utf-7", "application/json; charset=cp037", "application/json; charset=latin-1",
    "application/json; charset=utf-8, utf-16", "application/json; charset=utf-8; charset=utf-16",
    "application/json; charset='utf-8'", "application/json; boundary=x", "application/json, text/plain",
    "application/vnd.api+json", "application/x-ndjson", "multipart/form-data; boundary=x", "multipart/mixed",
    "application/x-www-form-urlencoded", "application/octet-stream", "application/xml", "*/*", "application/*", "json",
    "application/json;charset=rot13", "application/json;charset=base64", "application/json; version=2", "",
]  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_a_body_is_json_in_utf8(attacker: Attacker, kind: str) -> None:
    attacker.check_refused(typed(BODY, kind), 415, "llmgw_unsupported_media_type")


def test_a_body_without_a_type_is_refused(attacker: Attacker) -> None:
    request = post(PATH, BODY).replace(b"content-type: application/json\r\n", b"")
    attacker.check_refused(request, 415, "llmgw_unsupported_media_type")


def wrapped(inner: str) -> bytes:
    """A chat completion with `inner` as one more member, as it is written."""
    return BODY[:-1] + f", {inner}}}".encode("utf-8", "surrogatepass")


DOCUMENTS: dict[str, bytes] = {
    "UTF-16": BODY.decode().encode("utf-16"),
    "UTF-16 without BOM": BODY.decode().encode("utf-16-le"),
    "UTF-32": BODY.decode().encode("utf-32"),
    "UTF-8 with BOM": b"\xef\xbb\xbf" + BODY,
    "EBCDIC": BODY.decode().encode("cp037"),
    "UTF-7": BODY.decode().encode("utf-7").replace(b'"', b"+ACI-"),
    "invalid UTF-8": BODY.replace(MARKER.encode(), b"\xff\xfe"),
    "overlong": BODY.replace(MARKER.encode(), b"\xc0\xaf"),
    "CESU-8": BODY.replace(MARKER.encode(), b"\xed\xa0\xbd\xed\xb8\x80"),
    "raw surrogate": BODY.replace(MARKER.encode(), b"\xed\xa0\x80"),
    "escaped lone surrogate": BODY.replace(MARKER.encode(), b"\\ud83d"),
    "surrogates in the wrong order": BODY.replace(MARKER.encode(), b"\\ude00\\ud83d"),
    "beyond Unicode": BODY.replace(MARKER.encode(), b"\xf5\x80\x80\x80"),
    "duplicate key": BODY[:-1] + b', "model": "evil"}',
    "duplicate key by escape": BODY[:-1] + b', "m\\u006fdel": "evil"}',
    "duplicate key deep down": wrapped('"metadata": {"a": {"b": [{"c": 1, "c": 2}]}}'),
    "duplicate messages": BODY[:-1] + b', "messages": []}',
    "NaN": wrapped('"temperature": NaN'),
    "Infinity": wrapped('"temperature": Infinity'),
    "-Infinity": wrapped('"temperature": -Infinity'),
    "1e999": wrapped('"temperature": 1e999'),
    "-0": wrapped('"seed": -0'),
    "5000 digits": wrapped('"seed": ' + "1" * 5000),
    "65 bits": wrapped('"seed": 36893488147419103232'),
    "leading zero": wrapped('"seed": 012'),
    "hex": wrapped('"seed": 0x12'),
    "plus": wrapped('"seed": +1'),
    "bare point": wrapped('"temperature": .5'),
    "65 levels": wrapped('"metadata": ' + "[" * 65 + "]" * 65),
    "100 000 levels": wrapped('"metadata": ' + "[" * 100_000 + "]" * 100_000),
    "100 000 objects deep": wrapped('"metadata": ' + '{"a":' * 80_000 + "1" + "}" * 80_000),
    "open brackets": b"[" * 100_000,
    "two documents": BODY + BODY,
    "trailing comma": BODY[:-1] + b",}",
    "comment": b"/* " + MARKER.encode() + b" */" + BODY,
    "line comment": BODY + b"// " + MARKER.encode(),
    "single quotes": BODY.replace(b'"', b"'"),
    "unquoted key": BODY.replace(b'"model"', b"model"),
    "raw newline in a string": BODY.replace(MARKER.encode(), b"a\nb"),
    "raw NUL in a string": BODY.replace(MARKER.encode(), b"a\0b"),
    "escaped NUL in a key": wrapped('"a\\u0000b": 1'),
    "bad escape": BODY.replace(MARKER.encode(), b"\\x41"),
    "empty": b"",
    "spaces": b"   ",
    "cut": BODY[:-1],
    "form feed": b"\x0c" + BODY,
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_json_has_one_meaning_or_is_refused(attacker: Attacker, case: str) -> None:
    start = time.monotonic()
    attacker.check_refused(post(PATH, DOCUMENTS[case]), 400, "llmgw_invalid_json")
    assert time.monotonic() - start < 3


def spoiled(**changes: object) -> bytes:
    return json.dumps({**json.loads(BODY), **changes}).encode()


SHAPES: dict[str, bytes] = {
    "string": json.dumps(MARKER).encode(),
    "number": b"4711",
    "null": b"null",
    "true": b"true",
    "list": b"[" + BODY + b"]",
    "empty object": b"{}",
    "content is an object": spoiled(messages=[{"role": "user", "content": {"text": MARKER}}]),
    "content is a number": spoiled(messages=[{"role": "user", "content": 4711}]),
    "content holds a string": spoiled(messages=[{"role": "user", "content": [MARKER]}]),
    "messages is an object": spoiled(messages={"0": MARKER}),
    "messages is a string": spoiled(messages=MARKER),
    "message is a string": spoiled(messages=[MARKER]),
    "role is a list": spoiled(messages=[{"role": [MARKER], "content": "x"}]),
    "model is a list": spoiled(model=[MARKER]),
    "model is missing": json.dumps({"messages": [{"role": "user", "content": MARKER}]}).encode(),
    "messages are missing": json.dumps({"model": "gpt-4.1"}).encode(),
    "model is empty": spoiled(model=""),
    "model is null": spoiled(model=None),
    "also a prompt": spoiled(prompt=MARKER),
    "also an input": spoiled(input=MARKER),
    "also contents": spoiled(contents=[{"parts": [{"text": MARKER}]}]),
    "token ids": spoiled(prompt_token_ids=[1, 2, 3]),
}


@pytest.mark.parametrize("case", SHAPES)
def test_wrong_shapes_are_refused(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    answer = attacker.ask(post(PATH, SHAPES[case]))
    assert answer.status == 400
    assert answer.code.startswith("llmgw_")
    assert MARKER.encode() not in answer.body
    assert gateway.stubs.count == 0


TOKENS = {
    "completions, ids": ("/v1/completions", {"model": "m", "prompt": [1, 2, 3]}),
    "completions, lists of ids": ("/v1/completions", {"model": "m", "prompt": [[1, 2], [3]]}),
    "embeddings, ids": ("/v1/embeddings", {"model": "m", "input": [1, 2, 3]}),
    "embeddings, lists of ids": ("/v1/embeddings", {"model": "m", "input": [[1, 2], [3]]}),
}


@pytest.mark.parametrize("case", TOKENS)
def test_token_ids_cannot_be_read_and_do_not_leave(attacker: Attacker, case: str) -> None:
    path, body = TOKENS[case]
    attacker.check_refused(post(path, json.dumps(body).encode()), 400, "llmgw_token_ids_refused")


def in_tool(where: str) -> dict[str, object]:
    properties = {"to": {"type": "string", where: MAIL if where != "enum" else [MAIL]}}
    schema = {"type": "object", "properties": properties}
    return {"tools": [{"type": "function", "function": {"name": "send", "parameters": schema}}]}


CALL = {"id": "call_abcdefgh12345678", "type": "function"}
PLACES: dict[str, dict[str, object]] = {
    "user": {"user": MAIL},
    "stop": {"stop": [MAIL]},
    "metadata value": {"metadata": {"who": MAIL}},
    "metadata key": {"metadata": {MAIL: "who"}},
    "unknown field": {"x_vendor": {"deep": [{"down": MAIL}]}},
    "unknown key": {"x_vendor": {MAIL: 1}},
    "name of a message": {"messages": [{"role": "user", "name": MAIL, "content": "hi"}]},
    "role": {"messages": [{"role": MAIL, "content": "hi"}]},
    "unknown part": {"messages": [{"role": "user", "content": [{"type": "hologram", "beam": MAIL}]}]},
    "part type": {"messages": [{"role": "user", "content": [{"type": MAIL, "text": "hi"}]}]},
    "system": {"messages": [{"role": "system", "content": MAIL}, {"role": "user", "content": "hi"}]},
    "refusal": {"messages": [{"role": "assistant", "refusal": MAIL}, {"role": "user", "content": "hi"}]},
    "tool description": {"tools": [{"type": "function", "function": {"name": "f", "description": f"mail {MAIL}"}}]},
    "tool name": {"tools": [{"type": "function", "function": {"name": MAIL}}]},
    "enum": in_tool("enum"),
    "default": in_tool("default"),
    "title": in_tool("title"),
    "pattern": in_tool("pattern"),
    "const": in_tool("const"),
    "examples": in_tool("examples"),
    "$comment": in_tool("$comment"),
    "response format": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "description": MAIL}}},
    "prediction": {"prediction": {"type": "content", "content": MAIL}},
    "logit bias": {"logit_bias": {MAIL: 1}},
    "cache key": {"prompt_cache_key": MAIL},
    "safety identifier": {"safety_identifier": MAIL},
    "service tier": {"service_tier": MAIL},
    "tool choice": {"tool_choice": {"type": "function", "function": {"name": MAIL}}},
    "arguments": {
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [{**CALL, "function": {"name": "f", "arguments": json.dumps({"to": MAIL})}}],
            },
            {"role": "tool", "tool_call_id": CALL["id"], "content": "done"},
        ]
    },
    "arguments, escaped twice": {
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [
                    {**CALL, "function": {"name": "f", "arguments": json.dumps({"x": json.dumps({"to": MAIL})})}}
                ],
            },
            {"role": "tool", "tool_call_id": CALL["id"], "content": "done"},
        ]
    },
    "arguments, in unicode escapes": {
        "messages": [
            {
                "role": "assistant",
                "tool_calls": [
                    {
                        **CALL,
                        "function": {
                            "name": "f",
                            "arguments": '{"to": "' + "".join(f"\\u{ord(char):04x}" for char in MAIL) + '"}',
                        },
                    }
                ],
            },
            {"role": "tool", "tool_call_id": CALL["id"], "content": "done"},
        ]
    },
    "tool result": {
        "messages": [
            {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": CALL["id"], "content": json.dumps({"mail": MAIL})},
        ]
    },
    "legacy function call": {
        "messages": [
            {"role": "assistant", "function_call": {"name": "f", "arguments": json.dumps({"to": MAIL})}},
            {"role": "function", "name": "f", "content": MAIL},
        ]
    },
    "call id": {
        "messages": [
            {"role": "assistant", "tool_calls": [{**CALL, "id": MAIL, "function": {"name": "f", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": MAIL, "content": "done"},
        ]
    },
    "image URL": {
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"https://x.example/?m={MAIL}"}}]}
        ]
    },
    "image detail": {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": MAIL}}],
            }
        ]
    },
    "file name": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "file", "file": {"filename": f"{MAIL}.txt", "file_data": "data:text/plain;base64,aGk="}}
                ],
            }
        ]
    },
    "data URL": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "file",
                        "file": {
                            "filename": "a.txt",
                            "file_data": "data:text/plain;base64," + base64.b64encode(MAIL.encode() * 3).decode(),
                        },
                    }
                ],
            }
        ]
    },
}


def forms(text: str) -> list[bytes]:
    """How a value may hide in the bytes that left."""
    data = text.encode()
    shifted = [base64.b64encode(b"x" * shift + data)[4:-4] for shift in range(3)]
    escaped = "".join(f"\\u{ord(char):04x}" for char in text).encode()
    return [data, data.upper(), data.hex().encode(), data[::-1], escaped, escaped.replace(b"\\", b"\\\\"), *shifted]


@pytest.mark.parametrize("case", PLACES)
def test_a_value_is_found_wherever_it_stands(gateway: RunningGateway, attacker: Attacker, case: str) -> None:
    """Redacted, or the request refused, or kept in a tier that may have it: never at a third party as it is."""
    answer = attacker.ask(post(PATH, json.dumps({**json.loads(chat("hello")), **PLACES[case]}).encode()))
    assert answer.status in (200, 400), answer
    for name in ("third-party-openai", "third-party-anthropic"):
        for head, body in gateway.stubs[name].requests:
            assert isinstance(json.loads(body), dict)
            for form in forms(MAIL):
                assert form not in head + body


def test_a_card_as_a_bare_number_does_not_leave(gateway: RunningGateway, attacker: Attacker) -> None:
    body = json.dumps(
        {**json.loads(chat("hello")), "metadata": {"card": 4929000000006}, "x": [4532015112830366]}
    ).encode()
    answer = attacker.ask(post(PATH, body))
    assert answer.status in (200, 400)
    for name in ("third-party-openai", "third-party-anthropic"):
        assert b"4532015112830366" not in gateway.stubs[name].seen


def test_large_but_honest_json_is_served(gateway: RunningGateway, attacker: Attacker) -> None:
    assert attacker.chat("word " * 20_000).status == 200
    assert attacker.ask(coded(gzip.compress(chat("hello")), "gzip")).status == 200
    assert attacker.ask(typed(chat("hello"), "Application/JSON; charset=UTF-8")).status == 200
    answer = attacker.ask(post(PATH, b'{"model":"gpt-4.1","messages":[' + b"{}," * 100_000 + b"{}]}"))
    assert answer.status in (200, 400, 413)
    assert b"content-encoding" not in gateway.stubs.seen


def test_last_every_refusal_is_an_event_and_the_gateway_is_well(gateway: RunningGateway, attacker: Attacker) -> None:
    attacker.check_events()
    attacker.check_alive()
    log = gateway.log.read_text()
    assert "step_failed" not in log
    assert MARKER not in log
    assert MAIL not in log
    assert MAIL not in json.dumps(gateway.events())
