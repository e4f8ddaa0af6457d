"""OpenAI Chat Completions: `POST /v1/chat/completions` (also vLLM, llama.cpp, Ollama and others)."""

from __future__ import annotations

import re
from types import NoneType
from typing import Final

from gateway.dialects.dialect import Dialect
from gateway.dialects.local_extras import EXTRAS
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.openai_words import WORDS
from gateway.dialects.shapes import FREE, Shape, compiled, model_name, numeric, seed, text
from gateway.dialects.vocabulary import names

_LOGIT_BIAS: Final = Shape()
_LOGIT_BIAS.keys = re.compile(r"[0-9]{1,7}")
_LOGIT_BIAS.rest = numeric()

_SAMPLING: Final = names("""
        temperature top_p frequency_penalty presence_penalty min_p repetition_penalty
    """)
_ENUMERATIONS: Final = names("""
        reasoning_effort service_tier verbosity prompt_cache_retention tool_choice function_call modalities
    """)
_LOOSE: Final = names("""
        tools functions response_format audio web_search_options prediction stream_options moderation
        prompt_cache_options access_programs
    """)
_FLAGS: Final = names("""
        n logprobs top_logprobs max_tokens max_completion_tokens parallel_tool_calls store stop user
        safety_identifier prompt_cache_key stream
    """)

SHAPE: Final = compiled(
    {
        **EXTRAS,
        "model": model_name(),
        "messages": Shape(only=(list,)),
        "messages[]": PARTS.object(
            {"content": Shape(only=(str, list, NoneType)), "role": Shape(only=(str,), words=WORDS)}
        ),
        "metadata": FREE,
        "logit_bias": _LOGIT_BIAS,
        **dict.fromkeys(_SAMPLING, numeric()),
        "seed": seed(),
        **dict.fromkeys(_ENUMERATIONS, PARTS.word),
        **dict.fromkeys(_LOOSE, PARTS.shape),
        **dict.fromkeys(_FLAGS, text()),
    }
)
SHAPE.fields["messages"].items.only = (dict,)
SHAPE.fields["messages"].items.fields["content"].items = PARTS.object({})
SHAPE.fields["messages"].items.fields["content"].items.only = (dict,)

CHAT: Final = Dialect(
    name="openai.chat",
    family="openai",
    operation="generate",
    path="/v1/chat/completions",
    shape=SHAPE,
    stream="chat",
    keeps=("id",),
    only_if=("store", True),
    required=("messages",),
    foreign=frozenset(("input", "prompt", "contents")),
)
DIALECTS: Final = (CHAT,)
