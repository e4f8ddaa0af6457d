"""Every string that the official SDKs' request types can carry is found; every name and word of theirs is known."""

from __future__ import annotations

import collections.abc
import types
import typing
from typing import Any

import pytest
import typing_extensions as te
from anthropic.types import message_create_params as messages
from anthropic.types.beta import message_create_params as beta_messages
from openai.types import completion_create_params as completions
from openai.types import embedding_create_params as embeddings
from openai.types.chat import completion_create_params as chat
from openai.types.responses import response_create_params as responses

from gateway import dialects
from gateway.errors import Refused

REQUESTS = {
    "/v1/chat/completions": chat.CompletionCreateParamsNonStreaming,
    "/v1/responses": responses.ResponseCreateParamsNonStreaming,
    "/v1/completions": completions.CompletionCreateParamsNonStreaming,
    "/v1/embeddings": embeddings.EmbeddingCreateParams,
    "/v1/messages": messages.MessageCreateParamsNonStreaming,
    "/v1/messages?beta=true": beta_messages.MessageCreateParamsNonStreaming,
}
REFUSED_FIELDS = {"authorization", "authorization_token", "headers", "domain_secrets", "logprobs", "fallbacks", "betas"}
"""Fields that the gateway does not take (tested elsewhere), or that the SDK sends as a header."""
UNWRAPPED = (te.Required, te.NotRequired, te.Annotated)
CLIENTS_NAMES = {"configs", "variables", "attributes", "env", "metadata", "logit_bias", "properties", "tool_changes"}
"""Fields whose objects have members that the client names."""


class Builder:
    """Makes a value of a type: each string is a marker of its own; `turn` picks among the members of unions."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.markers: list[str] = []

    def marker(self) -> str:
        self.markers.append(f"zq{len(self.markers)}qz")
        return self.markers[-1]

    def value(self, kind: Any, depth: int = 0) -> Any:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if te.is_typeddict(kind):
            hints = te.get_type_hints(kind, include_extras=True) if depth < 14 else {}
            return {name: self.value(hint, depth + 1) for name, hint in hints.items() if name not in REFUSED_FIELDS}
        if origin in UNWRAPPED:
            return self.value(arguments[0], depth)
        if origin is typing.Literal:
            return arguments[self.turn % len(arguments)]
        if origin in (typing.Union, types.UnionType):
            return self.value(self.member(arguments, depth), depth)
        if isinstance(origin, type) and issubclass(origin, collections.abc.Mapping):
            return {self.marker(): self.value(arguments[1], depth + 1)}
        if isinstance(origin, type) and issubclass(origin, collections.abc.Iterable):
            return [self.value(arguments[0], depth + 1)]
        if kind in (int, float, bool, type(None)):
            return None if kind is type(None) else kind(1)
        return {self.marker(): self.marker()} if kind is object else self.marker()

    def member(self, members: tuple[Any, ...], depth: int) -> Any:
        members = tuple(member for member in members if member is not type(None))
        if depth > 10:
            return min(members, key=lambda member: te.is_typeddict(member) or typing.get_origin(member) is not None)
        return members[(self.turn + len(self.markers)) % len(members)]


def strings(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [text for key, child in tree.items() for text in (key, *strings(child))]
    if isinstance(tree, list):
        return [text for child in tree for text in strings(child)]
    return [tree] if isinstance(tree, str) else []


def resolve(node: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        node = node[int(step)] if isinstance(node, list) else node[step]
    return node


@pytest.mark.parametrize("path", REQUESTS)
def test_every_string_of_the_sdks_is_found(path: str) -> None:
    dialect = dialects.route("POST", path).dialect
    parsed = 0
    for turn in range(80):
        builder = Builder(turn)
        body = {**builder.value(REQUESTS[path]), "model": "m", "stream": False}
        try:
            prompt = dialect.parse(body)
        except Refused as error:
            assert error.refusal.code in ("llmgw_token_ids_refused", "llmgw_invalid_request")
            continue
        parsed += 1
        seen = {span.text for span in prompt.spans} | {resolve(body, part.path) for part in prompt.attachments}
        assert set(builder.markers) & set(strings(body)) - seen == set()
    assert parsed >= 30


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/messages?beta=true"])
def test_names_and_words_of_the_sdks_are_structure(path: str) -> None:
    dialect = dialects.route("POST", path).dialect
    strangers = set()
    for turn in range(80):
        body = {**Builder(turn).value(REQUESTS[path]), "model": "m", "stream": False}
        try:
            prompt = dialect.parse(body)
        except Refused:
            continue
        for span in prompt.spans:
            steps = set(span.path.split("/"))
            name = span.path.rpartition("/")[2]
            if "zq" not in span.text + span.path and name != "model" and not steps & CLIENTS_NAMES:
                strangers.add((name, span.text))
    assert strangers == set()
