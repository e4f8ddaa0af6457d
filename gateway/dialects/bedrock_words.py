"""The closed vocabulary of Bedrock's Converse requests, from the service model of botocore 1.44."""

from typing import Final

from gateway.dialects.vocabulary import names

KEYS: Final = frozenset(
    names("""
    additionalModelRequestFields additionalModelResponseFieldPaths any audio auto body bucketOwner bytes
    cachePoint citations citationsContent content context converse description document documentChar
    documentChunk documentIndex documentPage domain effort enabled end error format guardContent guardrailConfig
    guardrailIdentifier guardrailVersion image inferenceConfig input inputSchema invokeModel json jsonSchema
    latency location maxTokens message messages modelId name outputConfig performanceConfig promptVariables
    qualifiers reasoningContent reasoningText redactedContent requestMetadata role s3Location schema
    searchResult searchResultIndex searchResultLocation serverName serviceTier signature source sourceContent
    start status stopSequences streamProcessingMode strict structure system systemTool temperature text
    textFormat title tool toolAddition toolChoice toolConfig toolRemoval toolResult toolSpec toolUse toolUseId
    tools topP trace ttl type uri url video web
    """)
)
"""Names of fields that the API itself gives to objects of a request: no text of a client's."""

WORDS: Final = frozenset(
    names("""
    1h 5m GUARDRAIL_INTERVENED aac any assistant async csv default disabled doc docx enabled enabled_full error
    flac flex flv gif grounding_source guard_content html jpeg json_schema m4a md mka mkv mov mp3 mp4 mpeg mpg
    mpga ogg optimized opus pcm pdf png priority query reserved server_tool_use standard success sync system
    three_gp txt user wav webm webp wmv x-aac xls xlsx
    """)
)
"""Values of closed enumerations: structure when they stand in a field that takes one."""

INVOKE_KEYS: Final = frozenset(
    names("""
    anthropic_beta anthropic_version api_version chat_history content dimensions documents embeddingConfig
    embeddingTypes embedding_types force_single_step frequency_penalty images inferenceConfig input inputImage
    inputText input_type k logit_bias maxTokenCount max_completion_tokens max_gen_len max_new_tokens max_tokens
    max_tokens_to_sample message messages n name normalize num_generations outputEmbeddingLength p preamble
    presence_penalty prompt prompt_truncation query raw_prompting reasoning_effort response_format
    return_likelihoods return_prompt role schemaVersion search_queries_only seed snippet stop stopSequences
    stop_sequences stream system temperature text textGenerationConfig texts title tool_choice tool_results
    tools top topK topP top_k top_n top_p truncate type url user user_name
    """)
)
"""Names of fields in the bodies of the models that InvokeModel carries as they are."""
