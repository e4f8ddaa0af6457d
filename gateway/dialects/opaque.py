"""Strings that are not text: references, base64 content, sealed values; and what can be read of them all the same."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Mapping
from typing import Any, Final

from gateway.dialects.shapes import Found
from gateway.dialects.vocabulary import names
from gateway.model import Attachment

UNKNOWN_MEDIA: Final = "application/octet-stream"
_IMAGE: Final = "image/*"
_AUDIO: Final = "audio/*"
_TEXT_MEDIA: Final = frozenset(
    names("""
        text/plain text/markdown text/csv text/html text/xml text/css text/calendar text/rtf text/yaml
        text/x-python text/x-c text/x-java text/x-log text/tab-separated-values text/vcard application/json
        application/xml application/yaml application/x-yaml application/sql application/javascript
        application/x-ndjson application/jsonl image/svg+xml message/rfc822
    """)
)
MEDIA_TYPES: Final = _TEXT_MEDIA | frozenset(
    names("""
        image/png image/jpeg image/jpg image/gif image/webp image/bmp image/tiff image/heic image/heif image/avif
        audio/wav audio/x-wav audio/mpeg audio/mp3 audio/mp4 audio/ogg audio/flac audio/aac audio/webm audio/opus
        audio/pcm video/mp4 video/mpeg video/webm video/quicktime application/pdf application/zip
        application/gzip application/rtf application/msword application/vnd.ms-excel
        application/vnd.ms-powerpoint application/epub+zip
        application/vnd.openxmlformats-officedocument.wordprocessingml.document
        application/vnd.openxmlformats-officedocument.spreadsheetml.sheet
        application/vnd.openxmlformats-officedocument.presentationml.presentation
        application/vnd.oasis.opendocument.text application/octet-stream
    """)
)
"""The closed list of `Attachment.media_type`, besides `image/*` and `audio/*` for references of a known kind."""
_AUDIO_FORMATS: Final[Mapping[str, str]] = {
    "wav": "audio/wav", "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/opus", "aac": "audio/aac",
    "pcm16": "audio/pcm", "ogg": "audio/ogg",
}  # fmt: skip

_DATA_URL: Final = re.compile(
    r"data:([A-Za-z0-9!#$&^_.+/-]{0,100})(;charset=[A-Za-z0-9-]{1,20})?;base64,", re.IGNORECASE
)
_ALPHABET: Final = (string.ascii_letters + string.digits + "+/-_").encode()
_SHORTEST_BASE64: Final = 40
"""Characters. Anything shorter is cheap to scan and may be a word or a number that happens to be base64."""
_PROBE: Final = 4096
"""Characters of base64 that show whether the rest can be text; a multiple of four."""
_URL_SAFE: Final = str.maketrans("-_", "+/")
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_READABLE_RUN: Final = re.compile(rb"[\x20-\x7e\t\r\n]{16,}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
_READABLE_SHARE: Final = 0.05

_ID_PREFIXES: Final = (
    "call|toolu|srvtoolu|mcptoolu|msg|resp|rs|fc|ctc|ctco|fco|req|item|ws|fs|ci|ig|mcp|mcpl|mcpr|cu|sh|lsh|conv|cmp|tu|"
    "ap|apc|tsc|tso|batch|msgbatch|file|vs|cntr|container|audio|chatcmpl|asst|thread|run|pmpt|skill"
)
_ID: Final = re.compile(
    rf"(?:{_ID_PREFIXES})[_-](?:bdrk_|vrtx_|tool-|[0-9]{{2}}_)?(?=[A-Za-z]*[0-9])"
    r"(?:(?![A-Za-z0-9]*[0-9]{8})[A-Za-z0-9]{8,23}|(?![A-Za-z0-9]*[0-9]{13})[A-Za-z0-9]{24,64})"
)


def identifier(found: Found, path: str, value: str) -> None:
    """An id: structure if it looks as providers make them (prefix, letters and digits, no long number), else text."""
    if _ID.fullmatch(value) is None:
        found.text(path, value)


def is_identifier(value: str) -> bool:
    """Whether `value` looks as providers make ids, with no room for a value of somebody's."""
    return _ID.fullmatch(value) is not None


def outside(found: Found, path: str, value: str) -> None:
    """The id of content that the provider has from elsewhere (a skill, a vector store), or made itself."""
    found.attachments.append(Attachment(path, UNKNOWN_MEDIA, 0))
    identifier(found, path, value)


def reference(found: Found, path: str, value: str) -> None:
    """The id of content that somebody gave the provider to keep. In what the model itself wrote (citations, results of
    tools) it says where something was found, and is no reference to it."""
    if _is_quoted(found.parent):
        outside(found, path, value)
        return
    found.attachments.append(Attachment(path, UNKNOWN_MEDIA, 0))
    state(found, path, value)


def _is_quoted(parent: Mapping[str, Any]) -> bool:
    kind = parent.get("type")
    kind = kind if isinstance(kind, str) else ""
    return kind == "file_path" or kind.endswith(("citation", "_output")) or "score" in parent or "attributes" in parent


def state(found: Found, path: str, value: str) -> None:
    """The id of an earlier exchange that the provider keeps: what it holds has been looked at when it was sent."""
    found.references.append(value)
    identifier(found, path, value)


def image_url(found: Found, path: str, value: str) -> None:
    """An image as a data URL or an address."""
    _url(found, path, value, _IMAGE)


def file_url(found: Found, path: str, value: str) -> None:
    """A file as a data URL or an address."""
    _url(found, path, value, UNKNOWN_MEDIA)


def content(found: Found, path: str, value: str) -> None:
    """Base64 content, or a data URL; its media type stands beside it (`media_type`, or an audio `format`)."""
    if value[:5].lower() == "data:":
        _url(found, path, value, UNKNOWN_MEDIA)
        return
    declared, audio = found.parent.get("media_type"), found.parent.get("format")
    media = UNKNOWN_MEDIA
    if isinstance(declared, str) and declared in MEDIA_TYPES:
        media = declared
    elif isinstance(audio, str):
        media = _AUDIO_FORMATS.get(audio, _AUDIO)
    found.attachments.append(Attachment(path, media, len(value), _name(found), value))
    _content(found, path, value, value)


def uploaded(found: Found, path: str, value: str) -> None:
    """The content of a file that came as bytes; it is base64 in the tree alone, never a text of the client's."""
    declared = found.parent.get("media_type")
    media = declared if isinstance(declared, str) and declared in MEDIA_TYPES else UNKNOWN_MEDIA
    found.attachments.append(Attachment(path, media, max(1, len(value)), _name(found), value))


def _url(found: Found, path: str, value: str, media: str) -> None:
    if value[:5].lower() != "data:":
        found.attachments.append(Attachment(path, media, 0))
        found.text(path, value)
        return
    head = _DATA_URL.match(value)
    declared = head[1].lower() if head else ""
    media = declared if declared in MEDIA_TYPES else UNKNOWN_MEDIA
    found.attachments.append(Attachment(path, media, len(value), _name(found), value))
    if head is None or declared not in MEDIA_TYPES:
        found.text(path, value)
    if head is not None:
        _content(found, path, value, value[head.end() :])


def _content(found: Found, path: str, whole: str, encoded: str) -> None:
    """What is too short for a file, or no base64 at all, is a text as well."""
    encoded = _one_line(encoded)
    if len(encoded) < _SHORTEST_BASE64 or not _is_base64(encoded) or _decoded(encoded[:_PROBE]) is None:
        found.text(path, whole)


def _name(found: Found) -> str:
    """The file's name, where the object that holds the content tells it."""
    name = found.parent.get("filename") or found.parent.get("name")
    return name if isinstance(name, str) else ""


def sealed_text(found: Found, path: str, value: str) -> None:
    """Text that a signature covers."""
    found.sealed(path, value)


def opaque(found: Found, path: str, value: str) -> None:
    """A sealed value that only the provider reads: its readable parts, and the whole if it is not base64 at all."""
    data = _decoded(value)
    mixed = value.lower() != value != value.upper()
    if data is None or len(value) < _SHORTEST_BASE64 or not mixed:
        found.sealed(path, value)
    if data is None:
        return
    for readable in dict.fromkeys((_readable(data), b"\n".join(_READABLE_RUN.findall(data)).decode("ascii"))):
        if readable not in ("", value):
            found.sealed(path, readable)


def _one_line(encoded: str) -> str:
    return encoded.replace("\n", "").replace("\r", "") if "\n" in encoded or "\r" in encoded else encoded


def _is_base64(encoded: str) -> bool:
    # Deleting the alphabet from the bytes is several times as fast as matching it, and images are large.
    padding = encoded.encode(errors="surrogatepass").translate(None, _ALPHABET).decode("latin-1")
    return len(padding) < len(encoded) and padding in ("", "=", "==") and encoded.endswith(padding)


def _decoded(encoded: str) -> bytes | None:
    """What a base64 string (either alphabet, padding or not, line breaks allowed) holds; None if it is not one."""
    encoded = _one_line(encoded)
    if not _is_base64(encoded):
        return None
    bare = encoded.rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return None


def _readable(data: bytes) -> str:
    """`data` as text if it is UTF-8 or UTF-16 text, else nothing."""
    for encoding in ("utf-8-sig", "utf-16") if data.startswith(_UTF16_MARKS) else ("utf-8-sig",):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_CONTROL.findall(text)) <= _READABLE_SHARE * len(text):
            return text
    return ""
