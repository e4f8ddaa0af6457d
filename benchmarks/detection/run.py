"""Measure detection: recall and precision on generated text, false findings on code, logs and JSON, evasions.

    make eval
    make eval EVAL_ARGS="--each 4 --lines 2000"

The same text goes through this product's engine, as it is shipped, and through stock Presidio with its default English
recognizers, whose findings count from a score of 0.3 and, in a row of its own, from 0.5.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.detection import generated, innocent, names, results
from benchmarks.detection.results import Aim
from dlp_recognizers.detectors import Detector, OwnDetector, PresidioDetector
from dlp_recognizers.engine import Engine, EngineSettings
from dlp_recognizers.local import LocalScanner
from gateway.eval_cli import Measured
from gateway.evaluation.innocent import FalseFindings
from gateway.evaluation.score import EntityScore, Found, overall, score
from gateway.evaluation.words import PLACE, Sample

OUTPUT: Final = Path(__file__).resolve().parents[1] / "results" / "detection.json"
SEED: Final = 2026
OURS: Final = "llmgw"
THRESHOLD: Final = 0.5
PEER_THRESHOLDS: Final = (0.3, 0.5)


@dataclass(slots=True)
class Reader:
    """One detector, with the scores from which its findings count."""

    detector: Detector
    thresholds: tuple[float, ...]
    share: float = 1.0
    """Which part of the innocent text it gets: a slow one would take minutes for all of it."""
    seconds: float = 0.0

    def name(self, threshold: float) -> str:
        """What the tables call it."""
        return self.detector.name if len(self.thresholds) == 1 else f"{self.detector.name} >= {threshold:g}"

    def read(self, texts: Iterable[str]) -> list[Sequence[Found]]:
        """What it finds in each text; the CPU time is counted."""
        begin = time.process_time()
        found = [self.detector.find(text) for text in texts]
        self.seconds += time.process_time() - begin
        return found


@dataclass(slots=True)
class Figures:
    """Everything that was measured."""

    generated: list[Measured] = field(default_factory=list)
    carriers: dict[str, EntityScore] = field(default_factory=dict)
    named: list[Measured] = field(default_factory=list)
    innocent: list[Measured] = field(default_factory=list)
    evasions: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def _scored(readers: Sequence[Reader], samples: Sequence[Sample]) -> list[Measured]:
    entities = {label.entity for sample in samples for label in sample.labels}
    measured = []
    for reader in readers:
        before = reader.seconds
        found = reader.read(sample.text for sample in samples)
        for threshold in reader.thresholds:
            scores = score(samples, found, entities=entities, threshold=threshold)
            measured.append(Measured(reader.name(threshold), scores, [], reader.seconds - before))
    return measured


def _innocent(readers: Sequence[Reader], lines: int) -> list[Measured]:
    measured = []
    for reader in readers:
        rows = [Measured(reader.name(threshold)) for threshold in reader.thresholds]
        for kind, text in _texts(int(lines * reader.share)):
            (found,) = reader.read([text])
            for row, threshold in zip(rows, reader.thresholds, strict=True):
                if not row.innocent or row.innocent[-1].kind != kind:
                    row.innocent.append(FalseFindings(kind))
                row.innocent[-1].add(text, found, threshold=threshold)
        measured += rows
    return measured


def _texts(lines: int) -> Iterator[tuple[str, str]]:
    """Kind and text; the kind begins with `code` or with `data`, as the two aims do."""
    for kind, text in innocent.code(SEED, 8 * lines):
        yield f"code: {kind}", text
    for kind, text in innocent.logs(SEED, lines):
        yield f"data: logs, {kind}", text
    for kind, text in innocent.documents(SEED, lines):
        yield f"data: JSON, {kind}", text
    for kind, text in innocent.package_json(SEED, 4 * lines):
        yield f"data: {kind}", text


def _by_carrier(engine: Reader, drawn: Sequence[tuple[str, Sample]]) -> dict[str, EntityScore]:
    rows = {}
    for carrier in generated.CARRIERS:
        samples = [sample for name, sample in drawn if name == carrier]
        entities = {label.entity for sample in samples for label in sample.labels}
        found = engine.read(sample.text for sample in samples)
        rows[carrier] = overall(score(samples, found, entities=entities, threshold=THRESHOLD), carrier, entities)
    return rows


def measure(engine: Engine, *, each: int, lines: int, peer: bool) -> Figures:
    """Recall and false findings. `each` values of every kind, `lines` lines of every kind of log."""
    engine.warm()
    own = Reader(OwnDetector(engine, OURS), (THRESHOLD,))
    readers = [own]
    if peer:
        readers.append(Reader(PresidioDetector(), PEER_THRESHOLDS, share=0.1))
    figures = Figures()
    made = generated.kinds()
    drawn = list(generated.samples(made, seed=SEED, each=each))
    figures.generated = _scored(readers, [sample for _, sample in drawn])
    figures.carriers = _by_carrier(own, drawn)
    named = names.samples(seed=SEED, count=60 * each)
    if named is None:
        figures.notes.append("names: no model of names is installed, so its test split was not measured")
    else:
        figures.named = _scored(readers, named)
    figures.innocent = _innocent(readers, lines)
    return figures


def hidden(engine: Engine, notes: list[str]) -> dict[str, dict[str, int]]:
    """What became of each way of hiding a value."""
    try:
        from benchmarks import evasions
    except ImportError:
        notes.append("evasions: no set is there, so none was measured")
        return {}
    rows = evasions.measure(LocalScanner(engine))
    return {row.form: {"found": row.found, "raised": row.raised, "passed": row.passed} for row in rows}


def aims(figures: Figures) -> list[Aim]:
    """The aims, from this run alone."""
    made = generated.kinds()
    ours = figures.generated[0].scores
    found = [
        Aim.at_least(f"recall, {what}, own set", 0.97, overall(ours, what, entities).spans.recall)
        for what, entities in (
            ("pattern entities", generated.entities_of(made, secret=False)),
            ("secrets", generated.entities_of(made, secret=True)),
        )
    ]
    everything = overall(ours, "all", [name for name in ours if name != PLACE])
    found.append(Aim.at_least("values with no letter or digit left in clear, own set", 0.97, _whole(everything)))
    person = figures.named[0].scores.get("PERSON") if figures.named else None
    found.append(
        Aim.at_least("recall of tokens, PERSON, own test split", 0.92, person.tokens.recall if person else None)
    )
    for what, start, most in (("code", "code", 2.0), ("logs and JSON", "data", 5.0)):
        rows = [row for row in figures.innocent[0].innocent if row.kind.startswith(start)]
        found.append(Aim.at_most(f"findings for 1,000 lines of {what}", most, results.rate(rows)))
    variants = sum(sum(row.values()) for row in figures.evasions.values())
    passed = sum(row["passed"] for row in figures.evasions.values())
    found.append(Aim.at_least("evasion variants", 300, float(variants) if variants else None, digits=0))
    found.append(Aim.at_least("evasions found, or level raised", 0.95, 1 - passed / variants if variants else None))
    return found


def _whole(row: EntityScore) -> float | None:
    return row.covered / row.labelled if row.labelled else None


def main(given: Sequence[str] | None = None, engine: Engine | None = None) -> int:
    """Run; 0 when every aim that was measured is met, 1 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=11, help="values of every kind (default 11)")
    parser.add_argument("--lines", type=int, default=600, help="lines of every kind of log (default 600)")
    parser.add_argument("--no-peer", action="store_true", help="leave stock Presidio out")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes")
    parser.add_argument("--no-evasions", action="store_true", help="leave the evasion set out")
    arguments = parser.parse_args(given)
    begin = time.monotonic()
    engine = engine or Engine(EngineSettings())
    figures = measure(engine, each=arguments.each, lines=arguments.lines, peer=not arguments.no_peer)
    if not arguments.no_evasions:
        figures.evasions = hidden(engine, figures.notes)
    reached = aims(figures)
    results.show(figures, reached, Console(width=None if sys.stdout.isatty() else 170, highlight=False))
    print(f"{time.monotonic() - begin:.0f} s")
    results.write(arguments.output, figures, reached)
    return 0 if all(aim.met is not False for aim in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
