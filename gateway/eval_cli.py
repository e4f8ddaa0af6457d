"""`llmgw eval`: detection figures on labelled text, and false findings on text that holds nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gateway import logs
from gateway.errors import ConfigurationError
from gateway.evaluation.innocent import FalseFindings
from gateway.evaluation.samples import Corpus, read_files
from gateway.evaluation.score import Counts, EntityScore, score

if TYPE_CHECKING:
    from dlp_recognizers.detectors import Detector
    from dlp_recognizers.engine import Engine

_MAX_INNOCENT_BYTES: Final = 4 << 20
"""Larger files are not code that somebody wrote."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What to measure."""

    files: tuple[Path, ...]
    innocent: tuple[Path, ...] = ()
    versus: tuple[str, ...] = ()
    """Products to measure beside: `presidio`."""
    pipelines: tuple[str, ...] = ()
    config: Path | None = None
    """Settings whose `dlp` section says what the own engine is made of; None: as it is shipped."""
    min_score: float = 0.5


@dataclass(slots=True)
class Measured:
    """The figures of one detector."""

    name: str
    scores: dict[str, EntityScore] = field(default_factory=dict)
    innocent: list[FalseFindings] = field(default_factory=list)
    seconds: float = 0.0
    """CPU time over the labelled texts."""

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "entities": {name: each.as_json() for name, each in self.scores.items()},
            "false_findings": [each.as_json() for each in self.innocent],
            "cpu_seconds": round(self.seconds, 3),
        }


def run(wish: Wish, output: Path | None) -> int:
    """Measure, print, write; returns 0. Raises ConfigurationError for files or pipelines that cannot be used."""
    if not wish.files and not wish.innocent:
        raise ConfigurationError("nothing to measure: name a file of labelled text, or --false-findings PATH")
    if set(wish.versus) - {"presidio"}:
        raise ConfigurationError("--vs: there is only presidio; a spaCy pipeline is named with --pipeline")
    logs.configure("error", "json")
    corpus = read_files(list(wish.files)) if wish.files else None
    innocent = [(path, list(_innocent(path))) for path in wish.innocent]
    measured = [_measure(detector, corpus, innocent, wish.min_score) for detector in _detectors(wish)]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 170)
    if corpus is not None:
        _show_corpus(console, corpus, wish.min_score)
        console.print(table_of_scores(measured))
    if innocent:
        console.print(table_of_innocent(measured))
    if output is not None:
        _write(output, corpus, measured, wish)
    return 0


def _detectors(wish: Wish) -> Iterator[Detector]:
    from dlp_recognizers.detectors import OwnDetector, PipelineDetector, PresidioDetector

    # Pipelines first: a name that is not installed should be told before minutes are spent.
    pipelines = [PipelineDetector(name) for name in wish.pipelines]
    yield OwnDetector(_engine(wish.config))
    if wish.versus:
        yield PresidioDetector()
    yield from pipelines


def _engine(config: Path | None) -> Engine:
    from dlp_recognizers.engine import Engine, EngineSettings, settings_of
    from gateway.documents import load_settings

    if config is None:
        return Engine(EngineSettings())
    dlp = load_settings(config).dlp
    return Engine(settings_of(dlp))


def _measure(
    detector: Detector, corpus: Corpus | None, innocent: Sequence[tuple[Path, list[Path]]], threshold: float
) -> Measured:
    from dlp_recognizers.detectors import find_all
    from dlp_recognizers.hits import ScanIncomplete

    measured = Measured(detector.name)
    try:
        if corpus is not None:
            detector.find("warm up")
            begin = time.process_time()
            found = find_all(detector, [sample.text for sample in corpus.samples])
            measured.seconds = time.process_time() - begin
            measured.scores = score(corpus.samples, found, entities=corpus.entities, threshold=threshold)
        for path, files in innocent:
            counted = FalseFindings(str(path))
            for file in files:
                text = _text(file)
                if text is not None:
                    counted.add(text, detector.find(text), threshold=threshold)
            measured.innocent.append(counted)
    except ScanIncomplete as error:
        raise ConfigurationError(f"the measurement stopped: {error.reason}") from None
    return measured


def _innocent(path: Path) -> Iterator[Path]:
    """The files of a file or folder."""
    if not path.exists():
        raise ConfigurationError(f"{path}: not there")
    yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else (path,)


def _text(file: Path) -> str | None:
    """The text of a file; None if it is too large or no text."""
    try:
        data = file.read_bytes() if file.stat().st_size <= _MAX_INNOCENT_BYTES else b"\0"
        return None if b"\0" in data else data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _show_corpus(console: Console, corpus: Corpus, threshold: float) -> None:
    labels = sum(len(sample.labels) for sample in corpus.samples)
    console.print(
        f"{len(corpus.samples):,} texts, {labels:,} labels; findings with a score of {threshold:g} and above count."
    )
    if corpus.unknown:
        named = ", ".join(f"{name} {count:,}" for name, count in corpus.unknown.most_common(30))
        console.print(Text(f"Not scored, because the gateway does not look for it: {named}"))


def table_of_scores(measured: Sequence[Measured]) -> Table:
    """A row for each entity and detector."""
    table = Table(title="span: a finding overlaps the label; token: each word counts; in full: no letter or digit left")
    for name in ("entity", "detector"):
        table.add_column(name, no_wrap=True)
    for name in ("labels", "TP", "FP", "FN", "precision", "recall", "F2", "in full", "P token", "R token", "F2 token"):
        table.add_column(name, justify="right", min_width=5 if name == "labels" else 4)
    for entity in sorted({name for each in measured for name in each.scores}):
        for each in measured:
            row = each.scores[entity]
            spans = row.spans
            cells = (row.labelled, spans.true, spans.false, spans.missed)
            table.add_row(
                entity,
                each.name,
                *map(str, cells),
                *_shares(spans),
                _share(row.covered / row.labelled if row.labelled else None),
                *_shares(row.tokens),
            )
        table.add_section()
    return table


def table_of_innocent(measured: Sequence[Measured]) -> Table:
    """A row for each path and detector."""
    table = Table(title="findings in text that should hold none")
    for name in ("text", "detector"):
        table.add_column(name)
    for name in ("lines", "findings", "per 1,000 lines"):
        table.add_column(name, justify="right")
    table.add_column("most of them")
    for each in measured:
        for row in each.innocent:
            most = ", ".join(f"{name} {count}" for name, count in row.by_entity.most_common(4))
            table.add_row(Text(row.kind), each.name, f"{row.lines:,}", f"{row.found:,}", f"{row.rate:.2f}", most)
    return table


def _shares(counts: Counts) -> tuple[str, str, str]:
    return _share(counts.precision), _share(counts.recall), _share(counts.f2)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _write(output: Path, corpus: Corpus | None, measured: Sequence[Measured], wish: Wish) -> None:
    document = {
        "files": [str(path) for path in wish.files],
        "min_score": wish.min_score,
        "texts": len(corpus.samples) if corpus else 0,
        "not_scored": dict(corpus.unknown) if corpus else {},
        "detectors": {each.name: each.as_json() for each in measured},
    }
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise ConfigurationError(f"{output}: cannot be written ({error.strerror})") from None
