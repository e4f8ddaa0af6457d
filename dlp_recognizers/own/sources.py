"""What the settings name of the organisation's own: read once, checked, and handed to the scan processes as read.

Texts travel as they were read, so that a file which is broken later cannot stop a process from starting; tables stay
where they are, known by the identity of their content.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from gateway.diagnostics import Diagnostic, DocumentError
from gateway.documents import read_text
from gateway.keys import KeyRing, load_keys
from gateway.settings import Dlp, Settings

PURPOSES: Final[Mapping[str, str]] = {"exact-match": "own-records", "fingerprints": "own-documents"}
"""Kind of table to the purpose that its key is derived for."""
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of all recognizers and lists together."""
MOST_FILES: Final = 256


@dataclass(frozen=True, slots=True)
class DocumentSource:
    """A file of recognizers."""

    file: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListSource:
    """A list of terms."""

    file: str
    text: str = field(repr=False)
    entity: str
    level: str


@dataclass(frozen=True, slots=True)
class TableSource:
    """A table of hashes."""

    file: str
    kind: str
    identity: str
    """Empty: whatever is there now."""
    passage: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class OwnSources:
    """Everything that one set of settings names."""

    documents: tuple[DocumentSource, ...] = ()
    lists: tuple[ListSource, ...] = ()
    tables: tuple[TableSource, ...] = ()
    keys: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)
    """Kind, key id and key in hex."""

    def __bool__(self) -> bool:
        return bool(self.documents or self.lists or self.tables)

    def plain(self) -> dict[str, Any]:
        """As plain values, for a scan process."""
        return asdict(self)

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> OwnSources:
        """What `plain` made."""
        return cls(
            tuple(DocumentSource(**each) for each in values["documents"]),
            tuple(ListSource(**each) for each in values["lists"]),
            tuple(TableSource(**each) for each in values["tables"]),
            tuple((str(kind), str(name), str(key)) for kind, name, key in values["keys"]),
        )

    @property
    def version(self) -> str:
        """A digest of all of it."""
        return blake2b(json.dumps(self.plain(), sort_keys=True).encode(), digest_size=8).hexdigest()

    def keys_for(self, kind: str) -> list[tuple[str, bytes]]:
        """Id and key of every key for a kind of table, newest first."""
        return [(name, bytes.fromhex(key)) for own_kind, name, key in self.keys if own_kind == kind]


def files_of(dlp: Dlp) -> list[Path]:
    """Every file that decides, and the folders that may get more."""
    files = [each.file for each in dlp.deny_lists] + list(dlp.exact_match) + [each.file for each in dlp.fingerprints]
    for path in dlp.recognizers:
        files.append(path)
        if path.is_dir():
            files += _in_folder(path)
    return files


def _in_folder(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError:
        return []


def read_sources(settings: Settings) -> OwnSources:
    """Read what the settings name; the key file only if there are tables. Raises DocumentError with every file that
    cannot be read, or when it is too much."""
    dlp = settings.dlp
    faults: list[Diagnostic] = []
    documents, lists = [], []
    for path in _recognizer_files(dlp):
        text = _read(path, faults)
        documents.append(DocumentSource(str(path), text))
    for each in dlp.deny_lists:
        text = _read(each.file, faults)
        lists.append(ListSource(str(each.file), text, each.entity, each.level or ""))
    tables = [TableSource(str(path), "exact-match", "") for path in dlp.exact_match]
    tables += [TableSource(str(each.file), "fingerprints", "", each.passage, each.share) for each in dlp.fingerprints]
    texts = [each.text for each in documents] + [each.text for each in lists]
    total = sum(len(text.encode()) for text in texts)
    if total > MOST_BYTES or len(documents) + len(lists) + len(tables) > MOST_FILES:
        where = str(files_of(dlp)[0])
        message = f"recognizers and lists are more than {MOST_BYTES} bytes or {MOST_FILES} files together"
        faults.append(Diagnostic(where, 1, 1, message, "remove some of them", "own-size"))
    if faults:
        raise DocumentError(faults)
    keys = _derived(load_keys(settings.keys.file)) if tables else ()
    return OwnSources(tuple(documents), tuple(lists), tuple(tables), keys)


def _recognizer_files(dlp: Dlp) -> Iterator[Path]:
    for path in dlp.recognizers:
        if path.is_dir():
            yield from _in_folder(path)
        else:
            yield path


def _read(path: Path, faults: list[Diagnostic]) -> str:
    try:
        return read_text(path)
    except DocumentError as error:
        faults.extend(error.diagnostics)
        return ""


def _derived(ring: KeyRing) -> tuple[tuple[str, str, str], ...]:
    return tuple((kind, key.id, key.derive(purpose).hex()) for kind, purpose in PURPOSES.items() for key in ring.keys)
