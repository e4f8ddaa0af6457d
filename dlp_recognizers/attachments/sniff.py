"""What a file is, told by its bytes alone, and whether it is something else as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from dlp_recognizers.attachments import plain

TEXT: Final = "text/plain"
HTML: Final = "text/html"
XML: Final = "application/xml"
SVG: Final = "image/svg+xml"
RTF: Final = "application/rtf"
MAIL: Final = "message/rfc822"
PDF: Final = "application/pdf"
ZIP: Final = "application/zip"
GZIP: Final = "application/gzip"
TAR: Final = "application/x-tar"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODF: Final = "application/vnd.oasis.opendocument"
EPUB: Final = "application/epub+zip"
LEGACY: Final = "application/x-ole-storage"
MEDIA: Final = "audio/*"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"

TEXTS: Final = frozenset((TEXT, HTML, XML, SVG, MAIL, RTF))
"""Formats whose file is one text."""
IMAGES: Final = frozenset((PNG, JPEG, "image/gif", "image/webp", "image/bmp", "image/tiff"))
OTHER_IMAGES: Final = frozenset(("image/heic", "image/avif", "image/jxl", "image/x-icon", "image/jp2"))

_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF-", PDF),
    (b"PK\x03\x04", ZIP),
    (b"PK\x05\x06", ZIP),
    (b"\x1f\x8b", GZIP),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", LEGACY),
    (b"{\\rtf", RTF),
    (b"ID3", MEDIA),
    (b"OggS", MEDIA),
    (b"fLaC", MEDIA),
    (b"\x1aE\xdf\xa3", MEDIA),
    (b"\x00\x00\x00\x0cJXL ", "image/jxl"),
    (b"\x00\x00\x00\x0cjP  ", "image/jp2"),
    (b"\x00\x00\x01\x00", "image/x-icon"),
)
_BRANDS: Final[Mapping[bytes, str]] = {b"avif": "image/avif", b"heic": "image/heic", b"mif1": "image/heic"}
_BMP_HEADERS: Final = frozenset((12, 40, 52, 56, 64, 108, 124))
_MP3_FRAME: Final = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef]")
_HTML_START: Final = re.compile(
    r"\s{0,100}(?:<!--|<!doctype html|<(?:html|head|body|title|script|div|p|table|h[1-6])\b)", re.IGNORECASE
)
_XML_START: Final = re.compile(r"\s{0,100}<(?:\?xml\b|[A-Za-z_][\w.-]{0,60}(?::[\w.-]{1,60})?(?:\s|/?>))")
_SVG_ROOT: Final = re.compile(r"<(?:[\w.-]{1,60}:)?svg\b")
_MAIL_HEADER: Final = re.compile(
    r"(?:received|return-path|delivered-to|from|to|cc|subject|date|message-id|mime-version|reply-to|x-[a-z-]{1,40})"
    r":[^\n]{0,998}\n",
    re.IGNORECASE,
)
_FOREIGN_MARKUP: Final = re.compile(rb"<(?:!doctype html|html|script|svg|iframe|\?php)[\s>]", re.IGNORECASE)
_ZIP_END: Final = b"PK\x05\x06"
_ZIP_TAIL: Final = 65_557
_PDF_HEAD: Final = 1024

_FAMILY: Final[Mapping[str, str]] = {"image/jpg": JPEG, "image/heif": "image/heic", "text/rtf": RTF, "text/xml": XML}
_OFFICE_BEFORE: Final = frozenset(("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"))
_ANY: Final = frozenset(("", "application/octet-stream", "image/*", "audio/*"))
_EXTENSIONS: Final[Mapping[str, str]] = {
    "pdf": PDF, "docx": DOCX, "xlsx": XLSX, "pptx": PPTX, "zip": ZIP, "gz": GZIP, "tgz": GZIP, "tar": TAR, "png": PNG,
    "jpg": JPEG, "jpeg": JPEG, "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp", "tif": "image/tiff",
    "tiff": "image/tiff", "rtf": RTF, "odt": ODF, "ods": ODF, "odp": ODF, "txt": TEXT, "csv": TEXT, "tsv": TEXT,
    "md": TEXT, "json": TEXT, "jsonl": TEXT, "ipynb": TEXT, "html": HTML, "htm": HTML, "xml": XML, "svg": SVG,
    "eml": MAIL, "mp3": MEDIA, "wav": MEDIA, "mp4": MEDIA, "doc": LEGACY, "xls": LEGACY, "ppt": LEGACY,
}  # fmt: skip


def kind_of(data: bytes) -> str:
    """The type of `data`: one of the constants of this module; empty if it is none of them. Archives are not looked
    into: see `office.package_kind`."""
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if kind := _by_structure(data):
        return kind
    text = plain.decoded(data)
    return kind_of_text(text[0]) if text is not None else ""


def kind_of_text(text: str) -> str:
    """Which text format this is."""
    head = text[:4096].lstrip("\ufeff")
    if _HTML_START.match(head):
        return HTML
    if _XML_START.match(head):
        return SVG if _SVG_ROOT.search(head) else XML
    lines = _MAIL_HEADER.match(head.lstrip("\r\n"))
    if lines is not None and _MAIL_HEADER.match(head.lstrip("\r\n"), lines.end()):
        return MAIL
    return TEXT


def _by_structure(data: bytes) -> str:
    if data[:4] == b"RIFF":
        return "image/webp" if data[8:12] == b"WEBP" else MEDIA
    if data[4:8] == b"ftyp":
        return _BRANDS.get(data[8:12], MEDIA)
    if data[257:262] == b"ustar":
        return TAR
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADERS:
        return "image/bmp"
    if _MP3_FRAME.match(data) and plain.decoded(data[:4096]) is None:
        return MEDIA
    return ""


def fits(kind: str, declared: str, name: str) -> bool:
    """Whether a file of this kind may be declared so, and be named so. Texts pass for one another: each is read as
    what it is and as plain text, whatever the declaration says."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    return _agrees(kind, declared.lower()) and _agrees(kind, _EXTENSIONS.get(extension, ""))


def _agrees(kind: str, declared: str) -> bool:
    if declared in ("image/*", "audio/*"):
        return kind.startswith(declared[:6]) or not kind
    if declared in _ANY or declared == kind:
        return True
    declared = _FAMILY.get(declared, declared)
    if kind in TEXTS:
        return declared in TEXTS or declared.startswith("text/") or _textual(declared)
    if kind == MEDIA:
        return declared.startswith(("audio/", "video/"))
    if kind == LEGACY:
        return declared in _OFFICE_BEFORE
    if kind.startswith(ODF):
        return declared.startswith(ODF)
    return declared == kind


def is_page(declared: str, name: str) -> bool:
    """Whether a text is said to be HTML, by its declaration or its name."""
    return declared.lower() in (HTML, "application/xhtml+xml") or name.lower().endswith((".html", ".htm", ".xhtml"))


def _textual(declared: str) -> bool:
    return declared.startswith("application/") and declared.endswith(
        ("json", "xml", "yaml", "sql", "javascript", "x-ndjson", "jsonl", "typescript", "toml")
    )


def is_polyglot(kind: str, data: bytes) -> bool:
    """Whether another reader would take `data` for something else than `kind`, or bytes stand after its end.

    Archives and images tell more when they are read; this looks for what every format can be joined with.
    """
    if kind != PDF and b"%PDF-" in data[:_PDF_HEAD]:
        return True
    if kind != ZIP and _ZIP_END in data[-_ZIP_TAIL:] and b"PK\x01\x02" in data:
        return True
    if kind == PDF:
        return _after_pdf(data)
    if kind in IMAGES:
        return _FOREIGN_MARKUP.search(data) is not None or _after_image(kind, data)
    return False


def _after_pdf(data: bytes) -> bool:
    end = data.rfind(b"%%EOF")
    return end < 0 or bool(data[end + 5 :].strip(b"\0\r\n\t \x1a"))


def _after_image(kind: str, data: bytes) -> bool:
    if kind == PNG:
        return _png_end(data) != len(data)
    if kind == JPEG:
        return not data.rstrip(b"\0\r\n").endswith(b"\xff\xd9")
    if kind == "image/gif":
        return not data.endswith(b"\x3b")
    if kind == "image/webp":
        return int.from_bytes(data[4:8], "little") + 8 not in (len(data), len(data) + 1)
    return False


def _png_end(data: bytes) -> int:
    """Where the chunk IEND ends; -1 if the chunks do not lead there."""
    at = 8
    while at + 12 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        name, at = data[at + 4 : at + 8], at + 12 + size
        if name == b"IEND":
            return at
    return -1
