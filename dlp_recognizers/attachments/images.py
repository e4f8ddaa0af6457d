"""Images: what stands in their metadata, and by OCR what is written in them."""

from __future__ import annotations

import io
import re
import subprocess
import warnings
from collections.abc import Iterator
from typing import Any, Final

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from dlp_recognizers.attachments.budget import Unreadable
from dlp_recognizers.attachments.reader import Document, Word

FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
_READABLE: Final = re.compile(rb"[\x20-\x7e\t\r\n]{12,}")
_READABLE_WIDE: Final = re.compile(rb"(?:[\x20-\x7e]\0){12,}")
_WORDS: Final = re.compile(rb"[A-Za-z]{3}|[0-9]{4}|@")
_METADATA_TEXT: Final = 200_000
_TINY: Final = 16
_THUMBNAIL_SIDE: Final = 300
_OCR_SECONDS: Final = 20.0
_LEAST_SIDE: Final = 1000
"""Pixels on the longer side below which a picture is enlarged for OCR."""


def opened(data: bytes, pixels: int) -> Image.Image:
    """The image, its header read. Raises Unreadable: `damaged`, `pixels`."""
    Image.MAX_IMAGE_PIXELS = None  # bounded here, by the header, before a pixel is unpacked
    try:
        with warnings.catch_warnings(action="ignore"):
            picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, KeyError, OverflowError):
        raise Unreadable("damaged") from None
    if picture.width * picture.height > pixels:
        raise Unreadable("pixels")
    return picture


def read_thumbnail(document: Document, data: bytes) -> None:
    """The metadata of a preview, too small for words to be read in it; any other image as `read_image`."""
    picture = opened(data, document.budget.bounds.pixels)
    if max(picture.size) > _THUMBNAIL_SIDE:
        read_image(document, data)
        return
    document.view("\n".join((*readable_runs(data), *_metadata(picture))))


def read_image(document: Document, data: bytes) -> None:
    """Metadata, readable runs of bytes, and OCR of the first picture. Raises Unreadable."""
    document.view("\n".join(readable_runs(data)))
    picture = opened(data, document.budget.bounds.pixels)
    try:
        with warnings.catch_warnings(action="ignore"):
            document.view("\n".join(_metadata(picture)))
            frames = getattr(picture, "n_frames", 1)
            picture.load()
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, EOFError, OverflowError, IndexError, AttributeError):
        raise Unreadable("damaged") from None
    if frames > 1:
        document.unknown("frames")
    if max(picture.size) < _TINY:
        return
    if not document.ocr:
        document.unknown("image")
        return
    document.budget.image()
    document.pixels(*recognised(document, upright(picture)))


def upright(picture: Image.Image) -> Image.Image:
    """The picture as it is shown: turned as its metadata says. Raises Unreadable: `damaged`."""
    try:
        return ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError, TypeError, KeyError, OverflowError, IndexError, AttributeError):
        raise Unreadable("damaged") from None


def readable_runs(data: bytes) -> Iterator[str]:
    """Runs of printable characters in binary data, where text hides that no field of the format names."""
    size = 0
    for pattern, encoding in ((_READABLE, "ascii"), (_READABLE_WIDE, "utf-16-le")):
        for match in pattern.finditer(data):
            run = match[0]
            if _WORDS.search(run.replace(b"\0", b"")) is None:
                continue
            size += len(run)
            if size > _METADATA_TEXT:
                return
            yield run.decode(encoding)


def _metadata(picture: Image.Image) -> Iterator[str]:
    for key, value in picture.info.items():
        if key == "icc_profile":
            continue
        if not isinstance(value, bytes):
            yield f"{key}: {_said(value)}"
        elif key != "exif":
            yield value[:_METADATA_TEXT].decode("utf-8", "replace")
    exif = picture.getexif()
    blocks = [exif, *(exif.get_ifd(number) for number in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.IFD1))]
    for block in blocks:
        for tag, value in block.items():
            yield f"{ExifTags.TAGS.get(tag, ExifTags.GPSTAGS.get(tag, tag))}: {_said(value)}"


def _said(value: Any) -> str:
    if isinstance(value, bytes):
        wide = value.count(b"\0") * 3 > len(value)
        return value[:_METADATA_TEXT].decode("utf-16-le" if wide else "utf-8", "replace").replace("\0", "")
    return str(value)[:_METADATA_TEXT]


def recognised(document: Document, picture: Image.Image) -> tuple[str, list[Word]]:
    """The words of a picture as one text, and where each stands in it. Raises Unreadable when OCR fails."""
    scale = 2 if max(picture.size) < _LEAST_SIDE else 1
    grey = picture.convert("RGBA")
    flat = Image.new("RGB", grey.size, "white")
    flat.paste(grey, mask=grey.getchannel("A"))
    if scale > 1:
        flat = flat.resize((flat.width * scale, flat.height * scale), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    flat.save(target, "BMP")
    try:
        done = subprocess.run(  # noqa: S603 -- a path found at start, no shell, the picture on stdin
            [document.ocr, "stdin", "stdout", "--psm", "3", "tsv"],
            input=target.getvalue(),
            capture_output=True,
            timeout=_OCR_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        raise Unreadable("image") from None
    return _words(done.stdout.decode("utf-8", "replace"), scale)


def _words(table: str, scale: int) -> tuple[str, list[Word]]:
    out: list[str] = []
    words: list[Word] = []
    length, before = 0, ("", "", "")
    for line in table.splitlines()[1:]:
        row = line.split("\t")
        if len(row) < 12 or row[0] != "5" or not row[11].strip():
            continue
        place = (row[2], row[3], row[4])
        gap = "" if not out else " " if place == before else "\n"
        before = place
        left, top, width, height = (int(number) // scale for number in row[6:10])
        length += len(gap)
        words.append(Word(length, length + len(row[11]), (left, top, left + width + 1, top + height + 1)))
        out += [gap, row[11]]
        length += len(row[11])
    return "".join(out), words
