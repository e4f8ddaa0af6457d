"""Takes values out of a file, where that is sound: in text, and in pictures."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from PIL import Image, ImageDraw

from dlp_recognizers.attachments import images, plain, sniff
from dlp_recognizers.attachments.budget import Bounds, Unreadable
from dlp_recognizers.attachments.reader import Word

_SAVED: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    sniff.PNG: ("PNG", {}),
    sniff.JPEG: ("JPEG", {"quality": 90}),
    "image/webp": ("WEBP", {"lossless": True}),
    "image/bmp": ("BMP", {}),
    "image/tiff": ("TIFF", {}),
    "image/gif": ("GIF", {}),
}
_MARGIN: Final = 2
"""Pixels around a word that go with it."""


def with_source(data: bytes, kind: str, text: str) -> bytes | None:
    """A text file with this text, in the encoding it has; None if that cannot be done."""
    found = plain.decoded(data) if kind in sniff.TEXTS else None
    return None if found is None else plain.encoded(text, found[1])


def without_words(
    data: bytes, kind: str, words: Sequence[Word], *, ranges: Sequence[tuple[int, int]], bounds: Bounds
) -> bytes | None:
    """The image with the words of these ranges blacked out, encoded anew without metadata; None if that cannot be
    done: more than one picture in it, or a range that no word fills."""
    if kind not in _SAVED:
        return None
    try:
        picture = images.opened(data, bounds.pixels)
        if getattr(picture, "n_frames", 1) > 1:
            return None
        bare = _bare(picture)
    except (Unreadable, OSError, ValueError, SyntaxError):
        return None
    draw = ImageDraw.Draw(bare)
    for start, end in ranges:
        boxes = [word.box for word in words if word.start < end and start < word.end]
        if not boxes:
            return None
        for left, top, right, bottom in boxes:
            draw.rectangle((left - _MARGIN, top - _MARGIN, right + _MARGIN, bottom + _MARGIN), fill="black")
    target = io.BytesIO()
    name, options = _SAVED[kind]
    bare.save(target, name, **options)
    return target.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """The pixels alone, upright as OCR saw them: without the metadata nobody would turn them."""
    flat = images.upright(picture).convert("RGBA")
    bare = Image.new("RGB", flat.size, "white")
    bare.paste(flat, mask=flat.getchannel("A"))
    return bare
