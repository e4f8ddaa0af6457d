"""Ollama's own API: chat, generate, embed, embeddings, show, and the list of models.

What creates, copies, pulls or pushes models is not served, nor what searches or fetches the web.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Answer, Dialect, Model
from gateway.dialects.loose import Loose
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import TOKEN_IDS, Found, Shape, compiled, model_name, numeric, refused, seed, text, words
from gateway.dialects.vocabulary import names

KEYS: Final = frozenset(
    names("""
    arguments content description function id images index name options parameters role thinking tool_call_id
    tool_calls tool_name tools type
    """)
)
"""Names of fields that the API itself gives to messages and tools, from the types of ollama 0.6."""
WORDS: Final = frozenset(names("assistant function high json low medium object system tool user max"))
_OPTIONS: Final = names("""
    embedding_only f16_kv frequency_penalty logits_all low_vram main_gpu min_p mirostat mirostat_eta mirostat_tau
    num_batch num_ctx num_gpu num_keep num_predict num_thread numa penalize_newline presence_penalty repeat_last_n
    repeat_penalty temperature tfs_z top_k top_p typical_p use_mlock use_mmap vocab_only
    """)


_PLAIN: Final = names("""
    stream keep_alive raw truncate shift logprobs top_logprobs dimensions width height steps
    """)


def _image(found: Found, path: str, value: str) -> None:
    """An image in base64, without anything that says so."""
    found.parent = {}
    opaque.content(found, path, value)


def _parts() -> Loose:
    loose = Loose(KEYS, WORDS, ("role", "type"))
    arguments = Shape()
    loose.assign(
        {
            "images": loose.leaf(_image),
            "arguments": arguments,
            "parameters": SCHEMA,
            **dict.fromkeys(("id", "tool_call_id"), loose.leaf(opaque.identifier)),
        }
    )
    images = Shape(only=(list, NoneType))
    images.items = loose.leaf(_image)
    loose.assign({"images": images})
    return loose


PARTS: Final = _parts()
"""The loose shape of Ollama's messages and tools."""
_IMAGES: Final = Shape(only=(list, NoneType))
_IMAGES.items = PARTS.leaf(_image)
_SETTINGS: Final = compiled(
    {**dict.fromkeys(_OPTIONS, numeric()), "seed": seed(), "stop": text(), "logit_bias": refused(*TOKEN_IDS)}
)
_FORMAT: Final = Shape(words=frozenset(("json",)))
_FORMAT.fields, _FORMAT.rest = SCHEMA.fields, SCHEMA.rest
_SHARED: Final[Mapping[str, Shape]] = {
    "model": model_name(),
    "options": _SETTINGS,
    "format": _FORMAT,
    "think": words(("high", "medium", "low", "max")),
    **dict.fromkeys(_PLAIN, text()),
    **dict.fromkeys(names("context prompt_token_ids token_ids input_ids tokens"), refused(*TOKEN_IDS)),
}  # fmt: skip
_MESSAGE: Final = PARTS.object({"content": Shape(only=(str, NoneType)), "role": Shape(only=(str,), words=WORDS)})
_MESSAGE.only = (dict,)
_MESSAGES: Final = Shape(only=(list, NoneType))
_MESSAGES.items = _MESSAGE
_STRING: Final = Shape(only=(str, NoneType), tokens=True)
CHAT: Final = compiled({**_SHARED, "messages": _MESSAGES, "tools": PARTS.shape})
GENERATE: Final = compiled(
    {**_SHARED, **dict.fromkeys(names("prompt suffix system template"), _STRING), "images": _IMAGES}
)
_INPUT: Final = Shape(only=(str, list, NoneType))
_INPUT.items = Shape(only=(str,), tokens=True)
EMBED: Final = compiled({**_SHARED, "input": _INPUT})
EMBEDDINGS: Final = compiled({**_SHARED, "prompt": _STRING})
SHOW: Final = compiled({"model": model_name(), "verbose": text()})

_FRAMINGS: Final[Mapping[str, str]] = MappingProxyType({"application/x-ndjson": "ndjson"})


def _one(word: str, operation: str, path: str, shape: Shape, **more: Any) -> Dialect:
    return Dialect(name=f"ollama.{word}", family="ollama", operation=operation, path=path, shape=shape, **more)


_STREAM: Final[Mapping[str, Any]] = {"stream": "ollama", "framings": _FRAMINGS, "stream_default": True}
DIALECTS: Final[tuple[Dialect, ...]] = (
    _one("chat", "generate", "/api/chat", CHAT, foreign=frozenset(("input", "contents", "prompt")), **_STREAM),
    _one("generate", "generate", "/api/generate", GENERATE, foreign=frozenset(("messages", "contents")), **_STREAM),
    _one("embed", "embed", "/api/embed", EMBED, answer=Answer.NUMBERS, required=("input",)),
    _one("embeddings", "embed", "/api/embeddings", EMBEDDINGS, answer=Answer.NUMBERS, required=("prompt",)),
    _one("show", "read", "/api/show", SHOW),
    _one("models", "models", "/api/tags", Shape(), method="GET", model=Model.NONE),
)
