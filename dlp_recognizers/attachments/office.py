"""Office Open XML and OpenDocument: every XML part is read, whatever its name; other parts are files of their own."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from dlp_recognizers.attachments import images, sniff
from dlp_recognizers.attachments.archives import Archive
from dlp_recognizers.attachments.budget import Unreadable
from dlp_recognizers.attachments.reader import Document
from dlp_recognizers.attachments.xml_text import XmlText

_BREAKS: Final[Mapping[str, str]] = {
    # WordprocessingML, DrawingML, PresentationML
    "p": "\n", "br": "\n", "cr": "\n", "tab": "\t", "tc": "\t", "tr": "\n", "footnote": "\n", "comment": "\n",
    "instrText": "\n", "fld": "\n",
    # SpreadsheetML
    "si": "\n", "c": "\t", "row": "\n", "f": " ", "definedName": "\n", "author": "\n", "is": "",
    # OpenDocument
    "h": "\n", "table-cell": "\t", "table-row": "\n", "line-break": "\n", "s": " ", "list-item": "\n",
    "annotation": "\n", "creator": "\n", "date": "\n", "a": "", "span": "",
}  # fmt: skip
_PROPERTIES: Final = ("docProps/", "meta.xml", "customXml/", "settings.xml")
_WRITTEN: Final = frozenset(
    (
        "descr", "title", "alt", "author", "initials", "Target", "tooltip", "display", "location", "href", "text",
        "desc", "prompt", "promptTitle", "error", "errorTitle", "userName", "comment", "longDesc", "label",
    )
)  # fmt: skip
"""Attributes that people write, or that lead somewhere."""
_LOOK: Final = re.compile(
    r"(?:^|/)(?:styles|stylesWithEffects|theme\d*|fontTable|numbering|tableStyles|webSettings)\.xml$"
)
"""Parts that say how a document looks: names of styles and fonts in their attributes are nobody's text."""
_GUID: Final = re.compile(r"\{?[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}?")
_NAMESPACE: Final = re.compile(r"(?:http://(?:schemas|purl|www\.w3)\.|urn:(?:schemas|oasis))[\w.:/#-]{1,120}")
_LONG_TOKEN: Final = 16
_PACKAGES: Final = frozenset((sniff.DOCX, sniff.XLSX, sniff.PPTX))
"""Formats in which a member `mimetype` is nothing that belongs there."""
_WRITTEN_VAL: Final = frozenset(
    ("alias", "tag", "title", "placeholder", "documentProtection", "name", "docVar", "default")
)
_PROGRAMS: Final = re.compile(r"vbaProject\.bin|activeX|embeddings/.*\.bin|\.js$|Basic/", re.IGNORECASE)
_MACHINE_MADE: Final = re.compile(r"printerSettings/[^/]*\.bin$|\.odttf$|\.fntdata$", re.IGNORECASE)
"""Settings of a printer and fonts: looked through for text, and of no further interest."""
_THUMBNAIL: Final = re.compile(r"docProps/thumbnail\.|Thumbnails/")
_SHEET: Final = re.compile(r"xl/(?:work|macro|dialog|chart)sheets/[^/]*\.xml")
_PAGE: Final = re.compile(r"xl/worksheets/[^/]*\.xml|ppt/slides/[^/]*\.xml")
_SHARED: Final = "xl/sharedStrings.xml"
_XML: Final = (".xml", ".rels", ".vml", ".rdf")
_CELL: Final = "\1"
_VALUE: Final = "\2"
"""Marks that XML 1.0 does not allow in text."""
_SHEET_BREAKS: Final = {"c": _CELL, "row": "\n", "f": _VALUE, "v": _VALUE, "oddHeader": "\n", "oddFooter": "\n"}


def package_kind(names: frozenset[str], mimetype: bytes) -> str:
    """Which format a ZIP file with these members is: a kind of `sniff`, ZIP if it is only that."""
    declared = mimetype.decode("ascii", "replace").strip()
    if declared.startswith(sniff.ODF) or declared == sniff.EPUB:
        return declared
    if "[Content_Types].xml" in names:
        for folder, kind in (("word/", sniff.DOCX), ("xl/", sniff.XLSX), ("ppt/", sniff.PPTX)):
            if any(name.startswith(folder) for name in names):
                return kind
    return sniff.ZIP


def read_package(document: Document, archive: Archive, kind: str) -> None:
    """Every part of an Office document. Raises Unreadable when a bound of the whole is met."""
    document.view(archive.comments)
    if not archive.gapless():
        document.unknown("polyglot")
    if kind.startswith(sniff.ODF) and b"encryption-data" in _member(archive, "META-INF/manifest.xml"):
        raise Unreadable("encrypted")
    shared = _shared_strings(document, archive) if kind == sniff.XLSX else _Shared()
    for info in archive.members:
        name = info.filename
        if name == _SHARED and kind == sniff.XLSX:
            continue
        try:
            if _SHEET.fullmatch(name):
                _read_sheet(document, archive, info, shared)
            elif name.lower().endswith(_XML):
                _read_part(document, archive, info)
            elif _PROGRAMS.search(name):
                document.unknown("active")
            elif _MACHINE_MADE.search(name):
                document.view("\n".join(images.readable_runs(archive.read(info))))
            elif _THUMBNAIL.match(name):
                images.read_thumbnail(document, archive.read(info))
            elif name != "mimetype" or kind in _PACKAGES:
                document.nested(archive.read(info), name, document.depth + 1)
        except Unreadable as error:
            if error.reason in ("bytes", "members", "ratio", "pages", "cells"):
                raise
            document.unknown(error.reason)
    document.view("\n".join(text for index, text in enumerate(shared.texts) if index not in shared.used))


@dataclass(slots=True)
class _Shared:
    """The strings of a workbook that cells refer to by number."""

    texts: list[str] = field(default_factory=list, repr=False)
    used: set[int] = field(default_factory=set)

    def at(self, number: str) -> str | None:
        """The string of this number; None if there is none."""
        if not number.isdecimal() or int(number) >= len(self.texts):
            return None
        self.used.add(int(number))
        return self.texts[int(number)]


def _written(name: str, value: str) -> bool:
    """Whether an attribute may hold what somebody wrote: by its name, or because no word of the format is so."""
    return name in _WRITTEN or (" " in value and not _NAMESPACE.fullmatch(value)) or _telling(name, value)


def _address(_name: str, value: str) -> bool:
    return "@" in value


def _telling(_name: str, value: str) -> bool:
    if "@" in value:
        return True
    if len(value) < _LONG_TOKEN or " " in value or _GUID.fullmatch(value) or _NAMESPACE.fullmatch(value):
        return False
    return any(map(str.isdigit, value)) and not value.endswith((".xml", ".rels"))


def _member(archive: Archive, name: str) -> bytes:
    return next((archive.read(info) for info in archive.members if info.filename == name), b"")


def _read_part(document: Document, archive: Archive, info: zipfile.ZipInfo) -> None:
    if _PAGE.fullmatch(info.filename):
        document.budget.page()
    lined = info.filename.startswith(_PROPERTIES) or info.filename in _PROPERTIES
    written: list[str] = []

    def note(name: str, attributes: Mapping[str, str]) -> None:
        if name in ("altChunk", "oleObject", "OLEObject", "control"):
            document.unknown("active")
        if name in _WRITTEN_VAL:
            written.extend(value for key, value in attributes.items() if key.endswith("val"))

    wanted = _address if _LOOK.search(info.filename) else _written
    reader = XmlText(_BREAKS, every="\n" if lined else "", wanted=wanted, on_element=note)
    for chunk in archive.chunks(info):
        reader.feed(chunk)
    text = reader.close()
    document.view("\n".join((text, *written)))


def _shared_strings(document: Document, archive: Archive) -> _Shared:
    info = next((each for each in archive.members if each.filename == _SHARED), None)
    if info is None:
        return _Shared()
    reader = XmlText({"si": "\0"})
    for chunk in archive.chunks(info):
        reader.feed(chunk)
    texts = reader.close().split("\0")[:-1]
    for _ in texts:
        document.budget.cell()
    return _Shared(texts)


def _read_sheet(document: Document, archive: Archive, info: zipfile.ZipInfo, shared: _Shared) -> None:
    """The rows of a sheet as lines, cells apart by tabs, numbers of shared strings replaced by the strings."""
    document.budget.page()
    kinds: list[str] = []

    def note(name: str, attributes: Mapping[str, str]) -> None:
        if name == "c":
            document.budget.cell()
            kinds.append(attributes.get("t", "n"))

    reader = XmlText(_SHEET_BREAKS, wanted=_written, on_element=note)
    for chunk in archive.chunks(info):
        reader.feed(chunk)
    cells = reader.close().split(_CELL)
    for index, kind in enumerate(kinds[: len(cells)]):
        if kind == "s":
            cells[index] = _shown(cells[index], shared)
    document.view("\t".join(cell.replace(_VALUE, " ").rstrip(" ") for cell in cells))


def _shown(cell: str, shared: _Shared) -> str:
    lead, line, number = cell.rpartition("\n")
    text = shared.at(number.replace(_VALUE, "").strip())
    return cell if text is None else f"{lead}{line}{text}"
