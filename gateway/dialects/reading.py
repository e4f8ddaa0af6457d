"""From the bytes of a body to a prompt, along the form that its dialect has."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Final

from gateway import strict_json
from gateway.dialects import multipart
from gateway.dialects.dialect import Form
from gateway.errors import Refusal, Refused, internal_error
from gateway.model import Framing, Json, Prompt

if TYPE_CHECKING:
    from gateway.dialects.routes import Route

_CHARSETS: Final = frozenset({"", "charset=utf-8", 'charset="utf-8"'})


def read(route: Route, data: bytes, content_type: str = "application/json") -> Prompt:
    """The request on `route` whose decoded body is `data`. Raises Refused: `llmgw_unsupported_media_type` (415),
    `llmgw_invalid_json`, `llmgw_invalid_multipart`, and what the dialect itself refuses."""
    dialect = route.dialect
    match dialect.form:
        case Form.NONE:
            if data not in (b"", b"{}"):
                raise Refused(Refusal("llmgw_invalid_request", 400, "This request takes no body. Send it without one."))
            return dialect.parse({}, route.parameters, NO_BODY)
        case Form.MULTIPART:
            boundary = multipart.boundary_of(content_type)
            tree = multipart.load(data, boundary, dialect.lines)
            return dialect.parse(tree, route.parameters, multipart.framing(data, dialect.lines))
        case Form.RAW:
            kind = content_type.partition(";")[0].strip().lower()
            tree = {"media_type": kind, "data": base64.b64encode(data).decode("ascii")}
            return dialect.parse(tree, route.parameters, raw(kind))
    check_content_type("application/json" if dialect.untyped and not content_type else content_type)
    return dialect.parse(strict_json.loads(data), route.parameters)


def check_content_type(value: str) -> None:
    """Raise Refused unless the body says it is JSON in UTF-8 (RFC 8259)."""
    media_type, _, parameters = value.partition(";")
    if media_type.strip().lower() != "application/json" or parameters.strip().lower() not in _CHARSETS:
        raise Refused(
            Refusal(
                "llmgw_unsupported_media_type",
                415,
                "Send the request as Content-Type: application/json (UTF-8). Other media types cannot be checked.",
            )
        )


NO_BODY: Final = Framing("", lambda tree: b"", lambda data: None)
"""Nothing is sent, so nothing is left to check but the path."""


def raw(content_type: str) -> Framing:
    """A body that is one file, in a tree as `Form.RAW` says."""
    return Framing(content_type, _bytes_of, lambda data: {"data": base64.b64encode(data).decode("ascii")})


def _bytes_of(tree: Json) -> bytes:
    content = tree.get("data") if isinstance(tree, dict) else None
    try:
        return base64.b64decode(content, validate=True) if isinstance(content, str) else b""
    except binascii.Error:
        raise Refused(internal_error()) from None
