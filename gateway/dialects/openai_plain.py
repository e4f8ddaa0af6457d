"""OpenAI's plain endpoints: `POST /v1/completions`, `POST /v1/embeddings`, and the list of models."""

from __future__ import annotations

from typing import Final

from gateway.dialects.dialect import Answer, Dialect, Form, Model
from gateway.dialects.local_extras import EXTRAS
from gateway.dialects.openai_chat import SHAPE as CHAT_SHAPE
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.paths import MODELS_QUERY
from gateway.dialects.shapes import TOKEN_IDS, Shape, compiled, model_name, numeric, refused, seed, text
from gateway.dialects.vocabulary import names

_TOKEN_FIELDS: Final = dict.fromkeys(("prompt_token_ids", "token_ids", "input_ids", "tokens"), refused(*TOKEN_IDS))
_COMPLETION_FIELDS: Final = names("""
        suffix stop user best_of echo logprobs max_tokens n stream store
    """)
_SAMPLING: Final = names("""
        temperature top_p frequency_penalty presence_penalty min_p repetition_penalty
    """)


def _text_or_texts() -> Shape:
    shape = Shape(only=(str, list))
    shape.items = Shape(only=(str,), tokens=True)
    return shape


COMPLETIONS: Final = Dialect(
    name="openai.completions",
    family="openai",
    operation="generate",
    path="/v1/completions",
    shape=compiled(
        {
            **EXTRAS,
            "model": model_name(),
            "prompt": _text_or_texts(),
            "context": refused(*TOKEN_IDS),
            "logit_bias": CHAT_SHAPE.fields["logit_bias"],
            **dict.fromkeys(_COMPLETION_FIELDS, text()),
            "stream_options": PARTS.shape,
            **dict.fromkeys(_SAMPLING, numeric()),
            "seed": seed(),
            **_TOKEN_FIELDS,
        }
    ),
    stream="chat",
    required=("prompt",),
    foreign=frozenset(("messages", "input", "contents")),
)
EMBEDDINGS: Final = Dialect(
    name="openai.embeddings",
    family="openai",
    operation="embed",
    path="/v1/embeddings",
    shape=compiled(
        {
            "model": model_name(),
            "input": _text_or_texts(),
            "encoding_format": PARTS.word,
            "dimensions": text(),
            "user": text(),
            **_TOKEN_FIELDS,
        }
    ),
    answer=Answer.NUMBERS,
    required=("input",),
    foreign=frozenset(("messages", "prompt", "contents")),
)
MODELS: Final = Dialect(
    name="openai.models",
    family="openai",
    operation="models",
    path="/v1/models",
    method="GET",
    form=Form.NONE,
    model=Model.NONE,
    shape=Shape(),
    answer=Answer.NUMBERS,
    query=MODELS_QUERY,
)
DIALECTS: Final = (COMPLETIONS, EMBEDDINGS, MODELS)
