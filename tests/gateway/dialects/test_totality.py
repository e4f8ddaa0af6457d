"""Nothing slips by: whatever is planted anywhere in a request is in a span, in an attachment, or refused."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway import dialects
from gateway.dialects import BY_NAME, anthropic_words, openai_words
from gateway.errors import Refused
from gateway.model import Prompt, SpanKind

ANTHROPIC = {
    "model": "m",
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "x"}}],
        },
        {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "n", "input": {"a": {"b": [1]}}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "document", "source": {}}]}]},
    ],
    "tools": [{"name": "n", "input_schema": {"type": "object", "properties": {"p": {"enum": []}}}}],
    "metadata": {},
    "thinking": {"type": "enabled"},
}
BODIES: dict[str, Any] = {
    "/v1/chat/completions": {
        "model": "m",
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "file", "file": {}}],
            },
            {"role": "assistant", "tool_calls": [{"id": "i", "function": {"name": "n", "arguments": "{}"}}]},
        ],
        "tools": [{"type": "function", "function": {"parameters": {"properties": {"p": {"items": {}}}}}}],
        "response_format": {"json_schema": {"schema": {"$defs": {"d": {}}}}},
        "metadata": {},
        "logit_bias": {},
    },
    "/v1/responses": {
        "model": "m",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
            {"type": "reasoning", "summary": [{}], "encrypted_content": "x"},
            {"type": "function_call_output", "call_id": "c", "output": [{}]},
            {"type": "program", "code": "c"},
        ],
        "prompt": {"id": "p", "variables": {}},
        "tools": [{"type": "mcp"}, {"type": "function", "parameters": {}}],
        "text": {"format": {"schema": {}}},
        "reasoning": {"effort": "low"},
    },
    "/v1/completions": {"model": "m", "prompt": ["x"], "stop": []},
    "/v1/embeddings": {"model": "m", "input": ["x"]},
    "/v1/messages": ANTHROPIC,
    "/v1/messages/count_tokens": ANTHROPIC,
}
NAMES = sorted(openai_words.KEYS | anthropic_words.KEYS)
WORDS = sorted(openai_words.WORDS | anthropic_words.WORDS)


def places(tree: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Paths of every container in `tree`."""
    if isinstance(tree, (dict, list)):
        yield path
        for key, child in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places(child, (*path, key))


def at(tree: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


def resolve(body: Any, pointer: str) -> Any:
    node = body
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


def covered(prompt: Prompt) -> str:
    texts = [span.text for span in prompt.spans]
    texts += [value for a in prompt.attachments if isinstance(value := resolve(prompt.body, a.path), str)]
    return "\x1f".join(texts)


class Planter:
    """Makes trees of known names, known words and markers; remembers the markers."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.markers: list[str] = []

    def marker(self) -> str:
        marker = f"zq{len(self.markers)}qz"
        self.markers.append(marker)
        return marker

    def number(self) -> int:
        number = 71_000_000_000 + len(self.markers)
        self.markers.append(str(number))
        return number

    def text(self) -> str:
        shape = self.draw(
            st.sampled_from(("plain", "plain", "data:{};base64,", "data:text/plain,{}", "call_{}", " {}\n", "a/~{}"))
        )
        return self.marker() if shape == "plain" else shape.replace("{}", self.marker())

    def key(self) -> str:
        return self.draw(st.sampled_from(NAMES)) if self.draw(st.integers(0, 2)) else self.text()

    def tree(self, depth: int = 3) -> Any:
        kind = self.draw(st.sampled_from(("text", "text", "word", "number", "other", "list", "object", "object")))
        if kind == "text" or depth == 0:
            return self.text()
        if kind == "word":
            return self.draw(st.sampled_from(WORDS))
        if kind == "number":
            return self.number()
        if kind == "other":
            return self.draw(st.sampled_from((None, True, 1, 0.5, "")))
        size = self.draw(st.integers(0, 3))
        if kind == "list":
            return [self.tree(depth - 1) for _ in range(size)]
        made: dict[str, Any] = {"type": self.draw(st.sampled_from(WORDS))} if self.draw(st.booleans()) else {}
        for _ in range(size):
            key = self.key()
            if key not in made:
                made[key] = self.tree(depth - 1)
        return made


@settings(max_examples=150, deadline=None)
@given(st.data())
@pytest.mark.parametrize("path", BODIES)
def test_every_marker_is_found_or_refused(path: str, data: st.DataObject) -> None:
    body = copy.deepcopy(BODIES[path])
    planter = Planter(data.draw)
    place = data.draw(st.sampled_from(sorted(places(body), key=str)))
    node = at(body, place)
    if isinstance(node, list):
        node.append(planter.tree())
    else:
        key = planter.key()
        assume(place or key != "model")
        node.pop(key, None)
        node[key] = planter.tree()
    try:
        prompt = dialects.route("POST", path).dialect.parse(body)
    except Refused as error:
        assert not any(marker in error.refusal.message for marker in planter.markers)
        return
    seen = covered(prompt)
    spelled = str(body)
    assert [marker for marker in planter.markers if marker in spelled and marker not in seen] == []


ODD_VALUES = ("zqvalueqz", {"zqvalueqz": ["zqvalueqz"], "type": "zqvalueqz"}, ["zqvalueqz"], 71234567890)


@pytest.mark.parametrize("path", BODIES)
def test_no_name_anywhere_makes_structure_of_a_stranger(path: str) -> None:
    """Exhaustive where the property above is random: each API name in each object of the body."""
    dialect = dialects.route("POST", path).dialect
    body = copy.deepcopy(BODIES[path])
    objects = [node for place in places(BODIES[path]) if isinstance(node := at(body, place), dict)]
    for node, name in itertools.product(objects, NAMES):
        if node is body and name == "model":
            continue
        before = dict(node)
        for value in ODD_VALUES:
            node[name] = value
            try:
                seen = covered(dialect.parse(body))
            except Refused:
                continue
            wanted = "71234567890" if isinstance(value, int) else "zqvalueqz"
            assert seen.count(wanted) >= (3 if isinstance(value, dict) else 1), (name, value)
        node.clear()
        node.update(before)


def test_spans_point_at_what_they_say() -> None:
    for path, body in BODIES.items():
        prompt = dialects.route("POST", path).dialect.parse(body)
        for span in prompt.spans:
            if span.kind is SpanKind.KEY:
                assert span.path.rpartition("/")[2].replace("~1", "/").replace("~0", "~") == span.text
            if span.kind is SpanKind.TEXT:
                assert resolve(body, span.path) == span.text


def test_half_a_surrogate_pair_does_no_harm_even_if_it_gets_here() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,ab\ud800"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    prompt = dialects.route("POST", "/v1/chat/completions").dialect.parse(body)
    assert [span.text for span in prompt.spans] == ["data:image/png;base64,ab\ud800"]


def test_more_texts_than_any_agent_sends_are_refused_at_once() -> None:
    messages = [{"role": "user", "content": f"note {number}"} for number in range(100_000)]
    begin = time.process_time()
    with pytest.raises(Refused) as refused:
        BY_NAME["openai.chat"].parse({"model": "gpt-4.1", "messages": messages})
    assert (refused.value.refusal.code, refused.value.refusal.status) == ("llmgw_too_many_texts", 413)
    assert not refused.value.refusal.retry
    assert time.process_time() - begin < 5


def test_many_keys_are_texts_too() -> None:
    body = {"model": "gpt-4.1", "messages": [], "metadata": {f"key {number}": 1 for number in range(50_001)}}
    with pytest.raises(Refused) as refused:
        BY_NAME["openai.chat"].parse(body)
    assert refused.value.refusal.code == "llmgw_too_many_texts"
