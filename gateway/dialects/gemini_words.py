"""The closed vocabulary of Gemini requests, from the types of google-genai 3.4. Every name has two spellings."""

import re
from typing import Final

from gateway.dialects.vocabulary import names

_CAPITAL: Final = re.compile("[A-Z]")


def snake(name: str) -> str:
    """The other spelling of a field's name, as protocol buffers' JSON takes it: `inlineData` is `inline_data`."""
    return _CAPITAL.sub(lambda match: f"_{match[0].lower()}", name)


def both(spaced: str) -> tuple[str, ...]:
    """The names of `spaced` in both spellings."""
    return tuple(dict.fromkeys(spelt for name in names(spaced) for spelt in (name, snake(name))))


KEYS: Final = frozenset(
    both("""
    accessToken adaptationPhrases additionalProperties allowedFunctionNames alpha anyOf apiAuth apiKey
    apiKeyConfig apiKeySecret apiKeySecretVersion apiKeyString apiSpec apiVersion args aspectRatio audio
    audioMetadata audioTimestamp audioTrackExtraction audioTranscription audioTranscriptionConfig authConfig
    authType autoMode autoTruncate automaticContinuation behavior bitRate blockingConfidence boolValue bytes
    cachedContent candidateCount category code codeExecution codeExecutionResult compressionQuality computerUse
    consentAudio content contentLayers contents continuationToken createTime credentialSecret customConfigs
    customVocabulary data dataStore dataStoreSpecs datastore default delivery description details diarization
    disableAttribution disabledSafetyPolicies displayName documentMetadata documentOcr downloadUri duration
    dynamicRetrievalConfig dynamicThreshold echoTargetLanguage elasticSearchParams enableAffectiveDialog
    enableDataRetention enableEnhancedCivicAnswers enablePromptInjectionDetection enableWidget
    enableZeroDataRetention endOffset endPage endTime endpoint engine enterpriseWebSearch enum environment error
    exaAiSearch example excludeDomains excludedPredefinedFunctions executableCode expirationTime externalApi
    featureSelectionPreference fileData fileSearch fileSearchStoreNames fileUri filter finished format fps
    frequencyPenalty functionCall functionCallingConfig functionDeclarations functionResponse gcsUri
    generateContentRequest generationConfig generationOutputConfig googleMaps googleSearch googleSearchRetrieval
    googleServiceAccountConfig groundingTypes headers httpBasicAuthConfig httpElementLocation hybridSearch id
    idToken image imageConfig imageOutputOptions imageSearch imageSize includeServerSideToolInvocations
    includeThoughts index inlineData items jsonPath labels language languageAuto languageCode languageCodes
    languageHints latLng latitude level llmRanker logprobs longitude manualMode maxItems maxLength
    maxOutputTokens maxProperties maxResults maximum mcpServers mediaChunks mediaProcessing mediaResolution
    message metadataFilter method mimeType minItems minLength minProperties minimum mode model modelArmorConfig
    modelName modelRoutingPreference modelSelectionConfig multiSpeakerVoiceConfig name nullValue nullable
    numHits numTokens numberValue oauthConfig oidcConfig outcome output outputCompressionQuality
    outputDimensionality outputMimeType outputUriPrefix parallelAiSearch parameters parametersJsonSchema
    partMetadata partialArgs parts pattern personGeneration places prebuiltVoiceConfig presencePenalty
    prominentPeople promptTemplateName properties propertyOrdering ragCorpora ragCorpus ragFileIds ragResources
    ragRetrievalConfig rankService ranking replicatedVoiceConfig requests required resolution response
    responseFormat responseJsonSchema responseLogprobs responseMimeType responseModalities responseSchema
    responseTemplateName retrieval retrievalConfig role routing routingConfig safetySettings sampleRate
    scheduling schema searchTemplate searchTypes seed serviceAccount serviceTier sha256Hash sheetIndex signature
    similarityTopK simpleSearchParams sizeBytes source sourceText speaker speakerLabel speakerVoiceConfigs
    speechConfig speechMetadata spreadsheetMetadata startOffset startPage startTime state stopSequences store
    storeContext streamFunctionCallArguments streamableHttpTransport stringValue style systemInstruction
    targetLanguageCode taskType temperature text thinkingBudget thinkingConfig thinkingLevel thought
    thoughtSignature threshold timeRangeFilter timeout title toolCall toolConfig toolResponse toolType tools
    topK topP translationConfig type updateTime uri url urlContext vectorDistanceThreshold
    vectorSimilarityThreshold vertexAiSearch vertexRagStore video videoMetadata visibleCells voice voiceConfig
    voiceConsentSignature voiceName voiceSampleAudio webSearch willContinue word wordTimestamp words
    """)
)
"""Names of fields that the API itself gives to objects of a request: no text of a client's."""

WORDS: Final = frozenset(
    names("""
    ACCOUNT_CREATION ACTIVE AGENTIC ALLOW_PROMINENT_PEOPLE ANY API_KEY_AUTH API_SPEC_UNSPECIFIED ARRAY
    ASPECT_RATIO_EIGHT_BY_ONE ASPECT_RATIO_FIVE_BY_FOUR ASPECT_RATIO_FOUR_BY_FIVE ASPECT_RATIO_FOUR_BY_ONE
    ASPECT_RATIO_FOUR_BY_THREE ASPECT_RATIO_NINE_BY_SIXTEEN ASPECT_RATIO_ONE_BY_EIGHT ASPECT_RATIO_ONE_BY_FOUR
    ASPECT_RATIO_ONE_BY_ONE ASPECT_RATIO_SIXTEEN_BY_NINE ASPECT_RATIO_THREE_BY_FOUR ASPECT_RATIO_THREE_BY_TWO
    ASPECT_RATIO_TWENTY_ONE_BY_NINE ASPECT_RATIO_TWO_BY_THREE ASPECT_RATIO_UNSPECIFIED AUDIO
    AUTH_TYPE_UNSPECIFIED AUTO BALANCED BLOCKING BLOCK_HIGHER_AND_ABOVE BLOCK_HIGH_AND_ABOVE BLOCK_LOW_AND_ABOVE
    BLOCK_MEDIUM_AND_ABOVE BLOCK_NONE BLOCK_ONLY_EXTREMELY_HIGH BLOCK_ONLY_HIGH BLOCK_PROMINENT_PEOPLE
    BLOCK_VERY_HIGH_AND_ABOVE BOOLEAN CLASSIFICATION CLUSTERING CODE_RETRIEVAL_QUERY COLLECTION
    COMMUNICATION_TOOL CONTENT_LAYER_UNSPECIFIED DATA DATA_MODIFICATION DELIVERY_UNSPECIFIED ELASTIC_SEARCH
    ENVIRONMENT_BROWSER ENVIRONMENT_DESKTOP ENVIRONMENT_MOBILE ENVIRONMENT_UNSPECIFIED FACT_VERIFICATION FAILED
    FEATURE_SELECTION_PREFERENCE_UNSPECIFIED FILE_SEARCH FINANCIAL_TRANSACTIONS FORMULAS FRAMES GENERATED
    GOOGLE_MAPS GOOGLE_SEARCH_IMAGE GOOGLE_SEARCH_WEB GOOGLE_SERVICE_ACCOUNT_AUTH HARM_BLOCK_METHOD_UNSPECIFIED
    HARM_BLOCK_THRESHOLD_UNSPECIFIED HARM_CATEGORY_CIVIC_INTEGRITY HARM_CATEGORY_DANGEROUS_CONTENT
    HARM_CATEGORY_HARASSMENT HARM_CATEGORY_HATE_SPEECH HARM_CATEGORY_IMAGE_DANGEROUS_CONTENT
    HARM_CATEGORY_IMAGE_HARASSMENT HARM_CATEGORY_IMAGE_HATE HARM_CATEGORY_IMAGE_SEXUALLY_EXPLICIT
    HARM_CATEGORY_JAILBREAK HARM_CATEGORY_SEXUALLY_EXPLICIT HARM_CATEGORY_UNSPECIFIED HIGH HTTP_BASIC_AUTH
    HTTP_IN_BODY HTTP_IN_COOKIE HTTP_IN_HEADER HTTP_IN_PATH HTTP_IN_QUERY HTTP_IN_UNSPECIFIED IMAGE
    IMAGE_SIZE_FIVE_TWELVE IMAGE_SIZE_FOUR_K IMAGE_SIZE_ONE_K IMAGE_SIZE_TWO_K IMAGE_SIZE_UNSPECIFIED INLINE
    INTEGER INTERRUPT LANGUAGE_UNSPECIFIED LEGAL_TERMS_AND_AGREEMENTS LOW MEDIA_PROCESSING
    MEDIA_PROCESSING_UNSPECIFIED MEDIA_RESOLUTION_HIGH MEDIA_RESOLUTION_LOW MEDIA_RESOLUTION_MEDIUM
    MEDIA_RESOLUTION_ULTRA_HIGH MEDIA_RESOLUTION_UNSPECIFIED MEDIUM MINIMAL MODALITY_UNSPECIFIED MODE_DYNAMIC
    MODE_UNSPECIFIED NONE NON_BLOCKING NO_AUTH NULL NUMBER OAUTH OBJECT OFF OIDC_AUTH OUTCOME_DEADLINE_EXCEEDED
    OUTCOME_FAILED OUTCOME_OK OUTCOME_UNSPECIFIED PAGE_IMAGE PAGE_TEXT PHISH_BLOCK_THRESHOLD_UNSPECIFIED
    PRIORITIZE_COST PRIORITIZE_QUALITY PROBABILITY PROCESSING PROMINENT_PEOPLE_UNSPECIFIED PYTHON
    QUESTION_ANSWERING REGISTERED RETRIEVAL_DOCUMENT RETRIEVAL_QUERY SAFETY_POLICY_UNSPECIFIED
    SCHEDULING_UNSPECIFIED SEMANTIC_SIMILARITY SENSITIVE_DATA_MODIFICATION SEVERITY SILENT SIMPLE_SEARCH SMART
    SOURCE_UNSPECIFIED STATE_UNSPECIFIED STATIC STRING TASK_TYPE_UNSPECIFIED TEXT THINKING_LEVEL_UNSPECIFIED
    TOOL_TYPE_UNSPECIFIED TRANSCRIPT TYPE_UNSPECIFIED UNSPECIFIED UPLOADED URI URL_CONTEXT
    USER_CONSENT_MANAGEMENT VALIDATED VERBATIM VIDEO VISUAL WHEN_IDLE XHIGH application/json array boolean flex
    function integer model null number object priority standard string text/plain text/x.enum tool user
    """)
)
"""Values of closed enumerations: structure when they stand in a field that takes one."""
