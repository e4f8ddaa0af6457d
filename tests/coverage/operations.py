"""Which types of the official packages describe which operation of the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.coverage import sites
from tests.coverage.sites import Node, of


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as its official package describes it."""

    title: str
    package: str
    method: str
    target: str
    request: tuple[Node, ...]
    """Alternatives: what any of the package's types can carry is carried."""
    answer: Node | None = None
    event: Node | None = None
    """One event of the stream."""
    headers: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, object] = field(default_factory=dict)
    """Members that every body has, as the model's name where the package's own smallest body would be refused."""


def operations() -> tuple[Operation, ...]:
    """Every operation for which a package has types."""
    return (*_openai(), *_anthropic())


_MODEL: Final = {"model": "gpt-4.1"}


def _openai() -> tuple[Operation, ...]:
    from openai.types import Completion, CreateEmbeddingResponse, completion_create_params, embedding_create_params
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.chat import completion_create_params as chat
    from openai.types.responses import Response, ResponseStreamEvent
    from openai.types.responses import response_create_params as responses

    return (
        Operation("OpenAI Chat Completions", "openai", "POST", "/v1/chat/completions",
                  (of(chat.CompletionCreateParamsNonStreaming),), of(ChatCompletion), of(ChatCompletionChunk),
                  fixed=_MODEL),
        Operation("OpenAI Responses", "openai", "POST", "/v1/responses",
                  (of(responses.ResponseCreateParamsNonStreaming),), of(Response), of(ResponseStreamEvent),
                  fixed=_MODEL),
        Operation("OpenAI Completions", "openai", "POST", "/v1/completions",
                  (of(completion_create_params.CompletionCreateParamsNonStreaming),), of(Completion), of(Completion),
                  fixed=_MODEL),
        Operation("OpenAI Embeddings", "openai", "POST", "/v1/embeddings",
                  (of(embedding_create_params.EmbeddingCreateParams),), of(CreateEmbeddingResponse), fixed=_MODEL),
    )  # fmt: skip


def _anthropic() -> tuple[Operation, ...]:
    from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent, message_count_tokens_params
    from anthropic.types import message_create_params as messages
    from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
    from anthropic.types.beta import message_create_params as beta

    model = {"model": "claude-sonnet-4-5"}
    return (
        Operation("Anthropic Messages", "anthropic", "POST", "/v1/messages",
                  (of(messages.MessageCreateParamsNonStreaming),), of(Message), of(RawMessageStreamEvent), fixed=model),
        Operation("Anthropic Messages (beta)", "anthropic", "POST", "/v1/messages?beta=true",
                  (_body(beta.MessageCreateParamsNonStreaming, "betas"),), of(BetaMessage),
                  of(BetaRawMessageStreamEvent), fixed=model),
        Operation("Anthropic token counting", "anthropic", "POST", "/v1/messages/count_tokens",
                  (of(message_count_tokens_params.MessageCountTokensParams),), of(MessageTokensCount), fixed=model),
    )  # fmt: skip


def _body(hint: object, *elsewhere: str) -> Node:
    """A type without the members that the package sends as headers."""
    node = of(hint)
    return Node(
        "object",
        name=node.name,
        members=lambda: {name: below for name, below in node.members().items() if name not in elsewhere},
    )


__all__ = ["Operation", "operations", "sites"]
