"""One document, opened: found out what it is, given to the reader of its format, nested files the same way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dlp_recognizers.attachments import archives, images, mail, markup, office, plain, sniff
from dlp_recognizers.attachments.budget import Bounds, Budget, Unreadable
from dlp_recognizers.attachments.reader import Document, Word
from gateway.attached import Reading

_NOT_READ: Final = {sniff.MEDIA: "media", sniff.LEGACY: "legacy"}


def read(data: bytes, media_type: str, name: str, *, bounds: Bounds, ocr: str = "") -> tuple[Reading, list[Word]]:
    """What a file says, and the words that OCR saw in it. Never raises for what the file holds, but the process may
    run out of memory or time: whoever calls this in a process that matters has to expect that."""
    reader = _Reader(bounds, ocr)
    kind = reader.top(data, media_type, name)
    document = reader.document
    return Reading(kind, tuple(document.budget.reasons), tuple(document.parts)), document.words


class _Reader:
    def __init__(self, bounds: Bounds, ocr: str) -> None:
        self.document = Document(Budget(bounds), self._nested, ocr)

    def top(self, data: bytes, media_type: str, name: str) -> str:
        if len(data) > self.document.budget.bounds.file_bytes:
            self.document.unknown("bytes")
            return ""
        return self._read(data, media_type, name)

    def _nested(self, data: bytes, name: str, depth: int) -> None:
        """A file within: what stops its reading leaves the rest of the outer file to be read."""
        if depth > self.document.budget.bounds.depth:
            self.document.unknown("depth")
            return
        outer, self.document.depth = self.document.depth, depth
        try:
            self._read(data, "", name if depth else "")
        finally:
            self.document.depth = outer

    def _read(self, data: bytes, declared: str, name: str) -> str:
        document = self.document
        if not data:
            return ""
        kind = sniff.kind_of(data)
        archive = None
        try:
            if kind == sniff.ZIP:
                archive = archives.Archive(data, document.budget)
                kind = _package(archive)
            if not sniff.fits(kind, declared, name):
                document.unknown("mislabelled")
            if sniff.is_polyglot(kind, data) and archive is None:
                document.unknown("polyglot")
            if kind == sniff.TEXT and sniff.is_page(declared, name):
                kind = sniff.HTML  # begins with text, and is read as a page all the same
            self._by_kind(kind, data, archive)
        except Unreadable as error:
            document.unknown(error.reason)
            if document.depth and error.reason in ("bytes", "members", "ratio"):
                raise
        return kind

    def _by_kind(self, kind: str, data: bytes, archive: archives.Archive | None) -> None:
        document = self.document
        if archive is not None and kind != sniff.ZIP:
            office.read_package(document, archive, kind)
        elif kind in sniff.TEXTS:
            self._text(kind, data)
        elif kind in _BINARY:
            _BINARY[kind](document, data)
        elif kind == sniff.PDF:
            from dlp_recognizers.attachments import pdf

            pdf.read_pdf(document, data)
        elif kind in sniff.IMAGES:
            images.read_image(document, data)
        else:
            document.view("\n".join(images.readable_runs(data)))
            document.unknown("image" if kind in sniff.OTHER_IMAGES else _NOT_READ.get(kind, "unsupported"))

    def _text(self, kind: str, data: bytes) -> None:
        document, found = self.document, plain.decoded(data)
        if found is None:
            raise Unreadable("charset")
        text = found[0]
        if kind == sniff.HTML:
            markup.read_html(document, text)
        elif kind in (sniff.XML, sniff.SVG):
            markup.read_xml(document, text)
        elif kind == sniff.RTF:
            document.source(text)
            markup.read_rtf(document, text)
        elif kind == sniff.MAIL:
            mail.read_mail(document, text, data)
        else:
            document.source(text)
            markup.read_data_urls(document, text)
            markup.read_notebook_outputs(document, text)


_BINARY: Final[dict[str, Callable[[Document, bytes], None]]] = {
    sniff.ZIP: archives.read_zip,
    sniff.GZIP: archives.read_gzip,
    sniff.TAR: archives.read_tar,
}


def _package(archive: archives.Archive) -> str:
    mimetype = next((info for info in archive.members if info.filename == "mimetype" and info.file_size < 200), None)
    try:
        declared = archive.read(mimetype) if mimetype is not None else b""
    except Unreadable:
        declared = b""
    return office.package_kind(archive.names, declared)
