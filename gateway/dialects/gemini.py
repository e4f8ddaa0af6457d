"""Gemini: generateContent, streamGenerateContent, countTokens, embedContent, batchEmbedContents and the list of models.

Three sets of paths: the Developer API, Vertex AI with project and location, and Vertex AI in express mode. Field names
have two spellings, and a body may hold both: each is walked wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Answer, Dialect, Model
from gateway.dialects.gemini_words import KEYS, WORDS, both, snake
from gateway.dialects.loose import Loose
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import (
    CLIENT_CREDENTIALS,
    FREE,
    Found,
    Shape,
    compiled,
    model_name,
    refuse_field,
    refused,
)

_NOT_KEPT: Final = (
    "llmgw_invalid_request",
    "names content that the provider keeps, which the gateway does not carry. Send the content itself",
)
_ENUMERATIONS: Final = both("""
    apiSpec behavior category contentLayers delivery environment featureSelectionPreference functionCallingConfig
    groundingTypes language level mediaProcessing mediaResolution method mimeType mode outcome outputMimeType
    personGeneration responseMimeType responseModalities role scheduling serviceTier source state style taskType
    thinkingLevel threshold toolType type
    """)
_NUMBERS: Final = both("temperature topP topK presencePenalty frequencyPenalty fps alpha dynamicThreshold")


def _inline(found: Found, path: str, value: str) -> None:
    """Base64 content: its media type stands beside it."""
    beside = found.parent
    found.parent = {"media_type": beside.get("mimeType") or beside.get("mime_type")}
    opaque.content(found, path, value)


def _loose() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    media = Shape(words=WORDS | opaque.MEDIA_TYPES)
    media.rest = FREE
    table: dict[str, Shape] = {
        "thoughtSignature": loose.leaf(opaque.opaque),
        "continuationToken": loose.leaf(opaque.opaque),
        "args": FREE,
        "response": FREE,
        "partMetadata": FREE,
        "labels": FREE,
        "mimeType": media,
        "fileUri": loose.leaf(opaque.file_url),
        "gcsUri": loose.leaf(opaque.file_url),
        "id": loose.leaf(opaque.identifier),
        "data": loose.leaf(_inline),
        "visibleCells": FREE,
        "cachedContent": refused(*_NOT_KEPT),
        **dict.fromkeys(("parameters", "parametersJsonSchema", "responseSchema", "responseJsonSchema"), SCHEMA),
        **dict.fromkeys(("schema", "items", "properties", "anyOf", "additionalProperties"), SCHEMA),
        **dict.fromkeys(
            (
                "accessToken",
                "apiAuth",
                "apiKey",
                "apiKeyString",
                "authConfig",
                "credentialSecret",
                "headers",
                "idToken",
            ),
            refused(*CLIENT_CREDENTIALS),
        ),
    }
    loose.assign({spelt: shape for name, shape in table.items() for spelt in (name, snake(name))})
    loose.assign(dict.fromkeys(_NUMBERS, loose.numeric()))
    # `audio`, `video` and `image` hold base64 under other names than `data` in voices and images.
    loose.assign(dict.fromkeys(both("imageBytes videoBytes audioBytes voiceSampleAudio"), loose.leaf(opaque.content)))
    return loose


BODY: Final = _loose()
"""The loose shape of Gemini's contents, parts, tools and settings."""

_CONTENT: Final = BODY.object({"parts": Shape(only=(list, dict, NoneType))})
_CONTENT.only = (dict,)
_CONTENT.fields["parts"].items = BODY.shape
_CONTENT.fields["parts"].fields = BODY.shape.fields
_CONTENTS: Final = Shape(only=(list, dict))
_CONTENTS.items, _CONTENTS.fields = _CONTENT, _CONTENT.fields

_GENERATE: Final = both("""
    tools toolConfig safetySettings generationConfig labels systemInstruction serviceTier modelArmorConfig store
    """)
GENERATE: Final = compiled(
    {
        "contents": _CONTENTS,
        "model": model_name(),
        **{name: BODY.shape.fields.get(name, BODY.shape) for name in _GENERATE},
        **dict.fromkeys(both("cachedContent"), refused(*_NOT_KEPT)),
    }
)
GENERATE.fields["systemInstruction"] = GENERATE.fields["system_instruction"] = BODY.object({})
GENERATE.fields["systemInstruction"].only = GENERATE.fields["system_instruction"].only = (dict, str, NoneType)

_COUNT: Final = compiled(dict(GENERATE.fields))
_COUNT.fields.update(dict.fromkeys(both("generateContentRequest"), GENERATE))
_EMBED_FIELDS: Final = both("taskType title outputDimensionality autoTruncate embedContentConfig")
_EMBED: Final = compiled(
    {
        "content": _CONTENT,
        "model": model_name(),
        **{name: BODY.shape.fields.get(name, BODY.shape) for name in _EMBED_FIELDS},
    }
)
_BATCH_EMBED: Final = compiled({"requests": Shape(only=(list,)), "model": model_name()})
_BATCH_EMBED.fields["requests"].items = _EMBED
_FOREIGN: Final = frozenset(("messages", "prompt", "input", "inputs", "instances"))


class Gemini(Dialect):
    """A dialect whose model stands in the path, and maybe, as `models/NAME`, in the body again: the same everywhere."""

    __slots__ = ()

    def _model(
        self, body: dict[str, Any], parameters: Mapping[str, str]
    ) -> tuple[str, tuple[str, ...], dict[str, Any]]:
        model, _, _ = super()._model({}, parameters)
        for holder in _requests(body):
            given = holder.get("model")
            if given is not None and given not in (model, f"models/{model}", f"publishers/google/models/{model}"):
                refuse_field("/model", "names another model than the path")
        return model, (), body


def _requests(body: dict[str, Any]) -> list[dict[str, Any]]:
    nested = [body.get(name) for name in both("generateContentRequest")]
    listed = body.get("requests")
    nested += listed if isinstance(listed, list) else []
    return [body, *(each for each in nested if isinstance(each, dict))]


_QUERY: Final[Mapping[str, re.Pattern[str]]] = MappingProxyType(
    {"alt": re.compile("sse|json"), "$alt": re.compile("sse|json"), "prettyPrint": re.compile("true|false")}
)
_KEYS: Final = frozenset(("key", "access_token"))
"""Credentials that clients put into the address."""
_FRAMINGS: Final = MappingProxyType({"text/event-stream": "sse", "application/json": "json_array"})


def _operations(name: str, models: str) -> tuple[Dialect, ...]:
    """The operations on models below the path `models`; the dialects' names begin with `name`."""

    def one(word: str, operation: str, method: str, shape: Shape, **more: Any) -> Dialect:
        return Gemini(
            name=f"{name}.{word}",
            family="gemini",
            operation=operation,
            path=f"{models}/{{model}}:{method}",
            shape=shape,
            model=Model.PATH,
            query=_QUERY,
            dropped=_KEYS,
            foreign=_FOREIGN,
            streams=more.pop("streams", False),
            **more,
        )

    return (
        one("generate", "generate", "generateContent", GENERATE, required=("contents",)),
        one(
            "stream", "generate", "streamGenerateContent", GENERATE,
            required=("contents",), streams=True, stream="gemini", framings=_FRAMINGS,
        ),
        one("count_tokens", "count", "countTokens", _COUNT, answer=Answer.NUMBERS),
        one("embed", "embed", "embedContent", _EMBED, required=("content",), answer=Answer.NUMBERS),
        one("batch_embed", "embed", "batchEmbedContents", _BATCH_EMBED, required=("requests",), answer=Answer.NUMBERS),
    )  # fmt: skip


DIALECTS: Final[tuple[Dialect, ...]] = (
    *_operations("gemini", "/{version}/models"),
    *_operations("vertex", "/{version}/projects/{project}/locations/{location}/publishers/google/models"),
    *_operations("vertex_express", "/{version}/publishers/google/models"),
    Dialect(
        name="gemini.models_v1", family="gemini", operation="models", path="/v1/models", shape=Shape(), method="GET",
        query=MappingProxyType({"pageSize": re.compile("[0-9]{1,4}")}), dropped=_KEYS, model=Model.NONE,
    ),
    Dialect(
        name="gemini.models", family="gemini", operation="models", path="/v1beta/models", shape=Shape(), method="GET",
        query=MappingProxyType({"pageSize": re.compile("[0-9]{1,4}")}), dropped=_KEYS, model=Model.NONE,
    ),
)  # fmt: skip
