"""Cohere v2: chat, embed, rerank, and the list of models. The paths of v1 are not served."""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Dialect, Model
from gateway.dialects.loose import Loose
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import FREE, TOKEN_IDS, Shape, compiled, model_name, refused, seed, text
from gateway.dialects.vocabulary import names

KEYS: Final = frozenset(
    names("""
    arguments citation_options citations content content_index data description detail document documents
    embedding_types end frequency_penalty function id image image_url images input_type inputs json_schema k logprobs
    max_tokens max_tokens_per_doc messages mode model name output_dimension p parameters presence_penalty priority query
    response_format role safety_mode schema seed sources start stop_sequences stream strict_tools temperature text texts
    thinking token_budget tool_call_id tool_calls tool_choice tool_output tool_plan tools top_n truncate type url
    """)
)
"""Names of fields that the API itself gives to objects of a request, from the types of cohere 7.3."""
WORDS: Final = frozenset(
    names("""
    ACCURATE CONTEXTUAL DISABLED ENABLED END FAST NONE OFF PLAN REQUIRED START STRICT TEXT_CONTENT THINKING_CONTENT
    assistant auto base64 binary classification clustering disabled document enabled float function high image image_url
    int8 json_object low search_document search_query system text thinking tool ubinary uint8 user accurate fast off
    """)
)
"""Values of closed enumerations."""
_ENUMERATIONS: Final = names("type role mode safety_mode tool_choice truncate input_type embedding_types detail")


def _parts() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    loose.assign(
        {
            **dict.fromkeys(("id", "tool_call_id"), loose.leaf(opaque.identifier)),
            "data": FREE,
            "parameters": SCHEMA,
            "json_schema": SCHEMA,
            "schema": SCHEMA,
            "tool_output": FREE,
            **dict.fromkeys(names("temperature k p frequency_penalty presence_penalty"), loose.numeric()),
            "images": loose.leaf(opaque.image_url),
            "image": loose.leaf(opaque.image_url),
        }
    )
    loose.assign({"image_url": loose.object({"url": loose.leaf(opaque.image_url)}, rule=opaque.image_url)})
    return loose


PARTS: Final = _parts()
"""The loose shape of Cohere's messages, documents and tools."""
_MESSAGE: Final = PARTS.object({"content": Shape(only=(str, list, NoneType)), "role": Shape(only=(str,), words=WORDS)})
_MESSAGE.only = (dict,)
_MESSAGE.fields["content"].items = PARTS.object({})
_MESSAGE.fields["content"].items.only = (dict,)
_MESSAGES: Final = Shape(only=(list,))
_MESSAGES.items = _MESSAGE
_CHAT_FIELDS: Final = names("""
    citation_options documents frequency_penalty k logprobs max_tokens p presence_penalty priority response_format
    safety_mode stop_sequences stream strict_tools temperature thinking tool_choice tools
    """)
CHAT: Final = compiled(
    {
        "model": model_name(),
        "messages": _MESSAGES,
        **{name: PARTS.shape.fields[name] for name in _CHAT_FIELDS},
        "seed": seed(),
        "raw_prompting": text(),
    }
)
"""`POST /v2/chat`."""


def _texts() -> Shape:
    shape = Shape(only=(list, NoneType))
    shape.items = Shape(only=(str,), tokens=True)
    return shape


_EMBED_FIELDS: Final = names("""
    embedding_types images input_type inputs max_tokens output_dimension priority truncate
    """)
EMBED: Final = compiled(
    {
        "model": model_name(),
        "texts": _texts(),
        **{name: PARTS.shape.fields[name] for name in _EMBED_FIELDS},
        **dict.fromkeys(names("token_ids input_ids tokens"), refused(*TOKEN_IDS)),
    }
)
_DOCUMENTS: Final = Shape(only=(list,))
_DOCUMENTS.items = Shape(only=(str, dict), tokens=True)
RERANK: Final = compiled(
    {
        "model": model_name(),
        "query": Shape(only=(str,), tokens=True),
        "documents": _DOCUMENTS,
        **dict.fromkeys(names("max_tokens_per_doc priority return_documents top_n rank_fields"), text()),
    }
)


def _one(word: str, operation: str, path: str, shape: Shape, **more: Any) -> Dialect:
    return Dialect(name=f"cohere.{word}", family="cohere", operation=operation, path=path, shape=shape, **more)


_FOREIGN: Final = frozenset(names("message chat_history preamble connectors prompt input contents"))
"""Version 1 asks in `message` and `chat_history`."""
DIALECTS: Final[tuple[Dialect, ...]] = (
    _one("chat", "generate", "/v2/chat", CHAT, required=("messages",), foreign=_FOREIGN, stream="cohere"),
    _one("embed", "embed", "/v2/embed", EMBED),
    _one("rerank", "embed", "/v2/rerank", RERANK, required=("query", "documents")),
    _one("models", "models", "/v1/models", Shape(), method="GET", model=Model.NONE),
)
"""What `embed` gives back holds the texts that were sent."""
