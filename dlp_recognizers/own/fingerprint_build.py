"""Builds the fingerprints of a folder of documents. Text and file names live here and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dlp_recognizers.own.document_copies import DEFAULT_ENTITY, KIND
from dlp_recognizers.own.match_build import TableName
from dlp_recognizers.own.table_file import write_table
from dlp_recognizers.own.winnow import fingerprints_of
from dlp_recognizers.own.words import words_of
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

type Opener = Callable[[bytes], str]
"""From a file's bytes to its text. Raises ValueError when it cannot be read."""

SHORTEST: Final = 6
"""Fingerprints below which a document is too short to be told from chance: about seventy letters."""
MOST_PLACES: Final = 8
"""Documents that one fingerprint is noted for; a passage that more of them share is found by these."""
MOST_BYTES: Final = 64 * 1024 * 1024


class _Text(HTMLParser):
    """The text of a page, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style") and self._silent > 0
        self.parts.append("\n" if tag in ("p", "div", "li", "tr", "h1", "h2", "h3", "h4") else " ")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(data: bytes) -> str:
    """UTF-8 text, or Latin-1 where it is none. Raises ValueError for what is no text."""
    if b"\0" in data:
        raise ValueError("not text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def page(data: bytes) -> str:
    """The text of HTML."""
    parser = _Text()
    parser.feed(plain(data))
    parser.close()
    return "".join(parser.parts)


TEXT_OPENERS: Final[Mapping[str, Opener]] = MappingProxyType(
    {
        **dict.fromkeys(
            (".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".yaml", ".yml", ".xml", ".log", ".tex"), plain
        ),
        ".html": page,
        ".htm": page,
    }
)
"""File name ending to what reads it. A caller may give more: the openers of attachments read PDF and office files."""


@dataclass(frozen=True, slots=True)
class FingerprintReport:
    """What was built."""

    documents: tuple[str, ...] = field(repr=False)
    """Names by number."""
    unreadable: tuple[str, ...] = field(repr=False)
    """Files that no opener can read."""
    short: tuple[str, ...] = field(repr=False)
    """Files too short to be told from chance."""
    fingerprints: int
    bytes: int


def read_documents(folder: Path, openers: Mapping[str, Opener]) -> Iterator[tuple[str, str | None]]:
    """Each file below `folder`, in order of its name, with its text; None for what cannot be read."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.is_symlink() or path.name.startswith("."):
            continue
        name = str(path.relative_to(folder))
        opener = openers.get(path.suffix.lower())
        if opener is None or path.stat().st_size > MOST_BYTES:
            yield name, None
            continue
        try:
            yield name, opener(path.read_bytes())
        except (ValueError, OSError):
            yield name, None


class FingerprintBuilder:
    """Takes documents and writes a table. Memory: twelve bytes a fingerprint, one for every eight letters or so."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._hashes: list[NDArray[Any]] = []
        self._names: list[str] = []
        self._unreadable: list[str] = []
        self._short: list[str] = []
        self._common: list[NDArray[Any]] = []

    def leave_out(self, text: str) -> None:
        """Let no fingerprint of `text` count: what is public or stands in every letter."""
        self._common.append(np.unique(fingerprints_of(words_of(text), self._key).hashes))

    def add(self, name: str, text: str | None) -> None:
        """Add a document; None: one that cannot be read."""
        if text is None:
            self._unreadable.append(name)
            return
        hashes = np.unique(fingerprints_of(words_of(text), self._key).hashes)
        if self._common:
            hashes = np.setdiff1d(hashes, np.concatenate(self._common), assume_unique=False)
        if len(hashes) < SHORTEST:
            self._short.append(name)
            return
        self._names.append(name)
        self._hashes.append(hashes)

    def add_all(self, documents: Iterable[tuple[str, str | None]]) -> None:
        """Add every document."""
        for name, text in documents:
            self.add(name, text)

    def write(self, path: Path, name: TableName, *, entity: str = DEFAULT_ENTITY) -> FingerprintReport:
        """Write the table. Raises ConfigurationError when there is no document, OSError."""
        if not self._names:
            raise ConfigurationError("no document could be read, or all are too short")
        totals = np.array([len(hashes) for hashes in self._hashes], dtype="<u4")
        every = np.concatenate(self._hashes)
        documents = np.repeat(np.arange(len(totals), dtype="<u4"), totals)
        order = np.lexsort((documents, every))
        every, documents = every[order], documents[order]
        hashes, first, counts = np.unique(every, return_index=True, return_counts=True)
        keep = np.arange(len(every)) - np.repeat(first, counts) < MOST_PLACES
        starts = np.concatenate([[0], np.cumsum(np.minimum(counts, MOST_PLACES))]).astype("<u4")
        arrays = {"hashes": hashes, "starts": starts, "documents": documents[keep], "totals": totals}
        facts = {"entities": [entity], "level": name.level, "documents": len(totals)}
        head = {"kind": KIND, "key_id": name.key_id, "name": name.name, "facts": facts}
        size = write_table(path, head, arrays, name.key)
        return FingerprintReport(tuple(self._names), tuple(self._unreadable), tuple(self._short), len(hashes), size)
