"""Builds the table of an exact data match from rows of cells. Clear values live here and nowhere else."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dlp_recognizers.own.exact_match import KIND, stored, stored_word
from dlp_recognizers.own.records import ORDERED, Kind, forms_of, kind_of
from dlp_recognizers.own.table_file import write_table
from gateway.entities import ENTITY_GROUPS, EntityGroup, is_own_name
from gateway.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

DEFAULT_ENTITY: Final = "CUSTOMER_RECORD"
_SAMPLE: Final = 200
"""Rows that are looked at to tell what a column holds."""
_COLUMN: Final = re.compile(r"(?P<names>[^:=]+)(?::(?P<kind>email|number|words))?(?:=(?P<entity>[A-Z][A-Z0-9_]*))?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or several whose cells only count side by side, as in `first+last`."""

    names: tuple[str, ...]
    kind: Kind | None
    """None: told from the cells."""
    entity: str

    @classmethod
    def parse(cls, text: str, entity: str) -> Column:
        """`name[+name...][:email|number|words][=ENTITY]`. Raises ConfigurationError."""
        match = _COLUMN.fullmatch(text.strip())
        if match is None:
            raise ConfigurationError(
                f"column {text!r}: write name, first+last, name:KIND (email, number, words) or name=ENTITY"
            )
        chosen = match["entity"] or entity
        check_entity(chosen)
        names = tuple(name.strip() for name in match["names"].split("+"))
        kinds: dict[str, Kind] = {"email": "email", "number": "number", "words": "words"}
        kind = kinds[match["kind"]] if match["kind"] else None
        if len(names) > 1 and kind not in (None, "words"):
            raise ConfigurationError(f"column {text!r}: columns that count side by side are words")
        return cls(names, "words" if len(names) > 1 else kind, chosen)

    def __str__(self) -> str:
        return "+".join(self.names)


def check_entity(entity: str) -> None:
    """Raises ConfigurationError if nothing can be found as `entity`."""
    group = ENTITY_GROUPS.get(entity)
    if group in (EntityGroup.MARKING, EntityGroup.ESCAPE) or (group is None and not is_own_name(entity)):
        raise ConfigurationError(
            f"entity {entity}: name one of the product's, or begin with SECRET_, PERSONAL_, HEALTH_ or ORGANISATION_"
        )


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What was built. Holds no value."""

    rows: int
    values: Mapping[str, int]
    """Column to values that are in the table."""
    skipped: Mapping[str, int]
    """Column to cells that are filled and yet too short, or a single word, which proves nothing."""
    kinds: Mapping[str, Kind]
    bytes: int


@dataclass(slots=True)
class _Bucket:
    """The values of one kind and entity."""

    kind: Kind
    entity: str
    hashes: array[int] = field(default_factory=lambda: array("Q"), repr=False)
    sizes: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class TableName:
    """What a table is called, whose key it is made with, and what its findings count as."""

    name: str
    key_id: str
    key: bytes = field(repr=False)
    level: str = ""


class TableBuilder:
    """Takes rows and writes a table. Memory: eight bytes a value, and the distinct words of values of several."""

    def __init__(self, columns: Sequence[Column], key: bytes) -> None:
        self._columns = columns
        self._key = key
        self._buckets: dict[tuple[Kind, str], _Bucket] = {}
        self._words: set[int] = set()
        self._seen: set[str] = set()
        """Words that are in `_words`; cleared when there are many."""
        self._values = dict.fromkeys(map(str, columns), 0)
        self._skipped = dict.fromkeys(map(str, columns), 0)
        self._kinds: dict[str, Kind] = {}
        self._rows = 0

    def add_all(self, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Add every row. Raises ConfigurationError: a column that is not there, a row of another length."""
        places = self._places(header)
        source = iter(rows)
        sample = [row for _, row in zip(range(_SAMPLE), source, strict=False)]
        for column, at in zip(self._columns, places, strict=True):
            self._kinds[str(column)] = column.kind or kind_of([row[at[0]] for row in sample if len(row) == len(header)])
        for row in _both(sample, source):
            self._rows += 1
            if len(row) != len(header):
                raise ConfigurationError(f"row {self._rows} has {len(row)} cells, the first line {len(header)}")
            for column, at in zip(self._columns, places, strict=True):
                self._add(column, " ".join(row[place] for place in at).strip())

    def _places(self, header: Sequence[str]) -> list[tuple[int, ...]]:
        names = [name.strip() for name in header]
        for column in self._columns:
            for name in column.names:
                if names.count(name) != 1:
                    known = ", ".join(names[:40])
                    raise ConfigurationError(f"column {name}: not there, or there twice; the first line has {known}")
        return [tuple(names.index(name) for name in column.names) for column in self._columns]

    def _add(self, column: Column, value: str) -> None:
        if not value:
            return
        kind = self._kinds[str(column)]
        forms = forms_of(value, kind)
        if not forms:
            self._skipped[str(column)] += 1
            return
        self._values[str(column)] += 1
        bucket = self._buckets.get((kind, column.entity))
        if bucket is None:
            bucket = self._buckets[kind, column.entity] = _Bucket(kind, column.entity)
        for form in forms:
            bucket.hashes.append(self._hash(stored(form, kind)))
            if kind == "number":
                bucket.sizes.add(len(form))
            elif kind == "words":
                words = form.removeprefix(ORDERED).split(" ")
                bucket.sizes.add(len(words))
                self._add_words(words)

    def _add_words(self, words: Sequence[str]) -> None:
        for word in words:
            if word not in self._seen:
                if len(self._seen) > 500_000:
                    self._seen.clear()
                self._seen.add(word)
                self._words.add(self._hash(stored_word(word)) >> 32)

    def _hash(self, value: bytes) -> int:
        return int.from_bytes(blake2b(value, key=self._key, digest_size=8).digest(), "little")

    def write(self, path: Path, name: TableName) -> BuildReport:
        """Write the table. Raises ConfigurationError when there is no value, OSError."""
        if not self._buckets:
            raise ConfigurationError("no cell holds a value that could be told from ordinary text")
        arrays: dict[str, NDArray[Any]] = {"words": np.array(sorted(self._words), dtype="<u4")}
        facts = []
        for number, bucket in enumerate(self._buckets.values()):
            section = f"values{number}"
            arrays[section] = np.unique(np.frombuffer(bucket.hashes, dtype="<u8"))
            facts.append(
                {"section": section, "kind": bucket.kind, "entity": bucket.entity, "sizes": sorted(bucket.sizes)}
            )
        head = {"kind": KIND, "key_id": name.key_id, "name": name.name}
        entities = sorted({bucket.entity for bucket in self._buckets.values()})
        head["facts"] = {"sections": facts, "level": name.level, "entities": entities, "rows": self._rows}  # type: ignore[assignment]
        size = write_table(path, head, arrays, name.key)
        return BuildReport(self._rows, self._values, self._skipped, self._kinds, size)


def _both(first: Iterable[Sequence[str]], then: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    yield from first
    yield from then
