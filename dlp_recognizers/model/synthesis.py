"""The labelled examples of the names model: `examples(split, seed, count)`.

The train split mixes templates, structured styles and real text of installed packages (`corpora`) into which names are
put; the test split has templates and names that never occur in training, and needs nothing but the `train` extra.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from dlp_recognizers.gazetteer import Gazetteer
from dlp_recognizers.model.corpora import Passage, passages
from dlp_recognizers.model.filling import Builder, Labelled, Span
from dlp_recognizers.model.inject import injected, recased, renamed
from dlp_recognizers.model.people import SPLITS, Source
from dlp_recognizers.model.silver import label
from dlp_recognizers.model.styles import structured
from dlp_recognizers.model.teacher import Teacher
from dlp_recognizers.model.templates import LETTERS, PROSE, TEST_PROSE


def examples(split: str, seed: int, count: int) -> Iterator[tuple[str, list[Span]]]:
    """`count` texts of `split` (train or test) with (start, end, label) of each name. Same seed, same texts."""
    maker = Maker(split, seed, [])
    for _ in range(count):
        made = maker.one()
        yield made.text, made.spans


class Maker:
    """Makes one labelled text after the other."""

    def __init__(self, split: str, seed: int, running: list[Passage], teacher: Teacher | None = None) -> None:
        if split not in SPLITS:
            raise ValueError(f"split: one of {', '.join(SPLITS)}")
        self._rng = random.Random(f"{split}:{seed}")  # noqa: S311 - a reproducible mixture, no secret
        self._builder = Builder(self._rng, Source(self._rng, split))
        letters = [line.replace("\\n", "\n") for line in LETTERS.strip().splitlines()]
        self._templates = [*PROSE.strip().splitlines(), *letters]
        self._test = [line.replace("\\n", "\n") for line in TEST_PROSE.strip().splitlines()]
        self._split = split
        self._teacher = teacher
        self._table = Gazetteer.load()
        self._prose = [p for p in running if p.kind == "prose"]
        self._docs = [p for p in running if p.kind == "docs" and p.language == "en"]
        self._foreign = [p for p in running if p.kind != "code" and p.language != "en"]
        self._code = [p for p in running if p.kind == "code"]

    @classmethod
    def with_texts(cls, seed: int, texts: Path | None, teacher: Teacher | None = None) -> Maker:
        """A maker of training texts that reads everything installed here."""
        return cls("train", seed, passages(random.Random(seed), texts=texts), teacher)  # noqa: S311 - an order, no secret

    def one(self) -> Labelled:
        """The next text."""
        return recased(self._plain(), self._rng)

    def _plain(self) -> Labelled:
        rng = self._rng
        if self._split == "test":
            return self._builder.fill(rng.choice(self._test))
        roll = rng.random()
        if roll < 0.36 and self._prose:
            return self._real(rng.choice(self._prose), inject=0.5)
        if roll < 0.44 and self._docs:
            return self._real(rng.choice(self._docs), inject=0.5)
        if roll < 0.60 and self._foreign:
            return self._real(rng.choice(self._foreign), inject=0.6)
        if roll < 0.68 and self._code:
            return self._real(rng.choice(self._code), inject=0.1)
        if roll < 0.78:
            return structured(self._builder)
        first = self._builder.fill(rng.choice(self._templates))
        return self._joined(first) if rng.random() < 0.3 else first

    def _real(self, passage: Passage, inject: float) -> Labelled:
        made = label(passage, self._table)
        if self._teacher is not None and made.unknown:
            made = self._teacher.decide(made)
        made = renamed(made, self._builder, 0.5)
        return injected(made, passage.language, self._builder) if self._rng.random() < inject else made

    def _joined(self, first: Labelled) -> Labelled:
        if self._prose and self._rng.random() < 0.6:
            second = self._real(self._rng.choice(self._prose), inject=0.3)
        else:
            second = self._builder.fill(self._rng.choice(self._templates))
        by = len(first.text) + 1
        mark = self._rng.choice((" ", "\n"))
        return Labelled(
            first.text + mark + second.text,
            first.spans + [(s + by, e + by, k) for s, e, k in second.spans],
            first.unknown + [(s + by, e + by) for s, e in second.unknown],
        )
