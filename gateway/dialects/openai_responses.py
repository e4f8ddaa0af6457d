"""OpenAI Responses: `POST /v1/responses`."""

from __future__ import annotations

from types import NoneType
from typing import Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Dialect
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.shapes import FREE, SEALED, Shape, compiled, leaf, model_name, numeric, seed, text
from gateway.dialects.vocabulary import names

_NAMES: Final = names("""
        background background_options context_management generate include max_output_tokens image max_tool_calls
        moderation multi_agent parallel_tool_calls personality prompt_cache_options prompt_cache_retention reasoning
        service_tier store stream stream_options text tool_choice tools top_logprobs truncation access_programs betas
    """)

_CONTENT: Final = Shape(only=(str, list, NoneType))
_CONTENT.items = PARTS.shape
_ITEM: Final = PARTS.object({"content": _CONTENT})
_ITEM.only = (dict,)
_ITEM.tokens = True
_ITEM.variants = {
    # `program.fingerprint` covers `program.code`.
    "program": PARTS.object({"code": SEALED}),
    "item_reference": PARTS.object({"id": leaf(opaque.reference)}),
}

SHAPE: Final = compiled(
    {
        "model": model_name(),
        **{name: PARTS.shape.fields.get(name, PARTS.shape) for name in _NAMES},
        "input": Shape(only=(str, list, NoneType)),
        "instructions": Shape(only=(str, list, NoneType)),
        "metadata": FREE,
        "client_metadata": FREE,
        "previous_response_id": leaf(opaque.state),
        "prompt": PARTS.object({"id": leaf(opaque.identifier)}),
        "conversation": PARTS.object({"id": leaf(opaque.state)}, rule=opaque.state),
        **dict.fromkeys(("user", "safety_identifier", "prompt_cache_key"), text()),
        **dict.fromkeys(("temperature", "top_p"), numeric()),
        "seed": seed(),
    }
)
SHAPE.fields["input"].items = _ITEM
SHAPE.fields["instructions"].items = _ITEM
SHAPE.fields["prompt"].only = (dict, NoneType)

RESPONSES: Final = Dialect(
    name="openai.responses",
    family="openai",
    operation="generate",
    path="/v1/responses",
    shape=SHAPE,
    foreign=frozenset(("messages", "contents")),
    stream="responses",
    keeps=("id", "conversation/id", "output/*/id"),
    unless=("store", False),
    state=("previous_response_id", "conversation", "prompt"),
)
"""`input` may be absent: a stored prompt, or state kept upstream, can stand for it."""
DIALECTS: Final = (RESPONSES,)
