"""From the spans of a request to what is known of them, and what has to be scanned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

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
    digests: list[tuple[bytes, int]] = []
    for span in spans:
        data = span.text.encode("utf-8", "surrogatepass")
        digests.append((blake2b(data, key=key, digest_size=16).digest(), len(data)))
    return digests


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


async def windows_of(missing: Mapping[bytes, str]) -> dict[bytes, tuple[Window, ...]]:
    """The windows of each text; long ones are cut in a thread."""
    large = sum(map(len, missing.values())) > _LARGE
    windows: dict[bytes, tuple[Window, ...]] = {}
    for digest, text in missing.items():
        windows[digest] = await asyncio.to_thread(split, text) if large and len(text) > WINDOW else split(text)
    return windows
