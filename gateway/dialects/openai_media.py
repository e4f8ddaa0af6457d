"""OpenAI Audio, Images and Moderations. Sound and pictures are attachments; what is said of them is text."""

from __future__ import annotations

from types import NoneType
from typing import Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Dialect, Form
from gateway.dialects.openai_parts import PARTS
from gateway.dialects.shapes import Shape, compiled, leaf, model_name, numeric, text, words
from gateway.dialects.uploads import form, one_or_more, upload
from gateway.dialects.vocabulary import names

_TEXT_FORMATS: Final = ("text/plain", "text/vtt", "text/srt", "application/x-subrip")
_FORMATS: Final = words(
    names("""
    json text srt verbose_json vtt diarized_json b64_json url mp3 opus aac flac wav pcm sse audio png webp jpeg gif svg
""")
)
_PICTURE_WORDS: Final = words(
    names("""
    transparent opaque auto low medium high xhigh max standard hd vivid natural none minimal true false
    1024x1024 1536x1024 1024x1536 256x256 512x512 1792x1024 1024x1792
""")
)
_PICTURE: Final = {
    "model": model_name(),
    "prompt": text(only=(str,)),
    "user": text(),
    "safety_identifier": text(),
    "response_format": _FORMATS,
    "output_format": _FORMATS,
    **dict.fromkeys(names("background complexity moderation quality size style input_fidelity stream"), _PICTURE_WORDS),
    **dict.fromkeys(names("n frame_count frame_duration_ms output_compression partial_images"), text()),
}
_INPUT: Final = Shape(only=(str, list))
_INPUT.items = PARTS.object({})
_INPUT.items.only = (str, dict)
_INPUT.items.tokens = True

MODERATIONS: Final = Dialect(
    name="openai.moderations",
    family="openai",
    operation="classify",
    path="/v1/moderations",
    default_model="omni-moderation-latest",
    shape=compiled({"model": model_name(), "input": _INPUT}),
    required=("input",),
    foreign=frozenset(("messages", "prompt", "contents")),
)
IMAGE_GENERATIONS: Final = Dialect(
    name="openai.images.generations",
    family="openai",
    operation="generate",
    path="/v1/images/generations",
    shape=compiled({**_PICTURE, "svg": compiled({"model": model_name(), "reasoning.effort": _PICTURE_WORDS})}),
    stream="plain",
    required=("prompt",),
    foreign=frozenset(("messages", "input", "contents")),
)
IMAGE_GENERATIONS.shape.fields["svg"].only = (dict, NoneType)
_EDIT: Final = {
    **_PICTURE,
    "image": one_or_more(),
    "image[]": one_or_more(),
    "mask": upload(),
    "markup": upload(),
    "svg[model]": model_name(),
    "svg[reasoning][effort]": _PICTURE_WORDS,
}
IMAGE_EDITS: Final = Dialect(
    name="openai.images.edits",
    family="openai",
    operation="generate",
    path="/v1/images/edits",
    form=Form.MULTIPART,
    shape=form(_EDIT),
    stream="plain",
    required=("prompt",),
)
IMAGE_VARIATIONS: Final = Dialect(
    name="openai.images.variations",
    family="openai",
    operation="generate",
    path="/v1/images/variations",
    form=Form.MULTIPART,
    shape=form(_EDIT),
    required=("image",),
)
SPEECH: Final = Dialect(
    name="openai.audio.speech",
    family="openai",
    operation="generate",
    path="/v1/audio/speech",
    shape=compiled(
        {
            "model": model_name(),
            "input": text(only=(str,)),
            "instructions": text(),
            "voice": PARTS.object({}),
            "response_format": _FORMATS,
            "stream_format": _FORMATS,
            "speed": numeric(),
        }
    ),
    stream="plain",
    media=("audio/*", "application/octet-stream"),
    required=("input",),
    foreign=frozenset(("messages", "prompt", "contents")),
)
_HEARD: Final = {
    "model": model_name(),
    "file": upload(),
    "prompt": text(),
    "response_format": _FORMATS,
    "temperature": text(),
    "stream": words(("true", "false")),
    "language": text(),
    "chunking_strategy": words(("auto",)),
    "chunking_strategy[type]": words(("server_vad",)),
    **dict.fromkeys(names("prefix_padding_ms silence_duration_ms threshold"), text()),
    **dict.fromkeys(names("languages[] keywords[] known_speaker_names[]"), text()),
    "known_speaker_references[]": leaf(opaque.content),
    "include[]": words(("logprobs",)),
    "timestamp_granularities[]": words(("word", "segment")),
}
TRANSCRIPTIONS: Final = Dialect(
    name="openai.audio.transcriptions",
    family="openai",
    operation="generate",
    path="/v1/audio/transcriptions",
    form=Form.MULTIPART,
    shape=form(_HEARD),
    stream="responses",
    media=_TEXT_FORMATS,
    required=("file",),
)
TRANSLATIONS: Final = TRANSCRIPTIONS.like("openai.audio.translations", "/v1/audio/translations", stream="")

DIALECTS: Final = (
    MODERATIONS, IMAGE_GENERATIONS, IMAGE_EDITS, IMAGE_VARIATIONS, SPEECH, TRANSCRIPTIONS, TRANSLATIONS,
)  # fmt: skip
