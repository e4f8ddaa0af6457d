"""Anthropic Messages: `POST /v1/messages`, `POST /v1/messages/count_tokens`, and the list of models."""

from __future__ import annotations

from types import NoneType
from typing import Final

from gateway.dialects import opaque
from gateway.dialects.anthropic_words import KEYS, WORDS
from gateway.dialects.dialect import Answer, Dialect, Form, Model
from gateway.dialects.loose import Loose
from gateway.dialects.paths import BETA, MODELS_QUERY
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import (
    CLIENT_CREDENTIALS,
    FREE,
    SEALED,
    Shape,
    compiled,
    leaf,
    model_name,
    numeric,
    refused,
    text,
)
from gateway.dialects.vocabulary import names

_ENUMERATIONS: Final = names("""
        name type role ttl effort display mode speed service_tier clear_at keep error_code file_type allowed_callers
        stop_reason bill_to oversized_image prefix_mismatch_behavior response_inclusion fallbacks caching
        user_input client_tool_results server_tool_results inference_geo
    """)
_CONTENT: Final = (str, list, dict, NoneType)


def _blocks() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    identifier, reference = loose.leaf(opaque.identifier), loose.leaf(opaque.reference)
    sealed, media = loose.leaf(opaque.opaque), Shape(words=WORDS | opaque.MEDIA_TYPES)
    media.rest = FREE
    fallbacks = Shape(words=WORDS, only=(str, NoneType))
    loose.assign(
        {
            **dict.fromkeys(("id", "tool_use_id", "tool_id"), identifier),
            "previous_message_id": loose.leaf(opaque.state),
            **dict.fromkeys(("file_id",), reference),
            "skill_id": loose.leaf(opaque.outside),
            **dict.fromkeys(
                ("signature", "encrypted_content", "encrypted_index", "encrypted_stdout", "fallback_credit_token"),
                sealed,
            ),
            **dict.fromkeys(("input", "input_examples"), FREE),
            **dict.fromkeys(("input_schema", "schema"), SCHEMA),
            "thinking": loose.leaf(opaque.sealed_text),
            "media_type": media,
            "authorization_token": refused(*CLIENT_CREDENTIALS),
            "tool_changes": SEALED,
        }
    )
    by_content = loose.object({"data": loose.leaf(opaque.content), "url": loose.leaf(opaque.file_url)})
    by_content.variants = {"text": loose.shape, "content": loose.shape}
    block = loose.shape
    block.variants = {
        "redacted_thinking": loose.object({"data": sealed}),
        "compaction": loose.object({"content": SEALED}),
        "advisor_redacted_result": loose.object({"data": sealed, "text": sealed, "content": sealed}),
        "mcp_tool_listing": loose.object({"content": SEALED, "tools": SEALED, "data": sealed}),
        "image": loose.object({"source": _image_source(loose)}),
        "url": loose.object({"url": loose.leaf(opaque.file_url)}),
    }
    content = Shape(only=_CONTENT)
    content.fields, content.rest, content.items, content.variants = block.fields, FREE, block, block.variants
    loose.assign({"source": by_content, "content": content, "fallbacks": fallbacks})
    for name in ("image", "redacted_thinking", "compaction"):
        block.variants[name].variants = {}
    return loose


def _image_source(loose: Loose) -> Shape:
    return loose.object({"data": loose.leaf(opaque.content), "url": loose.leaf(opaque.image_url)})


BLOCKS: Final = _blocks()
"""The loose shape of Anthropic's content blocks, tools and settings."""

_LOOSE: Final = names("""
        tools tool_choice output_config context_management compaction mcp_servers cache_control thread fallbacks
        diagnostics task_budget billing_policy max_tokens stream inference_geo service_tier speed stop_sequences
        user_profile_id workspace_id betas metadata transformations
    """)

_MESSAGE: Final = BLOCKS.object({"content": Shape(only=(str, list)), "role": Shape(only=(str,), words=WORDS)})
_MESSAGE.only = (dict,)
_MESSAGE.fields["content"].items = BLOCKS.object({})
_MESSAGE.fields["content"].items.only = (dict,)
_MESSAGE.fields["content"].items.variants = BLOCKS.shape.variants

SHAPE: Final = compiled(
    {
        "model": model_name(),
        "messages": Shape(only=(list,)),
        "messages[]": _MESSAGE,
        "system": Shape(only=(str, list, NoneType)),
        "system[]": _MESSAGE.fields["content"].items,
        **{name: BLOCKS.shape.fields.get(name, BLOCKS.shape) for name in _LOOSE},
        "thinking": BLOCKS.shape,
        "container": BLOCKS.object({"id": leaf(opaque.state)}, rule=opaque.state),
        "fallback_credit_token": BLOCKS.object({"token": leaf(opaque.opaque)}, rule=opaque.opaque),
        **dict.fromkeys(("temperature", "top_p"), numeric()),
        "top_k": text(),
    }
)
_FOREIGN: Final = frozenset(("input", "prompt", "contents"))

MESSAGES: Final = Dialect(
    name="anthropic.messages",
    family="anthropic",
    operation="generate",
    path="/v1/messages",
    query=BETA,
    stream="messages",
    keeps=("container/id", "content/*/content/content/*/file_id"),
    shape=SHAPE,
    required=("messages",),
    foreign=_FOREIGN,
    state=("thread", "container"),
)
COUNT_TOKENS: Final = Dialect(
    name="anthropic.count_tokens",
    family="anthropic",
    operation="count",
    path="/v1/messages/count_tokens",
    query=BETA,
    answer=Answer.NUMBERS,
    shape=SHAPE,
    required=("messages",),
    foreign=_FOREIGN,
    state=("thread", "container"),
)
MODELS: Final = Dialect(
    name="anthropic.models",
    family="anthropic",
    operation="models",
    path="/v1/models",
    method="GET",
    form=Form.NONE,
    model=Model.NONE,
    shape=Shape(),
    answer=Answer.NUMBERS,
    query=MODELS_QUERY,
)
DIALECTS: Final = (MESSAGES, COUNT_TOKENS, MODELS)
