"""From the spans of a request to what is known of them, and what has to be scanned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, NamedTuple

from dlp_recognizers.frames import RawHit
from dlp_recognizers.span_cache import SpanCache
from dlp_recognizers.windows import WINDOW, Window, split
from gateway.model import Finding, TextSpan

_LARGE: Final = 1024 * 1024
"""Code points of a request above which it is hashed and cut in a thread, so that the loop goes on."""


@dataclass(slots=True)
class Lookup:
    """What the cache says of the spans of one request."""

    digests: list[bytes] = field(default_factory=list)
    known: dict[bytes, tuple[RawHit, ...]] = field(default_factory=dict, repr=False)
    missing: dict[bytes, str] = field(default_factory=dict, repr=False)
    """Each text that nobody has scanned yet, once."""
    total_bytes: int = 0
    new_bytes: int = 0
    """UTF-8 bytes of the missing texts."""

    def findings(self) -> tuple[Finding, ...]:
        """The findings of every span, once every text is known."""
        return tuple(
            Finding(index, start, end, entity, score, recognizer)
            for index, digest in enumerate(self.digests)
            for start, end, entity, score, recognizer in self.known[digest]
        )


async def digests_of(spans: Sequence[TextSpan], key: bytes) -> list[tuple[bytes, int]]:
    """The keyed digest of each span's text, and its UTF-8 length."""
    if sum(len(span.text) for span in spans) > _LARGE:
        return await asyncio.to_thread(_digests, spans, key)
    return _digests(spans, key)


def _digests(spans: Sequence[TextSpan], key: bytes) -> list[tuple[bytes, int]]:
    return [_digest(span.text, key) for span in spans]


def look_up(spans: Sequence[TextSpan], digests: Sequence[tuple[bytes, int]], cache: SpanCache) -> Lookup:
    """What is known of each text, and which texts have to be scanned."""
    lookup = Lookup()
    for span, (digest, size) in zip(spans, digests, strict=True):
        lookup.digests.append(digest)
        lookup.total_bytes += size
        if digest in lookup.known or digest in lookup.missing:
            continue
        hits = cache.get(digest) if size else ()
        if hits is None:
            lookup.missing[digest] = span.text
            lookup.new_bytes += size
        else:
            lookup.known[digest] = hits
    return lookup


class Piece(NamedTuple):
    """One window of a text that has to be scanned."""

    window: Window
    digest: bytes
    """Of the window's text; the text's own digest if it is the only one."""
    size: int
    """UTF-8 bytes that no window before it holds."""


async def pieces_of(missing: Mapping[bytes, str], key: bytes) -> dict[bytes, tuple[Piece, ...]]:
    """The pieces of each missing text; long ones are cut in a thread."""
    large = sum(map(len, missing.values())) > _LARGE
    pieces: dict[bytes, tuple[Piece, ...]] = {}
    for digest, text in missing.items():
        thread = large and len(text) > WINDOW
        pieces[digest] = await asyncio.to_thread(_pieces, text, digest, key) if thread else _pieces(text, digest, key)
    return pieces


def _pieces(text: str, digest: bytes, key: bytes) -> tuple[Piece, ...]:
    windows = split(text)
    if len(windows) == 1:
        return (Piece(windows[0], digest, len(text.encode("utf-8", "surrogatepass"))),)
    pieces: list[Piece] = []
    before = 0
    for window in windows:
        own, size = _digest(text[window.start : window.end], key)
        shared = len(text[window.start : before].encode("utf-8", "surrogatepass"))
        pieces.append(Piece(window, own, size - shared))
        before = window.end
    return tuple(pieces)


def _digest(text: str, key: bytes) -> tuple[bytes, int]:
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, key=key, digest_size=16).digest(), len(data)
