"""Header blocks of HTTP/1.1 messages: checked byte by byte and read in the same pass (RFC 9112).

What is accepted here becomes mitmproxy's message without its own reader, size rules and header validation, which would
go over the same bytes three more times. A block that these might see otherwise is left to them: `LeftToMitmproxy`.
"""

from __future__ import annotations

import enum
import re
import time
from typing import Final, NamedTuple

from mitmproxy import http

from addons.hotspots import know_fields, know_size
from gateway.errors import Refusal

_REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,16}) ([\x21-\x7e]{1,8192}) HTTP/(\d\.\d)")
_STATUS_LINE: Final = re.compile(rb"(HTTP/1\.[01]) ([2-5]\d\d)( [^\r\n\x00]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}):[ \t]*([\x20\x21-\x7e\t\x80-\xff]*)")
_LENGTH: Final = re.compile(rb"0|[1-9][0-9]{0,14}")
"""The one way to write a length that mitmproxy's validation takes as well."""

_SINGLE: Final = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-encoding", b"content-type", b"authorization"}
)
"""Fields that may stand only once: two parsers might each take another one."""


class LeftToMitmproxy(enum.Enum):
    """A header block that our rules let pass and mitmproxy's may not: it reads and judges the block itself."""

    YES = "yes"


class RequestHead(NamedTuple):
    """A request without its body, and its body's size in bytes; None: chunked."""

    request: http.Request
    size: int | None


class AnswerHead(NamedTuple):
    """An answer without its body, and its body's size in bytes; None: chunked; -1: up to the end of the connection."""

    response: http.Response
    size: int | None


def malformed(status: int, what: str) -> Refusal:
    """The refusal for a request that is not HTTP/1.1 as it is spoken here."""
    return Refusal("llmgw_malformed_request", status, f"The HTTP request was refused: {what}.")


def is_checked(message: http.Message | None) -> bool:
    """Whether a message still has the fields that this module read and judged.

    mitmproxy's `validate_headers` refuses none of those: names are tokens, there is at most one Content-Length, in
    canonical digits, or one Transfer-Encoding, `chunked`, the latter only in HTTP/1.1 and never with a 204.
    """
    return message is not None and message.headers.__dict__.get("_checked") is message.headers.fields


def read_request(head: bytes, header_count: int) -> RequestHead | Refusal | LeftToMitmproxy:
    """Read a request's header block (without its final empty line), or say why it is refused.

    Refuses what two parsers may read differently: folded lines, bare CR or LF, controls, names outside RFC 9110 tokens,
    two Host fields, an absolute or authority target, Transfer-Encoding other than a single `chunked`, two lengths.
    """
    lines = head.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(lines[0])
    if request_line is None:
        return malformed(400, "the request line is not valid HTTP/1.1")
    method, target, version = request_line.groups()
    if version != b"1.1":
        return malformed(505, "only HTTP/1.1 is spoken here")
    if not target.startswith(b"/"):
        return malformed(400, "the target must be a path; this gateway is a base URL, not a proxy")
    if len(lines) - 1 > header_count:
        return malformed(431, f"more than {header_count} header fields")
    fields: list[tuple[bytes, bytes]] = []
    index: dict[bytes, bytes] = {}
    refusal = _request_fields(lines, fields, index) or _framing_refusal(index, method)
    if refusal is not None:
        return refusal
    length = index.get(b"content-length")
    if method == b"CONNECT" or (length is not None and not _LENGTH.fullmatch(length)):
        return LeftToMitmproxy.YES
    size = None if b"transfer-encoding" in index else int(length or b"0")
    # A path as target: mitmproxy's reader leaves scheme, authority, host and port empty for it.
    request = http.Request(
        "", 0, method, b"", b"", target, b"HTTP/1.1", _headers(fields, index), None, None, time.time(), None
    )
    know_size(request.headers, method, 0, size)
    return RequestHead(request, size)


def _request_fields(lines: list[bytes], fields: list[tuple[bytes, bytes]], index: dict[bytes, bytes]) -> Refusal | None:
    """Fill `fields`, and `index` by lower-case name; repeated fields are folded there (RFC 9110 section 5.2)."""
    for number in range(1, len(lines)):
        match = _FIELD.fullmatch(lines[number])
        if match is None:
            return malformed(400, "a header field is malformed")
        name, value = match.groups()
        value = value.strip()
        fields.append((name, value))
        name = name.lower()
        if name in index:
            if name in _SINGLE:
                return malformed(400, f"the {name.decode()} field is there twice")
            value = index[name] + b", " + value
        elif name == b"trailer":
            return malformed(400, "trailers are not accepted")
        elif name == b"upgrade":
            return Refusal(
                "llmgw_upgrade_refused",
                426,
                "Protocol upgrades are refused: use plain HTTPS requests with SSE streaming.",
            )
        index[name] = value
    return None


def _framing_refusal(index: dict[bytes, bytes], method: bytes) -> Refusal | None:
    if not index.get(b"host"):
        return malformed(400, "the Host field is missing")
    length, coding = index.get(b"content-length"), index.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or length is not None):
        return malformed(400, "its framing is ambiguous")
    if length is not None and not (length.isdigit() and len(length) < 16):
        return malformed(400, "its Content-Length is not a number")
    if method != b"POST" and (coding is not None or (length or b"0").strip(b"0")):
        return malformed(400, "a body is only accepted with POST")
    return None


def read_answer(head: bytes, method: bytes) -> AnswerHead | LeftToMitmproxy | None:
    """Read the header block of a final answer to a request with this method.

    None: its framing leaves room for a second reading (RFC 9112 section 6.3), or it is not final. Neither an answer in
    HTTP/1.0 nor a 204 may be chunked.
    """
    lines = head.split(b"\r\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    if status_line is None:
        return None
    fields: list[tuple[bytes, bytes]] = []
    index: dict[bytes, bytes] = {}
    framings = 0
    for number in range(1, len(lines)):
        match = _FIELD.fullmatch(lines[number])
        if match is None:
            return None
        name, value = match.groups()
        value = value.strip()
        fields.append((name, value))
        name = name.lower()
        if name == b"content-length":
            framings += 1
        elif name == b"transfer-encoding":
            framings += 1
            if value.lower() != b"chunked":
                return None
        index[name] = index[name] + b", " + value if name in index else value
    version, digits, reason = status_line.groups()
    status = int(digits)
    if framings > 1 or (b"transfer-encoding" in index and (version == b"HTTP/1.0" or status == 204)):
        return None
    size = _answer_size(index, method, status)
    if isinstance(size, LeftToMitmproxy):
        return size
    headers = _headers(fields, index)
    know_size(headers, method, status, size)
    reason = (reason or b"").lstrip()
    return AnswerHead(http.Response(version, status, reason, headers, None, None, time.time(), None), size)


def _answer_size(index: dict[bytes, bytes], method: bytes, status: int) -> int | LeftToMitmproxy | None:
    """RFC 9112 section 6.3, for an answer with at most one framing field."""
    length = index.get(b"content-length")
    if method == b"CONNECT" or (length is not None and not _LENGTH.fullmatch(length)):
        return LeftToMitmproxy.YES
    if method.upper() == b"HEAD" or status in (204, 304):
        return 0
    if b"transfer-encoding" in index:
        return None
    return -1 if length is None else int(length)


def _headers(fields: list[tuple[bytes, bytes]], index: dict[bytes, bytes]) -> http.Headers:
    headers = http.Headers(fields)
    headers.__dict__["_checked"] = headers.fields
    know_fields(headers, index)
    return headers
