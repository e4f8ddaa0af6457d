"""What vLLM and llama.cpp add to OpenAI's bodies: text wherever a string can be, token ids nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.dialects.schema import SCHEMA
from gateway.dialects.shapes import FREE, TOKEN_IDS, Shape, compiled, numeric, refused, text
from gateway.dialects.vocabulary import names

_TEXTS: Final = names("""
    chat_template cache_salt guided_regex guided_grammar guided_decoding_backend grammar request_id reasoning_format
    samplers dry_sequence_breakers bad_words echo add_generation_prompt continue_final_message add_special_tokens
    include_stop_str_in_output skip_special_tokens spaces_between_special_tokens ignore_eos min_tokens use_beam_search
    truncate_prompt_tokens prompt_logprobs priority return_tokens_as_token_ids return_token_ids include_reasoning
    best_of cache_prompt n_predict id_slot n_keep min_keep n_probs t_max_predict_ms timings_per_token return_progress
    post_sampling_probs thinking_forced_open parse_tool_calls top_k mirostat repeat_last_n dry_penalty_last_n
    dry_allowed_length
    """)
_NUMBERS: Final = names("""
    length_penalty typical_p dynatemp_range dynatemp_exponent repeat_penalty dry_multiplier dry_base xtc_probability
    xtc_threshold mirostat_tau mirostat_eta top_n_sigma
    """)
_OBJECTS: Final = names("""
    documents chat_template_kwargs guided_choice vllm_xargs mm_processor_kwargs media_io_kwargs kv_transfer_params
    logits_processors lora
    """)
_IDS: Final = names("""
    prompt_token_ids token_ids input_ids stop_token_ids allowed_token_ids bad_words_token_ids prompt_embeds
    """)

EXTRAS: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        **dict.fromkeys(_TEXTS, text()),
        **dict.fromkeys(_NUMBERS, numeric()),
        **dict.fromkeys(_OBJECTS, FREE),
        **dict.fromkeys(("guided_json", "json_schema"), SCHEMA),
        "structured_outputs": compiled(
            {"json": SCHEMA, **dict.fromkeys(names("regex choice grammar json_object structural_tag"), FREE)}
        ),
        **dict.fromkeys(_IDS, refused(*TOKEN_IDS)),
    }
)
"""Top-level fields of chat and completion requests."""
