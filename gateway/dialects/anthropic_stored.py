"""Anthropic Message Batches and Files (beta)."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Final

from gateway.dialects.anthropic_messages import SHAPE
from gateway.dialects.dialect import Answer, Dialect, Form, Model
from gateway.dialects.openai_files import reads
from gateway.dialects.paths import BETA, CURSOR, LIMIT
from gateway.dialects.shapes import FREE, Shape, compiled, text
from gateway.dialects.uploads import upload

_LISTING: Final = MappingProxyType(
    {**BETA, "limit": LIMIT, "after_id": CURSOR, "before_id": CURSOR, "page": CURSOR, "scope_id": CURSOR}
)
_ROW: Final = Shape(only=(dict,)).having({"custom_id": text(), "params": SHAPE}, rest=FREE)
_JSONL: Final = ("application/x-jsonl", "application/jsonl", "application/x-ndjson", "application/binary")
_RESULTS: Final = ("results_url",)

BATCHES_CREATE: Final = Dialect(
    name="anthropic.batches.create",
    family="anthropic",
    operation="store",
    path="/v1/messages/batches",
    query=BETA,
    model=Model.ROWS,
    rows="/requests/*/params/model",
    shape=compiled({"requests": Shape(only=(list,)), "requests[]": _ROW, "user_profile_id": text()}),
    required=("requests",),
    foreign=frozenset(("messages", "prompt", "input", "contents")),
    keeps=("id",),
    relative=_RESULTS,
)
BATCHES_LIST: Final = reads(
    "anthropic.batches.list", "/v1/messages/batches", family="anthropic", lists="data", query=_LISTING
)
_ONE: Final = BATCHES_LIST.like(
    "anthropic.batches.get", "/v1/messages/batches/{batch}", holds=("batch",), lists="", query=BETA, relative=_RESULTS
)
BATCHES_CANCEL: Final = _ONE.like("anthropic.batches.cancel", "/v1/messages/batches/{batch}/cancel", method="POST")
BATCHES_DELETE: Final = _ONE.like("anthropic.batches.delete", "/v1/messages/batches/{batch}", method="DELETE")
BATCHES_RESULTS: Final = _ONE.like(
    "anthropic.batches.results",
    "/v1/messages/batches/{batch}/results",
    answer=Answer.FILE,
    media=(*_JSONL, "application/octet-stream", "text/plain"),
)
FILES_CREATE: Final = Dialect(
    name="anthropic.files.create",
    family="anthropic",
    operation="store",
    path="/v1/files",
    query=BETA,
    form=Form.MULTIPART,
    model=Model.NONE,
    shape=compiled({"file": upload(), "expires_in_seconds": text()}),
    required=("file",),
    keeps=("id",),
)
FILES_LIST: Final = reads(
    "anthropic.files.list", "/v1/files", family="anthropic", lists="data",
    query=MappingProxyType({**_LISTING, "ids[]": re.compile("[A-Za-z0-9_-]{1,128}")}),
)  # fmt: skip
FILES_GET: Final = reads("anthropic.files.get", "/v1/files/{file}", family="anthropic", holds=("file",), query=BETA)
FILES_CONTENT: Final = FILES_GET.like(
    "anthropic.files.content", "/v1/files/{file}/content", answer=Answer.FILE, media=("*",)
)
FILES_DELETE: Final = FILES_GET.like("anthropic.files.delete", "/v1/files/{file}", method="DELETE")

DIALECTS: Final = (
    BATCHES_CREATE, BATCHES_LIST, _ONE, BATCHES_CANCEL, BATCHES_DELETE, BATCHES_RESULTS,
    FILES_CREATE, FILES_LIST, FILES_GET, FILES_CONTENT, FILES_DELETE,
)  # fmt: skip
