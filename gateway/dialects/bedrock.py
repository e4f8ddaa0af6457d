"""Amazon Bedrock: Converse, ConverseStream, InvokeModel and InvokeModelWithResponseStream, CountTokens.

The model's id stands in the path, percent-encoded. InvokeModel carries the body of the model's own API, whichever it
is: it is walked with the names that the known ones give their fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.anthropic_messages import SHAPE as MESSAGES
from gateway.dialects.bedrock_words import INVOKE_KEYS, KEYS, WORDS
from gateway.dialects.dialect import Answer, Dialect, Model
from gateway.dialects.loose import Loose
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import FREE, TOKEN_IDS, Found, Shape, compiled, leaf, refused, seed, words
from gateway.dialects.vocabulary import names
from gateway.model import SpanKind

_ENUMERATIONS: Final = names("""
    role type format status effort trace latency streamProcessingMode ttl qualifiers guardrailVersion
    """)
_CLAUDE: Final = "bedrock-2023-05-31"
_NOT_READ: Final = (
    "llmgw_invalid_request",
    "refers to a file that the provider fetches, which the gateway cannot read. Send the content itself",
)


def _blob(found: Found, path: str, value: str) -> None:
    """A blob of the service model, in base64; the member beside its holder says what it is."""
    found.parent = {}
    opaque.content(found, path, value)


def _converse() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    sealed = Shape(kind=SpanKind.SEALED)
    reasoning = Shape(kind=SpanKind.SEALED).having(
        {
            "reasoningText": sealed,
            "text": sealed,
            "signature": leaf(opaque.opaque),
            "redactedContent": leaf(opaque.opaque),
        }
    )
    sealed.having({"text": sealed, "signature": leaf(opaque.opaque)})
    loose.assign(
        {
            "bytes": loose.leaf(_blob),
            "toolUseId": loose.leaf(opaque.identifier),
            "input": FREE,
            "json": FREE,
            "additionalModelRequestFields": FREE,
            "requestMetadata": FREE,
            "reasoningContent": reasoning,
            "s3Location": refused(*_NOT_READ),
            **dict.fromkeys(("temperature", "topP"), loose.numeric()),
        }
    )
    loose.assign({"inputSchema": loose.object({"json": SCHEMA})})
    variables = Shape()
    variables.rest = loose.shape
    loose.assign({"promptVariables": variables})
    return loose


BODY: Final = _converse()
"""The loose shape of Converse's messages, tools and settings."""
_BLOCKS: Final = Shape(only=(list,))
_BLOCKS.items = BODY.object({})
_BLOCKS.items.only = (dict,)
_MESSAGE: Final = BODY.object({"content": _BLOCKS, "role": Shape(only=(str,), words=WORDS)})
_MESSAGE.only = (dict,)
_MESSAGES: Final = Shape(only=(list,))
_MESSAGES.items = _MESSAGE
_SYSTEM: Final = Shape(only=(list, NoneType))
_SYSTEM.items = _BLOCKS.items
_CONVERSE: Final = names("""
    inferenceConfig toolConfig guardrailConfig additionalModelRequestFields promptVariables
    additionalModelResponseFieldPaths requestMetadata performanceConfig serviceTier outputConfig
    """)
CONVERSE: Final = compiled(
    {
        "messages": _MESSAGES,
        "system": _SYSTEM,
        **{name: BODY.shape.fields.get(name, BODY.shape) for name in _CONVERSE},
    }
)


def _claude() -> Shape:
    """Anthropic's own body: the model is in the path, the API's version and betas are in the body."""
    fields = {name: shape for name, shape in MESSAGES.fields.items() if name != "model"}
    return compiled({**fields, "anthropic_version": words((_CLAUDE,)), "anthropic_beta": MESSAGES.fields["betas"]})


def _invoke() -> Shape:
    """The bodies of the known models: Anthropic's by its version, every other by the names of their fields."""
    loose = Loose(INVOKE_KEYS | KEYS, WORDS, names("role type input_type truncate embeddingTypes format"))
    loose.assign(
        {
            **dict.fromkeys(names("inputImage images bytes"), loose.leaf(_blob)),
            **dict.fromkeys(
                names("temperature topP top_p p topK top_k k frequency_penalty presence_penalty"), loose.numeric()
            ),
            "seed": seed(),
            "image_url": PARTS.shape.fields["image_url"],
            **dict.fromkeys(names("tools tool_choice response_format tool_results documents"), PARTS.shape),
            **dict.fromkeys(names("prompt_token_ids token_ids input_ids tokens"), refused(*TOKEN_IDS)),
            "toolConfig": BODY.shape,
            "reasoningContent": BODY.shape.fields["reasoningContent"],
            "s3Location": refused(*_NOT_READ),
        }
    )
    prompt = Shape(only=(str, list, NoneType))
    prompt.items = Shape(only=(str,), tokens=True)
    shape = loose.object({"prompt": prompt})
    shape.only = (dict,)
    shape.chooser, shape.variants = "anthropic_version", {_CLAUDE: _claude()}
    return shape


INVOKE: Final = _invoke()
_COUNT: Final = compiled({"input.converse": CONVERSE, "input.invokeModel": BODY.object({"body": BODY.leaf(_blob)})})

_STREAM: Final = "application/vnd.amazon.eventstream"
_FRAMES: Final[Mapping[str, str]] = MappingProxyType({_STREAM: "eventstream"})
_CHUNKS: Final[Mapping[str, str]] = MappingProxyType({_STREAM: "eventstream_chunks"})


def _one(word: str, operation: str, method: str, shape: Shape, **more: Any) -> Dialect:
    return Dialect(
        name=f"bedrock.{word}",
        family="bedrock",
        operation=operation,
        path=f"/model/{{model}}/{method}",
        shape=shape,
        model=Model.PATH,
        untyped=True,
        streams=more.pop("streams", False),
        **more,
    )


DIALECTS: Final[tuple[Dialect, ...]] = (
    _one("converse", "generate", "converse", CONVERSE),
    _one("converse_stream", "generate", "converse-stream", CONVERSE, streams=True, stream="bedrock", framings=_FRAMES),
    _one("invoke", "generate", "invoke", INVOKE),
    _one(
        "invoke_stream", "generate", "invoke-with-response-stream", INVOKE,
        streams=True, stream="bedrock.invoke", framings=_CHUNKS,
    ),
    _one("count_tokens", "count", "count-tokens", _COUNT, required=("input",), answer=Answer.NUMBERS),
)  # fmt: skip
