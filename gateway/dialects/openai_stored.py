"""What OpenAI keeps of Responses, Conversations and stored chat completions: read, listed, changed, deleted."""

from __future__ import annotations

import re
from types import MappingProxyType, NoneType
from typing import Final

from gateway.dialects.dialect import Answer, Dialect, Model
from gateway.dialects.openai_files import reads
from gateway.dialects.openai_responses import RESPONSES
from gateway.dialects.openai_responses import SHAPE as RESPONSE_SHAPE
from gateway.dialects.paths import FLAG, INCLUDE, LISTING, MODEL
from gateway.dialects.shapes import FREE, Shape, compiled

_STREAMED: Final = MappingProxyType(
    {"stream": FLAG, "starting_after": re.compile("[0-9]{1,7}"), "include_obfuscation": FLAG, **INCLUDE}
)
_ITEMS: Final = MappingProxyType({**LISTING, **INCLUDE})

RESPONSES_GET: Final = reads(
    "openai.responses.get", "/v1/responses/{response}", holds=("response",), stream="responses", query=_STREAMED,
    keeps=("id", "output/*/id"),
)  # fmt: skip
RESPONSES_DELETE: Final = reads(
    "openai.responses.delete", "/v1/responses/{response}", holds=("response",), method="DELETE"
)
RESPONSES_CANCEL: Final = reads(
    "openai.responses.cancel", "/v1/responses/{response}/cancel", holds=("response",), method="POST"
)
INPUT_ITEMS: Final = reads(
    "openai.responses.input_items", "/v1/responses/{response}/input_items", holds=("response",), query=_ITEMS,
    keeps=("data/*/id",),
)  # fmt: skip
COMPACT: Final = RESPONSES.like(
    "openai.responses.compact", "/v1/responses/compact", stream="", keeps=("id", "output/*/id"), unless=("", None)
)
INPUT_TOKENS: Final = RESPONSES.like(
    "openai.responses.input_tokens", "/v1/responses/input_tokens", operation="count", stream="", keeps=(),
    answer=Answer.NUMBERS,
)  # fmt: skip

_CONVERSATION: Final = {"items": Shape(only=(list, NoneType)), "metadata": FREE}
_CONVERSATION["items"].items = RESPONSE_SHAPE.fields["input"].items
CONVERSATIONS_CREATE: Final = Dialect(
    name="openai.conversations.create",
    family="openai",
    operation="store",
    path="/v1/conversations",
    model=Model.NONE,
    shape=compiled(_CONVERSATION),
    keeps=("id",),
)
CONVERSATIONS_UPDATE: Final = CONVERSATIONS_CREATE.like(
    "openai.conversations.update", "/v1/conversations/{conversation}", holds=("conversation",)
)
CONVERSATIONS_GET: Final = reads(
    "openai.conversations.get", "/v1/conversations/{conversation}", holds=("conversation",)
)
CONVERSATIONS_DELETE: Final = reads(
    "openai.conversations.delete", "/v1/conversations/{conversation}", holds=("conversation",), method="DELETE"
)
ITEMS_CREATE: Final = CONVERSATIONS_CREATE.like(
    "openai.conversations.items.create", "/v1/conversations/{conversation}/items", holds=("conversation",),
    query=INCLUDE, keeps=("data/*/id",),
)  # fmt: skip
ITEMS_LIST: Final = reads(
    "openai.conversations.items.list", "/v1/conversations/{conversation}/items", holds=("conversation",), query=_ITEMS,
    keeps=("data/*/id",),
)  # fmt: skip
ITEMS_GET: Final = reads(
    "openai.conversations.items.get", "/v1/conversations/{conversation}/items/{item}", holds=("conversation",),
    query=INCLUDE,
)  # fmt: skip
ITEMS_DELETE: Final = reads(
    "openai.conversations.items.delete", "/v1/conversations/{conversation}/items/{item}", holds=("conversation",),
    method="DELETE",
)  # fmt: skip

_CHAT: Final = "/v1/chat/completions/{completion}"
CHATS_LIST: Final = reads(
    "openai.chat.list",
    "/v1/chat/completions",
    lists="data",
    query=MappingProxyType({**LISTING, "model": re.compile(MODEL)}),
)
CHATS_GET: Final = reads("openai.chat.get", _CHAT, holds=("completion",))
CHATS_UPDATE: Final = Dialect(
    name="openai.chat.update",
    family="openai",
    operation="store",
    path=_CHAT,
    model=Model.NONE,
    shape=compiled({"metadata": FREE}),
    holds=("completion",),
)
CHATS_DELETE: Final = reads("openai.chat.delete", _CHAT, holds=("completion",), method="DELETE")
CHATS_MESSAGES: Final = reads("openai.chat.messages", f"{_CHAT}/messages", holds=("completion",), query=LISTING)

DIALECTS: Final = (
    RESPONSES_GET, RESPONSES_DELETE, RESPONSES_CANCEL, INPUT_ITEMS, COMPACT, INPUT_TOKENS,
    CONVERSATIONS_CREATE, CONVERSATIONS_UPDATE, CONVERSATIONS_GET, CONVERSATIONS_DELETE,
    ITEMS_CREATE, ITEMS_LIST, ITEMS_GET, ITEMS_DELETE,
    CHATS_LIST, CHATS_GET, CHATS_UPDATE, CHATS_DELETE, CHATS_MESSAGES,
)  # fmt: skip
