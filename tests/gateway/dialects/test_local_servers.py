"""vLLM's and llama.cpp's additions: text wherever a string can be, token ids nowhere."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway import dialects
from gateway.dialects.local_extras import EXTRAS
from gateway.errors import Refusal, Refused
from gateway.model import Prompt, SpanKind
from gateway.restore import stream_filter
from tests.gateway.dialects.test_totality import covered
from tests.gateway.restore.goldens import NAME, VALUES, events, pieces, sse

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
COMPLETION = {"model": "m", "prompt": "x"}


def parse(path: str, body: dict[str, Any]) -> Prompt:
    route = dialects.route("POST", path)
    return route.dialect.parse(body, route.parameters)


def code(path: str, body: dict[str, Any]) -> str:
    with pytest.raises(Refused) as caught:
        parse(path, body)
    return caught.value.refusal.code


@pytest.mark.parametrize("name", EXTRAS)
@pytest.mark.parametrize(("path", "body"), [("/v1/chat/completions", CHAT), ("/v1/completions", COMPLETION)])
def test_an_extra_field_is_walked_or_refused(path: str, body: dict[str, Any], name: str) -> None:
    for value in ("zqvalueqz", ["zqvalueqz"], {"zqvalueqz": ["zqvalueqz"]}):
        try:
            prompt = parse(path, {**body, name: value})
        except Refused as error:
            assert error.refusal.code in ("llmgw_token_ids_refused", "llmgw_invalid_request")
            continue
        assert covered(prompt).count("zqvalueqz") == (2 if isinstance(value, dict) else 1)
        assert name not in [span.text for span in prompt.spans if span.kind is SpanKind.KEY]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {**CHAT, "prompt_token_ids": [1]}),
        ("/v1/chat/completions", {**CHAT, "stop_token_ids": [1]}),
        ("/v1/completions", {**COMPLETION, "prompt_embeds": "AAAA"}),
        ("/completion", {"prompt": [1, 2, 3]}),
        ("/completion", {"prompt": ["text", 7, "more"]}),
        ("/completion", {"prompt": ["text", [7]]}),
        ("/completion", {"prompt": {"prompt_string": [1]}}),
        ("/completion", {"prompt": "x", "tokens": [1]}),
        ("/infill", {"input_prefix": [1], "input_suffix": "b"}),
        ("/tokenize", {"content": [1, 2]}),
        ("/embedding", {"content": [[1, 2]]}),
        ("/rerank", {"query": [1], "documents": ["d"]}),
    ],
)
def test_token_ids_are_refused(path: str, body: dict[str, Any]) -> None:
    assert code(path, body) == "llmgw_token_ids_refused"


def test_detokenize_is_not_served() -> None:
    with pytest.raises(Refused) as caught:
        dialects.route("POST", "/detokenize")
    assert caught.value.refusal.code == "llmgw_unknown_route"


def test_prompts_of_llama_cpp() -> None:
    data = base64.b64encode(bytes(range(256))).decode()
    prompt = parse("/completion", {"prompt": {"prompt_string": "zq1", "multimodal_data": [data]}, "n_predict": 5})
    assert prompt.model == "default" and "zq1" in covered(prompt) and len(prompt.attachments) == 1
    several = parse("/completion", {"model": "m", "prompt": ["zq1", {"prompt_string": "zq2"}], "grammar": "zq3"})
    assert {"zq1", "zq2", "zq3"} <= {span.text for span in several.spans}
    extra = [{"filename": "zq3.py", "text": "zq4"}]
    infill = parse("/infill", {"input_prefix": "zq1", "input_suffix": "zq2", "input_extra": extra})
    assert {"zq1", "zq2", "zq3.py", "zq4"} <= {span.text for span in infill.spans}


def test_the_rest() -> None:
    assert "zq1" in covered(parse("/tokenize", {"content": "zq1", "with_pieces": True}))
    assert "zq1" in covered(parse("/tokenize", {"model": "m", "messages": [{"role": "user", "content": "zq1"}]}))
    assert "zq1" in covered(parse("/apply-template", {"messages": [{"role": "user", "content": "zq1"}]}))
    ranked = parse("/v1/rerank", {"model": "m", "query": "zq1", "documents": ["zq2", {"text": "zq3"}]})
    assert {"zq1", "zq2", "zq3"} <= {span.text for span in ranked.spans}
    assert "zq2" in covered(parse("/score", {"model": "m", "text_1": "zq1", "text_2": ["zq2"]}))


def test_a_stream_of_llama_cpp() -> None:
    def event(content: str, *, stop: bool = False, **more: Any) -> str:
        return sse({"index": 0, "content": content, "tokens": [5, 6], "stop": stop, **more})

    text = f"a {NAME} b [PER"
    data = "".join(event(piece) for piece in pieces(text, 5)) + event("", stop=True, prompt=f"about {NAME}")

    def run(*chunks: str) -> bytes:
        stream = stream_filter("local.completion", VALUES)
        return b"".join(stream.feed(chunk.encode()) for chunk in chunks) + stream.close()

    whole = run(data)
    for at in range(len(data)):
        assert run(data[:at], data[at:]) == whole
    out = events(whole)
    assert "".join(each["content"] for each in out) == f"a {VALUES[NAME]} b [PER"
    assert out[-1]["prompt"] == f"about {VALUES[NAME]}" and out[-1]["stop"]
    stream = stream_filter("local.infill", VALUES)
    last = json.loads(stream.abort(Refusal("llmgw_test", 400, "Stopped."))[6:])
    assert last["error"] == {"code": 400, "message": "Stopped. [llmgw_test]", "type": "invalid_request_error"}
