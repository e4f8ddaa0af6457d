"""PDF through PDFium: text of every page, notes, fields, bookmarks, properties, files attached within."""

from __future__ import annotations

import ctypes
import unicodedata
from collections.abc import Iterator
from typing import Any, Final

import pypdfium2 as pdfium
from pypdfium2 import raw

from dlp_recognizers.attachments import images
from dlp_recognizers.attachments.budget import Unreadable
from dlp_recognizers.attachments.reader import Document

_ANNOTATION_KEYS: Final = (b"Contents", b"T", b"V", b"TU", b"RC", b"Subj", b"DV", b"NM")
_ANNOTATIONS: Final = 2_000
_PLAIN_ANNOTATIONS: Final = frozenset(
    (
        raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_SQUARE,
        raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE, raw.FPDF_ANNOT_SQUIGGLY,
        raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_CARET, raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_WIDGET,
    )
)  # fmt: skip
"""Annotations that say what they show in their own entries; stamps, drawings, files, media and 3D do not."""
_IMAGE_SIDE: Final = 24
"""Points. A picture that is smaller on both sides holds no words that can be read."""
_OBJECTS: Final = 20_000
_UNMAPPED_SHARE: Final = 0.02
_OCR_SCALE: Final = 200 / 72
_MOST_BYTES: Final = 1_000_000
_ACTIVE_FORMS: Final = frozenset((raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND))


def read_pdf(document: Document, data: bytes) -> None:
    """Everything PDFium tells of a document. Raises Unreadable: `encrypted`, `damaged`, `pages`."""
    try:
        file = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        code = getattr(error, "err_code", None)
        raise Unreadable("encrypted" if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY) else "damaged") from None
    with file:
        document.view("\n".join(_properties(file)))
        if file.get_formtype() in _ACTIVE_FORMS or raw.FPDFDoc_GetJavaScriptActionCount(file) > 0:
            document.unknown("active")
        for index in range(file.count_attachments()):
            attached = file.get_attachment(index)
            document.view(attached.get_name())
            content = bytes(attached.get_data())
            document.budget.unpack(len(content))
            document.nested(content, attached.get_name(), document.depth + 1)
        for index in range(len(file)):
            document.budget.page()
            _read_page(document, file, index)


def _properties(file: pdfium.PdfDocument) -> Iterator[str]:
    yield from (value for value in file.get_metadata_dict().values() if value)
    for number, bookmark in enumerate(file.get_toc()):
        if number >= _ANNOTATIONS:
            break
        yield bookmark.get_title()


def _read_page(document: Document, file: pdfium.PdfDocument, index: int) -> None:
    try:
        page = file[index]
        text = page.get_textpage().get_text_range()
    except pdfium.PdfiumError:
        document.unknown("damaged")
        return
    text = text.replace("\r\n", "\n").replace("\ufffe", "-")  # PDFium's mark for a word broken at a line's end
    document.view(text)
    if text and _unmapped(text) > _UNMAPPED_SHARE * len(text):
        document.unknown("fonts")
    document.view("\n".join(_annotations(document, page)))
    _look(document, page, has_text=bool(text.strip()))
    page.close()


def _unmapped(text: str) -> int:
    return sum(1 for char in text if char > "\x7f" and unicodedata.category(char) in ("Co", "Cn", "Cs")) + text.count(
        "\ufffd"
    )


def _look(document: Document, page: pdfium.PdfPage, *, has_text: bool) -> None:
    """What a page shows beside its text: read by OCR, or unknown."""
    shows, pictures = False, False
    for number, each in enumerate(page.get_objects(max_depth=4)):
        shows = True
        pictures = pictures or (each.type == raw.FPDF_PAGEOBJ_IMAGE and _large(each))
        if pictures or number >= _OBJECTS:
            break
    if not pictures and (has_text or not shows):
        return
    if not document.ocr:
        document.unknown("image" if pictures else "no_text")
        return
    document.budget.image()
    width, height = page.get_size()
    if width * height * _OCR_SCALE**2 > document.budget.bounds.pixels:
        raise Unreadable("pixels")
    picture = page.render(scale=_OCR_SCALE).to_pil()
    document.view(images.recognised(document, picture)[0])


def _large(each: Any) -> bool:
    try:
        left, bottom, right, top = each.get_bounds()
    except pdfium.PdfiumError:
        return True
    return bool(right - left > _IMAGE_SIDE or top - bottom > _IMAGE_SIDE)


def _annotations(document: Document, page: pdfium.PdfPage) -> Iterator[str]:
    count = raw.FPDFPage_GetAnnotCount(page)
    if count > _ANNOTATIONS:
        document.unknown("members")
    for index in range(min(count, _ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) not in _PLAIN_ANNOTATIONS:
            document.unknown("active")
        for key in _ANNOTATION_KEYS:
            if text := _annotation_text(annotation, key):
                yield text
        link = raw.FPDFAnnot_GetLink(annotation)
        if link and (address := _address(page, link)):
            yield address
        raw.FPDFPage_CloseAnnot(annotation)


def _annotation_text(annotation: Any, key: bytes) -> str:
    size = min(raw.FPDFAnnot_GetStringValue(annotation, key, None, 0), _MOST_BYTES)
    if size <= 2:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAnnot_GetStringValue(annotation, key, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return buffer.raw[: size - 2].decode("utf-16-le", "replace")


def _address(page: pdfium.PdfPage, link: Any) -> str:
    action = raw.FPDFLink_GetAction(link)
    if not action:
        return ""
    size = min(raw.FPDFAction_GetURIPath(page.pdf, action, None, 0), _MOST_BYTES)
    if size <= 1:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFAction_GetURIPath(page.pdf, action, buffer, size)
    return buffer.raw[: size - 1].decode("utf-8", "replace")


def warm() -> None:
    """Have PDFium loaded and initialised."""
    with pdfium.PdfDocument.new() as empty:
        empty.get_formtype()
