"""Which types of the official packages describe which operation of the gateway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.coverage.sites import ANY, FILE, TEXT, Node, botocore, method, of, request, respelt


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, as its official package describes it."""

    dialect: str
    package: str
    request: Node
    answer: Node | None = None
    event: Node | None = None
    """One event of the stream."""
    fixed: Mapping[str, object] = field(default_factory=dict)
    """Members that every body has, as the model's name where the package's own smallest body would be refused."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the path."""
    note: str = ""

    @property
    def title(self) -> str:
        """Names the operation in the page."""
        return f"{self.dialect} ({self.note})" if self.note else self.dialect


def operations() -> tuple[Operation, ...]:
    """Every operation for which a package has types."""
    return (*_openai(), *_openai_rest(), *_anthropic(), *_gemini(), *_bedrock(), *_mistral(), *_cohere(), *_ollama())


_GPT: Final = {"model": "gpt-4.1"}


def _openai() -> tuple[Operation, ...]:
    from openai.types import Completion, CreateEmbeddingResponse, completion_create_params, embedding_create_params
    from openai.types.chat import ChatCompletion, ChatCompletionChunk
    from openai.types.chat import completion_create_params as chat
    from openai.types.responses import Response, ResponseStreamEvent
    from openai.types.responses import response_create_params as responses

    completions = of(completion_create_params.CompletionCreateParamsNonStreaming)
    return (
        Operation("openai.chat", "openai", of(chat.CompletionCreateParamsNonStreaming), of(ChatCompletion),
                  of(ChatCompletionChunk), fixed={**_GPT, "messages": []}),
        Operation("openai.responses", "openai", of(responses.ResponseCreateParamsNonStreaming), of(Response),
                  of(ResponseStreamEvent), fixed=_GPT),
        Operation("openai.completions", "openai", completions, of(Completion), of(Completion), fixed=_GPT),
        Operation("openai.embeddings", "openai", of(embedding_create_params.EmbeddingCreateParams),
                  of(CreateEmbeddingResponse), fixed=_GPT),
    )  # fmt: skip


def _openai_rest() -> tuple[Operation, ...]:
    from openai.types import (
        Batch,
        FileObject,
        ImagesResponse,
        ModerationCreateResponse,
        batch_create_params,
        file_create_params,
        image_create_variation_params,
        image_edit_params,
        image_generate_params,
        moderation_create_params,
    )
    from openai.types.audio import (
        Transcription,
        Translation,
        speech_create_params,
        transcription_create_params,
        translation_create_params,
    )
    from openai.types.conversations import Conversation, conversation_create_params, item_create_params

    images, conversation = of(ImagesResponse), {"conversation": "conv_" + "a1b2c3d4" * 4}
    transcription = of(transcription_create_params.TranscriptionCreateParamsNonStreaming)
    edit, speech = of(image_edit_params.ImageEditParamsNonStreaming), of(speech_create_params.SpeechCreateParams)
    return (
        Operation("openai.moderations", "openai", of(moderation_create_params.ModerationCreateParams),
                  of(ModerationCreateResponse), fixed=_GPT),
        Operation("openai.images.generations", "openai", of(image_generate_params.ImageGenerateParamsNonStreaming),
                  images, fixed=_GPT),
        Operation("openai.images.edits", "openai", _form(edit, "image", "mask"), images, fixed=_GPT),
        Operation("openai.images.variations", "openai",
                  _form(of(image_create_variation_params.ImageCreateVariationParams), "image"), images, fixed=_GPT),
        Operation("openai.audio.speech", "openai", speech, fixed=_GPT),
        Operation("openai.audio.transcriptions", "openai", _form(transcription, "file"), of(Transcription), fixed=_GPT),
        Operation("openai.audio.translations", "openai",
                  _form(of(translation_create_params.TranslationCreateParams), "file"), of(Translation), fixed=_GPT),
        Operation("openai.files.create", "openai", _form(of(file_create_params.FileCreateParams), "file"),
                  of(FileObject), fixed={"purpose": "user_data"}),
        Operation("openai.batches.create", "openai", of(batch_create_params.BatchCreateParams), of(Batch)),
        Operation("openai.conversations.create", "openai", of(conversation_create_params.ConversationCreateParams),
                  of(Conversation)),
        Operation("openai.conversations.items.create", "openai",
                  _body(of(item_create_params.ItemCreateParams), "include"), parameters=conversation),
    )  # fmt: skip


def _anthropic() -> tuple[Operation, ...]:
    from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent, message_count_tokens_params
    from anthropic.types import message_create_params as messages
    from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
    from anthropic.types.beta import message_create_params as beta
    from anthropic.types.beta.messages import BetaMessageBatchIndividualResponse
    from anthropic.types.messages import batch_create_params

    model = {"model": "claude-sonnet-4-5"}
    return (
        Operation("anthropic.messages", "anthropic", of(messages.MessageCreateParamsNonStreaming), of(Message),
                  of(RawMessageStreamEvent), fixed=model),
        Operation("anthropic.messages", "anthropic", _body(of(beta.MessageCreateParamsNonStreaming), "betas"),
                  of(BetaMessage), of(BetaRawMessageStreamEvent), fixed=model, note="beta"),
        Operation("anthropic.count_tokens", "anthropic", of(message_count_tokens_params.MessageCountTokensParams),
                  of(MessageTokensCount), fixed=model),
        Operation("anthropic.batches.create", "anthropic", _rows(of(batch_create_params.BatchCreateParams), model)),
        Operation("anthropic.batches.results", "anthropic", request({}), of(BetaMessageBatchIndividualResponse)),
        Operation("anthropic.files.create", "anthropic", request({"file": FILE}, required=("file",))),
    )  # fmt: skip


def _gemini() -> tuple[Operation, ...]:
    from google.genai import types

    content = {"contents": list[types.Content], "systemInstruction": types.Content, "tools": list[types.Tool],
               "toolConfig": types.ToolConfig, "safetySettings": list[types.SafetySetting], "cachedContent": TEXT,
               "generationConfig": types.GenerationConfig, "labels": dict[str, str]}  # fmt: skip
    generate, answer = request(content), of(types.GenerateContentResponse)
    embed = {"content": types.Content, "taskType": TEXT, "title": TEXT, "outputDimensionality": int}
    where, empty = {"version": "v1beta", "model": "gemini-2.5-flash"}, {"contents": []}
    return (
        Operation("gemini.generate", "google-genai", generate, answer, parameters=where, fixed=empty),
        Operation("gemini.stream", "google-genai", generate, None, answer, parameters=where, fixed=empty),
        Operation("gemini.generate", "google-genai", respelt(generate, _snake), parameters=where, fixed=empty,
                  note="snake_case"),
        Operation("gemini.count_tokens", "google-genai", request({"contents": list[types.Content]}),
                  of(types.CountTokensResponse), parameters=where, fixed=empty),
        Operation("gemini.embed", "google-genai", request(embed), of(types.EmbedContentResponse), parameters=where,
                  fixed={"content": {"parts": []}}),
    )  # fmt: skip


def _bedrock() -> tuple[Operation, ...]:
    from anthropic.types import Message
    from anthropic.types import message_create_params as messages
    from botocore.session import get_session

    model = get_session().get_service_model("bedrock-runtime")
    converse, stream = model.operation_model("Converse"), model.operation_model("ConverseStream")
    where = {"model": "anthropic.claude-sonnet-4-5-v1:0"}
    claude = _body(of(messages.MessageCreateParamsNonStreaming), "model")
    event = stream.output_shape.members["stream"]
    events = Node("union", below=lambda: [botocore_event(each) for each in event.members.values()])
    return (
        Operation("bedrock.converse", "botocore", botocore(converse.input_shape), botocore(converse.output_shape),
                  parameters=where),
        Operation("bedrock.converse_stream", "botocore", botocore(stream.input_shape), None, events, parameters=where),
        Operation("bedrock.invoke", "anthropic", claude, of(Message), parameters=where, note="Anthropic's bodies"),
        Operation("bedrock.invoke", "any", request({"inputText": TEXT, "prompt": TEXT, "messages": ANY}),
                  parameters={"model": "amazon.titan-text-express-v1"}, note="other bodies"),
    )  # fmt: skip


def botocore_event(shape: Any) -> Node:
    """One event of an event stream: its payload."""
    return botocore(shape)


def _mistral() -> tuple[Operation, ...]:
    import mistralai.client.models as models

    model = {"model": "mistral-large-latest"}
    return (
        Operation("mistral.chat", "mistralai", of(models.ChatCompletionRequest), of(models.ChatCompletionResponse),
                  of(models.CompletionChunk), fixed=model),
        Operation("mistral.fim", "mistralai", of(models.FIMCompletionRequest), of(models.FIMCompletionResponse),
                  of(models.CompletionChunk), fixed=model),
        Operation("mistral.agents", "mistralai", of(models.AgentsCompletionRequest), of(models.ChatCompletionResponse),
                  of(models.CompletionChunk)),
        Operation("mistral.embeddings", "mistralai", of(models.EmbeddingRequest), of(models.EmbeddingResponse),
                  fixed=model),
        Operation("mistral.moderations", "mistralai", of(models.ClassificationRequest), fixed=model),
    )  # fmt: skip


def _cohere() -> tuple[Operation, ...]:
    import cohere
    from cohere.v2.types import V2ChatResponse, V2ChatStreamResponse

    model = {"model": "command-a-03-2025"}
    return (
        Operation("cohere.chat", "cohere", method(cohere.ClientV2.chat), of(V2ChatResponse), of(V2ChatStreamResponse),
                  fixed={**model, "messages": []}),
        Operation("cohere.embed", "cohere", method(cohere.ClientV2.embed, "batching"), fixed=model),
        Operation("cohere.rerank", "cohere", method(cohere.ClientV2.rerank),
                  fixed={**model, "query": "x", "documents": []}),
    )  # fmt: skip


def _ollama() -> tuple[Operation, ...]:
    from ollama import _types as types

    model = {"model": "llama3.2"}
    return (
        Operation("ollama.chat", "ollama", of(types.ChatRequest), of(types.ChatResponse), of(types.ChatResponse),
                  fixed=model),
        Operation("ollama.generate", "ollama", of(types.GenerateRequest), of(types.GenerateResponse),
                  of(types.GenerateResponse), fixed=model),
        Operation("ollama.embed", "ollama", of(types.EmbedRequest), fixed=model),
        Operation("ollama.embeddings", "ollama", of(types.EmbeddingsRequest), fixed={**model, "prompt": "x"}),
    )  # fmt: skip


def _body(node: Node, *elsewhere: str) -> Node:
    """A type without the members that the package sends in headers or in the path."""
    members = node.members
    return Node(
        "object",
        name=node.name,
        members=lambda: {name: below for name, below in members().items() if name not in elsewhere},
    )


def _form(node: Node, *files: str) -> Node:
    """A type that is sent as a form, with these members as files."""
    members = node.members
    return Node(
        "object",
        name=node.name,
        members=lambda: {name: (FILE, True) if name in files else below for name, below in members().items()},
    )


def _rows(node: Node, fixed: Mapping[str, str]) -> Node:
    """A batch whose rows name a model."""
    named = {name: Node("word", value=value) for name, value in fixed.items()}

    def inner(params: Node) -> Node:
        return Node(
            "object", members=lambda: {**params.members(), **{name: (each, True) for name, each in named.items()}}
        )

    def row(each: Node) -> Node:
        return Node("object", members=lambda: {**each.members(), "params": (inner(each.members()["params"][0]), True)})

    requests = node.members()["requests"][0]
    return Node("object", members=lambda: {"requests": (Node("list", below=lambda: [row(requests.below()[0])]), True)})


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)
