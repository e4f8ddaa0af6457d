from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.errors import Refusal, Refused
from gateway.restore import stream_filter
from tests.gateway.restore.goldens import (
    EMAIL,
    MAKERS,
    MASK,
    NAME,
    SHORT,
    STREAMS,
    TAIL,
    TEXT,
    VALUES,
    events,
    restored_text,
    sse,
)

REFUSAL = Refusal("llmgw_test", 400, "Stopped.")


def run(dialect: str, *chunks: bytes, **options: Any) -> bytes:
    stream = stream_filter(dialect, VALUES, masks=(MASK,), **options)
    return b"".join([stream.feed(chunk) for chunk in chunks]) + stream.close()


@pytest.mark.parametrize("dialect", STREAMS)
def test_every_two_way_split_and_single_bytes_give_the_same_bytes(dialect: str) -> None:
    for data in (STREAMS[dialect], SHORT[dialect]):
        whole = run(dialect, data)
        assert run(dialect, *(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(len(data)):
        assert run(dialect, data[:at], data[at:]) == whole, at


@pytest.mark.parametrize("share", range(4))
@pytest.mark.parametrize("dialect", STREAMS)
def test_every_two_way_split_of_the_long_streams(dialect: str, share: int) -> None:
    data = STREAMS[dialect]
    whole = run(dialect, data)
    for at in range(share, len(data), 4):
        assert run(dialect, data[:at], data[at:]) == whole, at


@pytest.mark.parametrize("dialect", STREAMS)
@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 20_000), max_size=20))
def test_random_splits_give_the_same_bytes(dialect: str, cuts: list[int]) -> None:
    data = STREAMS[dialect]
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[low:high] for low, high in pairwise(edges)]
    assert run(dialect, *chunks) == run(dialect, data)


def check_arguments(text: str) -> None:
    assert json.loads(text) == {
        "to": VALUES[EMAIL],
        "who": f'{VALUES[NAME]} \\ "q"',
        "n": [1, 2],
        "x": f"https://h.example/{VALUES[EMAIL]}",
    }


def test_chat_text_and_tool_calls_are_restored_per_choice_and_call() -> None:
    out = events(run("openai.chat", STREAMS["openai.chat"]))
    content: dict[int, str] = {}
    calls: dict[int, str] = {}
    for event in out[:-1]:
        for choice in event["choices"]:
            content[choice["index"]] = content.get(choice["index"], "") + (choice["delta"].get("content") or "")
            for call in choice["delta"].get("tool_calls", ()):
                calls[call["index"]] = calls.get(call["index"], "") + call["function"]["arguments"]
    assert content == {0: restored_text(TEXT) + TAIL, 1: f"other {VALUES[NAME]}!"}
    check_arguments(calls[0])
    check_arguments(calls[1])
    assert out[-1] == "[DONE]"
    kinds = [choice["finish_reason"] for event in out[:-1] for choice in event["choices"]]
    held = out[kinds.index("tool_calls") - 1]
    assert held["choices"] == [{"index": 0, "delta": {"content": TAIL}, "finish_reason": None}]
    assert held["id"] == "c1"


def test_responses_deltas_and_whole_texts_agree() -> None:
    out = events(run("openai.responses", STREAMS["openai.responses"]))
    text = "".join(event["delta"] for event in out if event["type"] == "response.output_text.delta")
    arguments = "".join(event["delta"] for event in out if event["type"] == "response.function_call_arguments.delta")
    wanted = restored_text(TEXT) + TAIL
    assert text == wanted
    check_arguments(arguments)
    done = next(event for event in out if event["type"] == "response.output_text.done")
    final = out[-1]["response"]
    assert done["text"] == wanted
    assert final["output"][0]["content"][0]["text"] == wanted
    assert final["output"][1]["arguments"] == arguments
    assert final["output"][2]["encrypted_content"] == f"seal{EMAIL}"
    assert final["instructions"] == f"mail {VALUES[EMAIL]}"
    given_numbers = [event["sequence_number"] for event in events(STREAMS["openai.responses"])]
    numbers = [event["sequence_number"] for event in out]
    assert sorted(set(numbers)) == given_numbers and numbers == sorted(numbers)


def test_messages_leave_signed_thinking_alone() -> None:
    out = events(run("anthropic.messages", STREAMS["anthropic.messages"]))
    texts: dict[str, str] = {}
    for event in out:
        delta = event.get("delta", {})
        for name in ("thinking", "text", "partial_json"):
            texts[name] = texts.get(name, "") + delta.get(name, "")
    start = next(event for event in out if event["type"] == "content_block_start" and event["index"] == 1)
    assert start["content_block"]["text"] + texts["text"] == f"{VALUES[EMAIL]} {restored_text(TEXT)}{TAIL}"
    assert texts["thinking"] == f"about {EMAIL}"
    check_arguments(texts["partial_json"])
    assert next(event for event in out if event["type"] == "message_delta")["delta"]["stop_sequence"] == VALUES[NAME]


def test_usage_and_count() -> None:
    wanted = {"openai.chat": (11, 7), "openai.responses": (12, 8), "anthropic.messages": (10, 9)}
    for dialect, (given_tokens, made_tokens) in wanted.items():
        for values in ({}, VALUES):
            stream = stream_filter(dialect, values)
            stream.feed(STREAMS[dialect])
            stream.close()
            assert (stream.usage.input_tokens, stream.usage.output_tokens) == (given_tokens, made_tokens)
            assert (stream.restored > 0) == bool(values)


@pytest.mark.parametrize("dialect", STREAMS)
def test_nothing_to_restore_passes_byte_for_byte(dialect: str) -> None:
    data = STREAMS[dialect]
    stream = stream_filter(dialect, {})
    assert stream.feed(data) + stream.close() == data
    plain = MAKERS[dialect]("Nothing [here] to see: a[0], [PERS] [1]", '{"a": 1}').replace(EMAIL.encode(), b"e")
    plain = plain.replace(NAME.encode(), b"n").replace(b"[PER", b"(PER").replace(b'"[EMAIL"', b'"(EMAIL"')
    other = stream_filter(dialect, {EMAIL: "x"}, masks=(MASK,))
    assert other.feed(plain) + other.close() == plain
    assert other.restored == 0


def test_a_stream_that_ends_early_gives_up_what_is_held() -> None:
    chunk = sse({"id": "c", "choices": [{"index": 0, "delta": {"content": "a [PERSON_mn"}, "finish_reason": None}]})
    stream = stream_filter("openai.chat", VALUES)
    out = events(stream.feed(chunk.encode()) + stream.close())
    assert [event["choices"][0]["delta"]["content"] for event in out] == ["a ", "[PERSON_mn"]
    assert stream.close() == b"" and stream.feed(b"data: 1\n\n") == b""


def test_a_cut_off_event_is_dropped() -> None:
    stream = stream_filter("openai.chat", VALUES)
    assert stream.feed(b'data: {"choices": [{"del') + stream.close() == b""


def test_the_last_chunk_may_carry_text_and_the_finish_reason() -> None:
    first = sse({"choices": [{"index": 0, "delta": {"content": "[PERSON_mnop"}, "finish_reason": None}]})
    last = sse({"choices": [{"index": 0, "delta": {"content": "qrst"}, "finish_reason": "stop"}]})
    out = events(run("openai.chat", (first + last).encode()))
    assert [event["choices"][0]["delta"]["content"] for event in out] == ["", "[PERSON_mnopqrst"]


def test_logprobs_padding_and_offset_annotations_go() -> None:
    probabilities = {"content": [{"token": "[", "bytes": [91], "logprob": -1.0, "top_logprobs": []}]}
    chunk = {"choices": [{"index": 0, "delta": {"content": NAME}, "logprobs": probabilities}], "obfuscation": "ab"}
    out = events(run("openai.chat", sse(chunk).encode()))[0]
    assert out == {"choices": [{"index": 0, "delta": {"content": VALUES[NAME]}, "logprobs": None}]}
    place = {"item_id": "i", "output_index": 0, "content_index": 0}
    kind = "response.output_text"
    stream = sse({"type": f"{kind}.delta", **place, "delta": NAME}, f"{kind}.delta")
    note = {"type": "url_citation", "start_index": 30, "end_index": 40, "url": "u", "title": "t"}
    stream += sse({"type": f"{kind}.annotation.added", **place, "annotation": note}, f"{kind}.annotation.added")
    assert [event["type"] for event in events(run("openai.responses", stream.encode()))] == [f"{kind}.delta"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_comments_and_other_fields_are_kept(end: str) -> None:
    text = f": note\nid: 7\nevent: x\nretry: 5\ndata: {{\ndata:  }}\n\n\n: {MASK}\n\ndata: [DONE]\n\n".replace(
        "\n", end
    )
    data = text.encode()
    wanted = data.replace(MASK.encode(), b"[credential]")
    assert run("openai.chat", data) == wanted
    for at in range(len(data)):
        assert run("openai.chat", data[:at], data[at:]) == wanted


def test_bounds_and_unreadable_streams_are_refused() -> None:
    for dialect in ("openai.embeddings", "openai.models", "gemini", ""):
        with pytest.raises(Refused) as refused:
            stream_filter(dialect, VALUES)
        assert refused.value.refusal.code == "llmgw_answer_unreadable"
    for data in (b"\xef\xbb\xbfdata: 1\n\n", b"data: \xff\xfe\n\n"):
        with pytest.raises(Refused) as refused:
            run("openai.chat", data)
        assert refused.value.refusal.code == "llmgw_answer_unreadable"
    for data in (b"data: " + b"x" * 2000, b"data: " + b"x" * 2000 + b"\n\n"):
        with pytest.raises(Refused) as refused:
            run("openai.chat", data, max_event_bytes=1000)
        assert refused.value.refusal.code == "llmgw_answer_too_large"


def test_the_number_of_texts_is_bounded() -> None:
    chunks = (sse({"choices": [{"index": index, "delta": {"content": "x"}}]}) for index in range(5000))
    with pytest.raises(Refused) as refused:
        run("openai.chat", "".join(chunks).encode())
    assert refused.value.refusal.code == "llmgw_answer_too_large"


def test_abort_ends_natively() -> None:
    chat, responses, messages = (stream_filter(dialect, VALUES) for dialect in STREAMS)
    assert events(chat.abort(REFUSAL))[0]["error"]["code"] == "llmgw_test"
    responses.feed(STREAMS["openai.responses"][:900])
    (event,) = events(responses.abort(REFUSAL))
    assert event["type"] == "response.failed" and event["response"]["id"] == "resp_1"
    assert event["response"]["error"]["code"] == "invalid_prompt" and event["error"]["code"] == "llmgw_test"
    ended = messages.abort(REFUSAL)
    assert ended.startswith(b"event: error\n") and events(ended)[0]["error"]["type"] == "invalid_request_error"
    assert chat.abort(REFUSAL) == b"" and chat.close() == b""


def test_custom_tool_input_is_restored_in_urls_in_deltas_and_done_alike() -> None:
    kind = "response.custom_tool_call_input"
    text = f"curl https://h.example/{EMAIL}"
    stream = sse({"type": f"{kind}.delta", "item_id": "i", "output_index": 0, "delta": text}, f"{kind}.delta")
    stream += sse({"type": f"{kind}.done", "item_id": "i", "output_index": 0, "input": text}, f"{kind}.done")
    first, last = events(run("openai.responses", stream.encode()))
    assert first["delta"] == last["input"] == f"curl https://h.example/{VALUES[EMAIL]}"


def test_errors_in_mid_stream_are_restored_and_masked() -> None:
    body = {"error": {"message": f"bad key {MASK} for {NAME}"}}
    (event,) = events(run("openai.chat", sse(body).encode()))
    assert event["error"]["message"] == f"bad key [credential] for {VALUES[NAME]}"


def test_a_credential_is_masked_however_json_writes_it() -> None:
    mask = 'quo"ted/' + "key-\u00e9"
    stream = stream_filter("openai.chat", {}, masks=(mask,))
    for text in (
        json.dumps({"x": mask}),
        json.dumps({"x": mask}, ensure_ascii=False),
        json.dumps({"x": mask}).replace("/", "\\/"),
    ):
        assert events(stream.feed(f"data: {text}\n\n".encode())) == [{"x": "[credential]"}]


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.text(min_size=1), min_size=3, max_size=3),
    parts=st.lists(
        st.one_of(st.sampled_from([EMAIL, NAME, "[PERSON_", "[", "\\", "x://"]), st.text(max_size=8)), max_size=9
    ),
    dialect=st.sampled_from(sorted(MAKERS)),
)
def test_arguments_stay_json_for_any_value(values: list[str], parts: list[str], dialect: str) -> None:
    table = dict(zip(VALUES, values, strict=True))
    text = "".join(parts)
    assume(not text.lstrip().startswith(("[", "{", "`")) or '"' not in text)  # not half of a JSON text of its own
    arguments = json.dumps({"a": text}, ensure_ascii=False)
    stream = stream_filter(dialect, table)
    out = events(stream.feed(MAKERS[dialect]("", arguments)) + stream.close())
    found = ""
    for event in out[:-1]:
        if dialect == "openai.chat":
            calls = [call for choice in event["choices"] for call in choice["delta"].get("tool_calls", ())]
            found += "".join(call["function"]["arguments"] for call in calls if call["index"] == 0)
        elif event["type"] == "response.function_call_arguments.delta":
            found += event["delta"]
        else:
            found += event.get("delta", {}).get("partial_json", "") if dialect == "anthropic.messages" else ""
    pieces = [text]
    for key, value in table.items():
        pieces = [part for piece in pieces for part in _replaced(piece, key, value)]
    assert json.loads(found) == {"a": "".join(str(piece) for piece in pieces)}


class _Value(str):
    """A restored value: never looked at again."""

    __slots__ = ()


def _replaced(piece: str, key: str, value: str) -> list[str]:
    if isinstance(piece, _Value):
        return [piece]
    out: list[str] = []
    for number, part in enumerate(piece.split(key)):
        out += [_Value(value), part] if number else [part]
    return out
