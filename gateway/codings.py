"""Content codings of request bodies (RFC 9110 section 8.4): five tokens, one coding at a time, bounded output.

What is inspected must be the whole of what was sent: cut streams, further members or frames, trailing bytes and wrong
checksums are refused. The output never grows beyond the limit, whatever the input promises.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

import brotli  # type: ignore[import-untyped]  # ships no types
import zstandard

from gateway.errors import Refusal, Refused

_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_WINDOW: Final = 8 * 1024 * 1024
"""Bytes; RFC 8878 section 3.1.1.1.2 recommends that decoders support at least this and allows to refuse more."""
_BLOCK_HEADER: Final = 3
_RLE: Final = 1
_RESERVED: Final = 3


def decode(data: bytes, content_encoding: str | None, *, limit: int) -> bytes:
    """`data` without its content coding; at most `limit` bytes.

    `content_encoding` is the header's value, None if there was no such header. Taken are `identity`, `gzip`, `deflate`
    (zlib format, or raw as some clients send it), `br` and `zstd`, in any case. Raises Refused:
    `llmgw_unsupported_coding` (415) for every other value, stacked ones too; `llmgw_body_too_large` (413) beyond the
    limit; `llmgw_invalid_coding` (400) for a stream that is broken, cut, or followed by anything.
    """
    token = "identity" if content_encoding is None else content_encoding.strip(" \t")
    decoder = _DECODERS.get(token.lower()) if token.isascii() else None
    if decoder is None:
        raise Refused(
            Refusal(
                "llmgw_unsupported_coding",
                415,
                "The request's Content-Encoding is not supported. Use one of identity, gzip, deflate, br, zstd, once.",
            )
        )
    return decoder(data, limit)


def _too_large(limit: int) -> Refused:
    return Refused(
        Refusal("llmgw_body_too_large", 413, f"The request body is larger than {limit} bytes once decoded. Send less.")
    )


def _invalid(what: str) -> Refused:
    message = f"The request body does not match its Content-Encoding: {what}. Send one complete stream."
    return Refused(Refusal("llmgw_invalid_coding", 400, message))


def _identity(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise _too_large(limit)
    return data


def _inflate(data: bytes, limit: int, wbits: int) -> bytes:
    stream = zlib.decompressobj(wbits)
    try:
        out = stream.decompress(data, limit + 1)
    except zlib.error:
        raise _invalid("the stream is damaged") from None
    if len(out) > limit:
        raise _too_large(limit)
    if not stream.eof:
        raise _invalid("the stream is cut short")
    if stream.unused_data:
        raise _invalid("something follows the stream")
    return out


def _gzip(data: bytes, limit: int) -> bytes:
    return _inflate(data, limit, 16 + zlib.MAX_WBITS)


def _deflate(data: bytes, limit: int) -> bytes:
    # RFC 9110 means the zlib format; a first pair of bytes that is no zlib header (RFC 1950, 2.2) is raw deflate.
    zlib_header = len(data) > 1 and data[0] & 15 == 8 and data[0] >> 4 <= 7 and int.from_bytes(data[:2]) % 31 == 0
    return _inflate(data, limit, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS)


def _brotli(data: bytes, limit: int) -> bytes:
    stream = brotli.Decompressor()
    out = bytearray()
    chunk = data
    try:
        while not stream.is_finished():
            more = stream.process(chunk, output_buffer_limit=min(limit + 1 - len(out), 1 << 20))
            out += more
            if len(out) > limit:
                raise _too_large(limit)
            if not more and stream.can_accept_more_data():
                break
            chunk = b""
    except brotli.error:
        raise _invalid("the stream is damaged, or something follows it") from None
    if not stream.is_finished():
        raise _invalid("the stream is cut short")
    return bytes(out)


def _zstd_frame_end(data: bytes) -> int:
    """Where the frame that begins `data` ends, by its block headers (RFC 8878 section 3.1.1); -1 if it is cut."""
    frame = zstandard.get_frame_parameters(data)
    at = zstandard.frame_header_size(data)
    last = False
    while not last:
        if at + _BLOCK_HEADER > len(data):
            return -1
        header = int.from_bytes(data[at : at + _BLOCK_HEADER], "little")
        last, kind, size = bool(header & 1), (header >> 1) & 3, header >> 3
        if kind == _RESERVED:
            raise zstandard.ZstdError("reserved block type")
        at += _BLOCK_HEADER + (1 if kind == _RLE else size)
    at += 4 if frame.has_checksum else 0
    return at if at <= len(data) else -1


def _zstd(data: bytes, limit: int) -> bytes:
    if not data.startswith(_ZSTD_MAGIC):
        raise _invalid("it is no zstd frame")
    try:
        end = _zstd_frame_end(data)
        if 0 <= end < len(data):
            raise _invalid("something follows the stream")
        if end < 0:
            raise _invalid("the stream is cut short")
        reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).stream_reader(data)
        out = bytearray()
        while len(out) <= limit and (more := reader.read(min(limit + 1 - len(out), 1 << 20))):
            out += more
    except zstandard.ZstdError:
        raise _invalid("the stream is damaged") from None
    if len(out) > limit:
        raise _too_large(limit)
    return bytes(out)


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "identity": _identity,
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
