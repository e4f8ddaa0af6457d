"""multipart/form-data (RFC 7578, RFC 2046 section 5.1): one strict reading as a tree, and our own writing of it.

The tree has a member for each field. A field without a file name is a string; a file is an object of `filename`,
`media_type` and `data` (base64), or rows of JSON in the place of `data`. A name that ends in `[]` holds a list, as
does a name that comes more than once, where that is allowed. What two parsers may read differently is refused:
preambles, transfer encodings, extended parameters, folded headers, a field given twice.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import orjson

from gateway import strict_json
from gateway.errors import Refusal, Refused, internal_error
from gateway.model import Framing, Json

MAX_PARTS: Final = 256
MAX_HEAD_BYTES: Final = 4096
"""Of one part."""
MAX_ROWS: Final = 50_000
"""As OpenAI has it for one batch."""
_BOUNDARY: Final = re.compile(r"[A-Za-z0-9'()+_,./:=?-]{1,70}")
_CONTENT_TYPE: Final = re.compile(
    r'multipart/form-data *; *boundary=(?:"([^"\\]{1,70})"|([^";, ]{1,70})) *', re.IGNORECASE
)
_DISPOSITION: Final = re.compile(
    r'form-data; *name="([^"\\\r\n]{1,128})"(?:; *filename="([^"\\\r\n]{0,512})")? *', re.IGNORECASE
)
_PART_TYPE: Final = re.compile(
    r"([a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,127})((?:; *[a-z0-9-]{1,32}=\"?[\w.+-]{0,64}\"?){0,4})",
    re.IGNORECASE,
)
_ESCAPES: Final = {"%22": '"', "%0D": "\r", "%0A": "\n", "%0d": "\r", "%0a": "\n"}
_ESCAPE: Final = re.compile("%22|%0[DAda]")
_PLAIN_TYPES: Final = frozenset({"", "text/plain", "application/json"})


def _refuse(what: str) -> NoReturn:
    raise Refused(
        Refusal("llmgw_invalid_multipart", 400, f"The multipart/form-data body cannot be read in one way: {what}.")
    )


@dataclass(frozen=True, slots=True)
class _Part:
    name: str = field(repr=False)
    filename: str | None = field(repr=False)
    content_type: str
    body: bytes = field(repr=False)


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names. Raises Refused (`llmgw_unsupported_media_type`, 415)."""
    match = _CONTENT_TYPE.fullmatch(content_type.strip())
    boundary = (match[1] or match[2]) if match else ""
    if _BOUNDARY.fullmatch(boundary) is None:
        raise Refused(
            Refusal(
                "llmgw_unsupported_media_type",
                415,
                "Send this request as Content-Type: multipart/form-data with one boundary (RFC 7578).",
            )
        )
    return boundary


def load(data: bytes, boundary: str, lines: Mapping[str, str]) -> dict[str, Any]:
    """The form in `data` as a tree.

    `lines` maps values of the field `purpose` to the member of a file's object that takes its rows of JSON. Raises
    Refused: `llmgw_invalid_multipart`, and `llmgw_invalid_json` for a row that is none.
    """
    parts = list(_parts(data, b"--" + boundary.encode("ascii")))
    plain = {part.name: part.body for part in parts if part.filename is None}
    rows = lines.get(plain.get("purpose", b"").decode("latin-1"), "")
    tree: dict[str, Any] = {}
    for part in parts:
        value = _text(part) if part.filename is None else _file(part, rows)
        if part.name.endswith("[]"):
            tree.setdefault(part.name, []).append(value)
        elif part.name in tree:
            _refuse("a field is given twice")
        else:
            tree[part.name] = value
    return tree


def _parts(data: bytes, delimiter: bytes) -> Iterator[_Part]:
    if not data.startswith(delimiter + b"\r\n"):
        _refuse("it does not begin with its boundary")
    position = len(delimiter) + 2
    for _ in range(MAX_PARTS):
        end = data.find(b"\r\n" + delimiter, position - 2)
        if end < position - 2:
            _refuse("it does not end with its boundary")
        yield _part(data[position:end])
        position = end + 2 + len(delimiter)
        if len(data) - position <= 4 and data[position:] in (b"--", b"--\r\n"):
            return
        if data[position : position + 2] != b"\r\n":
            _refuse("something follows a boundary")
        position += 2
    _refuse(f"it has more than {MAX_PARTS} parts")


def _part(raw: bytes) -> _Part:
    head, mark, body = raw.partition(b"\r\n\r\n")
    if not mark or len(head) > MAX_HEAD_BYTES:
        _refuse("the header of a part is missing or too long")
    headers = _headers(head)
    match = _DISPOSITION.fullmatch(headers.get("content-disposition", ""))
    kind = headers.get("content-type", "")
    typed = _PART_TYPE.fullmatch(kind) if kind else None
    if match is None or (kind and typed is None) or headers.get("content-length", str(len(body))) != str(len(body)):
        _refuse("the header of a part is malformed")
    filename = None if match[2] is None else _unescaped(match[2])
    if filename is not None and any(ord(char) < 32 for char in filename):
        _refuse("a file name holds control characters")
    name = _unescaped(match[1])
    if (
        typed is not None
        and filename is None
        and typed[2].replace('"', "").lower().lstrip("; ") not in ("", "charset=utf-8")
    ):
        _refuse("a text field is not in UTF-8")
    return _Part(name, filename, typed[1].lower() if typed else "", body)


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        key, colon, value = line.partition(b":")
        name = key.decode("latin-1").lower()
        if not colon or name not in ("content-disposition", "content-type", "content-length") or name in headers:
            _refuse("a part has a header that is not Content-Disposition or Content-Type, or has one twice")
        try:
            headers[name] = value.decode("utf-8").strip(" \t")
        except UnicodeDecodeError:
            _refuse("the header of a part is not UTF-8")
    return headers


def _unescaped(text: str) -> str:
    """What a browser's escapes (WHATWG HTML, section 4.10.21.8) stand for."""
    return _ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)


def _escaped(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _text(part: _Part) -> str:
    if part.content_type not in _PLAIN_TYPES:
        _refuse("a field that is no file has another type than text/plain")
    try:
        text = part.body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("a text field is not in UTF-8")
    if "\0" in text:
        _refuse("a text field holds a NUL character")
    return text


def _file(part: _Part, rows: str) -> dict[str, Any]:
    made: dict[str, Any] = {"filename": part.filename, "media_type": part.content_type}
    if rows:
        made[rows] = rows_of(part.body)
    else:
        made["data"] = base64.b64encode(part.body).decode("ascii")
    return made


def rows_of(data: bytes) -> list[Json]:
    """JSON Lines as trees; empty lines are skipped. Raises Refused: `llmgw_invalid_json`, `llmgw_invalid_multipart`."""
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip(b" \t\r")]
    if len(lines) > MAX_ROWS:
        _refuse(f"a file has more than {MAX_ROWS} rows")
    rows: list[Json] = []
    for number, line in enumerate(lines, 1):
        try:
            rows.append(strict_json.loads(line.strip(b" \t\r")))
        except Refused as refused:
            message = f"Row {number} of the file: {refused.refusal.message}"
            fault = Refusal(refused.refusal.code, 400, message)
        else:
            continue
        raise Refused(fault)
    return rows


def dump(tree: Json, boundary: str) -> bytes:
    """The form that `tree` describes. Raises Refused for a tree that cannot be written so."""
    delimiter = b"--" + boundary.encode("ascii")
    out: list[bytes] = []
    for name, value in tree.items() if isinstance(tree, dict) else ():
        for each in value if isinstance(value, list) else (value,):
            out += (delimiter, b"\r\n", _written(name, each), b"\r\n")
    return b"".join((*out, delimiter, b"--\r\n"))


def _written(name: str, value: Any) -> bytes:
    head = f'Content-Disposition: form-data; name="{_escaped(name)}"'
    if isinstance(value, str):
        return f"{head}\r\n\r\n{value}".encode()
    if not isinstance(value, dict) or not isinstance(value.get("filename"), str):
        raise Refused(internal_error())
    head += f'; filename="{_escaped(value["filename"])}"\r\n'
    if value.get("media_type"):
        head += f"Content-Type: {value['media_type']}\r\n"
    return head.encode() + b"\r\n" + _content(value)


def _content(value: Mapping[str, Any]) -> bytes:
    rows = [rows for name, rows in value.items() if isinstance(rows, list)]
    if rows:
        return b"".join(orjson.dumps(row) + b"\n" for row in rows[0])
    try:
        return base64.b64decode(value["data"], validate=True)
    except (KeyError, TypeError, binascii.Error):
        raise Refused(internal_error()) from None


def framing(data: bytes, lines: Mapping[str, str]) -> Framing:
    """How the form that came as `data` is written: with a boundary of our own, which nothing in it holds."""
    boundary = f"llmgw-{hashlib.sha256(data).hexdigest()[:48]}"

    def write(tree: Json) -> bytes:
        body = dump(tree, boundary)
        if body.count(boundary.encode("ascii")) != body.count(b"\r\n--" + boundary.encode("ascii")) + 1:
            raise Refused(internal_error())
        return body

    return Framing(f"multipart/form-data; boundary={boundary}", write, lambda body: load(body, boundary, lines))
