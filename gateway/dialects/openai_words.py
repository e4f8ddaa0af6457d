"""The closed vocabulary of OpenAI-shaped requests, from the types of openai 3.54."""

from typing import Final

from gateway.dialects.vocabulary import names

KEYS: Final = frozenset(
    names("""
    access_programs acknowledged_safety_checks action actions allowed_callers allowed_domains allowed_tools always
    annotations approval_request_id approve approximate arguments async attributes audio authorization background
    background_options button bytes call_id caller caller_id categories city code command commands compact_threshold
    comparison_response_id completion_window complexity connector_id container container_id content context
    context_compression context_management continuation_id conversation country created_by custom cyber data
    defer_loading definition description detail diff dimensions display_height display_width domain domain_secrets
    effort embedding_weight encoding_format encrypted_content end_index env environment error execution exit_code
    expires_at external_web_access file file_data file_id file_ids file_url filename filters fingerprint format
    frame_count frame_duration_ms frequency_penalty function function_call functions generate_summary grammar
    headers hybrid_search id image image_url include include_obfuscation include_usage index input input_audio
    input_fidelity input_image_mask input_schema input_tokens instructions json_schema key keys logit_bias logprob
    logprobs logs max_completion_tokens max_num_results max_output_length max_output_tokens max_tokens
    max_tool_calls media_type memory_limit message messages metadata modalities mode model moderation
    moderation_details moderation_stage n name namespace network_policy never obfuscation operation outcome output
    output_compression output_format output_schema output_tokens outputs parallel_tool_calls param parameters parsed
    parsed_arguments partial_images path pattern pending_safety_checks phase policy prediction presence_penalty
    previous_response_id prewarm prompt prompt_cache_breakpoint prompt_cache_key prompt_cache_options
    prompt_cache_retention quality queries query ranker ranking_options read_only reason reasoning reasoning_content
    reasoning_effort reasoning_tokens refusal region require_approval response_format result results revised_prompt
    role safety_identifier safety_settings schema score score_threshold scroll_x scroll_y search_content_types
    search_context_size seed server_description server_label server_url service_tier size skill_id skills source
    sources start_index status stderr stdout stop store stream stream_options strict suffix summary svg svg_usage
    syntax temperature text text_weight timeout_ms timezone title token tool_call_id tool_calls tool_choice
    tool_names tools top_logprobs top_p total_tokens transcript truncation ttl tunnel_id type url user user_location
    value variables vector_store_ids verbosity version voice web_search_options working_directory x y
    """)
)
"""Names of fields that the API itself gives to objects of a request: no text of a client's."""

WORDS: Final = frozenset(
    names("""
    1024x1024 1024x1536 12h 1536x1024 16g 1g 24h 2h 30m 4g 64g 8h aac additional_tools all_turns allowed_tools
    allowlist alloy always and application/zip apply_patch apply_patch_call apply_patch_call_output approximate ash
    assistant audio auto back ballad base64 block browser calling cedar click client code_interpreter
    code_interpreter_call code_interpreter_call.outputs commentary compaction compaction_trigger completed computer
    computer_call computer_call_output computer_call_output.output.image_url computer_screenshot computer_use
    computer_use_preview concise configuration_update connector_dropbox connector_gmail connector_googlecalendar
    connector_googledrive connector_microsoftteams connector_outlookcalendar connector_outlookemail
    connector_sharepoint container_auto container_file_citation container_reference content coral create_file
    current_turn custom custom_tool_call custom_tool_call_output daybreak_blue daybreak_red default
    default-2024-11-15 delete_file detailed developer direct disabled double_click drag echo edit enabled eq exec
    exit explicit failed fast file file_citation file_path file_search file_search_call file_search_call.results
    final_answer find_in_page flac flex float forward function function_call function_call_output generate
    generating gif grammar gt gte high http_error image image_generation image_generation_call image_url implicit in
    in_memory in_progress incomplete inline input input_audio input_file input_image input_text interpreting
    item_reference jpeg json_object json_schema keypress lark left linux local local_shell local_shell_call
    local_shell_call_output logs low lt lte mac marin max mcp mcp_approval_request mcp_approval_response mcp_call
    mcp_list_tools mcp_protocol_error mcp_tool_execution_error medium message message.input_image.image_url
    message.output_text.logprobs minimal move mp3 namespace ne never nin none opaque open_page opus or original
    output output_text pcm16 png priority pro program program_output programmatic programmatic_tool_calling
    reasoning reasoning.encrypted reasoning.encrypted_content reasoning.summary reasoning.text reasoning_text
    refusal regex required right sage scale score screenshot scroll search searching server shell shell_call
    shell_call_output shimmer skill_reference soonest standard summary_text svg system text timeout tool tool_search
    tool_search_call tool_search_output transparent type ubuntu ultrafast unknown update_file url url_citation user
    verse wait wav web_search web_search_2025_08_26 web_search_call web_search_call.action.sources
    web_search_call.results web_search_preview web_search_preview_2025_03_11 webp wheel windows xhigh
    """)
)
"""Values of closed enumerations: structure when they stand in a field that takes one."""
