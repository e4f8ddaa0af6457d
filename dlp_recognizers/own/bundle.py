"""From what was read to what can run: every fault of every file, or the organisation's own data ready to use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from dlp_recognizers.own.check import recognizers_in, terms_in
from dlp_recognizers.own.custom import CustomRecognizer
from dlp_recognizers.own.sources import OwnSources, TableSource, read_sources
from dlp_recognizers.own.table_file import TableHeader, read_header, verify_body
from dlp_recognizers.own.terms import TermList
from gateway.diagnostics import Diagnostic, DocumentError
from gateway.errors import ConfigurationError
from gateway.model import Level
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table and how it is used."""

    source: TableSource
    header: TableHeader


@dataclass(frozen=True, slots=True)
class OwnData:
    """Everything of the organisation's own that can be found, and what it counts as."""

    sources: OwnSources = field(default_factory=OwnSources)
    recognizers: tuple[CustomRecognizer, ...] = ()
    lists: tuple[TermList, ...] = field(default=(), repr=False)
    allowed: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    """Entity and value, exactly as written."""
    tables: tuple[OwnTable, ...] = ()
    levels: Mapping[str, Level | None] = field(default_factory=lambda: MappingProxyType({}))
    """Every entity that can be found, and the level that was given for it; of several the highest."""

    def __bool__(self) -> bool:
        return bool(self.sources)

    @property
    def version(self) -> str:
        """A digest of all of it."""
        return self.sources.version if self.sources else ""


NOTHING: Final = OwnData()


def load_own(settings: Settings) -> OwnData:
    """What the settings name, every recognizer tried on its own tests, every table's header proved. Raises
    DocumentError with every fault of every file."""
    sources = read_sources(settings)
    return compile_own(sources) if sources else NOTHING


def compile_own(sources: OwnSources, *, tried: bool = False) -> OwnData:
    """The data in `sources`. With `tried`, as in a scan process, the recognizers' own tests are not run again, and
    tables are read in full instead. Raises DocumentError with every fault."""
    faults: list[Diagnostic] = []
    own = _Own()

    def attempt(step: Callable[[], None]) -> None:
        try:
            step()
        except DocumentError as error:
            faults.extend(error.diagnostics)

    names: dict[str, str] = {}
    for document in sources.documents:
        attempt(lambda document=document: own.add_document(document.file, document.text, names, not tried))  # type: ignore[misc]
    for each in sources.lists:
        attempt(lambda each=each: own.add_list(terms_in(each), each.level))  # type: ignore[misc]
    for table in sources.tables:
        attempt(lambda table=table: own.add_table(table, sources, tried))  # type: ignore[misc]
    if faults:
        raise DocumentError(faults)
    tables = tuple(replace(each.source, identity=each.header.identity) for each in own.tables)
    return OwnData(
        replace(sources, tables=tables),
        tuple(own.recognizers),
        tuple(own.lists),
        frozenset(own.allowed),
        tuple(own.tables),
        MappingProxyType(own.levels),
    )


class _Own:
    """What has been taken in so far."""

    def __init__(self) -> None:
        self.recognizers: list[CustomRecognizer] = []
        self.lists: list[TermList] = []
        self.allowed: set[tuple[str, str]] = set()
        self.tables: list[OwnTable] = []
        self.levels: dict[str, Level | None] = {}

    def add_document(self, file: str, text: str, names: dict[str, str], run_tests: bool) -> None:
        document = recognizers_in(file, text, names, run_tests=run_tests)
        for each in document.recognizers:
            recognizer = CustomRecognizer.of(each)
            self.recognizers.append(recognizer)
            if recognizer.terms is not None:
                self.lists.append(recognizer.terms)
            self.raise_level(each.entity, each.level or "")
        self.allowed |= {(each.entity, each.value) for each in document.allow}

    def add_list(self, terms: TermList, level: str) -> None:
        self.lists.append(terms)
        self.raise_level(terms.entity, level)

    def add_table(self, source: TableSource, sources: OwnSources, in_full: bool) -> None:
        header = read_header(Path(source.file), source.kind, sources.keys_for(source.kind))
        if source.identity and source.identity != header.identity:
            message = "the file changed after it was checked"
            raise DocumentError([Diagnostic(source.file, 1, 1, message, "wait for the next reload", "table-changed")])
        if in_full:
            verify_body(header)
        self.tables.append(OwnTable(source, header))
        entities: Sequence[str] = header.facts["entities"]
        for entity in entities:
            self.raise_level(entity, str(header.facts["level"]))

    def raise_level(self, entity: str, level: str) -> None:
        before = self.levels.get(entity)
        given = Level.parse(level) if level else None
        both = [each for each in (before, given) if each is not None]
        self.levels[entity] = max(both) if both else None


def from_setup(values: object) -> OwnData:
    """The data of a scan process, from what `OwnSources.plain` made; nothing from None. Raises DocumentError,
    ConfigurationError."""
    if values is None:
        return NOTHING
    if not isinstance(values, dict):
        raise ConfigurationError("engine: own is what OwnSources.plain makes")
    return compile_own(OwnSources.from_plain(values), tried=True)


def verify_tables(own: OwnData) -> None:
    """Read every table in full. Raises DocumentError with every one that is damaged."""
    faults: list[Diagnostic] = []
    for table in own.tables:
        try:
            verify_body(table.header)
        except DocumentError as error:
            faults.extend(error.diagnostics)
    if faults:
        raise DocumentError(faults)
