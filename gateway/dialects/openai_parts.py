"""What the OpenAI-shaped dialects share: parts, items, tools."""

from __future__ import annotations

from typing import Final

from gateway.dialects import opaque
from gateway.dialects.loose import Loose
from gateway.dialects.openai_words import KEYS, WORDS
from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import CLIENT_CREDENTIALS, FREE, TOKEN_IDS, Shape, leaf, refused, text
from gateway.dialects.vocabulary import names
from gateway.model import SpanKind

_ENUMERATIONS: Final = names("""
        type role status detail effort format mode phase order action allowed_callers background button
        complexity connector_id context context_compression environment execution function_call generate_summary
        include input_fidelity media_type memory_limit modalities moderation moderation_stage output_format
        quality ranker reasoning_effort require_approval search_content_types search_context_size service_tier
        size summary syntax tool_choice truncation ttl verbosity voice prompt_cache_retention completion_window
        cyber encoding_format
    """)


def signed() -> Shape:
    """Reasoning that a signature beside it covers: nothing in it may change."""
    shape = Shape(kind=SpanKind.SEALED)
    fixed = dict.fromkeys(names("type format id index text thinking summary google"), shape)
    return shape.having({**fixed, **dict.fromkeys(names("signature data thought_signature"), leaf(opaque.opaque))})


def _parts() -> Loose:
    loose = Loose(KEYS, WORDS, _ENUMERATIONS)
    identifier, reference = loose.leaf(opaque.identifier), loose.leaf(opaque.reference)
    file_url, content, sealed = loose.leaf(opaque.file_url), loose.leaf(opaque.content), loose.leaf(opaque.opaque)
    media = Shape(words=WORDS | opaque.MEDIA_TYPES)
    media.rest = FREE
    loose.assign(
        {
            **dict.fromkeys(("id", "call_id", "tool_call_id", "caller_id", "approval_request_id"), identifier),
            **dict.fromkeys(("file_id", "file_ids"), reference),
            **dict.fromkeys(("vector_store_ids", "container_id", "skill_id"), loose.leaf(opaque.outside)),
            **dict.fromkeys(("encrypted_content", "fingerprint"), sealed),
            **dict.fromkeys(("metadata", "attributes", "env", "always", "never"), FREE),
            **dict.fromkeys(("parameters", "input_schema", "output_schema", "schema"), SCHEMA),
            **dict.fromkeys(
                names("temperature top_p score score_threshold embedding_weight text_weight"),
                loose.numeric(),
            ),
            "arguments": text(),
            "file_data": content,
            "file_url": file_url,
            "result": loose.leaf(opaque.content),
            "media_type": media,
            "authorization": refused(*CLIENT_CREDENTIALS),
            "headers": refused(*CLIENT_CREDENTIALS),
            "domain_secrets": refused(*CLIENT_CREDENTIALS),
            "logprobs": refused(*TOKEN_IDS),
            **dict.fromkeys(("reasoning_details", "thinking_blocks", "extra_content"), signed()),
        }
    )
    variables = Shape()
    variables.rest = loose.shape
    image = loose.leaf(opaque.image_url)
    inner = loose.object({"data": content})
    loose.assign(
        {
            "image_url": loose.object({"url": image}, rule=opaque.image_url),
            "input_audio": inner,
            "source": inner,
            "audio": loose.object({"id": loose.leaf(opaque.outside)}),
            "variables": variables,
        }
    )
    return loose


PARTS: Final = _parts()
"""The loose shape of OpenAI's parts, items and tools."""
