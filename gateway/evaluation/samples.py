"""Labelled text: what a sample is, and how the two formats of label files are told apart and read.

Problems are told as `file:line: what`, never with the text of the line: labelled text may be somebody's mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from gateway.errors import ConfigurationError
from gateway.evaluation.conll import read_conll
from gateway.evaluation.words import Label, Sample, entity_of

MAX_FILE_BYTES: Final = 1 << 30
"""A label file above this is not a label file."""
_NOT_LABELLED: Final = frozenset({"O", ""})


@dataclass(frozen=True, slots=True)
class Corpus:
    """The samples of some files, with their labels in the gateway's words."""

    samples: tuple[Sample, ...] = field(repr=False)
    unknown: Counter[str]
    """Labels that mean nothing the gateway looks for, with how often they stand there. Not scored."""

    @property
    def entities(self) -> frozenset[str]:
        """Every entity that is labelled at least once: the only ones that can be scored."""
        return frozenset(label.entity for sample in self.samples for label in sample.labels)


def read_files(paths: list[Path]) -> Corpus:
    """Read label files of either format. Raises ConfigurationError, as `file:line: what`, for what is neither."""
    samples: list[Sample] = []
    unknown: Counter[str] = Counter()
    for path in paths:
        samples.extend(_translated(sample, unknown) for sample in _read(path))
    if not samples:
        raise ConfigurationError("no labelled text in " + ", ".join(map(str, paths)))
    return Corpus(tuple(samples), unknown)


def _read(path: Path) -> Iterator[Sample]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ConfigurationError(f"{path}: larger than {MAX_FILE_BYTES} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{path}:{line}: not UTF-8") from None
    return read_jsonl(text, str(path)) if text.lstrip().startswith("{") else read_conll(text, str(path))


def read_jsonl(text: str, name: str) -> Iterator[Sample]:
    """One JSON object a line: `{"text": "...", "entities": [{"type": "...", "start": 0, "end": 4}]}`, offsets in code
    points, end exclusive. `spans`, `label` and `entity_type` are understood too."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            where = f"{name}:{number}"
            yield _sample(_object(line, where), where)


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = orjson.loads(line)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise ConfigurationError(f"{where}: not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ConfigurationError(f'{where}: expected an object with "text" and "entities"')
    return row


def _sample(row: dict[str, Any], where: str) -> Sample:
    text = row["text"]
    entities = row.get("entities", row.get("spans"))
    if not isinstance(entities, list):
        raise ConfigurationError(f'{where}: expected "entities", a list (empty if there are none)')
    labels = []
    for index, entry in enumerate(entities):
        kind = _first(entry, "type", "label", "entity_type", "entity") if isinstance(entry, dict) else None
        start = _first(entry, "start", "start_position") if isinstance(entry, dict) else None
        end = _first(entry, "end", "end_position") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or type(start) is not int or type(end) is not int:
            raise ConfigurationError(f'{where}: entity {index}: expected {{"type": text, "start": int, "end": int}}')
        if not 0 <= start < end <= len(text):
            raise ConfigurationError(f"{where}: entity {index}: {start}..{end} is not in the text (0..{len(text)})")
        labels.append(Label(start, end, kind))
    return Sample(text, tuple(labels), where)


def _first(entry: dict[str, Any], *names: str) -> object:
    return next((entry[name] for name in names if name in entry), None)


def _translated(sample: Sample, unknown: Counter[str]) -> Sample:
    labels = []
    ignored = []
    for label in sample.labels:
        entity = entity_of(label.entity)
        if entity is None:
            unknown[label.entity] += 1
            ignored.append(label)
        elif entity not in _NOT_LABELLED:
            labels.append(Label(label.start, label.end, entity))
    return Sample(sample.text, tuple(labels), sample.where, sample.tokens, tuple(ignored))
