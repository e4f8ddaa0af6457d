"""OpenAI Files and Batches. Files for batches and fine-tuning are rows of requests, each walked as its API has it."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from gateway.dialects import opaque
from gateway.dialects.dialect import Answer, Dialect, Form, Model
from gateway.dialects.openai_chat import CHAT
from gateway.dialects.openai_media import IMAGE_GENERATIONS, MODERATIONS
from gateway.dialects.openai_plain import COMPLETIONS, EMBEDDINGS
from gateway.dialects.openai_responses import RESPONSES
from gateway.dialects.paths import LISTING
from gateway.dialects.shapes import FREE, Shape, compiled, leaf, refused, text, words
from gateway.dialects.uploads import chosen, upload

_APIS: Final = {
    dialect.path: dialect.shape
    for dialect in (CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS, MODERATIONS, IMAGE_GENERATIONS)
}
_UNKNOWN_API: Final = refused("llmgw_invalid_request", "names an API whose batches the gateway does not read")
_ROW: Final = chosen(
    {"custom_id": text(), "method": words(("POST",)), "url": _UNKNOWN_API, "body": FREE},
    "url",
    {path: {"url": words((path,)), "body": shape} for path, shape in _APIS.items()},
)
_EXAMPLE: Final = Shape(only=(dict,)).having(
    {name: CHAT.shape.fields[name] for name in ("messages", "tools", "functions", "parallel_tool_calls")}, rest=FREE
)
_PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_EXPIRY: Final = {
    "expires_after[anchor]": words(("created_at",)),
    "expires_after[seconds]": text(),
}

FILES_CREATE: Final = Dialect(
    name="openai.files.create",
    family="openai",
    operation="store",
    path="/v1/files",
    form=Form.MULTIPART,
    model=Model.ROWS,
    rows="/file/requests/*/body/model",
    lines=MappingProxyType({"batch": "requests", "fine-tune": "examples", "evals": "examples"}),
    shape=compiled({"file": upload({"requests": _ROW, "examples": _EXAMPLE}), "purpose": words(_PURPOSES), **_EXPIRY}),
    required=("file", "purpose"),
    keeps=("id",),
)


def reads(name: str, path: str, *, family: str = "openai", **more: object) -> Dialect:
    """A dialect of a request without a body: something that the upstream keeps is read, listed or deleted."""
    dialect = Dialect(
        name=name, family=family, operation="read", path=path, form=Form.NONE, model=Model.NONE, shape=Shape(),
        method="GET",
    )  # fmt: skip
    return dialect.like(name, path, **more)


FILES_LIST: Final = reads(
    "openai.files.list",
    "/v1/files",
    lists="data",
    query=MappingProxyType({**LISTING, "purpose": re.compile("[a-z_-]{1,32}")}),
)
FILES_GET: Final = reads("openai.files.get", "/v1/files/{file}", holds=("file",))
FILES_CONTENT: Final = reads(
    "openai.files.content", "/v1/files/{file}/content", holds=("file",), answer=Answer.FILE, media=("*",)
)
FILES_DELETE: Final = reads("openai.files.delete", "/v1/files/{file}", holds=("file",), method="DELETE")

_KEPT_BY_BATCH: Final = ("id", "output_file_id", "error_file_id")
BATCHES_CREATE: Final = Dialect(
    name="openai.batches.create",
    family="openai",
    operation="store",
    path="/v1/batches",
    model=Model.NONE,
    shape=compiled(
        {
            "input_file_id": leaf(opaque.reference),
            "endpoint": words(_APIS),
            "completion_window": words(("24h",)),
            "metadata": FREE,
            "output_expires_after.anchor": words(("created_at",)),
            "output_expires_after.seconds": text(),
        }
    ),
    required=("input_file_id", "endpoint"),
    keeps=_KEPT_BY_BATCH,
)
BATCHES_LIST: Final = reads("openai.batches.list", "/v1/batches", lists="data", query=LISTING)
BATCHES_GET: Final = reads("openai.batches.get", "/v1/batches/{batch}", holds=("batch",), keeps=_KEPT_BY_BATCH)
BATCHES_CANCEL: Final = reads(
    "openai.batches.cancel", "/v1/batches/{batch}/cancel", holds=("batch",), method="POST", keeps=_KEPT_BY_BATCH
)

DIALECTS: Final = (
    FILES_CREATE, FILES_LIST, FILES_GET, FILES_CONTENT, FILES_DELETE,
    BATCHES_CREATE, BATCHES_LIST, BATCHES_GET, BATCHES_CANCEL,
)  # fmt: skip
