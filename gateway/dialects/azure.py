"""Azure OpenAI: OpenAI's dialects under deployments, with an API version. (`/openai/v1/*` is OpenAI's own dialect.)"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from gateway.dialects import openai_files, openai_media, openai_stored
from gateway.dialects.dialect import Dialect, Model
from gateway.dialects.openai_chat import CHAT
from gateway.dialects.openai_plain import COMPLETIONS, EMBEDDINGS
from gateway.dialects.openai_responses import RESPONSES
from gateway.dialects.paths import API_VERSION
from gateway.dialects.shapes import CLIENT_CREDENTIALS, FREE, Shape, refused

_DEPLOYMENT: Final = "/openai/deployments/{deployment}"


def _shape() -> Shape:
    """Chat with `data_sources`: whose credentials are the client's own."""
    parameters = Shape().having({"authentication": refused(*CLIENT_CREDENTIALS)}, rest=FREE)
    sources = Shape()
    sources.items = Shape().having({"parameters": parameters}, rest=FREE)
    return Shape(only=(dict,)).having({**CHAT.shape.fields, "data_sources": sources}, rest=FREE)


def _deployed(dialect: Dialect) -> Dialect:
    """A dialect whose model is a deployment in the path."""
    version = MappingProxyType({"api-version": API_VERSION})
    name, path = dialect.name.replace("openai.", "azure."), dialect.path.removeprefix("/v1")
    return dialect.like(name, _DEPLOYMENT + path, family="azure", model=Model.PATH, query=version, default_model="")


def _beside(dialect: Dialect) -> Dialect:
    """A dialect without a deployment."""
    query = MappingProxyType({"api-version": API_VERSION, **dialect.query})
    name, path = dialect.name.replace("openai.", "azure."), dialect.path.removeprefix("/v1")
    return dialect.like(name, f"/openai{path}", family="azure", query=query)


DIALECTS: Final = (
    _deployed(CHAT.like(CHAT.name, CHAT.path, shape=_shape())),
    *map(
        _deployed,
        (
            COMPLETIONS, EMBEDDINGS, openai_media.SPEECH, openai_media.TRANSCRIPTIONS, openai_media.TRANSLATIONS,
            openai_media.IMAGE_GENERATIONS, openai_media.IMAGE_EDITS,
        ),
    ),
    *map(
        _beside,
        (
            RESPONSES, openai_stored.RESPONSES_GET, openai_stored.RESPONSES_DELETE, openai_stored.RESPONSES_CANCEL,
            openai_stored.INPUT_ITEMS, *openai_files.DIALECTS,
        ),
    ),
)  # fmt: skip
