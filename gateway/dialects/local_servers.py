"""The paths of vLLM and llama.cpp that OpenAI does not have: completion, infill, tokenize, templates, rerank, score.

What takes token ids (`/detokenize`) or moves state between servers is not served.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Answer, Dialect
from gateway.dialects.local_extras import EXTRAS
from gateway.dialects.openai_chat import SHAPE as CHAT
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.shapes import TOKEN_IDS, Shape, compiled, leaf, model_name, refused, text
from gateway.dialects.vocabulary import names

DEFAULT: Final = "default"
"""What a request is taken to ask for that names no model: llama.cpp serves one, whatever it is called."""


def _texts(*more: type) -> Shape:
    """A string or strings, without token ids in the place of one."""
    shape = Shape(only=(str, list, *more), tokens=True)
    shape.items = Shape(only=(str,), tokens=True)
    return shape


def _prompt() -> Shape:
    """llama.cpp's prompts: also an object with its media, and lists of either."""
    media = Shape(only=(list, NoneType))
    media.items = leaf(opaque.content)
    parts = {"prompt_string": Shape(only=(str,), tokens=True), "multimodal_data": media}
    shape = _texts(dict)
    shape.fields = dict(parts)
    shape.items = Shape(only=(str, dict), tokens=True)
    shape.items.fields = dict(parts)
    return shape


_SAMPLING: Final = {
    **{name: CHAT.fields[name] for name in names("temperature top_p min_p presence_penalty frequency_penalty seed")},
    **{name: CHAT.fields[name] for name in names("logit_bias stop stream response_format max_tokens")},
    **EXTRAS,
}
_TOKENS: Final = dict.fromkeys(names("tokens token_ids input_ids prompt_token_ids context"), refused(*TOKEN_IDS))
_COMPLETION: Final = compiled({"model": model_name(), "prompt": _prompt(), **_SAMPLING, **_TOKENS})
_EXTRA: Final = Shape(only=(list, NoneType))
_EXTRA.items = compiled({"filename": text(), "text": text()})
_INFILL: Final = compiled(
    {
        "model": model_name(),
        **dict.fromkeys(names("input_prefix input_suffix"), Shape(only=(str, NoneType), tokens=True)),
        "prompt": _prompt(),
        "input_extra": _EXTRA,
        **_SAMPLING,
        **_TOKENS,
    }
)
_FLAGS: Final = names("""
    add_special add_special_tokens parse_special with_pieces return_token_strs add_generation_prompt
    continue_final_message top_n return_text truncate_prompt_tokens max_tokens_per_doc priority request_id
    embd_normalize encoding_format dimensions normalize user task
    """)
_PLAIN: Final = {"model": model_name(), **dict.fromkeys(_FLAGS, text()), **_TOKENS}
_CHATS: Final = {name: CHAT.fields[name] for name in ("messages", "tools", "tool_choice")}
_TEMPLATES: Final = {name: EXTRAS[name] for name in ("chat_template", "chat_template_kwargs", "mm_processor_kwargs")}
_TOKENIZE: Final = compiled({**_PLAIN, "content": _texts(), "prompt": _texts(), **_CHATS, **_TEMPLATES})
_APPLY: Final = compiled({**_PLAIN, **_CHATS, **_TEMPLATES, "response_format": PARTS.shape})
_EMBEDDING: Final = compiled({**_PLAIN, "content": _prompt(), "input": _texts(), **_CHATS})
_DOCUMENTS: Final = Shape(only=(str, list, dict, NoneType), tokens=True)
_DOCUMENTS.items = Shape(only=(str, dict), tokens=True)
_RANK: Final = compiled(
    {
        **_PLAIN,
        "query": Shape(only=(str, dict), tokens=True),
        "documents": _DOCUMENTS,
        "texts": _texts(),
        **dict.fromkeys(("text_1", "text_2", "queries", "items", "data_1", "data_2"), _texts()),
        "input": _texts(),
    }
)


def _one(word: str, operation: str, path: str, shape: Shape, **more: Any) -> Dialect:
    return Dialect(
        name=f"local.{word}",
        family="openai",
        operation=operation,
        path=path,
        shape=shape,
        default_model=DEFAULT,
        **more,
    )


DIALECTS: Final[tuple[Dialect, ...]] = (
    _one("completion", "generate", "/completion", _COMPLETION, required=("prompt",), stream="llama_cpp"),
    _one("infill", "generate", "/infill", _INFILL, stream="llama_cpp"),
    _one("apply_template", "count", "/apply-template", _APPLY, required=("messages",)),
    _one("tokenize", "count", "/tokenize", _TOKENIZE),
    _one("embedding", "embed", "/embedding", _EMBEDDING, answer=Answer.NUMBERS),
    _one("pooling", "embed", "/pooling", _EMBEDDING, answer=Answer.NUMBERS),
    _one("classify", "embed", "/classify", _EMBEDDING),
    _one("score", "embed", "/score", _RANK, answer=Answer.NUMBERS),
    _one("rerank", "embed", "/rerank", _RANK, required=("query",)),
    _one("rerank_v1", "embed", "/v1/rerank", _RANK, required=("query",)),
    _one("score_v1", "embed", "/v1/score", _RANK, answer=Answer.NUMBERS),
)
