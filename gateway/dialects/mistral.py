"""Mistral: chat, fill in the middle, agents, embeddings, moderations, classifications and the list of models.

The paths that OpenAI has too are reached under the family's mount. Conversations, workflows, files and libraries are
kept upstream and not carried.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Answer, Dialect, Model
from gateway.dialects.loose import Loose
from gateway.dialects.openai_words import KEYS as OPENAI_KEYS
from gateway.dialects.openai_words import WORDS as OPENAI_WORDS
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import (
    CLIENT_CREDENTIALS,
    FREE,
    TOKEN_IDS,
    Shape,
    compiled,
    model_name,
    refused,
    seed,
    text,
)
from gateway.dialects.vocabulary import names

KEYS: Final = OPENAI_KEYS | frozenset(
    names("""
    agent_id block_on_error connector_id custom_category_thresholds document_name document_url end_index guardrails
    ignore_other_categories library_ids min_tokens model_name moderation_llm_v1 moderation_llm_v2 output_dimension
    output_dtype prefix prompt_cache_key prompt_mode random_seed reference_ids repetition_penalty requires_confirmation
    safe_prompt thinking tool_configuration url exclude raw closed criminal dangerous
    dangerous_and_criminal_content financial hate_and_discrimination health jailbreaking law pii selfharm sexual
    violence_and_threats is_unknown favicon
    """)
)
WORDS: Final = OPENAI_WORDS | frozenset(
    names("""
    UNKNOWN any base64 binary block connector document_library document_url image_url int8 mistral-moderation-2411
    mistral-moderation-2603 none null reasoning reference standard_only thinking tool_reference ubinary uint8
    web_search_premium input_audio
    """)
)
_ENUMERATIONS: Final = names("""
    type role action encoding_format output_dtype prompt_mode reasoning_effort service_tier tool_choice detail
    model_name
    """)


def _parts() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    loose.assign(
        {
            **dict.fromkeys(("id", "tool_call_id"), loose.leaf(opaque.identifier)),
            "file_id": loose.leaf(opaque.reference),
            "library_ids": loose.leaf(opaque.reference),
            "document_url": loose.leaf(opaque.file_url),
            "signature": loose.leaf(opaque.opaque),
            "metadata": FREE,
            "arguments": FREE,
            "parameters": SCHEMA,
            "schema": SCHEMA,
            "authorization": refused(*CLIENT_CREDENTIALS),
            "input_audio": loose.leaf(opaque.content),
            "document": loose.shape,
            **dict.fromkeys(names("temperature top_p presence_penalty frequency_penalty"), loose.numeric()),
        }
    )
    loose.assign({"image_url": loose.object({"url": loose.leaf(opaque.image_url)}, rule=opaque.image_url)})
    # A signature covers the thinking beside it.
    signed = loose.object({"thinking": loose.leaf(opaque.sealed_text)})
    signed.fields["thinking"].items = loose.object({"text": loose.leaf(opaque.sealed_text)})
    loose.shape.variants = {"thinking": signed}
    signed.variants = {}
    return loose


PARTS: Final = _parts()
"""The loose shape of Mistral's chunks, tools and settings."""

_MESSAGE: Final = PARTS.object({"content": Shape(only=(str, list, NoneType)), "role": Shape(only=(str,), words=WORDS)})
_MESSAGE.only = (dict,)
_MESSAGE.fields["content"].items = PARTS.object({})
_MESSAGE.fields["content"].items.only = (dict,)
_MESSAGE.fields["content"].items.variants = PARTS.shape.variants
_MESSAGES: Final = Shape(only=(list,))
_MESSAGES.items = _MESSAGE

_COMMON: Final = names("""
    encoding_format frequency_penalty guardrails metadata parallel_tool_calls prediction presence_penalty prompt_mode
    reasoning_effort repetition_penalty response_format safe_prompt service_tier temperature tool_choice tools top_k
    top_p stop stream max_tokens min_tokens n prompt_cache_key logprobs top_logprobs
    """)
_SHARED: Final[dict[str, Shape]] = {
    **{name: PARTS.shape.fields.get(name, PARTS.shape) for name in _COMMON},
    "random_seed": seed(),
    **dict.fromkeys(names("prompt_token_ids token_ids input_ids"), refused(*TOKEN_IDS)),
}


def _texts() -> Shape:
    shape = Shape(only=(str, list))
    shape.items = Shape(only=(str,), tokens=True)
    return shape


CHAT: Final = compiled({"model": model_name(), "messages": _MESSAGES, **_SHARED})
_AGENTS: Final = compiled({"agent_id": text(), "messages": _MESSAGES, **_SHARED})
_FIM: Final = compiled(
    {"model": model_name(), "prompt": Shape(only=(str,), tokens=True), "suffix": text(only=(str, NoneType)), **_SHARED}
)
_EMBEDDINGS: Final = compiled(
    {
        "model": model_name(),
        "input": _texts(),
        **{name: PARTS.shape.fields[name] for name in ("encoding_format", "metadata", "output_dtype")},
        "output_dimension": text(),
        **dict.fromkeys(names("prompt_token_ids token_ids input_ids"), refused(*TOKEN_IDS)),
    }
)
_CONVERSATIONS: Final = Shape(only=(list,))
_CONVERSATIONS.items = Shape(only=(list, dict))
_CONVERSATIONS.items.fields, _CONVERSATIONS.items.items = _MESSAGE.fields, _MESSAGE
_CHAT_MODERATIONS: Final = compiled({"model": model_name(), "input": _CONVERSATIONS, "metadata": FREE})
_CHAT_CLASSIFICATIONS: Final = compiled({"model": model_name(), "input": PARTS.shape, "metadata": FREE})


def _one(word: str, operation: str, path: str, shape: Shape, **more: Any) -> Dialect:
    return Dialect(name=f"mistral.{word}", family="mistral", operation=operation, path=path, shape=shape, **more)


DIALECTS: Final[tuple[Dialect, ...]] = (
    _one("chat", "generate", "/v1/chat/completions", CHAT, required=("messages",), stream="mistral"),
    _one("fim", "generate", "/v1/fim/completions", _FIM, required=("prompt",), stream="mistral"),
    _one(
        "agents", "generate", "/v1/agents/completions", _AGENTS,
        required=("agent_id", "messages"), stream="mistral", model_field="agent_id",
    ),
    _one("embeddings", "embed", "/v1/embeddings", _EMBEDDINGS, required=("input",), answer=Answer.NUMBERS),
    _one("moderations", "embed", "/v1/moderations", _EMBEDDINGS, required=("input",), answer=Answer.NUMBERS),
    _one("classifications", "embed", "/v1/classifications", _EMBEDDINGS, required=("input",), answer=Answer.NUMBERS),
    _one(
        "chat_moderations", "embed", "/v1/chat/moderations", _CHAT_MODERATIONS,
        required=("input",), answer=Answer.NUMBERS,
    ),
    _one(
        "chat_classifications", "embed", "/v1/chat/classifications", _CHAT_CLASSIFICATIONS,
        required=("input",), answer=Answer.NUMBERS,
    ),
    _one("models", "models", "/v1/models", Shape(), method="GET", model=Model.NONE),
)  # fmt: skip
